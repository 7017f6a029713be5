//! A server on a directory of its own, which can end and begin again.

use std::path::Path;
use std::sync::Arc;

use chat::{Deed, HubLimits, SessionId};
use chat_server::hub_owner::{HubOwner, HubPort, LogLimits, ToHub};
use chat_server::session::{self, SessionLimits, Surroundings};
use proto::RoomId;
use proto::message::WireLimits;
use room_log::Store;
use room_log::store::{Durability, Retention, StoreOptions};
use serve::{Phase, PhaseWatch, RequestGate};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::client::Client;

const LIMITS: SessionLimits =
    SessionLimits { handshake_ms: 60_000, idle_ms: 60_000, stall_ms: 60_000, requests_per_second: 0 };

/// Bytes that a stream holds each way, unless a test says otherwise.
const STREAM_BYTES: usize = 1 << 20;

/// How a server is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) has_store: bool,
    /// Bytes of events held in memory for a room.
    pub(crate) ring_bytes: usize,
    pub(crate) retention: Retention,
}

impl Default for Wish {
    fn default() -> Self {
        let retention = Retention { age_ms: None, events: None, bytes: None };
        Self { has_store: true, ring_bytes: 1 << 22, retention }
    }
}

/// A server.
pub(crate) struct World {
    dir: TempDir,
    wish: Wish,
    hub: HubPort,
    store: Option<Arc<Store>>,
    owner: JoinHandle<()>,
    sessions: Vec<tokio::task::AbortHandle>,
    phase: watch::Sender<Phase>,
}

impl World {
    pub(crate) fn new(wish: Wish) -> Self {
        Self::on(tempfile::tempdir().unwrap(), wish)
    }

    fn on(dir: TempDir, wish: Wish) -> Self {
        let limits = HubLimits {
            rooms_max: 20,
            rooms_per_member_max: 10,
            grace_ms: 60_000,
            held_max: 100,
            named_presence_max: 10,
            crowd_interval_ms: 60_000,
            keep_ms: if wish.has_store { 60_000 } else { 0 },
            kept_max: 10,
            is_durable: wish.has_store,
            tickets_max: 0,
        };
        let logs = LogLimits { room_bytes: wish.ring_bytes, total_bytes: 1 << 30, floor_bytes: 0 };
        let wire = WireLimits { text_bytes: 16_384, bulk_bytes: 0, rooms: 10, idle_ms: 60_000, grace_ms: 60_000 };
        let (mut owner, hub) = HubOwner::new(limits, logs, wire);
        let mut store = None;
        if wish.has_store {
            let options = StoreOptions { durability: Durability::Full, retention: wish.retention, readers: 2 };
            let (opened, stored) = Store::open(dir.path(), options).unwrap();
            let opened = store.insert(Arc::new(opened));
            owner = owner.with_store(limits, Arc::clone(opened), stored).unwrap();
        }
        let owner = tokio::spawn(owner.run());
        Self { dir, wish, hub, store, owner, sessions: Vec::new(), phase: watch::channel(Phase::Running).0 }
    }

    /// Cuts everything off where it stands, as a crash would, and begins anew on the same directory.
    pub(crate) async fn crash(self) -> Self {
        let wish = self.wish;
        self.crash_to(wish).await
    }

    /// The same with a server that is another.
    pub(crate) async fn crash_to(self, wish: Wish) -> Self {
        let Self { dir, hub, store, owner, sessions, .. } = self;
        owner.abort();
        sessions.iter().for_each(tokio::task::AbortHandle::abort);
        assert!(owner.await.is_err());
        drop(hub);
        let last = store.as_ref().map(Arc::downgrade);
        drop(store);
        // Its last sessions and questions end by themselves.
        while last.as_ref().is_some_and(|last| last.strong_count() > 0) {
            tokio::task::yield_now().await;
        }
        Self::on(dir, wish)
    }

    pub(crate) fn connect(&mut self) -> Client {
        self.connect_over(STREAM_BYTES)
    }

    pub(crate) fn connect_over(&mut self, stream_bytes: usize) -> Client {
        let (near, far) = tokio::io::duplex(stream_bytes);
        let session = SessionId(self.sessions.len() as u64 + 1);
        let around = Surroundings { hub: self.hub.clone(), limits: LIMITS, files: None, store: self.store.clone() };
        let phase = PhaseWatch::new(self.phase.subscribe());
        let end = tokio::spawn(async move { session::run(far, session, &around, &RequestGate::open(), phase).await });
        self.sessions.push(end.abort_handle());
        Client::new(near)
    }

    /// Somebody who is in no room.
    pub(crate) async fn person(&mut self, nick: &str) -> Client {
        let mut client = self.connect();
        client.hello(nick).await;
        client
    }

    /// What files have to tell a room.
    pub(crate) async fn post(&self, room: RoomId, nick: &str, deed: Deed) {
        assert!(self.hub.send(ToHub::Posted { room, nick: nick.parse().unwrap(), deed }).await);
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }
}
