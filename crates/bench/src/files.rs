//! Files moved by ours and by others: what is sent, between whom, and what it took.
//!
//! Reading order: [`Ground`] is where the files of a run stand; [`Stage`] a server of ours and the people on it;
//! [`peers`] the programs of others; [`Moved`] what a move came to.

mod ground;
pub(crate) mod peers;
mod person;
mod stage;

pub(crate) use ground::{Ground, fill, fill_folder};
pub(crate) use person::{Person, failed};
pub(crate) use stage::{Stage, Store};

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::readings;

/// How often something that waits looks whether the person wants it all to end.
const TURN: Duration = Duration::from_millis(50);

/// What was moved, and what it took.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Moved {
    /// Bytes of files.
    pub(crate) bytes: u64,
    /// How many files.
    pub(crate) files: u64,
    /// From the wish until it was done.
    pub(crate) seconds: f64,
    /// CPU time of the serving side; `None` where it cannot be read.
    pub(crate) server_cpu_seconds: Option<f64>,
    /// CPU time of the asking side, where that is this program.
    pub(crate) client_cpu_seconds: Option<f64>,
}

impl Moved {
    /// Bytes a second.
    pub(crate) fn rate(&self) -> f64 {
        self.bytes as f64 / self.seconds
    }

    /// Of the server's CPU time, the part of a GiB.
    pub(crate) fn server_cpu_per_gib(&self) -> Option<f64> {
        self.server_cpu_seconds.map(|seconds| seconds / self.gib())
    }

    /// Of this program's CPU time, the part of a GiB.
    pub(crate) fn client_cpu_per_gib(&self) -> Option<f64> {
        self.client_cpu_seconds.map(|seconds| seconds / self.gib())
    }

    fn gib(&self) -> f64 {
        self.bytes as f64 / f64::from(1 << 30)
    }
}

/// The clocks when a move began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    at: Instant,
    server: Option<f64>,
    client: Option<f64>,
}

impl Begun {
    /// Now. `server` is the CPU time that the serving side has used so far.
    pub(crate) fn now(server: Option<f64>) -> Self {
        Self { server, client: readings::cpu_seconds(std::process::id()), at: Instant::now() }
    }

    /// What was moved since. `server` is the CPU time that the serving side has used by now.
    pub(crate) fn moved(&self, bytes: u64, files: u64, server: Option<f64>) -> Moved {
        let seconds = self.at.elapsed().as_secs_f64();
        let client = readings::cpu_seconds(std::process::id());
        let spent = |now: Option<f64>, before: Option<f64>| Some((now? - before?).max(0.0));
        Moved {
            bytes,
            files,
            seconds,
            server_cpu_seconds: spent(server, self.server),
            client_cpu_seconds: spent(client, self.client),
        }
    }
}
