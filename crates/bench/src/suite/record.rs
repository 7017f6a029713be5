//! What one trial came to: a line of `results.ndjson`. Never rewritten; a resumed run goes on behind the last one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::spec::{Experiment, Spec};
use crate::plan::Place;

/// The version of these lines. A reader refuses another one in words.
pub const SCHEMA: u32 = 1;

/// One trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialRecord {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Of which experiment.
    pub experiment: Experiment,
    /// [`super::spec::Cell::name`].
    pub cell: String,
    /// [`super::spec::Arm::name`].
    pub arm: String,
    /// Which block, from 0.
    pub block: usize,
    /// What decided this block's arrivals; the same for every arm of the block.
    pub seed: u64,
    /// When it began, in milliseconds since 1970.
    pub started_unix_ms: u64,
    /// How long was measured.
    pub seconds: f64,
    /// How requests ended.
    pub counts: Counts,
    /// Why it does not count; empty if it does.
    pub invalid: Vec<String>,
    /// Why its whole block does not count: the machine was disturbed, by the rule fixed in advance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disturbed: Option<String>,
    /// Latency from when a request should have begun: hdrhistogram V2 with deflate, base64; nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intended: Option<String>,
    /// The same from when it was actually sent, which hides the waiting of a late sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
    /// Where the time went, on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
    /// Everything with a name and a number; what is compared is among it. `docs/benchmarks.md` says what each is.
    #[serde(default)]
    pub figures: BTreeMap<String, f64>,
    /// Requests by class, where there is more than one ("short", "long").
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<Class>,
    /// What happened over the time of the trial, where that matters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<Bin>,
    /// A row per connection, where somebody may starve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strip: Vec<StripRow>,
}

impl TrialRecord {
    /// A trial of which nothing is known yet.
    pub const fn empty(experiment: Experiment, seed: u64) -> Self {
        Self {
            schema: SCHEMA,
            experiment,
            cell: String::new(),
            arm: String::new(),
            block: 0,
            seed,
            started_unix_ms: 0,
            seconds: 0.0,
            counts: Counts::NONE,
            invalid: Vec::new(),
            disturbed: None,
            intended: None,
            sent: None,
            parts: None,
            figures: BTreeMap::new(),
            classes: Vec::new(),
            timeline: Vec::new(),
            strip: Vec::new(),
        }
    }

    /// The trial at `place` of `spec`, of which nothing else is known yet. The runner fills in when it began.
    pub fn new(spec: &Spec, place: Place, seed: u64) -> Self {
        let cell = spec.cells.get(place.cell).map(|cell| cell.name.clone()).unwrap_or_default();
        let arm = spec.arms.get(place.arm).map(|arm| arm.name.clone()).unwrap_or_default();
        Self { cell, arm, block: place.block, ..Self::empty(spec.experiment, seed) }
    }
}

impl Counts {
    /// Nothing was offered.
    pub const NONE: Self =
        Self { offered: 0, ok: 0, shed: 0, refused: 0, timed_out: 0, failed: 0, in_flight: 0, starved: 0 };
}

/// How requests ended. Invariant: `offered` is the sum of `ok`, `shed`, `refused`, `timed_out`, `failed` and
/// `in_flight`; a trial in which it is not is invalid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Requests that were to be made.
    pub offered: u64,
    /// Answered as they should be, in time where there is a deadline.
    pub ok: u64,
    /// Answered "busy" by a server that lives on.
    pub shed: u64,
    /// Their connection was refused, by the server in words or by the operating system.
    pub refused: u64,
    /// Not answered before the deadline.
    pub timed_out: u64,
    /// Anything else: a wrong answer, a broken connection.
    pub failed: u64,
    /// Not ended when the trial did.
    pub in_flight: u64,
    /// Of the timed out and the in flight, those whose connection never got any service at all. An outcome of its
    /// own and never a latency.
    pub starved: u64,
}

/// Where the time of an answered request went, on average, in microseconds. The sum is the latency from the intended
/// start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// The load was late: from the intended start until it was sent (or its connect began).
    pub schedule_us: f64,
    /// On the way and in the kernel: until the server accepted the connection, or read the request of an open one.
    pub kernel_us: f64,
    /// In the server's queue: for a worker or at the gate.
    pub queue_us: f64,
    /// Worked on.
    pub service_us: f64,
    /// The answer's way back.
    pub return_us: f64,
}

/// Requests of one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// "short".
    pub name: String,
    /// How they ended.
    pub counts: Counts,
    /// Their latency from the intended start, as [`TrialRecord::intended`].
    pub intended: Option<String>,
}

/// A piece of a trial's time. Requests are counted where they were to begin, but for `answered`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// From the start of the trial, in milliseconds.
    pub at_ms: f64,
    /// To begin in it.
    pub offered: u64,
    /// Answered in it, in time.
    pub answered: u64,
    /// Of those to begin in it, ended as `shed` or `refused`.
    pub turned_away: u64,
    /// Of those to begin in it, not answered in time.
    pub timed_out: u64,
    /// The median latency of those to begin in it and answered, in milliseconds.
    pub p50_ms: Option<f64>,
    /// The longest of the same.
    pub max_ms: Option<f64>,
}

/// One connection over the time of the trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StripRow {
    /// What it did from when, in order; the last state holds to the trial's end.
    pub spans: Vec<StripSpan>,
}

/// A state and when it began.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StripSpan {
    /// From the start of the trial, in milliseconds.
    pub from_ms: f64,
    /// What it was.
    pub state: StripState,
}

/// What a connection was doing, as far as its client can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StripState {
    /// The handshake is not over.
    Connecting,
    /// Connected, and nothing has ever come from the server: in a queue, the kernel's or the server's.
    Waiting,
    /// Answered at least once, and at ease or being worked on.
    Served,
    /// Turned away with a word.
    TurnedAway,
    /// Gone: closed, broken, given up.
    Gone,
}
