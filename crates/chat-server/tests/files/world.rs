//! A hub with files, sessions over streams in memory, and a client written by hand from docs/protocol.md.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chat::{HubLimits, SessionId};
use chat_server::files::{Desk, FileLimits};
use chat_server::hub_owner::{HubOwner, HubPort, LogLimits};
use chat_server::session::{self, SessionEnd, SessionLimits, Surroundings};
use proto::limits::BULK_BYTES_MAX;
use proto::message::{FileRequest, Offer, OnConflict, WireLimits};
use proto::{Code, Codec, Refusal, RoomId, ServerMessage, TransferKey};
use serve::{Phase, PhaseWatch, RequestGate};
use tokio::io::DuplexStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::codec::Framed;

pub(crate) const LIMITS: SessionLimits =
    SessionLimits { handshake_ms: 10_000, idle_ms: 60_000, stall_ms: 30_000, requests_per_second: 0 };

/// Limits that stand in nobody's way.
pub(crate) const FILES: FileLimits = FileLimits {
    file_bytes: 1 << 40,
    min_free_bytes: 0,
    total_bytes: 0,
    room_bytes: 0,
    person_bytes: 0,
    upload_idle: Duration::from_secs(60),
    partial_age: Duration::from_secs(24 * 3600),
};

/// Bytes that a stream in memory holds each way.
const STREAM_BYTES: usize = 256 * 1024;

pub(crate) struct World {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) desk: Arc<Desk>,
    hub: HubPort,
    pub(crate) phase: watch::Sender<Phase>,
    next_session: u64,
    watch: JoinHandle<()>,
}

pub(crate) struct Client {
    pub(crate) framed: Framed<DuplexStream, Codec>,
    pub(crate) asked: u64,
    pub(crate) stash: VecDeque<(u64, ServerMessage)>,
    pub(crate) end: JoinHandle<SessionEnd>,
}

/// A file to be put, and how.
#[derive(Clone)]
pub(crate) struct Put<'a> {
    pub(crate) slot: u16,
    pub(crate) path: &'a str,
    pub(crate) bytes: &'a [u8],
    pub(crate) key: u8,
    pub(crate) on_conflict: OnConflict,
    pub(crate) with_root: bool,
    pub(crate) announce: bool,
    pub(crate) fresh: bool,
    pub(crate) modified_ms: u64,
}

impl<'a> Put<'a> {
    pub(crate) fn new(path: &'a str, bytes: &'a [u8]) -> Self {
        Self {
            slot: 1,
            path,
            bytes,
            key: 1,
            on_conflict: OnConflict::Rename,
            with_root: false,
            announce: false,
            fresh: false,
            modified_ms: 1_700_000_000_000,
        }
    }

    pub(crate) fn offer(&self, room: RoomId) -> FileRequest {
        FileRequest::Offer(Offer {
            room,
            path: self.path.into(),
            size: self.bytes.len() as u64,
            modified_ms: self.modified_ms,
            key: TransferKey([self.key; 16]),
            fresh: self.fresh,
            on_conflict: self.on_conflict,
            root: self.with_root.then(|| root_of(self.bytes)),
            announce: self.announce,
        })
    }
}

pub(crate) fn root_of(bytes: &[u8]) -> proto::Root {
    proto::Root(blake3::hash(bytes).into())
}

/// Bytes that differ everywhere.
pub(crate) fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&seed.to_be_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

impl World {
    pub(crate) fn new() -> Self {
        Self::within(FILES)
    }

    pub(crate) fn within(limits: FileLimits) -> Self {
        Self::on(tempfile::tempdir().unwrap(), limits)
    }

    /// A server on a directory that is there already.
    pub(crate) fn on(dir: tempfile::TempDir, limits: FileLimits) -> Self {
        let hub_limits = HubLimits {
            rooms_max: 100,
            rooms_per_member_max: 10,
            grace_ms: 5_000,
            held_max: 100,
            named_presence_max: 10,
            crowd_interval_ms: 1000,
            keep_ms: 0,
            kept_max: 0,
            is_durable: false,
            tickets_max: 100,
        };
        let log_limits = LogLimits { room_bytes: 1 << 22, total_bytes: 1 << 24, floor_bytes: 1 << 14 };
        let wire_limits = WireLimits { text_bytes: 16_384, bulk_bytes: 0, rooms: 10, idle_ms: 60_000, grace_ms: 5_000 };
        let (owner, hub) = HubOwner::new(hub_limits, log_limits, wire_limits);
        let desk = Desk::open(dir.path(), limits, &hub, &HashSet::new()).unwrap();
        // It ends with the last way to it, which is the world's.
        drop(tokio::spawn(owner.with_files(Arc::clone(&desk)).run()));
        let watch = tokio::spawn(Arc::clone(&desk).watch_over());
        Self { dir, desk, hub, phase: watch::channel(Phase::Running).0, next_session: 0, watch }
    }

    /// The same directory, with another server.
    pub(crate) async fn restarted(self, limits: FileLimits) -> Self {
        let Self { dir, desk, hub, watch, .. } = self;
        watch.abort();
        assert!(watch.await.is_err());
        drop(hub);
        let last = Arc::downgrade(&desk);
        tokio::task::spawn_blocking(move || desk.set_all_aside()).await.unwrap();
        // Its last sessions and jobs end by themselves.
        while last.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
        Self::on(dir, limits)
    }

    pub(crate) fn connect(&mut self) -> Client {
        self.connect_with(LIMITS, STREAM_BYTES)
    }

    pub(crate) fn connect_with(&mut self, limits: SessionLimits, stream_bytes: usize) -> Client {
        let (near, far) = tokio::io::duplex(stream_bytes);
        self.next_session += 1;
        let session = SessionId(self.next_session);
        let around = Surroundings { hub: self.hub.clone(), limits, files: Some(Arc::clone(&self.desk)), store: None };
        let phase = PhaseWatch::new(self.phase.subscribe());
        let end = tokio::spawn(async move { session::run(far, session, &around, &RequestGate::open(), phase).await });
        Client { framed: Framed::new(near, Codec::new(BULK_BYTES_MAX)), asked: 0, stash: VecDeque::new(), end }
    }

    /// Somebody in the lobby, which is room 1.
    pub(crate) async fn member(&mut self, nick: &str) -> Client {
        let mut client = self.connect();
        client.hello(nick).await;
        assert_eq!(client.join("lobby").await, RoomId(1));
        client
    }

    pub(crate) fn stored(&self, path: &str) -> PathBuf {
        self.dir.path().join("files/rooms/lobby").join(path)
    }

    /// Names of the parts that are kept.
    pub(crate) fn parts(&self) -> Vec<String> {
        names_in(&self.dir.path().join("files/.partial"))
    }
}

pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

pub(crate) fn code<T>(result: Result<T, Refusal>) -> Option<Code> {
    result.err().map(|refusal| refusal.code)
}

pub(crate) fn refused(message: &ServerMessage) -> Option<Code> {
    match message {
        ServerMessage::Refused(refusal) => Some(refusal.code),
        _ => None,
    }
}
