//! A chat server with a tree, and a runtime for the people on it.

use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::Runtime;

use super::{Begun, Moved, Person, TURN};
use crate::child::{Ready, RunningServer, ServerCommand};
use crate::error::BenchError;
use crate::experiments::Setting;
use crate::interrupt::Interrupt;
use crate::targets::program_file;

/// How many people there have been in this run.
static PEOPLE: AtomicU64 = AtomicU64::new(0);

/// Where a server of ours keeps its files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Store<'a>(pub(crate) &'a Path);

/// A running server and a runtime.
#[derive(Debug)]
pub(crate) struct Stage {
    server: RunningServer,
    runtime: Runtime,
    interrupt: Interrupt,
}

impl Stage {
    /// Starts a server that keeps its files in `store`.
    ///
    /// # Errors
    /// If it does not start.
    pub(crate) fn open(store: Store<'_>, setting: &Setting) -> Result<Self, BenchError> {
        let server = RunningServer::start(&command(store, setting), setting.pinning)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(BenchError::io("cannot start a runtime"))?;
        Ok(Self { server, runtime, interrupt: setting.interrupt.clone() })
    }

    /// The server.
    pub(crate) const fn server(&self) -> &RunningServer {
        &self.server
    }

    /// Somebody comes into the room that all of a bench are in.
    ///
    /// # Errors
    /// If the server does not let them in.
    pub(crate) fn person(&self, nick: &str) -> Result<Person, BenchError> {
        // A server holds a nick for a while, also over a new start on the same store.
        let number = PEOPLE.fetch_add(1, Ordering::Relaxed);
        self.act(Person::enter(self.server.address(), &format!("{nick}-{number}")))?
    }

    /// Runs `act` to its end, unless the person at the keyboard wants it all to end.
    ///
    /// # Errors
    /// [`BenchError::Interrupted`].
    pub(crate) fn act<T>(&self, act: impl Future<Output = T>) -> Result<T, BenchError> {
        self.runtime.block_on(async {
            let mut act = std::pin::pin!(act);
            loop {
                tokio::select! {
                    done = &mut act => return Ok(done),
                    () = tokio::time::sleep(TURN) => self.interrupt.check()?,
                }
            }
        })
    }

    /// The same, with the clocks read around it. `act` says how many bytes and files it moved.
    ///
    /// # Errors
    /// Those of `act`, or [`BenchError::Interrupted`].
    pub(crate) fn timed(&self, act: impl Future<Output = Result<(u64, u64), BenchError>>) -> Result<Moved, BenchError> {
        let begun = Begun::now(self.server.cpu_seconds());
        let (bytes, files) = self.act(act)??;
        Ok(begun.moved(bytes, files, self.server.cpu_seconds()))
    }
}

/// How to start one that takes any load.
fn command(store: Store<'_>, setting: &Setting) -> ServerCommand {
    let fixed = "--listen 127.0.0.1:0 --strategy spawn --rate 0 --data-dir";
    let mut arguments: Vec<String> = fixed.split(' ').map(str::to_owned).collect();
    arguments.push(store.0.display().to_string());
    ServerCommand {
        name: "chat-server".to_owned(),
        program: setting.bin_dir.join(program_file("chat-server")),
        arguments,
        ready: Ready::Line,
        way_out: "build it: cargo build --release -p chat-server, or say --bin-dir",
    }
}
