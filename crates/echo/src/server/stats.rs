//! What the server says of itself on stdout while it runs, for `--stats-every-ms`: a line of JSON each time.
//!
//! On a thread of its own, so that it goes on where the work holds every thread of the runtime.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use serve::Counters;

use super::backlog;
use super::clock::Clock;
use super::occupancy::Occupancy;
use crate::failure::Failure;
use crate::work::Workload;

/// What the lines are made of.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) counters: Arc<Counters>,
    pub(super) occupancy: Arc<Occupancy>,
    pub(super) workload: Arc<Workload>,
    pub(super) address: SocketAddr,
}

/// The lines, until [`Stats::finish`].
#[derive(Debug)]
pub(super) struct Stats {
    /// Nothing is ever sent: it ends when this is dropped.
    goes_on: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Stats {
    /// The first line now, the next every `every`.
    pub(super) fn start(every: Duration, sources: Sources) -> Result<Self, Failure> {
        let (goes_on, over) = sync_channel(0);
        let write = move || {
            // If stdout is gone, nobody is there to be told.
            let _gone = lines(every, &sources, &over);
        };
        let thread = Builder::new().name("stats".to_owned()).spawn(write);
        let thread = thread.map_err(Failure::io("cannot start a thread for --stats-every-ms"))?;
        Ok(Self { goes_on, thread })
    }

    /// The last line: the server has ended.
    pub(super) fn finish(self) {
        drop(self.goes_on);
        // It cannot have panicked.
        let _joined = self.thread.join();
    }
}

fn lines(every: Duration, sources: &Sources, over: &Receiver<()>) -> io::Result<()> {
    let clock = Clock::new();
    let mut next = Instant::now();
    loop {
        print(&sources.line(&clock, false))?;
        next = (next + every).max(Instant::now());
        let waited = over.recv_timeout(next.saturating_duration_since(Instant::now()));
        if waited == Err(RecvTimeoutError::Disconnected) {
            break;
        }
    }
    print(&sources.line(&clock, true))
}

fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

impl Sources {
    fn line(&self, clock: &Clock, is_final: bool) -> String {
        let occupancy = self.occupancy.reading();
        let counted = self.counters.snapshot();
        let backlog = backlog::length(self.address).map_or_else(|| "null".to_owned(), |length| length.to_string());
        let (requests, mean_us, variation) = match self.workload.service_time() {
            Some(time) => (time.requests, time.mean_us, time.variation),
            None => (0, 0.0, 0.0),
        };
        format!(
            "{{\"at_ns\":{},\"accepted\":{},\"refused\":{},\"active\":{},\"waiting\":{},\"starved\":{},\
             \"requests\":{},\"requests_waiting\":{},\"requests_refused\":{},\"backlog\":{backlog},\
             \"in_system\":{},\"in_system_seconds\":{:.9},\"service_requests\":{requests},\
             \"service_mean_us\":{mean_us:.3},\"service_variation\":{variation:.6},\"final\":{is_final}}}",
            clock.ns(occupancy.at),
            counted.accepted,
            counted.refused(),
            counted.active,
            counted.waiting,
            counted.starved,
            counted.requests,
            counted.requests_waiting,
            counted.requests_refused,
            occupancy.inside,
            occupancy.integral_seconds,
        )
    }
}
