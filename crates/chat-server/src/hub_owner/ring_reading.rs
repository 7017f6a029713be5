//! What can be read of a room of which nothing is on disk: as much as its ring holds.

use std::collections::VecDeque;

use bytes::Bytes;
use proto::event::{RoomEvent, What};
use proto::limits::HEADER_BYTES;
use proto::message::{PAGE_FRAMES_BYTES_MAX, Page, Range};
use proto::{Header, Seq};
use room_log::{Cursor, Reading, RoomLog};

/// A page of a room of which nothing is known.
pub(super) fn nothing() -> Page {
    Page { more: false, unindexed: false, next: 0, gone_to: Seq(0), frames: Bytes::new() }
}

/// Events of a room, at most `count`, as many as fit into a page.
pub(super) fn page(log: &RoomLog, range: Range, count: usize) -> Page {
    let (first, end, reading) = match range {
        Range::Last => back_from(log.head().next(), count),
        Range::Before(seq) => back_from(seq.min(log.head().next()), count),
        Range::After(seq) => (seq.next(), log.head().next(), Direction::On),
        Range::Since(_) => (Seq(1), log.head().next(), Direction::On),
    };
    let since_ms = if let Range::Since(at_ms) = range { at_ms } else { 0 };
    // Going on from a place, what is behind the page need not be looked at.
    let budget_bytes = if let Range::After(_) = range { PAGE_FRAMES_BYTES_MAX } else { usize::MAX };
    let (held, oldest) = events_from(log, first, budget_bytes);
    let in_range = |(event, _): &(RoomEvent, Bytes)| event.seq < end && event.at_ms >= since_ms;
    let mut wanted: VecDeque<_> = held.into_iter().filter(in_range).collect();
    // Of those that are gone nobody knows when they were; they may have been in time if the oldest that is held is.
    let is_gone = first < oldest && first < end && wanted.front().is_none_or(|(event, _)| event.seq == oldest);
    let is_last = |(event, _): &(RoomEvent, Bytes)| event.seq.next() >= end;
    let mut more = match reading {
        Direction::Back => first > oldest,
        Direction::On => !wanted.back().is_none_or(is_last),
    };
    let mut bytes: usize = wanted.iter().map(|(_, frame)| frame.len()).sum();
    while wanted.len() > count || (bytes > PAGE_FRAMES_BYTES_MAX && wanted.len() > 1) {
        let dropped = if reading == Direction::Back { wanted.pop_front() } else { wanted.pop_back() };
        bytes -= dropped.map_or(0, |(_, frame)| frame.len());
        more = true;
    }
    let frames: Vec<u8> = wanted.iter().flat_map(|(_, frame)| frame).copied().collect();
    let gone_to = if is_gone { Seq(oldest.0.saturating_sub(1)) } else { Seq(0) };
    Page { more, gone_to, frames: frames.into(), ..nothing() }
}

/// How many messages and files of others stand behind `behind` and up to `to`, and whether some of them are no longer
/// held.
pub(super) fn count(log: &RoomLog, behind: Seq, to: Seq, own: &str) -> (u32, bool) {
    if to <= behind {
        return (0, false);
    }
    let (held, oldest) = events_from(log, behind.next(), usize::MAX);
    let is_said = |event: &RoomEvent| matches!(event.what, What::Said(_) | What::File { .. } | What::Folder { .. });
    let counts = |event: &RoomEvent| event.seq <= to && event.nick != own && is_said(event);
    let count = held.iter().filter(|(event, _)| counts(event)).count();
    (u32::try_from(count).unwrap_or(u32::MAX), behind.next() < oldest)
}

/// In which direction a page goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Back,
    On,
}

fn back_from(end: Seq, count: usize) -> (Seq, Seq, Direction) {
    (Seq(end.0.saturating_sub(count as u64).max(1)), end, Direction::Back)
}

/// The events that are held from `first` on, for about `budget_bytes` at least, each with its frame, and the oldest that is held.
fn events_from(log: &RoomLog, first: Seq, budget_bytes: usize) -> (Vec<(RoomEvent, Bytes)>, Seq) {
    let mut oldest = log.oldest();
    let mut pieces = VecDeque::new();
    let mut cursor = Cursor::at(first.max(oldest));
    // Ends: each time round, the ring has moved on.
    while let Reading::Overtaken { oldest: moved_to } = log.read(&mut cursor, budget_bytes, &mut pieces) {
        oldest = moved_to;
        cursor = Cursor::at(moved_to);
    }
    let decoded = |piece: Bytes| {
        let events = Page { frames: piece.clone(), ..nothing() }.events().unwrap_or_default();
        events.into_iter().zip(frames(piece))
    };
    (pieces.into_iter().flat_map(decoded).collect(), oldest)
}

/// The frames in a piece of whole frames.
fn frames(mut piece: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let header = Header::read(piece.first_chunk::<HEADER_BYTES>()?);
        let frame_bytes = HEADER_BYTES + header.len as usize;
        (frame_bytes <= piece.len()).then(|| piece.split_to(frame_bytes))
    })
}

#[cfg(test)]
mod tests;
