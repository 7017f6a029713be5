//! How a transfer stands.

use std::fmt;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the server.
    Put,
    /// From the server.
    Get,
}

/// What a transfer does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its turn has not come, or the server has not answered yet.
    Waiting,
    /// Its bytes are looked through before they go, or go on: for a resume, or to see whether they are there already.
    Checking,
    /// Bytes are moving.
    Running,
    /// All bytes are there; it is being put into its place.
    Finishing,
    /// The caller paused it.
    Paused,
    /// The connection broke; it goes on when it is back.
    Offline,
    /// It is whole and in its place.
    Done,
    /// It came to nothing; [`super::Transfer::done`] says why.
    Failed,
}

/// Who is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stall {
    /// Sending: the connection takes no more.
    Uplink,
    /// Fetching: nothing comes through the connection.
    Downlink,
    /// The disk here.
    OwnDisk,
    /// Sending: the server takes no more.
    Server,
    /// Fetching: the server's disk.
    ServerDisk,
    /// Fetching: whoever sends the file to the server.
    Sender,
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uplink => "your uplink",
            Self::Downlink => "your downlink",
            Self::OwnDisk => "your disk",
            Self::Server => "the server",
            Self::ServerDisk => "the server's disk",
            Self::Sender => "the sender",
        })
    }
}

/// Something a person should know of a transfer that goes on nevertheless.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// What was there of an earlier try is of another content.
    StartedOver,
    /// The file changed while it was being sent; it is sent again from the beginning.
    SourceChanged,
    /// A name that the server would not take was made into one that it does.
    Salvaged {
        /// What it is called here.
        from: String,
        /// What it is called there.
        to: String,
    },
    /// A group came damaged and was sent again.
    Repaired {
        /// Where it stands in the file.
        offset: u64,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StartedOver => f.write_str("changed since; started over"),
            Self::SourceChanged => f.write_str("the file changed while it was sent; started over"),
            Self::Salvaged { from, to } => write!(f, "{from} is sent as {to}"),
            Self::Repaired { offset } => write!(f, "damaged at byte {offset} on the way; sent again"),
        }
    }
}

/// How a transfer stands. A folder's is the sum of its files'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What it is called: its path in the room's tree. Not escaped: see [`crate::escape`].
    pub name: String,
    /// Which way.
    pub direction: Direction,
    /// What it does now.
    pub state: State,
    /// Bytes that have gone, or that are here and verified.
    pub bytes_done: u64,
    /// Bytes in all; 0 until it is known.
    pub bytes_total: u64,
    /// How many of them an earlier try had brought.
    pub resumed_from: u64,
    /// Files that are whole and in their places.
    pub files_done: u32,
    /// Files in all.
    pub files_total: u32,
    /// Bytes a second of late; `None` until it is known. What an earlier try had brought does not count.
    pub rate_bytes_s: Option<u64>,
    /// Who is waited for, if nothing has moved for a while.
    pub stalled_by: Option<Stall>,
    /// What a person should know, in order; the first 16.
    pub notices: Vec<Notice>,
}

impl Progress {
    pub(crate) const fn new(name: String, direction: Direction) -> Self {
        Self {
            name,
            direction,
            state: State::Waiting,
            bytes_done: 0,
            bytes_total: 0,
            resumed_from: 0,
            files_done: 0,
            files_total: 1,
            rate_bytes_s: None,
            stalled_by: None,
            notices: Vec::new(),
        }
    }

    /// Whether it is over.
    pub const fn is_over(&self) -> bool {
        matches!(self.state, State::Done | State::Failed)
    }
}
