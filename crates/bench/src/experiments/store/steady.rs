//! A trial with a steady sender: a room, its readers, and some who do not read.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::disk::Disk;
use super::{Tiny, tiny};
use crate::child::RunningServer;
use crate::dial::Dialed;
use crate::error::BenchError;
use crate::experiments::{Setting, Trial};
use crate::load::{Gauge, Steady, SteadyCount, SteadyPlan, Usage, Waiting};
use crate::report::micros_text;
use crate::stats::Percentiles;
use crate::targets::{Arrival, Keeping, Protocol, Topic, chat};

/// What the kernel may hold for somebody who does not read, in bytes; it makes of it what it likes, but no less than
/// some 2 KiB.
const NARROW_BYTES: usize = 4096;

/// What fills a socket whose other side does not read: the kernel lets one grow to some 4 MiB.
pub(super) const FLOOD_BYTES: usize = 8 << 20;

/// The load may be late by this share of the p99 that is reported, as in the comparison of the strategies.
const LATE_SHARE_MAX: f64 = 0.1;

/// And by this much in any case, in microseconds: a virtual machine's timers do not promise better.
const LATE_FLOOR_US: f64 = 1000.0;

/// Whoever does not read cannot answer, and shall not be cut for it before the trial is over.
const PATIENT: [&str; 4] = ["--idle-ms", "3600000", "--stall-ms", "3600000"];

/// What happens in a trial.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    pub(super) readers: usize,
    /// Members who read nothing until all is sent.
    pub(super) stalled: usize,
    /// Messages a second.
    pub(super) rate: usize,
    pub(super) text_bytes: usize,
    /// Whether the server stores.
    pub(super) is_stored: bool,
    /// How much is said before, in bytes of text, so that the sockets of the stalled are full.
    pub(super) flood_bytes: usize,
    /// How much of the room the server holds in memory; as it comes if that is not said.
    pub(super) room_kib: Option<usize>,
}

/// What one trial came to.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SteadyTrial {
    /// From when a message should have been sent until a reader had it.
    pub(super) delivery: Percentiles,
    /// By how much 98 of a hundred messages were sent late at most, in microseconds.
    pub(super) late_us: f64,
    flooded: u64,
    sent: u64,
    received: u64,
    receivers: u64,
    stalled: u64,
    stalled_received: u64,
    /// How many of the stalled fell off the memory and were served from disk.
    pub(super) told_behind: u64,
    /// From when the stalled began to read until they had everything, in seconds.
    pub(super) caught_up_seconds: f64,
    /// The most the server held, in bytes.
    pub(super) peak_bytes: Option<u64>,
    pub(super) usage: Usage,
}

impl Trial for SteadyTrial {
    fn loss(&self) -> Option<String> {
        let Self { flooded, sent, received, receivers, stalled, stalled_received, told_behind, .. } = self;
        if *received != sent * receivers {
            return Some(format!("{sent} messages to {receivers} readers, but {received} arrived"));
        }
        let all = flooded + sent;
        if *stalled_received != all * stalled {
            return Some(format!("{all} messages to {stalled} stalled, but {stalled_received} arrived in the end"));
        }
        (told_behind != stalled)
            .then(|| format!("of {stalled} stalled only {told_behind} fell off the server's memory"))
    }

    fn usage(&self) -> Option<&Usage> {
        Some(&self.usage)
    }

    fn objection(&self) -> Option<String> {
        let most = (LATE_SHARE_MAX * self.delivery.p99_us.unwrap_or(0.0)).max(LATE_FLOOR_US);
        let late =
            || (self.late_us > most).then(|| format!("the load was late, by {} and more", micros_text(self.late_us)));
        self.loss().or_else(late)
    }
}

impl SteadyTrial {
    fn new(count: &SteadyCount, scene: Scene, server: &RunningServer) -> Self {
        Self {
            delivery: count.delivery,
            late_us: count.late_by.as_secs_f64() * 1e6,
            flooded: count.flooded,
            sent: count.sent,
            received: count.received,
            receivers: scene.readers as u64,
            stalled: scene.stalled as u64,
            stalled_received: count.stalled_received,
            told_behind: count.told_behind,
            caught_up_seconds: count.caught_up.as_secs_f64(),
            peak_bytes: server.peak_bytes(),
            usage: count.usage,
        }
    }
}

impl Scene {
    fn plan(&self, setting: &Setting) -> SteadyPlan {
        let rate = u32::try_from(self.rate).unwrap_or(u32::MAX);
        let flood = (self.flood_bytes / self.text_bytes) as u64;
        SteadyPlan { every: Duration::from_secs(1) / rate, span: setting.span, flood }
    }
}

/// One trial, with a fresh server.
///
/// # Errors
/// If the server does not start, or something is lost.
pub(super) fn trial(scene: Scene, disk: &mut Disk, setting: &Setting) -> Result<SteadyTrial, BenchError> {
    let folder = disk.fresh("steady")?;
    let server = start(scene, &folder, disk, setting)?;
    let address = server.address();
    let topic = topic(scene);
    let enter = |numbers: std::ops::Range<usize>, connect: fn(SocketAddr) -> Result<Dialed, BenchError>| {
        let each = |number| {
            setting.interrupt.check()?;
            chat::receiver(connect(address)?, &topic, number)
        };
        numbers.map(each).collect::<Result<Vec<_>, BenchError>>()
    };
    let stalled = enter(scene.readers..scene.readers + scene.stalled, |address| {
        Dialed::connect_narrow(address, chat::NAME, NARROW_BYTES)
    })?;
    let publisher = Protocol::Chat.publish(address, &topic)?;
    let mut steady = Steady::new(publisher, stalled, scene.plan(setting), Waiting::on(&setting.pinning))?;
    // Only then do those come who read, so that it is nothing to them.
    steady.flood(&setting.interrupt)?;
    steady.take_readers(enter(0..scene.readers, |address| Dialed::connect(address, chat::NAME))?)?;
    let gauge = Gauge { server: Some(&server), pinning: setting.pinning };
    let count = steady.run(&gauge, &setting.interrupt)?;
    let trial = SteadyTrial::new(&count, scene, &server);
    drop(server);
    std::fs::remove_dir_all(&folder).map_err(BenchError::io("cannot take a trial's store away"))?;
    Ok(trial)
}

fn start(scene: Scene, folder: &Path, disk: &Disk, setting: &Setting) -> Result<RunningServer, BenchError> {
    let kib = scene.room_kib.map(|kib| kib.to_string());
    let room: Vec<&str> = kib.iter().flat_map(|kib| ["--room-kib", kib]).collect();
    let more = [&PATIENT[..], &room].concat();
    if scene.is_stored {
        return Ok(disk.start(folder, &more, setting)?.server);
    }
    RunningServer::start(&chat::command(&setting.bin_dir, None, &more), setting.pinning)
}

fn topic(scene: Scene) -> Topic {
    Topic {
        room: "steady".to_owned(),
        nick_prefix: "b".to_owned(),
        text_bytes: scene.text_bytes,
        receivers: scene.readers,
        arrival: Arrival::Silent,
        keeping: if scene.is_stored { Keeping::Stored } else { Keeping::Any },
    }
}

/// Trials too small for a figure.
pub(super) fn tiny_trials(disk: &mut Disk, setting: &Setting) -> Vec<Tiny> {
    let delivery =
        Scene { readers: 5, stalled: 0, rate: 200, text_bytes: 64, is_stored: true, flood_bytes: 0, room_kib: None };
    // Enough to fill a socket and the little that the server holds in memory.
    let stalled = Scene { stalled: 2, text_bytes: 16 * 1024, flood_bytes: FLOOD_BYTES, room_kib: Some(16), ..delivery };
    vec![
        tiny("store, steady: every reader got all, in order", trial(delivery, disk, setting)),
        tiny("store, stalled: they got all later, in order, from disk", trial(stalled, disk, setting)),
    ]
}
