//! `rsync` with its daemon, without a shell or encryption between.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::{find, run};
use crate::child::{Ready, RunningServer, ServerCommand, free_address};
use crate::error::BenchError;
use crate::experiments::Setting;
use crate::files::Moved;

const WAY_OUT: &str = "apt-get install rsync";

/// A running rsync daemon with one module.
#[derive(Debug)]
pub(crate) struct Rsync {
    _server: RunningServer,
    address: SocketAddr,
}

impl Rsync {
    /// Starts one whose module is the folder `root`; its configuration stands in `own`.
    ///
    /// # Errors
    /// If it is not installed or does not start.
    pub(crate) fn open(root: &Path, own: &Path, setting: &Setting) -> Result<Self, BenchError> {
        let address = free_address()?;
        let file = own.join("rsyncd.conf");
        std::fs::write(&file, configuration(root)).map_err(BenchError::io("cannot write rsync's configuration"))?;
        let (port, config) = (format!("--port={}", address.port()), format!("--config={}", file.display()));
        let command = ServerCommand {
            name: "rsync".to_owned(),
            program: find("rsync", WAY_OUT)?,
            arguments: ["--daemon", "--no-detach", "--address=127.0.0.1", &port, &config].map(str::to_owned).to_vec(),
            ready: Ready::Accepts(address),
            way_out: WAY_OUT,
        };
        Ok(Self { _server: RunningServer::start(&command, setting.pinning)?, address })
    }

    /// Sends a file, or a folder with all that is in it, into the module.
    ///
    /// # Errors
    /// If it fails.
    pub(crate) fn send(&self, from: &Path, size: (u64, u64), setting: &Setting) -> Result<Moved, BenchError> {
        self.sync(&from.display().to_string(), &self.url(""), size, setting)
    }

    /// Fetches a file or folder of the module into the folder `to`.
    ///
    /// # Errors
    /// If it fails.
    pub(crate) fn fetch(
        &self,
        name: &str,
        to: &Path,
        size: (u64, u64),
        setting: &Setting,
    ) -> Result<Moved, BenchError> {
        self.sync(&self.url(name), &format!("{}/", to.display()), size, setting)
    }

    fn url(&self, name: &str) -> String {
        format!("rsync://{}/bench/{name}", self.address)
    }

    #[expect(clippy::unused_self, reason = "while the daemon runs")]
    fn sync(&self, from: &str, to: &str, (bytes, files): (u64, u64), setting: &Setting) -> Result<Moved, BenchError> {
        let mut command = Command::new(find("rsync", WAY_OUT)?);
        // The whole file, as there is nothing at the other end to compare with.
        command.args(["-r", "--whole-file", from, to]);
        let seconds = run(command, &setting.interrupt)?.seconds;
        Ok(Moved { bytes, files, seconds, server_cpu_seconds: None, client_cpu_seconds: None })
    }
}

fn configuration(root: &Path) -> String {
    // Started by root, a daemon would become nobody, who may not write here.
    let (user, group) = own_ids();
    format!("[bench]\npath = {}\nread only = no\nuse chroot = no\nuid = {user}\ngid = {group}\n", root.display())
}

#[cfg(unix)]
fn own_ids() -> (u32, u32) {
    (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw())
}

#[cfg(not(unix))]
const fn own_ids() -> (u32, u32) {
    (0, 0)
}
