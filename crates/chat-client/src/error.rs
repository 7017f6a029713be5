//! What can go wrong, whose fault it is, and which exit code a program ends with.

use std::io;
use std::path::{Path, PathBuf};

use proto::message::Goodbye;
use proto::text::TextError;
use proto::{CloseCode, Code, DecodeError, Refusal, RoomId, Seq};

/// Why something did not work. One sentence each, for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// No connection came about.
    #[error("cannot connect to {server}: {}", cannot_connect_words(*.kind, .why))]
    CannotConnect {
        /// Where to.
        server: String,
        /// What kind of failure.
        kind: io::ErrorKind,
        /// The system's words.
        why: String,
    },
    /// Something answers, but it is no chat server.
    #[error("what answers at {server} does not speak the Verbatim chat protocol ({why})")]
    NotAChatServer {
        /// Where.
        server: String,
        /// What its bytes were.
        why: String,
    },
    /// The server refused a request; it says why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The server ended the connection; it says why.
    #[error("{}", goodbye_words(.0))]
    Goodbye(Goodbye),
    /// The server broke the protocol.
    #[error("the server broke the protocol: {0}")]
    Fault(#[from] Fault),
    /// The connection broke before the answer came.
    #[error("the connection broke before the answer came: {0}")]
    Lost(String),
    /// There is no connection now; a reconnect is under way.
    #[error("there is no connection now; try again when it is back")]
    Offline,
    /// What was to be said cannot be a message or a topic.
    #[error(transparent)]
    BadText(#[from] TextError),
    /// Too many messages wait for the connection to come back.
    #[error("{max} messages wait to be sent already, and that is the most")]
    TooManyUnsent {
        /// The bound.
        max: usize,
    },
    /// The client is not in that room, or no longer.
    #[error("you are not in that room")]
    NotInRoom,
    /// A client that only reads beside another needs a place that was kept, and there is none.
    #[error("no place of {nick} on {server} is kept here; talk there first, with: chat-client")]
    NoPlace {
        /// Whose.
        nick: String,
        /// Where.
        server: String,
    },
    /// The client has been closed.
    #[error("the client is closed")]
    Closed,
    /// A file or folder here cannot be read, written or made.
    #[error("cannot {doing} {}: {why}", .path.display())]
    Local {
        /// What was tried: `read`, `write`, `make`, …
        doing: &'static str,
        /// With what. Not escaped: see [`crate::escape`].
        path: PathBuf,
        /// What kind of failure.
        kind: io::ErrorKind,
        /// The system's words.
        why: String,
    },
    /// The path here is taken, and the caller wanted no other.
    #[error("{} is there already", .0.display())]
    TakenHere(PathBuf),
    /// The file changed each time it was being sent.
    #[error("{} changes while it is sent; try again when it is at rest", .0.display())]
    KeepsChanging(PathBuf),
    /// The caller cancelled the transfer.
    #[error("cancelled")]
    Cancelled,
}

/// What a server did against the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A room's events have a hole, or one came twice.
    #[error("room {room} continued with event {got} where {expected} was due")]
    Hole {
        /// The room's number.
        room: RoomId,
        /// The event that was due.
        expected: Seq,
        /// The event that came.
        got: Seq,
    },
    /// Bytes that are no message.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A message that has no place there, such as an answer to nothing.
    #[error("a {kind} has no place there")]
    OutOfPlace {
        /// What came.
        kind: String,
    },
}

impl ClientError {
    /// The code a program ends with: 3 cannot connect, 4 refused or a limit, 5 not found, 6 damaged, 7 conflict,
    /// 130 cancelled, 1 otherwise.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::CannotConnect { .. } | Self::NotAChatServer { .. } | Self::Lost(_) | Self::Offline => 3,
            Self::Refused(refusal) => code_exit(refusal.code),
            Self::Goodbye(goodbye) => match (goodbye.code, &goodbye.refusal) {
                (_, Some(refusal)) => code_exit(refusal.code),
                (CloseCode::Refused, None) => 4,
                _ => 1,
            },
            Self::BadText(_) | Self::TooManyUnsent { .. } => 4,
            Self::NotInRoom | Self::NoPlace { .. } => 5,
            Self::Local { kind: io::ErrorKind::NotFound, .. } => 5,
            Self::Local { kind: io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, .. } => 4,
            Self::TakenHere(_) | Self::KeepsChanging(_) => 7,
            Self::Cancelled => 130,
            Self::Local { .. } | Self::Fault(_) | Self::Closed => 1,
        }
    }

    pub(crate) fn cannot_connect(server: &str, error: &io::Error) -> Self {
        Self::CannotConnect { server: server.to_owned(), kind: error.kind(), why: io_words(error) }
    }

    pub(crate) fn local(doing: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::Local { doing, path: path.to_owned(), kind: error.kind(), why: io_words(error) }
    }
}

/// An I/O error in words, without the number that the standard library puts behind it.
pub(crate) fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "the other side reset the connection".to_owned(),
        io::ErrorKind::BrokenPipe => "the other side has closed the connection".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::TimedOut => "no answer in time".to_owned(),
        _ => {
            let words = error.to_string();
            words.split(" (os error").next().unwrap_or_default().to_owned()
        }
    }
}

fn cannot_connect_words(kind: io::ErrorKind, why: &str) -> String {
    match kind {
        io::ErrorKind::ConnectionRefused => {
            format!("{why} (is chat-server running? start one with: chat-server)")
        }
        _ => format!("{why} (check --server HOST:PORT)"),
    }
}

fn goodbye_words(goodbye: &Goodbye) -> String {
    let reason = match goodbye.code {
        CloseCode::Bye => "the server said goodbye",
        CloseCode::PeerFault => "the server did not understand this client",
        CloseCode::HandshakeTimeout => "the server waited too long for a hello",
        CloseCode::Idle => "the server heard nothing for too long",
        CloseCode::Stalled => "this client took nothing for too long",
        CloseCode::Draining => "the server stops",
        CloseCode::Replaced => "you came back on another connection, and that one took over",
        CloseCode::Refused => "the server refused the connection",
        _ => "the server closed the connection",
    };
    match &goodbye.refusal {
        Some(refusal) if goodbye.code == CloseCode::Refused => refusal.words.clone(),
        Some(refusal) => format!("{reason}: {}", refusal.words),
        None => reason.to_owned(),
    }
}

const fn code_exit(code: Code) -> u8 {
    match code {
        Code::NoSuchRoom | Code::NoSuchPerson | Code::NoSuchFile => 5,
        Code::Damaged => 6,
        Code::NickTaken | Code::LooksLikeRoom | Code::PathTaken | Code::WrongSort | Code::Changed => 7,
        Code::StorageFailed | Code::Stopped => 1,
        _ => 4,
    }
}
