//! The one task that owns the hub. It takes commands in batches, and a batch is carried out as one: first every
//! record is appended to its log, then answers go out, then followers are woken, each at most once. Nothing here
//! waits for a socket. (With a store, the batch is the transaction, between the first and the second step.)

mod logs;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat::{Deed, Departure, Effect, Effects, FileAsk, Hub, HubLimits, Millis, Request, SessionId};
use proto::limits::BULK_BYTES_MAX;
use proto::message::{Attached, FileAnswer, Welcome, WireLimits};
use proto::{CloseCode, Frame, Nick, RequestId, RoomId, ServerMessage};
use serve::RequestPermit;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use crate::files::{Desk, no_files};
use crate::outbox::{Follow, Outbox};

pub use logs::LogLimits;
use logs::Logs;

/// Messages from sessions that wait for the hub; beyond it, sessions wait. What waits is at most as many read
/// buffers, of 64 KiB and a frame each.
const INBOX_MAX: usize = 1024;

/// Messages taken as one batch.
const BATCH_MAX: usize = 128;

/// Requests at which a batch is closed, so that nobody's answer waits for thousands of others.
const BATCH_REQUESTS_MAX: usize = 4096;

/// Effects for which room is kept between batches.
const EFFECTS_KEPT: usize = 4096;

/// How often held places and due counts are looked at.
const TICK: Duration = Duration::from_millis(250);

/// What a session tells the hub's owner.
#[derive(Debug)]
pub enum ToHub {
    /// A session begins to ask.
    Open {
        /// Which.
        session: SessionId,
        /// Where its answers go.
        outbox: Arc<Outbox>,
    },
    /// A session asks.
    Requests {
        /// Which.
        session: SessionId,
        /// What, in order.
        requests: Vec<Request>,
        /// Given back when they are answered. Strategy `pool-request` bounds how many are out: one for each batch of
        /// requests that a session read at once.
        permit: Option<RequestPermit>,
    },
    /// A session ends, after what it asked before.
    Leave {
        /// Which.
        session: SessionId,
        /// How.
        departure: Departure,
        /// The last frame it is sent, if it still listens.
        goodbye: Option<Frame>,
    },
    /// Something about files has happened that a room is to be told.
    Posted {
        /// Which room.
        room: RoomId,
        /// Who did it.
        nick: Nick,
        /// What.
        deed: Deed,
    },
}

/// A way to the hub's owner, for sessions.
#[derive(Debug, Clone)]
pub struct HubPort(mpsc::Sender<ToHub>);

impl HubPort {
    /// Hands a message over; waits while the hub is behind. False if the hub is gone.
    pub async fn send(&self, message: ToHub) -> bool {
        self.0.send(message).await.is_ok()
    }

    /// The same from a thread that may block.
    pub(crate) fn send_blocking(&self, message: ToHub) -> bool {
        self.0.blocking_send(message).is_ok()
    }

    pub(crate) fn downgrade(&self) -> WeakHubPort {
        WeakHubPort(self.0.downgrade())
    }

    /// The same without waiting; the message comes back if it cannot be handed over now.
    ///
    /// # Errors
    /// The hub is behind, or gone.
    pub fn offer(&self, message: ToHub) -> Result<(), ToHub> {
        use mpsc::error::TrySendError::{Closed, Full};
        self.0.try_send(message).map_err(|(Full(message) | Closed(message))| message)
    }
}

/// A way to the hub's owner that does not keep it running.
#[derive(Debug, Clone)]
pub(crate) struct WeakHubPort(mpsc::WeakSender<ToHub>);

impl WeakHubPort {
    pub(crate) fn upgrade(&self) -> Option<HubPort> {
        self.0.upgrade().map(HubPort)
    }
}

/// Owns the hub, the logs and the sessions' outboxes.
#[derive(Debug)]
pub struct HubOwner {
    hub: Hub,
    inbox: mpsc::Receiver<ToHub>,
    sessions: HashMap<SessionId, Seated>,
    logs: Logs,
    clock: Clock,
    effects: Effects,
    agent: String,
    wire_limits: WireLimits,
    /// Where requests about files go, if there is a place for them.
    files: Option<Arc<Desk>>,
}

#[derive(Debug)]
struct Seated {
    outbox: Arc<Outbox>,
    rooms: Vec<RoomId>,
}

impl HubOwner {
    /// An empty hub and the way to it. `wire_limits` is what clients are told.
    pub fn new(hub_limits: HubLimits, log_limits: LogLimits, wire_limits: WireLimits) -> (Self, HubPort) {
        let (sender, inbox) = mpsc::channel(INBOX_MAX);
        let owner = Self {
            hub: Hub::new(hub_limits),
            inbox,
            sessions: HashMap::new(),
            logs: Logs::new(log_limits),
            clock: Clock::start(),
            effects: Vec::new(),
            agent: format!("chat-server {}", env!("CARGO_PKG_VERSION")),
            wire_limits,
            files: None,
        };
        (owner, HubPort(sender))
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
                        self.take(&mut batch);
                    }
                    None => break,
                },
                _ = tick.tick() => self.tick(),
            }
        }
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

    fn take(&mut self, batch: &mut Vec<ToHub>) {
        let now = self.clock.now();
        let mut permits = Vec::new();
        let mut goodbyes = Vec::new();
        for message in batch.drain(..) {
            match message {
                ToHub::Open { session, outbox } => {
                    self.sessions.insert(session, Seated { outbox, rooms: Vec::new() });
                }
                // Replaced or given up meanwhile. Invariant: the hub knows no session that is not in `sessions`.
                ToHub::Requests { session, .. } if !self.sessions.contains_key(&session) => {}
                ToHub::Requests { session, requests, permit } => {
                    permits.extend(permit);
                    for request in requests {
                        self.hub.handle(now, session, request, &mut self.effects);
                    }
                }
                ToHub::Leave { session, departure, goodbye } => {
                    self.hub.gone(now, session, departure, &mut self.effects);
                    goodbyes.push((session, goodbye));
                }
                ToHub::Posted { room, nick, deed } => self.hub.post(now, room, nick, deed, &mut self.effects),
            }
        }
        self.carry_out();
        for (session, goodbye) in goodbyes {
            self.unseat(session, CloseCode::Bye, goodbye.as_ref());
        }
    }

    fn tick(&mut self) {
        let now = self.clock.now();
        self.hub.tick(now, &mut self.effects);
        let abandoned: Vec<_> = self
            .sessions
            .iter()
            .filter(|(_, seated)| seated.outbox.is_abandoned())
            .map(|(session, _)| *session)
            .collect();
        for session in &abandoned {
            self.hub.gone(now, *session, Departure::Broken, &mut self.effects);
        }
        self.carry_out();
        for session in abandoned {
            self.unseat(session, CloseCode::Bye, None);
        }
    }

    /// Carries a batch's effects out: records, answers, wakes.
    fn carry_out(&mut self) {
        let mut effects = std::mem::take(&mut self.effects);
        for effect in &effects {
            if let Effect::Append(record) = effect {
                self.logs.stage(record);
            }
        }
        self.logs.commit();
        for effect in effects.drain(..) {
            self.carry_out_one(effect);
        }
        self.logs.wake_followers();
        effects.shrink_to(EFFECTS_KEPT);
        self.effects = effects;
    }

    fn carry_out_one(&mut self, effect: Effect) {
        match effect {
            Effect::Append(_) | Effect::Keep(_) | Effect::Read(_) => {}
            Effect::Reply { to, request, reply } => self.answer(to, request, &reply),
            Effect::Admit { to, request, nick, token, resumed, kept: _ } => {
                let Some(seated) = self.sessions.get(&to) else { return };
                seated.outbox.admit();
                let welcome = ServerMessage::Welcome(Welcome {
                    version: proto::limits::VERSION_MAX,
                    features: if self.files.is_some() { Welcome::FILES } else { 0 },
                    agent: self.agent.clone(),
                    nick: nick.as_str().to_owned(),
                    token,
                    resumed,
                    limits: self.wire_limits,
                });
                self.answer(to, request, &welcome);
            }
            Effect::Enter { to, request, mut joined, reach } => {
                let Some(seated) = self.sessions.get_mut(&to) else { return };
                let (room, outbox) = (joined.room, &seated.outbox);
                let is_new = !seated.rooms.contains(&room);
                let (log, first) = self.logs.follow(room, (to, outbox), is_new, joined.first, reach);
                if is_new {
                    seated.rooms.push(room);
                }
                joined.first = first;
                let cursor = room_log::Cursor::at(first);
                let reply = ServerMessage::Joined(joined);
                outbox.enter(request, &reply.to_frame(request), Follow::Begin { room, log, cursor });
            }
            Effect::Exit { session, room } => {
                let Some(seated) = self.sessions.get_mut(&session) else { return };
                seated.rooms.retain(|followed| *followed != room);
                seated.outbox.exit(room);
                self.logs.unfollow(room, session);
            }
            Effect::Forget(room) => {
                self.logs.forget(room);
                if let Some(desk) = &self.files {
                    desk.forget(room);
                }
            }
            Effect::Close { session, code, refusal } => {
                let goodbye = ServerMessage::Goodbye(proto::message::Goodbye { code, refusal });
                self.unseat(session, code, Some(&goodbye.to_frame(RequestId(0))));
            }
            Effect::File(ask) => self.ask_for_files(*ask),
            Effect::Attach { to, request } => {
                let Some(seated) = self.sessions.get(&to) else { return };
                seated.outbox.attach();
                let attached = FileAnswer::Attached(Attached { limits: self.wire_limits });
                self.answer(to, request, &ServerMessage::File(attached));
            }
        }
    }

    fn answer(&self, to: SessionId, request: RequestId, reply: &ServerMessage) {
        if let Some(seated) = self.sessions.get(&to) {
            if let (ServerMessage::Refused(_), Some(files)) = (reply, seated.outbox.files()) {
                files.was_refused(request);
            }
            seated.outbox.answer(request, &reply.to_frame(request));
        }
    }

    fn ask_for_files(&self, ask: FileAsk) {
        let Some(seated) = self.sessions.get(&ask.to) else { return };
        match &self.files {
            Some(desk) => seated.outbox.files_of(desk).ask(ask),
            None => self.answer(ask.to, ask.request, &ServerMessage::Refused(no_files())),
        }
    }

    fn unseat(&mut self, session: SessionId, code: CloseCode, goodbye: Option<&Frame>) {
        let Some(seated) = self.sessions.remove(&session) else { return };
        for room in seated.rooms {
            self.logs.unfollow(room, session);
        }
        seated.outbox.close(code, goodbye);
    }
}

/// Wall time that never goes back: read once and carried on by the monotonic clock, but set forward when the wall
/// clock turns out to be ahead, as on a box that learns the time after it started.
#[derive(Debug)]
struct Clock {
    started: Instant,
    started_at_ms: u64,
}

/// How far the wall clock may be ahead before it is followed.
const CLOCK_SLACK_MS: u64 = 1000;

impl Clock {
    fn start() -> Self {
        Self { started: Instant::now(), started_at_ms: wall_ms() }
    }

    fn now(&mut self) -> Millis {
        let now_ms = self.started_at_ms.saturating_add(millis(self.started.elapsed()));
        let ahead_ms = wall_ms().saturating_sub(now_ms);
        if ahead_ms <= CLOCK_SLACK_MS {
            return Millis(now_ms);
        }
        self.started_at_ms = self.started_at_ms.saturating_add(ahead_ms);
        Millis(now_ms).plus(ahead_ms)
    }
}

fn wall_ms() -> u64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
