//! What a server says when it will not: a code, words, the limit that was met, and when to try again.

use serde::{Deserialize, Serialize};

use crate::limits::{PATH_BYTES_MAX, PATH_NAME_BYTES_MAX, PATH_NAMES_MAX};
use crate::name::NameError;
use crate::path::PathError;
use crate::text::TextError;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $number:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$item_doc])* $item,)*
            /// A number that this version does not know.
            Unknown(u16),
        }

        impl $name {
            /// Every known code, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$item,)*];

            /// The number on the wire.
            pub const fn number(self) -> u16 {
                match self {
                    $(Self::$item => $number,)*
                    Self::Unknown(number) => number,
                }
            }

            /// The code with this number.
            pub const fn from_number(number: u16) -> Self {
                match number {
                    $($number => Self::$item,)*
                    other => Self::Unknown(other),
                }
            }
        }

        impl From<u16> for $name {
            fn from(number: u16) -> Self {
                Self::from_number(number)
            }
        }

        impl From<$name> for u16 {
            fn from(code: $name) -> Self {
                code.number()
            }
        }
    };
}

codes! {
    /// Why a request was refused. The hundreds say whose fault: 1 the bytes, 2 the value, 3 what is there, 4 a limit, 5 the server or its disk.
    Code {
        /// The bytes are not a message.
        BadFrame = 100,
        /// A frame longer than its kind may be.
        FrameTooLong = 101,
        /// A kind the server does not know, not marked skippable.
        UnknownKind = 102,
        /// The hello lacks the magic bytes.
        BadMagic = 103,
        /// No version is common to both sides.
        BadVersion = 104,
        /// A message that has no place here: a second hello, a request before the hello, a server's message.
        OutOfPlace = 105,
        /// A list longer than it may be.
        TooManyEntries = 106,
        /// More bytes of a file than there was credit for, or at another place than was due.
        Overrun = 107,
        /// The nick breaks a rule.
        BadNick = 200,
        /// The room name breaks a rule.
        BadRoomName = 201,
        /// The message or topic breaks a rule.
        BadText = 202,
        /// The path breaks a rule.
        BadPath = 203,
        /// There is nothing in the words that could be looked for.
        BadSearch = 204,
        /// The nick, or one that looks like it, is in use.
        NickTaken = 300,
        /// No such room, or none that the asker may know of.
        NoSuchRoom = 301,
        /// Nobody of that nick is here.
        NoSuchPerson = 302,
        /// The asker is not in that room.
        NotInRoom = 303,
        /// A room name that looks like another room's.
        LooksLikeRoom = 304,
        /// No such file or folder.
        NoSuchFile = 305,
        /// The path is taken, and the asker wanted no other.
        PathTaken = 306,
        /// The file is not the one the asker has a part of.
        Changed = 307,
        /// The asker may not do that: the file is somebody else's, or the server forbids it.
        NotPermitted = 308,
        /// A file where a folder should be, or the other way round; or a folder that is not empty.
        WrongSort = 309,
        /// The slot is in use, or no transfer has it.
        BadSlot = 310,
        /// The ticket is not known, or no longer.
        BadTicket = 311,
        /// The message or topic is too long.
        TextTooLong = 400,
        /// One person is in as many rooms as allowed.
        TooManyRooms = 401,
        /// The server has as many rooms as allowed.
        ServerRoomsFull = 402,
        /// The server has as many connections as allowed.
        ServerFull = 403,
        /// This address has as many connections as allowed.
        AddressFull = 404,
        /// Every worker is taken and the line is full.
        Busy = 405,
        /// Too many hellos on one connection.
        TooManyTries = 406,
        /// The person waited in line for as long as allowed.
        WaitedTooLong = 407,
        /// The file is larger than allowed.
        FileTooLarge = 408,
        /// The server's disk has no room for it.
        NoSpace = 409,
        /// A person, a room or the server has as many bytes of files as allowed.
        QuotaFull = 410,
        /// As many transfers as allowed are under way.
        TooManyTransfers = 411,
        /// The sender sent too little for too long; what has come is kept for a while.
        TooSlow = 412,
        /// The server has no place for files.
        NoFiles = 500,
        /// The server's disk failed.
        StorageFailed = 501,
        /// The bytes are not what their hash says.
        Damaged = 502,
        /// Nobody's fault: the other side ended it, or the sender of a file that is still coming is gone.
        Stopped = 503,
        /// This server has no messages on disk, so what would be read there is not there.
        NoStore = 504,
    }
}

codes! {
    /// Why the server ends a connection.
    CloseCode {
        /// The peer said it leaves.
        Bye = 0,
        /// The peer's bytes were not the protocol; the refusal says which rule.
        PeerFault = 1,
        /// No hello in time.
        HandshakeTimeout = 2,
        /// Nothing was heard in time, not even an answer to a ping.
        Idle = 3,
        /// The peer took nothing for too long.
        Stalled = 4,
        /// The server stops.
        Draining = 5,
        /// The same person came back on another connection.
        Replaced = 6,
        /// A limit refused the connection; the refusal says which.
        Refused = 7,
    }
}

/// The limit that was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Its name, such as `text_bytes`; the unit stands last.
    pub name: String,
    /// Its value.
    pub max: u64,
}

/// A refused request: which rule, in words for a person and in numbers for a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{words}")]
pub struct Refusal {
    /// What kind of refusal.
    #[serde(with = "code_number")]
    pub code: Code,
    /// One sentence for a person; names the thing, the limit and the way out.
    pub words: String,
    /// The limit that was met, if one was.
    pub limit: Option<Limit>,
    /// Try again after this many milliseconds, if that can help.
    pub retry_after_ms: Option<u32>,
    /// What to ask for instead, if there is something: a free nick.
    pub offer: Option<String>,
}

impl Refusal {
    /// A refusal without a limit, a time or an offer.
    pub fn new(code: Code, words: impl Into<String>) -> Self {
        Self { code, words: words.into(), limit: None, retry_after_ms: None, offer: None }
    }

    /// The same, for a limit called `name` (unit last) of the value `max`.
    #[must_use]
    pub fn with_limit(mut self, name: &str, max: u64) -> Self {
        self.limit = Some(Limit { name: name.to_owned(), max });
        self
    }

    /// The same, worth trying again after `ms` milliseconds.
    #[must_use]
    pub const fn with_retry_after_ms(mut self, ms: u32) -> Self {
        self.retry_after_ms = Some(ms);
        self
    }

    /// The same, with something else to ask for.
    #[must_use]
    pub fn with_offer(mut self, offer: impl Into<String>) -> Self {
        self.offer = Some(offer.into());
        self
    }

    /// A bad nick, room name, …: `code` says which.
    pub fn bad_name(code: Code, typed: &str, error: &NameError) -> Self {
        let refusal = Self::new(code, format!("{:?} cannot be used: {error}", shortened(typed)));
        match error {
            NameError::TooLong { max_chars, .. } => refusal.with_limit("name_chars", *max_chars as u64),
            _ => refusal,
        }
    }

    /// A bad path of a file or folder.
    pub fn bad_path(typed: &str, error: &PathError) -> Self {
        let refusal = Self::new(Code::BadPath, format!("the path {:?} cannot be used: {error}", shortened(typed)));
        match error {
            PathError::TooLong => refusal.with_limit("path_bytes", PATH_BYTES_MAX as u64),
            PathError::NameTooLong => refusal.with_limit("path_name_bytes", PATH_NAME_BYTES_MAX as u64),
            PathError::TooManyNames => refusal.with_limit("path_names", PATH_NAMES_MAX as u64),
            _ => refusal,
        }
    }

    /// A bad message or topic.
    pub fn bad_text(error: &TextError) -> Self {
        match error {
            TextError::TooLong { max, .. } => Self::new(Code::TextTooLong, format!("the text is too long: {error}"))
                .with_limit("text_bytes", *max as u64),
            _ => Self::new(Code::BadText, error.to_string()),
        }
    }
}

impl From<&crate::DecodeError> for Refusal {
    fn from(error: &crate::DecodeError) -> Self {
        let refusal = Self::new(error.code(), error.to_string());
        match error {
            crate::DecodeError::BodyTooLong { max, .. } => refusal.with_limit("frame_body_bytes", *max as u64),
            crate::DecodeError::TooManyEntries { max, .. } => refusal.with_limit("entries", *max as u64),
            _ => refusal,
        }
    }
}

/// What a refusal repeats of a peer's own words: enough to recognise, never all of it.
fn shortened(typed: &str) -> String {
    const SHOWN_CHARS: usize = 40;
    match typed.char_indices().nth(SHOWN_CHARS) {
        Some((at, _)) => format!("{}…", typed.get(..at).unwrap_or_default()),
        None => typed.to_owned(),
    }
}

mod code_number {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Code;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `with` passes a reference")]
    pub(super) fn serialize<S: Serializer>(code: &Code, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u16(code.number())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Code, D::Error> {
        u16::deserialize(from).map(Code::from_number)
    }
}
