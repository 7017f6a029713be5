//! The one task that owns the hub. It takes commands in batches, and what a batch came to is one turn: it goes to disk
//! in one transaction; then its records are appended to the logs, then answers go out, then followers are woken.
//! While the disk works, the inbox gathers the next batch. Nothing here waits for a socket.
//!
//! Reading order: this file (the loop), `turn` (what a batch came to), `keeping` (what of it is stored),
//! `carrying_out`, `reading` (questions about the logs), `trouble` (a disk that does not take it); `logs`, `port` and
//! `clock` are what it has.

mod carrying_out;
mod clock;
mod keeping;
mod logs;
mod port;
mod reading;
mod ring_reading;
mod trouble;
mod turn;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chat::{Departure, Effects, Hub, HubLimits, SessionId};
use proto::limits::BULK_BYTES_MAX;
use proto::message::WireLimits;
use room_log::Store;
use room_log::store::NotStored;
use room_log::store::rows::Stored;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::files::Desk;

use carrying_out::Seated;
use clock::Clock;
pub use keeping::Unreadable;
pub use logs::LogLimits;
use logs::Logs;
pub(crate) use port::WeakHubPort;
pub use port::{HubPort, ToHub};
use trouble::Held;
use turn::Turn;

/// Messages taken as one batch.
const BATCH_MAX: usize = 128;

/// Requests at which a batch is closed, so that nobody's answer waits for thousands of others.
const BATCH_REQUESTS_MAX: usize = 4096;

/// How often held places and due counts are looked at.
const TICK: Duration = Duration::from_millis(250);

/// Owns the hub, the logs and the sessions' outboxes.
#[derive(Debug)]
pub struct HubOwner {
    hub: Hub,
    inbox: mpsc::Receiver<ToHub>,
    sessions: HashMap<SessionId, Seated>,
    logs: Logs,
    clock: Clock,
    /// Empty; keeps its room from turn to turn.
    spare_effects: Effects,
    agent: String,
    wire_limits: WireLimits,
    /// Where requests about files go, if there is a place for them.
    files: Option<Arc<Desk>>,
    /// Where records go before anybody sees them, if they outlive the server.
    store: Option<Arc<Store>>,
    /// What the disk has not taken. Invariant: while there is something, the hub is read-only.
    held: Option<Box<Held>>,
    /// Questions about the logs that are being answered.
    reads: JoinSet<()>,
}

impl HubOwner {
    /// An empty hub and the way to it. `wire_limits` is what clients are told.
    pub fn new(hub_limits: HubLimits, log_limits: LogLimits, wire_limits: WireLimits) -> (Self, HubPort) {
        let (port, inbox) = port::port();
        let owner = Self {
            hub: Hub::new(hub_limits),
            inbox,
            sessions: HashMap::new(),
            logs: Logs::new(log_limits),
            clock: Clock::start(),
            spare_effects: Effects::new(),
            agent: format!("chat-server {}", env!("CARGO_PKG_VERSION")),
            wire_limits,
            files: None,
            store: None,
            held: None,
            reads: JoinSet::new(),
        };
        (owner, port)
    }

    /// The same with a store, going on with what it held.
    ///
    /// # Errors
    /// Something in it is not what this program accepts.
    pub fn with_store(mut self, hub_limits: HubLimits, store: Arc<Store>, stored: Stored) -> Result<Self, Unreadable> {
        stored.rooms.iter().for_each(|room| self.logs.restore(room.room.id, room.head));
        self.hub = Hub::restore(hub_limits, self.clock.now(), keeping::restored(stored)?);
        let left_out = self.hub.left_out();
        if left_out > 0 {
            tracing::warn!(left_out, path = %store.path().display(), "rows that contradict others are left alone");
        }
        self.store = Some(store);
        Ok(self)
    }

    /// The same with a place for files.
    #[must_use]
    pub fn with_files(mut self, desk: Arc<Desk>) -> Self {
        self.wire_limits.bulk_bytes = u32::try_from(BULK_BYTES_MAX).unwrap_or(u32::MAX);
        self.files = Some(desk);
        self
    }

    /// Runs until every [`HubPort`] is dropped.
    pub async fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                first = self.inbox.recv() => match first {
                    Some(first) => {
                        self.gather(first, &mut batch);
                        self.take(&mut batch).await;
                    }
                    None => break,
                },
                _ = tick.tick() => self.tick().await,
                tried = tried(&mut self.held), if self.held.is_some() => self.go_on(tried).await,
                Some(read) = self.reads.join_next() => {
                    if let Err(error) = read {
                        tracing::error!(%error, "a question about the logs was not answered");
                    }
                }
            }
        }
        self.give_up().await;
        self.reads.shutdown().await;
        let (events, bytes) = self.logs.appended();
        tracing::info!(events, bytes, census = ?self.hub.census(), "the hub has stopped");
    }

    /// Fills a batch with what has come already.
    fn gather(&mut self, first: ToHub, batch: &mut Vec<ToHub>) {
        let requests_in = |message: &ToHub| match message {
            ToHub::Requests { requests, .. } => requests.len(),
            ToHub::Open { .. } | ToHub::Leave { .. } | ToHub::Posted { .. } => 0,
        };
        let mut requests = requests_in(&first);
        batch.push(first);
        while batch.len() < BATCH_MAX && requests < BATCH_REQUESTS_MAX {
            let Ok(next) = self.inbox.try_recv() else { return };
            requests += requests_in(&next);
            batch.push(next);
        }
    }

    async fn take(&mut self, batch: &mut Vec<ToHub>) {
        let now = self.clock.now();
        let mut turn = self.begin_turn();
        let mut permits = Vec::new();
        for message in batch.drain(..) {
            match message {
                ToHub::Open { session, outbox } => {
                    self.sessions.insert(session, Seated::new(outbox));
                }
                // Replaced or given up meanwhile. Invariant: the hub knows no session that is not in `sessions`.
                ToHub::Requests { session, .. } if !self.sessions.contains_key(&session) => {}
                ToHub::Requests { session, requests, permit } => {
                    permits.extend(permit);
                    for request in requests {
                        self.hub.handle(now, session, request, &mut turn.effects);
                    }
                }
                ToHub::Leave { session, departure, goodbye } => {
                    self.hub.gone(now, session, departure, &mut turn.effects);
                    turn.goodbyes.push((session, goodbye));
                }
                ToHub::Posted { room, nick, deed } => {
                    if let Some((room, nick, deed)) = self.hold_post((room, nick, deed)) {
                        self.hub.post(now, room, nick, deed, &mut turn.effects);
                    }
                }
            }
        }
        self.settle(turn).await;
        drop(permits);
    }

    async fn tick(&mut self) {
        let now = self.clock.now();
        let mut turn = self.begin_turn();
        self.hub.tick(now, &mut turn.effects);
        let abandoned = self.sessions.iter().filter(|(_, seated)| seated.outbox.is_abandoned());
        turn.goodbyes = abandoned.map(|(session, _)| (*session, None)).collect();
        for (session, _) in &turn.goodbyes {
            self.hub.gone(now, *session, Departure::Broken, &mut turn.effects);
        }
        self.settle(turn).await;
    }

    fn begin_turn(&mut self) -> Turn {
        Turn { effects: std::mem::take(&mut self.spare_effects), ..Turn::default() }
    }
}

/// Waits for what comes of the next try to store what is held.
async fn tried(held: &mut Option<Box<Held>>) -> Option<Result<(), Box<NotStored>>> {
    match held {
        Some(held) => held.tried().await,
        None => std::future::pending().await,
    }
}
