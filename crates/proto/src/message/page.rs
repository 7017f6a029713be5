//! A page of events: the answer to `History` and `Search`. Laid out by hand, so that a server copies the frames as they
//! stand in its log:
//!
//! ```text
//! flags u8 · next u64 · gone_to u64 · frames of Event, whole, one behind the other      big-endian
//! ```

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::Seq;
use crate::error::DecodeError;
use crate::event::RoomEvent;
use crate::header::Header;
use crate::kind::Kind;
use crate::limits::{CONTROL_BYTES_MAX, HEADER_BYTES};

/// Bytes before the frames.
const PREFIX_BYTES: usize = 17;

const MORE: u8 = 1;
const UNINDEXED: u8 = 2;

/// The most bytes of frames that fit into a page.
pub const PAGE_FRAMES_BYTES_MAX: usize = CONTROL_BYTES_MAX - PREFIX_BYTES;

/// Events that were asked for: those of a room in their order, those that a search found newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Whether there are more beyond, in the direction that was asked for.
    pub more: bool,
    /// Of a search: whether the newest messages were not looked at yet, as their words are still being taken up.
    pub unindexed: bool,
    /// Of a search: the `before` of the next page. 0 otherwise.
    pub next: u64,
    /// Of a history: events up to this one are gone, by the server's rule of how much it keeps, and some of them were asked
    /// for; 0 if none was.
    pub gone_to: Seq,
    /// The frames of the events, whole, one behind the other; see [`Page::events`].
    pub frames: Bytes,
}

impl Page {
    /// Its events.
    ///
    /// # Errors
    /// What is in it is no event, or is not whole.
    pub fn events(&self) -> Result<Vec<RoomEvent>, DecodeError> {
        let cut = || bad("an event in it is not whole");
        let mut rest = self.frames.clone();
        let mut events = Vec::new();
        while !rest.is_empty() {
            let header = Header::read(rest.first_chunk::<HEADER_BYTES>().ok_or_else(cut)?);
            let frame_bytes = HEADER_BYTES.saturating_add(header.len as usize);
            if header.kind != Kind::Event.number() {
                return Err(bad("a frame in it is no event"));
            }
            if frame_bytes > rest.len() {
                return Err(cut());
            }
            let frame = rest.split_to(frame_bytes);
            events.push(RoomEvent::from_body(Seq(header.id), &frame.slice(HEADER_BYTES..))?);
        }
        Ok(events)
    }

    pub(super) fn to_body(&self) -> Bytes {
        let mut body = BytesMut::with_capacity(PREFIX_BYTES + self.frames.len());
        body.put_u8(if self.more { MORE } else { 0 } | if self.unindexed { UNINDEXED } else { 0 });
        body.put_u64(self.next);
        body.put_u64(self.gone_to.0);
        body.put_slice(&self.frames);
        body.freeze()
    }

    pub(super) fn from_body(body: &Bytes) -> Result<Self, DecodeError> {
        if body.len() < PREFIX_BYTES {
            return Err(bad("it ends too early"));
        }
        let mut rest = body.clone();
        let flags = rest.get_u8();
        if flags & !(MORE | UNINDEXED) != 0 {
            return Err(bad("a flag in it is not known"));
        }
        let (next, gone_to) = (rest.get_u64(), Seq(rest.get_u64()));
        let page = Self { more: flags & MORE != 0, unindexed: flags & UNINDEXED != 0, next, gone_to, frames: rest };
        page.events().map(|_| page)
    }
}

const fn bad(why: &'static str) -> DecodeError {
    DecodeError::BadBody { kind: "Page", why }
}
