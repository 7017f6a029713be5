//! What can be wrong with bytes from a peer. Always the peer's fault; each maps to one [`Code`].

use crate::refusal::Code;

/// Why bytes are not a frame, or a frame is not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The header promises a longer body than its kind may have. Found before anything is allocated.
    #[error("a frame of kind {kind} announces {len} bytes; at most {max} are allowed")]
    BodyTooLong {
        /// The header's kind.
        kind: u8,
        /// The announced length in bytes.
        len: u32,
        /// The cap in bytes.
        max: usize,
    },
    /// The connection ended inside a frame.
    #[error("the connection ended inside a frame: {had} of {want} bytes had come")]
    CutShort {
        /// Bytes that had arrived, header included.
        had: usize,
        /// Bytes the frame has, header included; 16 while the header itself is not whole.
        want: usize,
    },
    /// No message has this kind, or not in this direction.
    #[error("nobody here knows a frame of kind {0}")]
    UnknownKind(u8),
    /// The body ended before the message did, or holds a value that its field cannot have.
    #[error("the body of a {kind} frame cannot be read: {why}")]
    BadBody {
        /// The kind whose body it is.
        kind: &'static str,
        /// What the reader met.
        why: &'static str,
    },
    /// The message ended before the body did.
    #[error("the body of a {kind} frame goes on behind the message (bytes left over: {extra})")]
    TrailingBytes {
        /// The kind whose body it is.
        kind: &'static str,
        /// How many bytes were left over.
        extra: usize,
    },
    /// A `Hello` without the magic bytes.
    #[error("the hello does not begin with the magic bytes VBTM")]
    BadMagic,
    /// A list is longer than the message may carry.
    #[error("a {kind} frame lists {count} entries; at most {max} are allowed")]
    TooManyEntries {
        /// The kind whose body it is.
        kind: &'static str,
        /// Entries in the list.
        count: usize,
        /// The cap.
        max: usize,
    },
}

impl DecodeError {
    /// The code a peer is told.
    pub const fn code(&self) -> Code {
        match self {
            Self::BodyTooLong { .. } => Code::FrameTooLong,
            Self::CutShort { .. } | Self::BadBody { .. } | Self::TrailingBytes { .. } => Code::BadFrame,
            Self::UnknownKind(_) => Code::UnknownKind,
            Self::BadMagic => Code::BadMagic,
            Self::TooManyEntries { .. } => Code::TooManyEntries,
        }
    }
}

/// What the codec yields when it fails: the peer's bytes, or the socket under them.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The peer sent something that is not a frame.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
