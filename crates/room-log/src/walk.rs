//! The events in a run of frames, one after the other, without decoding them: what a store has to know of an event to
//! cut, count and index. The layout is that of [`proto::event`].

use proto::limits::HEADER_BYTES;
use proto::{Header, Seq};

/// The `what` byte of a message.
const SAID: u8 = 1;
/// Of a file.
const FILE: u8 = 7;
/// Of a folder.
const FOLDER: u8 = 8;
/// Bytes between the `what` byte of a file and its path: its size and its hash.
const BEFORE_FILE_PATH: usize = 40;
/// Bytes between the `what` byte of a folder and its path: its files and their bytes.
const BEFORE_FOLDER_PATH: usize = 12;

/// An event as it stands in a run of frames.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventFrame<'a> {
    /// Its place in the room.
    pub(crate) seq: Seq,
    /// Where its frame begins.
    pub(crate) offset: usize,
    /// The frame.
    pub(crate) whole: &'a [u8],
}

impl<'a> EventFrame<'a> {
    /// When it happened, in milliseconds since 1970-01-01 UTC.
    pub(crate) fn at_ms(&self) -> u64 {
        self.body().get(4..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }

    /// Who did it.
    pub(crate) fn nick(&self) -> &'a [u8] {
        self.behind_what().and_then(|(len, rest)| rest.get(..usize::from(len))).unwrap_or_default()
    }

    /// What somebody gave the room to read: the text of a message, the path of a file or a folder; `None` for all else.
    pub(crate) fn content(&self) -> Option<&'a [u8]> {
        let before = match self.body().get(12) {
            Some(&SAID) => 0,
            Some(&FILE) => BEFORE_FILE_PATH,
            Some(&FOLDER) => BEFORE_FOLDER_PATH,
            _ => return None,
        };
        self.behind_what().and_then(|(len, rest)| rest.get(usize::from(len) + before..))
    }

    fn body(&self) -> &'a [u8] {
        self.whole.get(HEADER_BYTES..).unwrap_or_default()
    }

    /// The length of the nick, and what follows that length.
    fn behind_what(&self) -> Option<(u8, &'a [u8])> {
        self.body().get(13..).and_then(<[u8]>::split_first).map(|(len, rest)| (*len, rest))
    }
}

/// The events of a run of frames. Ends at the first that is not whole.
pub(crate) fn events(bytes: &[u8]) -> impl Iterator<Item = EventFrame<'_>> {
    let mut offset = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(offset..)?;
        let header = Header::read(rest.first_chunk::<HEADER_BYTES>()?);
        let whole = rest.get(..HEADER_BYTES.checked_add(header.len as usize)?)?;
        let event = EventFrame { seq: Seq(header.id), offset, whole };
        offset += whole.len();
        Some(event)
    })
}
