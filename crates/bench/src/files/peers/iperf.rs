//! `iperf3`, one stream: what a loopback connection carries when nobody looks at the bytes.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::Value;

use super::{find, run};
use crate::child::{Ready, RunningServer, ServerCommand, free_address};
use crate::error::BenchError;
use crate::experiments::Setting;
use crate::files::Moved;

const WAY_OUT: &str = "apt-get install iperf3";

/// Tries, as the server may still be closing the connection that found it listening.
const TRIES: usize = 20;

/// A running `iperf3 -s`.
#[derive(Debug)]
pub(crate) struct Iperf {
    server: RunningServer,
    address: SocketAddr,
}

impl Iperf {
    /// Starts one.
    ///
    /// # Errors
    /// If it is not installed or does not start.
    pub(crate) fn open(setting: &Setting) -> Result<Self, BenchError> {
        let address = free_address()?;
        let port = address.port().to_string();
        let command = ServerCommand {
            name: "iperf3".to_owned(),
            program: find("iperf3", WAY_OUT)?,
            arguments: ["-s", "-B", "127.0.0.1", "-p", &port].map(str::to_owned).to_vec(),
            ready: Ready::Accepts(address),
            way_out: WAY_OUT,
        };
        Ok(Self { server: RunningServer::start(&command, setting.pinning)?, address })
    }

    /// Sends `bytes` in one stream. The time is iperf3's own.
    ///
    /// # Errors
    /// If it fails, or says something else than its JSON.
    pub(crate) fn send(&self, bytes: u64, setting: &Setting) -> Result<Moved, BenchError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let before = self.server.cpu_seconds();
            match self.send_once(bytes, setting) {
                Err(BenchError::Protocol { .. }) if tries < TRIES => {
                    std::thread::sleep(std::time::Duration::from_millis(50));
                }
                Ok(moved) => {
                    let spent = before.and_then(|before| Some(self.server.cpu_seconds()? - before));
                    return Ok(Moved { server_cpu_seconds: spent, ..moved });
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn send_once(&self, bytes: u64, setting: &Setting) -> Result<Moved, BenchError> {
        let mut command = Command::new(find("iperf3", WAY_OUT)?);
        command.args(["-c", "127.0.0.1", "-J", "-i", "0", "-p", &self.address.port().to_string()]);
        command.args(["-n", &bytes.to_string()]);
        let ended = run(command, &setting.interrupt)?;
        moved(&ended.said).ok_or_else(|| BenchError::protocol("iperf3", "its JSON has no figures"))
    }
}

/// The figures in what iperf3 prints with `-J`.
fn moved(said: &str) -> Option<Moved> {
    let json: Value = serde_json::from_str(said).ok()?;
    let sums = json.get("end")?.get("sum_received")?;
    let (bytes, seconds) = (sums.get("bytes")?.as_u64()?, sums.get("seconds")?.as_f64()?);
    Some(Moved { bytes, files: 0, seconds, server_cpu_seconds: None, client_cpu_seconds: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_those_of_the_receiver() {
        let said =
            r#"{"end": {"sum_sent": {"bytes": 9, "seconds": 1.0}, "sum_received": {"bytes": 8, "seconds": 2.0}}}"#;
        let figures = moved(said).map(|moved| (moved.bytes, moved.seconds));
        assert_eq!(figures, Some((8, 2.0)));
        assert!(moved("{}").is_none() && moved("no json").is_none());
    }
}
