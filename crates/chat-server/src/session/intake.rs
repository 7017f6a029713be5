//! A client's message becomes a command: names and texts are parsed here, once. What breaks a rule becomes a
//! refusal in the message's place; what is not the protocol ends the session.

use chat::{Command, Request};
use proto::limits::{MAGIC, PACK_PATHS_BYTES_MAX, PATH_BYTES_MAX, VERSION_MAX, VERSION_MIN};
use proto::message::{Attach, FileRequest, Hello, Pack, Search, TransferMessage};
use proto::{
    ClientMessage, Code, DecodeError, Frame, Kind, Nick, PathError, Refusal, RequestId, RoomName, Slot, Text, Token,
};

use super::out_of_place;

/// Hellos on one connection, before the peer is asked to begin anew.
const HELLOS_MAX: u32 = 8;

/// What the log shows of a client's own name for its program, in characters.
const AGENT_CHARS_LOGGED: usize = 64;

/// What becomes of a frame.
#[derive(Debug)]
pub(crate) enum Intake {
    /// The hub shall answer.
    Ask(Request),
    /// The same, and its answer may be long: it is asked alone.
    AskAlone(Request),
    /// Small files, as request so and so; their bytes do not go through the hub.
    Pack(RequestId, Pack),
    /// Something within a transfer; not the hub's affair.
    Transfer(Slot, TransferMessage),
    /// Nothing to do.
    Heard,
    /// The peer leaves on purpose.
    Bye,
    /// The session ends with this.
    Fault(Refusal),
}

/// What the intake knows of its session.
#[derive(Debug, Default)]
pub(crate) struct Intaker {
    /// Hellos that have come; a good beginning of a connection for files counts as one.
    hellos: u32,
}

impl Intaker {
    /// What becomes of `frame`. `token` makes a fresh random token.
    pub(crate) fn take(&mut self, frame: &Frame, token: impl FnOnce() -> Option<Token>) -> Intake {
        let message = match ClientMessage::from_frame(frame) {
            Ok(message) => message,
            Err(DecodeError::UnknownKind(number)) if is_skippable(frame, number) => return Intake::Heard,
            Err(DecodeError::UnknownKind(number)) if self.hellos > 0 => {
                return ask(frame, Command::Refused(unknown_kind(number)));
            }
            Err(error) => return Intake::Fault(Refusal::from(&error)),
        };
        match message {
            ClientMessage::Hello(hello) => self.hello(frame, hello, token),
            ClientMessage::Attach(attach) => self.attach(frame, &attach),
            _ if self.hellos == 0 => Intake::Fault(out_of_place("the first frame must be a hello")),
            ClientMessage::Pong => Intake::Heard,
            ClientMessage::Bye => Intake::Bye,
            ClientMessage::Transfer(slot, message) => Intake::Transfer(slot, message),
            ClientMessage::File(_, FileRequest::Pack(pack)) if frame.header().id != 0 => {
                Intake::Pack(RequestId(frame.header().id), pack)
            }
            ClientMessage::AskTicket => match token() {
                Some(ticket) => ask(frame, Command::AskTicket { ticket }),
                None => ask(frame, Command::Refused(no_random_numbers())),
            },
            message => ask(frame, command(message)),
        }
    }

    fn hello(&mut self, frame: &Frame, hello: Hello, token: impl FnOnce() -> Option<Token>) -> Intake {
        self.hellos += 1;
        let agent: String = hello.agent.chars().take(AGENT_CHARS_LOGGED).collect();
        tracing::debug!(?agent, resumes = hello.resume.is_some(), "hello");
        if hello.magic != MAGIC {
            return Intake::Fault(Refusal::from(&DecodeError::BadMagic));
        }
        if hello.version_min > VERSION_MAX || hello.version_max < VERSION_MIN {
            let words = format!(
                "this server speaks versions {VERSION_MIN} to {VERSION_MAX}, and the client {} to {}",
                hello.version_min, hello.version_max
            );
            return Intake::Fault(Refusal::new(Code::BadVersion, words));
        }
        if self.hellos > HELLOS_MAX {
            let words = format!("{HELLOS_MAX} hellos are the most on one connection; connect again");
            return Intake::Fault(Refusal::new(Code::TooManyTries, words).with_limit("hellos", u64::from(HELLOS_MAX)));
        }
        let Some(token) = token() else {
            return Intake::Fault(no_random_numbers());
        };
        let nick = nick(&hello.nick).map_err(|refusal| match salvaged(&hello.nick) {
            Some(offer) => refusal.with_offer(offer.as_str()),
            None => refusal,
        });
        let command = Command::Hello { nick, token, resume: hello.resume, features: hello.features };
        ask(frame, command)
    }

    fn attach(&mut self, frame: &Frame, attach: &Attach) -> Intake {
        self.hellos += 1;
        if !(VERSION_MIN..=VERSION_MAX).contains(&attach.version) {
            let words = format!("the ticket is not of version {}, which no connection here speaks", attach.version);
            return Intake::Fault(Refusal::new(Code::BadVersion, words));
        }
        ask(frame, Command::Attach { ticket: attach.ticket })
    }
}

fn no_random_numbers() -> Refusal {
    Refusal::new(Code::Busy, "the server has no random numbers; try later")
}

/// A request for the hub. Invariant: its id is not 0, by which the outbox knows an answer from what nobody asked.
fn ask(frame: &Frame, command: Command) -> Intake {
    let id = RequestId(frame.header().id);
    match command {
        _ if id.0 == 0 => Intake::Fault(Refusal::new(Code::BadFrame, "a request's id must not be 0")),
        Command::ListRooms { .. }
        | Command::ListMembers { .. }
        | Command::History(_)
        | Command::Search(_)
        | Command::AskUnread => Intake::AskAlone(Request { id, command }),
        command => Intake::Ask(Request { id, command }),
    }
}

/// A kind of the other direction is known, and has no place here whatever its flags.
fn is_skippable(frame: &Frame, number: u8) -> bool {
    frame.header().is_skippable() && Kind::from_number(number).is_none()
}

fn unknown_kind(number: u8) -> Refusal {
    match Kind::from_number(number) {
        Some(kind) => out_of_place(&format!("a {kind:?} frame has no place from a client to a chat server")),
        None => Refusal::from(&DecodeError::UnknownKind(number)),
    }
}

fn command(message: ClientMessage) -> Command {
    let parsed = match message {
        ClientMessage::Join(join) => room_name(&join.room).map(|room| Command::Join {
            room,
            since: join.since,
            announce: join.announce,
            ephemeral: join.ephemeral,
        }),
        ClientMessage::Leave(leave) => Ok(Command::Leave(leave.room)),
        ClientMessage::Say(say) => Text::parse(say.text)
            .map(|text| Command::Say { room: say.room, message: say.message, text })
            .map_err(|error| Refusal::bad_text(&error)),
        ClientMessage::SetTopic(set) => set
            .topic
            .parse()
            .map(|topic| Command::SetTopic { room: set.room, topic })
            .map_err(|error| Refusal::bad_text(&error)),
        ClientMessage::ListRooms(list) => Ok(Command::ListRooms { after: list.after }),
        ClientMessage::ListMembers(list) => list
            .room
            .map(|room| room_name(&room))
            .transpose()
            .map(|room| Command::ListMembers { room, after: list.after }),
        ClientMessage::OpenDirect(open) => nick(&open.nick).map(|nick| Command::OpenDirect { nick, since: open.since }),
        ClientMessage::Rename(rename) => nick(&rename.nick).map(Command::Rename),
        ClientMessage::History(history) => Ok(Command::History(history)),
        ClientMessage::Search(search) => checked_search(search).map(Command::Search),
        ClientMessage::AskUnread => Ok(Command::AskUnread),
        ClientMessage::MarkRead(mark) => Ok(Command::MarkRead(mark)),
        ClientMessage::Ping => Ok(Command::Ping),
        ClientMessage::File(slot, ask) => check_paths(&ask).map(|()| Command::File { slot, ask: Box::new(ask) }),
        ClientMessage::Hello(_)
        | ClientMessage::Pong
        | ClientMessage::Bye
        | ClientMessage::AskTicket
        | ClientMessage::Attach(_)
        | ClientMessage::Transfer(..) => Err(out_of_place("this message has no answer")),
    };
    parsed.unwrap_or_else(Command::Refused)
}

/// A search with the nick as it was said under. What a word is, is known to the store.
fn checked_search(mut search: Search) -> Result<Search, Refusal> {
    search.from = search.from.map(|from| nick(&from)).transpose()?.map(|from| from.as_str().to_owned());
    Ok(search)
}

/// Paths are parsed where they are used; but what is too long need not wait there.
fn check_paths(ask: &FileRequest) -> Result<(), Refusal> {
    let (one, other): (&str, &str) = match ask {
        FileRequest::Offer(offer) => (&offer.path, ""),
        FileRequest::Fetch(fetch) => (&fetch.path, ""),
        FileRequest::List(list) => (&list.path, &list.after),
        FileRequest::Remove(remove) => (&remove.path, ""),
        FileRequest::Move(moved) => (&moved.from, &moved.to),
        FileRequest::MakeFolder(make) => (&make.path, ""),
        FileRequest::Verify(verify) => (&verify.path, ""),
        FileRequest::Announce(announce) => (&announce.path, ""),
        FileRequest::FetchMany(fetch) => {
            let bytes = fetch.paths.iter().map(String::len).sum::<usize>();
            return match bytes > PACK_PATHS_BYTES_MAX {
                true => Err(Refusal::new(Code::BadPath, "the paths are too long together")
                    .with_limit("paths_bytes", PACK_PATHS_BYTES_MAX as u64)),
                false => Ok(()),
            };
        }
        FileRequest::Pack(_) => return Ok(()),
    };
    match [one, other].into_iter().find(|path| path.len() > PATH_BYTES_MAX) {
        Some(path) => Err(Refusal::bad_path(path, &PathError::TooLong)),
        None => Ok(()),
    }
}

fn nick(typed: &str) -> Result<Nick, Refusal> {
    typed.parse().map_err(|error| Refusal::bad_name(Code::BadNick, typed, &error))
}

fn room_name(typed: &str) -> Result<RoomName, Refusal> {
    typed.parse().map_err(|error| Refusal::bad_name(Code::BadRoomName, typed, &error))
}

/// What of a bad nick could be a good one.
fn salvaged(typed: &str) -> Option<Nick> {
    let plain = |c: &char| c.is_alphanumeric() || *c == '_';
    let kept: String = typed.chars().take(1024).filter(plain).take(proto::limits::NICK_CHARS_MAX).collect();
    kept.parse().ok()
}
