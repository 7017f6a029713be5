//! Sessions over a stream in memory, under a virtual clock: what depends on time, without waiting for it.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::time::Duration;

use bytes::Bytes;
use chat::{HubLimits, SessionId};
use chat_server::hub_owner::{HubOwner, HubPort, LogLimits};
use chat_server::session::{self, SessionEnd, SessionLimits, Surroundings};
use futures::{SinkExt, StreamExt};
use proto::limits::MAGIC;
use proto::message::{Hello, Join, Say, Since, WireLimits};
use proto::{ClientMessage, CloseCode, Codec, MessageId, RequestId, RoomId, ServerMessage};
use serve::{Phase, PhaseWatch, RequestGate};
use tokio::io::DuplexStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::codec::Framed;

const LIMITS: SessionLimits =
    SessionLimits { handshake_ms: 10_000, idle_ms: 60_000, stall_ms: 30_000, requests_per_second: 0 };

const GRACE_MS: u64 = 5_000;

/// A hub with sessions around it. `phase` is Running until a test says otherwise.
struct World {
    hub: HubPort,
    phase: watch::Sender<Phase>,
    next_session: u64,
}

struct Client {
    framed: Framed<DuplexStream, Codec>,
    asked: u64,
    end: JoinHandle<SessionEnd>,
}

impl World {
    fn new() -> Self {
        let hub_limits = HubLimits {
            rooms_max: 10,
            rooms_per_member_max: 10,
            grace_ms: GRACE_MS,
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
        // It ends with the last way to it, which is the world's.
        drop(tokio::spawn(owner.run()));
        Self { hub, phase: watch::channel(Phase::Running).0, next_session: 0 }
    }

    /// A session whose stream holds `buffer_bytes` each way.
    fn connect(&mut self, limits: SessionLimits, buffer_bytes: usize) -> Client {
        let (near, far) = tokio::io::duplex(buffer_bytes);
        self.next_session += 1;
        let session = SessionId(self.next_session);
        let around = Surroundings { hub: self.hub.clone(), limits, files: None, store: None };
        let phase = PhaseWatch::new(self.phase.subscribe());
        let end = tokio::spawn(async move { session::run(far, session, &around, &RequestGate::open(), phase).await });
        Client { framed: Framed::new(near, Codec::control()), asked: 0, end }
    }
}

impl Client {
    async fn send(&mut self, message: ClientMessage) {
        self.asked += 1;
        self.framed.send(message.to_frame(RequestId(self.asked))).await.unwrap();
    }

    async fn next(&mut self) -> Option<ServerMessage> {
        let frame = self.framed.next().await?.unwrap();
        Some(ServerMessage::from_frame(&frame).unwrap())
    }

    async fn hello(&mut self, nick: &str) -> ServerMessage {
        self.send(ClientMessage::Hello(Hello {
            magic: MAGIC,
            version_min: 1,
            version_max: 1,
            features: 0,
            nick: nick.into(),
            agent: "test".into(),
            resume: None,
        }))
        .await;
        self.next().await.unwrap()
    }

    async fn join(&mut self, room: &str) -> RoomId {
        self.send(ClientMessage::Join(Join {
            room: room.into(),
            since: Since::Now,
            announce: false,
            ephemeral: false,
        }))
        .await;
        match self.next().await.unwrap() {
            ServerMessage::Joined(joined) => joined.room,
            other => panic!("{other:?}"),
        }
    }

    async fn say(&mut self, room: RoomId, message: u64, text: &str) {
        let text = Bytes::copy_from_slice(text.as_bytes());
        self.send(ClientMessage::Say(Say { room, message: MessageId(message), text })).await;
    }

    /// Expects the goodbye, then the end.
    async fn goodbye(&mut self) -> CloseCode {
        let Some(ServerMessage::Goodbye(goodbye)) = self.next().await else { panic!("no goodbye") };
        assert_eq!(self.next().await, None);
        goodbye.code
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_only_listens_is_woken_by_what_is_said() {
    let mut world = World::new();
    let (mut ann, mut bob) = (world.connect(LIMITS, 1024), world.connect(LIMITS, 1024));
    ann.hello("ann").await;
    bob.hello("bob").await;
    let room = ann.join("lobby").await;
    bob.join("lobby").await;
    ann.say(room, 1, "hello").await;
    // Before the idle time, after which bob would be woken by a ping.
    let heard = tokio::time::timeout(Duration::from_millis(LIMITS.idle_ms / 2), bob.next()).await;
    assert!(matches!(heard, Ok(Some(ServerMessage::Event(event))) if event.nick == "ann"));
}

#[tokio::test(start_paused = true)]
async fn silence_before_the_hello_ends_at_the_handshake_time() {
    let mut world = World::new();
    let mut client = world.connect(LIMITS, 1024);
    let started = tokio::time::Instant::now();
    assert_eq!(client.goodbye().await, CloseCode::HandshakeTimeout);
    assert!(started.elapsed() >= Duration::from_millis(LIMITS.handshake_ms));
    drop(client.framed);
    assert_eq!(client.end.await.unwrap(), SessionEnd::HandshakeTimeout);
}

#[tokio::test(start_paused = true)]
async fn a_refused_hello_does_not_stop_the_handshake_time() {
    let mut world = World::new();
    let mut client = world.connect(LIMITS, 1024);
    assert!(matches!(client.hello("not a nick").await, ServerMessage::Refused(_)));
    assert_eq!(client.goodbye().await, CloseCode::HandshakeTimeout);
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_asked_then_sent_away() {
    let mut world = World::new();
    let mut client = world.connect(LIMITS, 1024);
    assert!(matches!(client.hello("ann").await, ServerMessage::Welcome(_)));
    for _ in 0..3 {
        assert_eq!(client.next().await, Some(ServerMessage::Ping));
        client.send(ClientMessage::Pong).await;
    }
    assert_eq!(client.next().await, Some(ServerMessage::Ping));
    assert_eq!(client.goodbye().await, CloseCode::Idle);
}

#[tokio::test(start_paused = true)]
async fn a_request_with_the_id_of_what_nobody_asked_is_a_fault() {
    for kind in [63, proto::Kind::Ping.number(), proto::Kind::ListRooms.number()] {
        let mut world = World::new();
        let mut client = world.connect(LIMITS, 1024);
        client.hello("not a nick").await;
        client
            .framed
            .send(proto::Frame::new(kind, 0, Bytes::from_static(b"\0").slice(..usize::from(kind == 20))))
            .await
            .unwrap();
        while let Some(message) = client.next().await {
            if let ServerMessage::Goodbye(goodbye) = message {
                assert_eq!(goodbye.refusal.map(|refusal| refusal.code), Some(proto::Code::BadFrame), "{kind}");
            }
        }
        drop(client.framed);
        assert_eq!(client.end.await.unwrap(), SessionEnd::PeerFault, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_handshake_has_one_deadline_however_the_hello_trickles() {
    let mut world = World::new();
    let mut client = world.connect(LIMITS, 1024);
    let started = tokio::time::Instant::now();
    // The session's clock runs from its first moment.
    tokio::task::yield_now().await;
    tokio::time::advance(Duration::from_millis(LIMITS.handshake_ms - 1000)).await;
    tokio::io::AsyncWriteExt::write_all(client.framed.get_mut(), b"\0").await.unwrap();
    assert_eq!(client.goodbye().await, CloseCode::HandshakeTimeout);
    assert!(started.elapsed() < Duration::from_millis(LIMITS.handshake_ms + 1000), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_but_reads_is_not_idle() {
    let mut world = World::new();
    let mut ann = world.connect(LIMITS, 1 << 20);
    let mut slow = world.connect(LIMITS, 4096);
    ann.hello("ann").await;
    slow.hello("slow").await;
    let room = ann.join("lobby").await;
    slow.join("lobby").await;
    for message in 1..=20 {
        ann.say(room, message, &"x".repeat(8000)).await;
    }
    // 160 KB at 4 KiB each 20 s takes far longer than the idle time; nothing is sent meanwhile.
    let mut scratch = vec![0; 4096];
    for _ in 0..30 {
        tokio::time::advance(Duration::from_secs(20)).await;
        tokio::io::AsyncReadExt::read_exact(slow.framed.get_mut(), &mut scratch).await.unwrap();
    }
    assert!(!slow.end.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_cut_and_the_others_talk_on() {
    let mut world = World::new();
    let mut ann = world.connect(LIMITS, 1 << 20);
    let mut deaf = world.connect(LIMITS, 4096);
    ann.hello("ann").await;
    deaf.hello("deaf").await;
    let room = ann.join("lobby").await;
    deaf.join("lobby").await;
    for message in 1..=3 {
        ann.say(room, message, &"x".repeat(8000)).await;
        for _ in ["said", "event"] {
            assert!(ann.next().await.is_some());
        }
    }
    assert_eq!(deaf.end.await.unwrap(), SessionEnd::Stalled);
    ann.say(room, 4, "still here").await;
    assert!(ann.next().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_cut_leaves_its_nick_after_the_grace() {
    let mut world = World::new();
    let mut ann = world.connect(LIMITS, 1024);
    ann.hello("ann").await;
    ann.end.abort();
    assert!(ann.end.await.unwrap_err().is_cancelled());
    let mut again = world.connect(LIMITS, 1024);
    assert!(matches!(again.hello("ann").await, ServerMessage::Refused(_)), "held for whoever has the token");
    tokio::time::advance(Duration::from_millis(GRACE_MS + 1000)).await;
    assert!(matches!(again.hello("ann").await, ServerMessage::Welcome(_)));
}

#[tokio::test(start_paused = true)]
async fn draining_says_goodbye_behind_what_is_owed() {
    let mut world = World::new();
    let mut ann = world.connect(LIMITS, 1 << 16);
    ann.hello("ann").await;
    let room = ann.join("lobby").await;
    ann.say(room, 1, "last words").await;
    let mut seen = vec![ann.next().await, ann.next().await];
    world.phase.send_replace(Phase::Draining);
    assert_eq!(ann.goodbye().await, CloseCode::Draining);
    assert!(seen.pop().flatten().is_some() && seen.pop().flatten().is_some());
    drop(ann.framed);
    assert_eq!(ann.end.await.unwrap(), SessionEnd::Drained);
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_slowed_to_the_rate_and_nothing_of_it_is_lost() {
    const MESSAGES: u64 = 3_000;
    let mut world = World::new();
    let mut ann = world.connect(SessionLimits { requests_per_second: 100, ..LIMITS }, 1 << 22);
    ann.hello("ann").await;
    let room = ann.join("lobby").await;
    let started = tokio::time::Instant::now();
    for message in 1..=MESSAGES {
        ann.say(room, message, "x").await;
    }
    let mut said = 0;
    while said < MESSAGES {
        said += u64::from(matches!(ann.next().await, Some(ServerMessage::Said(_))));
    }
    // A burst of ten seconds' worth is free; the other 2000 come at 100 a second, but for the last batch of at most
    // 256, which is taken before it is paid for.
    let elapsed = started.elapsed();
    assert!(elapsed >= Duration::from_secs(17) && elapsed <= Duration::from_secs(25), "{elapsed:?}");
}

#[tokio::test]
async fn a_session_is_small() {
    let world = World::new();
    let around = Surroundings { hub: world.hub.clone(), limits: LIMITS, files: None, store: None };
    let phase = PhaseWatch::new(world.phase.subscribe());
    let gate = RequestGate::open();
    let (_near, far) = tokio::io::duplex(1024);
    let bytes = size_of_val(&session::run(far, SessionId(1), &around, &gate, phase));
    assert!(bytes <= 1408, "{bytes} bytes; an idle member carries them");
}
