//! What the protocol is in, without bytes, clock or task: requests and messages in; frames and events out.
//!
//! The driver puts what it takes from [`Session::frames`] on the wire and hands [`Session::events`] to the caller.

mod answers;
mod files;
mod reading;
mod rooms;
mod says;

use std::collections::{BTreeMap, HashMap, VecDeque};

use proto::limits::{MAGIC, TEXT_BYTES_MAX, VERSION_MAX, VERSION_MIN};
use proto::message::{Hello, MemberEntry, Resume, RoomEntry, Welcome};
use proto::{ClientMessage, Frame, MessageId, RequestId, ServerMessage, Token};

use crate::error::{ClientError, Fault};
use crate::event::{ConnectionState, Entered, Event, Online, RoomKey};
use crate::files::ask::{Answer, Begun, RoomStand};
use crate::files::lease::Lease;
use crate::reading::UnreadRoom;
use crate::request::{Reply, Request};
use reading::Reading;
use rooms::Rooms;
use says::Says;

/// Requests that may be without an answer at a time. The driver takes no more until one is answered.
pub(crate) const ASKED_MAX: usize = 256;

/// The state of the conversation with a server, over all its connections.
#[derive(Debug)]
pub(crate) struct Session {
    nick: String,
    agent: String,
    /// How it comes: bits of a hello.
    features: u64,
    /// Proves who we are when the connection broke, or an earlier process ended.
    token: Option<Token>,
    was_online: bool,
    /// Whether the server keeps the place when this client goes.
    is_kept: bool,
    /// The ping behind which each room of a place that was kept has come.
    resuming: Option<RequestId>,
    /// Whether the nick has changed since the driver last looked.
    has_new_nick: bool,
    text_bytes_max: usize,
    /// The longest bulk frame the server takes; 0 where files are not spoken.
    bulk_bytes: u32,
    rooms: Rooms,
    says: Says,
    /// Invariant: has exactly the requests of this connection that were sent and not answered.
    asked: HashMap<RequestId, Asked>,
    last_request: u64,
    /// What has to be sent, in order.
    pub(crate) frames: VecDeque<Frame>,
    /// What the caller has to hear, in order.
    pub(crate) events: VecDeque<Event>,
}

/// With what a conversation begins.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) nick: String,
    pub(crate) agent: String,
    /// Bits of a hello.
    pub(crate) features: u64,
    /// Of a place that was kept.
    pub(crate) token: Option<Token>,
    /// Messages are numbered from behind this. With one token no number may come twice, in whatever process.
    pub(crate) last_message: u64,
    /// Whether a message that the server cannot store now is kept, to be sent again.
    pub(crate) keeps_says: bool,
}

/// A request without an answer, and what is to be done with it.
#[derive(Debug)]
enum Asked {
    /// A join or a direct conversation that the caller asked for.
    Enter {
        announce: bool,
        reply: Reply<Entered>,
    },
    /// One that a reconnect made necessary.
    EnterAgain(RoomKey),
    Leave(RoomKey, Reply<()>),
    Say(MessageId),
    SetTopic(Reply<()>),
    Rename(String, Reply<()>),
    Rooms(Vec<RoomEntry>, Reply<Vec<RoomEntry>>),
    Members(Option<String>, Vec<MemberEntry>, Reply<Vec<MemberEntry>>),
    Reading(Reading),
    Unread(Reply<Vec<UnreadRoom>>),
    MarkRead(Reply<()>),
    File(Reply<Answer>),
    /// A transfer, which has its slot already.
    Begin(Lease, Reply<Begun>),
}

impl Session {
    pub(crate) fn new(start: Start) -> Self {
        let Start { nick, agent, features, token, last_message, keeps_says } = start;
        Self {
            nick,
            agent,
            features,
            token,
            was_online: false,
            is_kept: false,
            resuming: None,
            has_new_nick: false,
            text_bytes_max: TEXT_BYTES_MAX,
            bulk_bytes: 0,
            rooms: Rooms::default(),
            says: Says::after(last_message, keeps_says),
            asked: HashMap::new(),
            last_request: 0,
            frames: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Whether a welcome has ever come.
    pub(crate) const fn was_online(&self) -> bool {
        self.was_online
    }

    pub(crate) fn nick(&self) -> &str {
        &self.nick
    }

    pub(crate) const fn token(&self) -> Option<Token> {
        self.token
    }

    pub(crate) const fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Whether the nick has changed since this was last asked.
    pub(crate) const fn take_new_nick(&mut self) -> bool {
        std::mem::replace(&mut self.has_new_nick, false)
    }

    /// How often the rooms have changed.
    pub(crate) const fn room_changes(&self) -> u64 {
        self.rooms.changes()
    }

    /// The rooms the client is in.
    pub(crate) fn room_stands(&self) -> BTreeMap<RoomKey, RoomStand> {
        self.rooms.stands()
    }

    /// Whether another request may be taken.
    pub(crate) fn can_ask(&self) -> bool {
        self.asked.len() < ASKED_MAX
    }

    /// Takes another nick for the next hello, as the last was refused.
    pub(crate) fn take_nick(&mut self, nick: String) {
        self.nick = nick;
        // Whoever has a place, but stands there already, needs this nick only for now.
        if !self.was_online && self.token.take().is_some() {
            self.features &= !Hello::KEEP;
        }
    }

    /// The hello of a new connection.
    pub(crate) fn hello(&mut self) {
        // Only another process's connection is left alone: on a reconnect the one that stands is our own, broken one.
        let features = if self.was_online { self.features & !Hello::YIELD } else { self.features };
        let resume = self.token.map(|token| Resume { token, cursors: self.rooms.cursors() });
        let hello = Hello {
            magic: MAGIC,
            version_min: VERSION_MIN,
            version_max: VERSION_MAX,
            features,
            nick: self.nick.clone(),
            agent: self.agent.clone(),
            resume,
        };
        self.send(&ClientMessage::Hello(hello));
    }

    /// Takes the answer to the hello: sends again what had no answer, and goes back into the rooms if it must.
    pub(crate) fn welcome(&mut self, welcome: Welcome) {
        let is_first = !std::mem::replace(&mut self.was_online, true);
        self.nick.clone_from(&welcome.nick);
        self.token = Some(welcome.token);
        self.is_kept = welcome.features & Welcome::KEPT != 0 && self.features & Hello::KEEP != 0;
        self.text_bytes_max = usize::try_from(welcome.limits.text_bytes).unwrap_or(usize::MAX).min(TEXT_BYTES_MAX);
        self.bulk_bytes = welcome.limits.bulk_bytes;
        self.events.push_back(Event::State(ConnectionState::Online(Online {
            nick: welcome.nick,
            agent: welcome.agent,
            durable: welcome.features & Welcome::DURABLE != 0,
            resumed: welcome.resumed,
            kept: self.is_kept,
            unsent: self.says.len(),
        })));
        let is_beside = self.features & Hello::BESIDE != 0;
        self.resuming = (welcome.resumed && is_first && !is_beside).then(|| self.send(&ClientMessage::Ping));
        if welcome.resumed {
            // A message that was sent and stored, but whose answer was lost, keeps its number, so the server knows it.
            for room in self.rooms.resume() {
                self.send_says(room);
            }
        } else {
            self.rooms.forgotten();
        }
        for (key, again) in self.rooms.to_enter_again() {
            let id = self.send(&again);
            self.asked.insert(id, Asked::EnterAgain(key));
        }
    }

    /// Takes the end of a connection that is to be followed by another: everything but messages has failed.
    pub(crate) fn broken(&mut self, why: &str) {
        self.frames.clear();
        self.says.unsent();
        self.rooms.wait();
        for (_, asked) in std::mem::take(&mut self.asked) {
            asked.fail(ClientError::Lost(why.to_owned()));
        }
    }

    /// Takes the end of it all.
    pub(crate) fn end(&mut self, error: Option<&ClientError>) {
        let error = error.cloned().unwrap_or(ClientError::Closed);
        for (_, asked) in std::mem::take(&mut self.asked) {
            asked.fail(error.clone());
        }
        self.says.fail_all(&error);
    }

    /// Takes a request while a connection stands.
    pub(crate) fn ask(&mut self, request: Request) {
        match request {
            Request::Say { room, text, reply } => self.say(room, text, reply),
            Request::Join { join, reply } => {
                let announce = join.announce;
                self.send_asked(&ClientMessage::Join(join), Asked::Enter { announce, reply });
            }
            Request::OpenDirect { nick, since, reply } => {
                let open = proto::message::OpenDirect { nick, since };
                self.send_asked(&ClientMessage::OpenDirect(open), Asked::Enter { announce: false, reply });
            }
            Request::Leave { room: key, reply } => match self.rooms.id(key) {
                Some(room) => {
                    let leave = ClientMessage::Leave(proto::message::Leave { room });
                    self.send_asked(&leave, Asked::Leave(key, reply));
                }
                None => answer(reply, Err(ClientError::NotInRoom)),
            },
            Request::SetTopic { room, topic, reply } => match self.rooms.id(room) {
                Some(room) => {
                    let topic = topic.as_str().to_owned();
                    let set = ClientMessage::SetTopic(proto::message::SetTopic { room, topic });
                    self.send_asked(&set, Asked::SetTopic(reply));
                }
                None => answer(reply, Err(ClientError::NotInRoom)),
            },
            Request::Rename { nick, reply } => {
                let rename = ClientMessage::Rename(proto::message::Rename { nick: nick.clone() });
                self.send_asked(&rename, Asked::Rename(nick, reply));
            }
            Request::Rooms { reply } => self.list_rooms(String::new(), Vec::new(), reply),
            Request::Members { room, reply } => self.list_members(room, String::new(), Vec::new(), reply),
            Request::History { room, range, count, reply } => self.history(room, range, count, reply),
            Request::Search { question, reply } => self.search(question, reply),
            Request::Unread { reply } => self.ask_unread(reply),
            Request::MarkRead { room, seq, reply } => self.mark_read(room, seq, reply),
        }
    }

    /// Takes a request while no connection stands: a message waits, everything else fails.
    pub(crate) fn ask_offline(&mut self, request: Request) {
        match request {
            Request::Say { room, text, reply } => self.say(room, text, reply),
            Request::Join { reply, .. } | Request::OpenDirect { reply, .. } => offline(reply),
            Request::Leave { reply, .. }
            | Request::SetTopic { reply, .. }
            | Request::Rename { reply, .. }
            | Request::MarkRead { reply, .. } => offline(reply),
            Request::Rooms { reply } => offline(reply),
            Request::Members { reply, .. } => offline(reply),
            Request::History { reply, .. } => offline(reply),
            Request::Search { reply, .. } => offline(reply),
            Request::Unread { reply } => offline(reply),
        }
    }

    /// Takes a message from the server, other than those of the handshake, the goodbye and of transfers, which are the
    /// driver's.
    ///
    /// # Errors
    /// The server broke the protocol; the connection is of no more use.
    pub(crate) fn take(&mut self, id: RequestId, message: ServerMessage) -> Result<(), Fault> {
        match message {
            ServerMessage::Event(event) => self.rooms.heard(event, &mut self.nick, &mut self.events),
            ServerMessage::Said(said) => self.said(id, said),
            ServerMessage::Ping => {
                self.frames.push_back(ClientMessage::Pong.to_frame(id));
                Ok(())
            }
            ServerMessage::Pong => {
                self.resuming.take_if(|ping| *ping == id);
                Ok(())
            }
            ServerMessage::Done => self.done(id),
            ServerMessage::Refused(refusal) => self.refused(id, refusal),
            ServerMessage::Joined(joined) => self.joined(id, joined),
            ServerMessage::RoomList(list) => self.room_list(id, list),
            ServerMessage::MemberList(list) => self.member_list(id, list),
            ServerMessage::Missed(missed) => self.rooms.missed(missed, &mut self.events),
            ServerMessage::File(answer) => self.file_answer(id, answer),
            ServerMessage::Behind(behind) => {
                self.rooms.behind(behind, &mut self.events);
                Ok(())
            }
            ServerMessage::Page(page) => self.page(id, page),
            ServerMessage::Unread(unread) => self.unread(id, unread),
            ServerMessage::Transfer(..)
            | ServerMessage::Welcome(_)
            | ServerMessage::Queued(_)
            | ServerMessage::Goodbye(_) => Err(out_of_place(&message)),
        }
    }

    /// Asks whether the server is there.
    pub(crate) fn ping(&mut self) {
        self.send(&ClientMessage::Ping);
    }

    /// Says that it leaves.
    pub(crate) fn bye(&mut self) {
        self.send(&ClientMessage::Bye);
    }

    fn send(&mut self, message: &ClientMessage) -> RequestId {
        self.last_request += 1;
        let id = RequestId(self.last_request);
        self.frames.push_back(message.to_frame(id));
        id
    }

    fn send_asked(&mut self, message: &ClientMessage, asked: Asked) {
        let id = self.send(message);
        self.asked.insert(id, asked);
    }
}

impl Asked {
    fn fail(self, error: ClientError) {
        match self {
            Self::Enter { reply, .. } => answer(reply, Err(error)),
            Self::Leave(_, reply) | Self::SetTopic(reply) | Self::Rename(_, reply) | Self::MarkRead(reply) => {
                answer(reply, Err(error));
            }
            Self::Reading(reading) => reading.fail(error),
            Self::Unread(reply) => answer(reply, Err(error)),
            Self::Rooms(_, reply) => answer(reply, Err(error)),
            Self::Members(_, _, reply) => answer(reply, Err(error)),
            Self::File(reply) => answer(reply, Err(error)),
            Self::Begin(lease, reply) => {
                lease.free();
                answer(reply, Err(error));
            }
            // A message waits for the next connection, and a room is entered again on it.
            Self::Say(_) | Self::EnterAgain(_) => {}
        }
    }
}

fn out_of_place(message: &ServerMessage) -> Fault {
    Fault::OutOfPlace { kind: format!("{:?}", message.kind()) }
}

fn offline<T>(reply: Reply<T>) {
    answer(reply, Err(ClientError::Offline));
}

/// Answers a caller. One that no longer waits has no use for it.
fn answer<T>(reply: Reply<T>, result: Result<T, ClientError>) {
    drop(reply.send(result));
}

#[cfg(test)]
mod tests;
