//! Carries a turn out: first every record is appended to its log, then answers go out, then followers are woken, each
//! at most once. Nothing here waits for a socket.

use std::sync::Arc;

use chat::{Effect, FileAsk, SessionId};
use proto::message::{Attached, FileAnswer, Goodbye, Welcome};
use proto::{CloseCode, Frame, RequestId, RoomId, ServerMessage};
use room_log::Cursor;
use room_log::store::fail_point;

use super::HubOwner;
use super::logs::Follower;
use super::turn::Turn;
use crate::files::no_files;
use crate::outbox::{Follow, Outbox};

/// Effects for which room is kept between turns.
const EFFECTS_KEPT: usize = 4096;

/// A session that the hub may know.
#[derive(Debug)]
pub(super) struct Seated {
    pub(super) outbox: Arc<Outbox>,
    rooms: Vec<RoomId>,
}

impl Seated {
    pub(super) const fn new(outbox: Arc<Outbox>) -> Self {
        Self { outbox, rooms: Vec::new() }
    }
}

impl HubOwner {
    /// Carries a turn out; what belongs on disk is there.
    pub(super) fn carry_out(&mut self, turn: Turn) {
        let Turn { mut effects, ring, goodbyes, .. } = turn;
        if !ring.is_empty() {
            fail_point::pass("before-append");
            self.logs.append(ring);
        }
        for effect in effects.drain(..) {
            self.carry_out_one(effect);
        }
        self.logs.wake_followers();
        self.see_off(goodbyes);
        if self.spare_effects.capacity() < effects.capacity() {
            effects.shrink_to(EFFECTS_KEPT);
            self.spare_effects = effects;
        }
    }

    fn carry_out_one(&mut self, effect: Effect) {
        match effect {
            Effect::Append(_) | Effect::Keep(_) => {}
            Effect::Reply { to, request, reply } => self.answer(to, request, &reply),
            effect @ Effect::Admit { .. } => self.admit(effect),
            effect @ Effect::Enter { .. } => self.enter(effect),
            Effect::Exit { session, room } => {
                self.hold_out(session, room);
                let Some(seated) = self.sessions.get_mut(&session) else { return };
                seated.rooms.retain(|followed| *followed != room);
                seated.outbox.exit(room);
                self.logs.unfollow(room, session);
            }
            Effect::Read(ask) => self.read(*ask),
            Effect::Forget(room) => {
                self.logs.forget(room);
                if let Some(desk) = &self.files {
                    desk.forget(room);
                }
            }
            Effect::Close { session, code, refusal } => {
                let goodbye = ServerMessage::Goodbye(Goodbye { code, refusal });
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

    pub(super) fn admit(&self, effect: Effect) {
        let Effect::Admit { to, request, nick, token, resumed, kept } = effect else { return };
        let Some(seated) = self.sessions.get(&to) else { return };
        seated.outbox.admit();
        let features =
            [(Welcome::FILES, self.files.is_some()), (Welcome::DURABLE, self.store.is_some()), (Welcome::KEPT, kept)];
        let welcome = ServerMessage::Welcome(Welcome {
            version: proto::limits::VERSION_MAX,
            features: features.into_iter().filter(|(_, is_there)| *is_there).map(|(bit, _)| bit).sum(),
            agent: self.agent.clone(),
            nick: nick.as_str().to_owned(),
            token,
            resumed,
            limits: self.wire_limits,
        });
        self.answer(to, request, &welcome);
    }

    fn enter(&mut self, effect: Effect) {
        let Effect::Enter { to, request, mut joined, reach } = effect else { return };
        let Some(seated) = self.sessions.get_mut(&to) else { return };
        let (room, outbox) = (joined.room, &seated.outbox);
        let is_new = !seated.rooms.contains(&room);
        let follower = Follower { session: to, outbox, is_new };
        let (held, first) = self.logs.follow(room, &follower, joined.first, reach);
        if is_new {
            seated.rooms.push(room);
        }
        // What waits for the disk has not happened yet, whatever the hub counts.
        joined.head = joined.head.min(held.log.head());
        joined.read = joined.read.min(joined.head);
        joined.first = first.min(joined.head.next());
        let (first, head) = (joined.first, joined.head);
        let reply = ServerMessage::Joined(joined);
        let follow = Follow::Begin { room, log: held.log, cursor: Cursor::at(first), is_stored: held.is_stored, head };
        outbox.enter(request, &reply.to_frame(request), follow);
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

    /// Ends sessions, each with its last frame.
    pub(super) fn see_off(&mut self, goodbyes: Vec<(SessionId, Option<Frame>)>) {
        for (session, goodbye) in goodbyes {
            self.unseat(session, CloseCode::Bye, goodbye.as_ref());
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
