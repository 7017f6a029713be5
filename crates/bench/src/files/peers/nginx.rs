//! `nginx` with `sendfile`, and `curl` that throws away what it gets.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::{find, run};
use crate::child::{Ready, RunningServer, ServerCommand, free_address};
use crate::error::BenchError;
use crate::experiments::Setting;
use crate::files::Moved;

const WAY_OUT: &str = "apt-get install nginx-light curl";

/// A running nginx: one process, no log, files from one folder.
#[derive(Debug)]
pub(crate) struct Nginx {
    server: RunningServer,
    address: SocketAddr,
}

impl Nginx {
    /// Starts one that serves the files of `root`; what it needs itself stands in `own`.
    ///
    /// # Errors
    /// If it is not installed or does not start.
    pub(crate) fn open(root: &Path, own: &Path, setting: &Setting) -> Result<Self, BenchError> {
        let address = free_address()?;
        let file = own.join("nginx.conf");
        let text = configuration(root, own, address);
        std::fs::write(&file, text).map_err(BenchError::io("cannot write nginx's configuration"))?;
        let (own, file) = (own.display().to_string(), file.display().to_string());
        let command = ServerCommand {
            name: "nginx".to_owned(),
            program: find("nginx", WAY_OUT)?,
            arguments: ["-p", &own, "-e", "stderr", "-c", &file].map(str::to_owned).to_vec(),
            ready: Ready::Accepts(address),
            way_out: WAY_OUT,
        };
        Ok(Self { server: RunningServer::start(&command, setting.pinning)?, address })
    }

    /// Fetches the file `name` to nowhere. The time is curl's own, from its start to its end.
    ///
    /// # Errors
    /// If curl is not installed or fails.
    pub(crate) fn fetch(&self, name: &str, setting: &Setting) -> Result<Moved, BenchError> {
        let mut command = Command::new(find("curl", WAY_OUT)?);
        command.args(["-sS", "--fail", "-o", "/dev/null", "-w", "%{size_download} %{time_total}"]);
        command.arg(format!("http://{}/{name}", self.address));
        let before = self.server.cpu_seconds();
        let ended = run(command, &setting.interrupt)?;
        let spent = before.and_then(|before| Some(self.server.cpu_seconds()? - before));
        let figures = ended.said.trim().split_once(' ');
        let figures = figures.and_then(|(bytes, seconds)| Some((bytes.parse().ok()?, seconds.parse().ok()?)));
        let (bytes, seconds) = figures.ok_or_else(|| BenchError::protocol("curl", "it did not say what it got"))?;
        Ok(Moved { bytes, files: 1, seconds, server_cpu_seconds: spent, client_cpu_seconds: None })
    }
}

fn configuration(root: &Path, own: &Path, address: SocketAddr) -> String {
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let folders: String = kinds.iter().map(|kind| format!("{kind}_temp_path {}/{kind};\n", own.display())).collect();
    format!(
        "daemon off;\nmaster_process off;\npid {own}/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\nsendfile on;\n\
         tcp_nopush on;\n{folders}server {{\nlisten {address};\nroot {root};\n}}\n}}\n",
        own = own.display(),
        root = root.display(),
    )
}
