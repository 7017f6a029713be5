//! Open and partly open load: sessions arrive when a schedule made in advance says so, whether the server keeps up or
//! not, and latency counts from when a request should have begun. A late sender shows; it does not hide the waiting.
//!
//! Two threads: the pacer does what is due (`pacer`), the receiver hears what comes (`receiver`). What they share is in
//! `engine`; `wire` and `connection` are below it, `ticket` is what is written down of every request, and `books` what
//! becomes of that.

mod agenda;
mod books;
mod connection;
mod engine;
mod faults;
mod pacer;
mod receiver;
mod strip;
mod ticket;
mod wire;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::time::Duration;

use self::wire::BODY_BYTES_MIN;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::stats::{Latencies, Percentiles};
use crate::suite::record::{Bin, Counts, Parts, StripRow};

/// When sessions begin and what they ask; made from a seed before anything runs, so that every strategy of a block
/// gets the very same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// In the order of their start.
    pub sessions: Vec<Session>,
    /// How long it is.
    pub length: Duration,
    /// Whether sessions ask their requests again and again until it is over: a closed loop.
    pub repeats: bool,
}

/// One arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// When, from the start of the schedule.
    pub at: Duration,
    /// What it asks, one after the other: the next begins `think` after the answer of the one before.
    pub requests: Vec<Request>,
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// How long the server is asked to work, for `--work asked:…`; zero for servers that set their own.
    pub work: Duration,
    /// Which class it belongs to: an index into [`OpenPlan::classes`].
    pub class: usize,
    /// The pause before it, after the answer of the one before; none before a session's first.
    pub think: Duration,
}

/// What is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wire {
    /// Frames: `echo-server tcp` on its framed wire, with or without stamps.
    Framed,
    /// Bytes that come back as they are: `--wire raw --reply echo`, or any echo server.
    Raw,
    /// Messages to this room of a chat server, each confirmed by "said". Kept connections only.
    Chat {
        /// The room.
        room: String,
    },
}

/// On which connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// A connection per session, closed behind its last request.
    Fresh,
    /// So many connections that stand from the beginning. A session takes the one that has been free for longest, keeps
    /// it to its end, and waits for one if none is free; that wait counts. One that broke is opened anew for the next
    /// session that takes it. After a timeout the connection stays, and the answer that comes late is skipped.
    Kept(usize),
}

/// What a client does when it is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// How often a request is tried again after a timeout, a refusal or a "busy"; 0 for never.
    pub most: u32,
    /// The first pause before that, doubled each time, with a seeded jitter of half either way.
    pub pause: Duration,
}

/// A load of one trial.
#[derive(Debug, Clone)]
pub struct OpenPlan {
    /// The server.
    pub address: SocketAddr,
    /// What it is called in messages.
    pub target: String,
    /// What it speaks.
    pub wire: Wire,
    /// What arrives when.
    pub schedule: Schedule,
    /// What comes before this is not counted.
    pub warm_up: Duration,
    /// On which connections.
    pub carrier: Carrier,
    /// A try is given up after this long: the first from the intended start, a retry from its own. `None` to wait until
    /// the trial's end.
    pub deadline: Option<Duration>,
    /// Whether it is tried again.
    pub retries: Retries,
    /// How long a request's body is, in bytes; at least 16.
    pub body_bytes: usize,
    /// How long behind the schedule the trial ends at the latest; what has no answer then is in flight. It ends as soon
    /// as nothing is left to come.
    pub drain: Duration,
    /// What the classes are called; at least one.
    pub classes: Vec<String>,
    /// Whether to keep a row per connection.
    pub with_strip: bool,
    /// The timeline's piece; `None` for no timeline.
    pub bin: Option<Duration>,
    /// A pause before every send that nobody asked for: the bench checks with it that a slow load is found out.
    pub handicap: Duration,
}

/// What the load of one trial came to. Requests count whose intended start lies behind the warm-up.
#[derive(Debug)]
pub struct OpenCount {
    /// How they ended.
    pub counts: Counts,
    /// From the intended start, of those that ended ok.
    pub intended: Latencies,
    /// The same, of those to begin in the first and in the second half of the measured time.
    pub halves: [Latencies; 2],
    /// From the actual send (of the last try), of the same.
    pub sent: Latencies,
    /// Where the time went, of those whose answers carried the server's stamps.
    pub parts: Option<Parts>,
    /// By class, in the order of [`OpenPlan::classes`].
    pub classes: Vec<ClassCount>,
    /// Answered requests of each connection or, with [`Carrier::Fresh`], of each session: for Jain's index.
    pub served: Vec<u64>,
    /// How late the load was: when it turned to a request, less when it should have. (Waiting for a kept connection is
    /// not in it; a handicap is.)
    pub lateness: Latencies,
    /// Of `counts.offered`, those the load had turned to when the schedule was over: what it achieved of what it was
    /// to do.
    pub begun_in_time: u64,
    /// How long connecting took, with [`Carrier::Fresh`].
    pub connects: Latencies,
    /// The same, one by one, in the order they were over.
    pub connect_times: Vec<Duration>,
    /// Tries, retries included.
    pub tries: u64,
    /// Over the whole trial, warm-up included: answered requests with stamps, and the sum of their times in the
    /// server (read to answered), in seconds. For Little's law.
    pub in_server: (u64, f64),
    /// The timeline.
    pub timeline: Vec<Bin>,
    /// The rows.
    pub strip: Vec<StripRow>,
    /// How long was measured: the schedule behind the warm-up.
    pub measured: Duration,
    /// After how long a try was given up, if it was.
    pub deadline: Option<Duration>,
    /// CPU time of the load's threads over the measured time, in seconds.
    pub cpu_seconds: Option<f64>,
    /// What the first request that failed died of, in words.
    pub complaint: Option<String>,
}

/// How a trial stands, for somebody who watches it.
#[derive(Debug, Clone, Copy)]
pub struct Glimpse {
    /// Since the schedule began.
    pub elapsed: Duration,
    /// Requests that have ended so far, warm-up included, in whatever way.
    pub ended: u64,
    /// Of these, ok.
    pub ok: u64,
    /// Their latency from the intended start.
    pub intended: Percentiles,
}

/// Requests of one class.
#[derive(Debug)]
pub struct ClassCount {
    /// How they ended.
    pub counts: Counts,
    /// From the intended start.
    pub intended: Latencies,
}

/// Runs a load. Both its threads stay on the core the caller is on, if it is pinned to one.
///
/// # Errors
/// [`BenchError::Usage`] for a plan that makes no sense, [`BenchError::Interrupted`], and what the operating system or a
/// chat server's greeting did. What the server did to a request is counted and no error.
pub fn run(plan: OpenPlan, interrupt: &Interrupt) -> Result<OpenCount, BenchError> {
    receiver::conduct(plan, interrupt, None)
}

/// As [`run`], telling `watcher` four times a second how it stands.
///
/// # Errors
/// As [`run`].
pub fn run_watched(
    plan: OpenPlan,
    interrupt: &Interrupt,
    watcher: &mut dyn FnMut(Glimpse),
) -> Result<OpenCount, BenchError> {
    receiver::conduct(plan, interrupt, Some(watcher))
}

impl OpenPlan {
    fn check(&self) -> Result<(), BenchError> {
        let usage = |why: &str| Err(BenchError::Usage(why.to_owned()));
        let classes = self.schedule.sessions.iter().flat_map(|session| &session.requests).map(|request| request.class);
        if !matches!(self.wire, Wire::Chat { .. }) && self.body_bytes < BODY_BYTES_MIN {
            return usage("a request's body has at least 16 bytes");
        }
        if matches!(self.wire, Wire::Chat { .. }) && self.carrier == Carrier::Fresh {
            return usage("a chat is talked to over kept connections");
        }
        if self.carrier == Carrier::Kept(0) {
            return usage("there is at least one connection");
        }
        if classes.max().is_some_and(|class| class >= self.classes.len()) || self.classes.is_empty() {
            return usage("every class has a name");
        }
        if self.schedule.sessions.iter().any(|session| session.requests.is_empty()) {
            return usage("a session asks for something");
        }
        Ok(())
    }
}
