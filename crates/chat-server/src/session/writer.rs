//! The writing half: one writer per connection picks what goes next, by lane.
//!
//! Control (answers, pings) goes before room events; within the rooms' lane the rooms take turns. Events are read
//! from the rooms' logs when the socket can take them, never queued: a slow peer is merely behind; and whoever is so
//! far behind that the ring no longer has what comes next goes on from disk, in the slow lane. Behind these two goes
//! what is said within transfers, and then, one frame at a time, files' bytes.

mod slow_lane;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use futures::FutureExt;
use proto::limits::JOIN_LAST_MAX;
use proto::message::{Behind, Missed};
use proto::{RequestId, RoomId, Seq, ServerMessage};
use room_log::{Cursor, Reading, RoomLog, Store};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::Surroundings;
use crate::files::SessionFiles;
use crate::outbox::{Follow, Outbox};
use slow_lane::SlowLane;

/// What the writer takes in hand at a time, in bytes: enough for one full write, little enough that an answer
/// which comes meanwhile does not wait long.
const HAND_BYTES: usize = 128 * 1024;

/// Pieces given to the system in one write.
const PIECES_MAX: usize = 64;

/// Pieces for which the hand keeps its place when it is empty.
const HAND_KEPT: usize = 8;

/// Why the writing came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriterEnd {
    /// The outbox was closed, and everything owed is written.
    Closed,
    /// The connection broke.
    Broken,
    /// The peer took nothing for as long as allowed.
    Stalled,
}

/// Invariant: what is in hand is whole frames, but for the first, which may be partly written; so `run` may be
/// dropped at any await and called again.
#[derive(Debug)]
pub(super) struct Writer<W> {
    output: W,
    outbox: Arc<Outbox>,
    hand: VecDeque<Bytes>,
    rooms: Vec<Followed>,
    /// Whose turn it is in the rooms' lane.
    turn: usize,
    store: Option<Arc<Store>>,
    /// What is being read from disk, for one of the rooms.
    lane: Option<Box<SlowLane>>,
    closing: bool,
    unflushed: bool,
    stall_ms: u64,
    /// See [`Stream::bound_unsent`](super::Stream::bound_unsent).
    bound_unsent: fn(&W, u32),
    /// What it was last called with; 0 for never.
    unsent_bound: u32,
    /// The frame of a file's bytes that is in hand, last: how long it is, and since when.
    bulk: Option<(usize, Instant)>,
}

#[derive(Debug)]
struct Followed {
    room: RoomId,
    log: Arc<RoomLog>,
    cursor: Cursor,
    is_stored: bool,
    /// Whether the peer knows how far behind it is, since it last was not.
    is_told: bool,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    pub(super) fn new(output: W, outbox: &Arc<Outbox>, around: &Surroundings, bound_unsent: fn(&W, u32)) -> Self {
        Self {
            output,
            outbox: Arc::clone(outbox),
            hand: VecDeque::new(),
            rooms: Vec::new(),
            turn: 0,
            store: around.store.clone(),
            lane: None,
            closing: false,
            unflushed: false,
            stall_ms: around.limits.stall_ms,
            bound_unsent,
            unsent_bound: 0,
            bulk: None,
        }
    }

    /// Writes what is owed, until the outbox is closed or the peer is gone.
    pub(super) async fn run(&mut self) -> WriterEnd {
        loop {
            if self.hand.is_empty() {
                if self.end_bulk() {
                    // Whoever sends bytes as fast as the socket takes them still listens, and lets others work.
                    tokio::task::yield_now().await;
                }
                self.fill_hand();
            }
            let is_done = self.hand.is_empty();
            if is_done && !self.unflushed {
                if self.closing {
                    return WriterEnd::Closed;
                }
                self.something().await;
                continue;
            }
            // Most of it is taken at once; only what is not costs a timer.
            let step = match self.step(is_done).now_or_never() {
                Some(step) => Ok(step),
                None => {
                    let step = tokio::time::timeout(self.stall(), self.step(is_done)).await;
                    if matches!(step, Ok(Ok(()))) {
                        // What had to wait for the peer, and then was taken, is a sign of its life.
                        self.outbox.progressed();
                    }
                    step
                }
            };
            match step {
                Ok(Ok(())) => self.unflushed = !is_done,
                Ok(Err(_)) => return WriterEnd::Broken,
                Err(_) => return WriterEnd::Stalled,
            }
        }
    }

    const fn stall(&self) -> Duration {
        Duration::from_millis(self.stall_ms)
    }

    /// Waits until there may be something to take in hand. May be given up at any point.
    async fn something(&mut self) {
        let (outbox, lane) = (&self.outbox, &mut self.lane);
        poll_fn(|task| match lane.as_mut().map(|lane| lane.poll_read(task)) {
            Some(Poll::Ready(())) => Poll::Ready(()),
            Some(Poll::Pending) | None => outbox.poll_owing(task),
        })
        .await;
    }

    /// Writes once, or, when all is written, hands it on to whatever buffers below.
    async fn step(&mut self, is_done: bool) -> io::Result<()> {
        match is_done {
            true => self.output.flush().await,
            false => self.write_some().await,
        }
    }

    /// Writes words for a caller who speaks something else. What goes wrong here can be told nobody.
    pub(super) async fn say_plainly(&mut self, words: &str) {
        let written = tokio::time::timeout(self.stall(), self.output.write_all(words.as_bytes())).await;
        tracing::debug!(?written, "answered a caller who speaks something else");
    }

    /// Closes the writing side, so that the peer sees an end behind the last frame.
    pub(super) async fn shut(&mut self) {
        let shut = tokio::time::timeout(self.stall(), self.output.shutdown()).await;
        tracing::trace!(?shut, "closed the writing side");
    }

    /// Takes in hand what goes next: first what is owed, then events, then what transfers say; bytes of files only
    /// if there was neither answer nor event.
    fn fill_hand(&mut self) {
        let files = self.outbox.files().cloned();
        // Before the answers are taken: what a transfer says stands behind the answer that let it begin.
        let said = files.as_ref().map_or_else(Vec::new, |files| files.take_control());
        self.take_owed();
        if self.closing {
            return;
        }
        self.take_from_disk();
        self.fill_from_rooms();
        let is_quiet = self.hand.is_empty();
        if !said.is_empty() {
            self.hand.push_back(said.into());
        }
        if let Some(files) = files {
            if is_quiet {
                self.take_bulk(&files);
            }
            files.has_written();
        }
    }

    fn take_bulk(&mut self, files: &SessionFiles) {
        let Some(bulk) = files.next_bulk() else { return };
        // For the same reason: the answer may have come since.
        self.take_owed();
        let pieces = [bulk.head, bulk.body];
        self.bulk = Some((pieces.iter().map(Bytes::len).sum(), Instant::now()));
        self.hand.extend(pieces.into_iter().filter(|piece| !piece.is_empty()));
        let bound = files.low_water();
        if bound != self.unsent_bound {
            self.unsent_bound = bound;
            (self.bound_unsent)(&self.output, bound);
        }
    }

    /// Notes how long the last frame of a file's bytes took; false if there was none in hand.
    fn end_bulk(&mut self) -> bool {
        let Some((bytes, since)) = self.bulk.take() else { return false };
        if let Some(files) = self.outbox.files() {
            let now = Instant::now();
            files.wrote(bytes, now.duration_since(since), now);
        }
        true
    }

    fn take_owed(&mut self) {
        if let Some(taken) = self.outbox.take() {
            if !taken.replies.is_empty() {
                self.hand.push_back(taken.replies.into());
            }
            for follow in taken.follows {
                self.follow(follow);
            }
            self.closing |= taken.closing;
        }
    }

    fn follow(&mut self, follow: Follow) {
        let room = match &follow {
            Follow::Begin { room, .. } | Follow::End(room) => *room,
        };
        self.rooms.retain(|followed| followed.room != room);
        if let Follow::Begin { room, log, cursor, is_stored, head } = follow {
            // Whoever just came knows how many earlier events were asked for.
            let is_told = head.0.saturating_sub(cursor.next().0) < u64::from(JOIN_LAST_MAX);
            self.rooms.push(Followed { room, log, cursor, is_stored, is_told });
        }
    }

    fn fill_from_rooms(&mut self) {
        let count = self.rooms.len();
        let mut budget = HAND_BYTES;
        for step in 0..count {
            let at = (self.turn + step) % count;
            let Some(followed) = self.rooms.get_mut(at) else { break };
            match followed.log.read(&mut followed.cursor, budget, &mut self.hand) {
                Reading::Current => followed.is_told = false,
                Reading::Taken { bytes } => {
                    budget = budget.saturating_sub(bytes);
                    followed.is_told &= !followed.log.is_current(&followed.cursor);
                }
                Reading::Overtaken { oldest } => match self.store.as_ref().filter(|_| followed.is_stored) {
                    Some(store) => {
                        let next = followed.cursor.next();
                        if !std::mem::replace(&mut followed.is_told, true) {
                            let behind = Behind { room: followed.room, next, head: followed.log.head() };
                            self.hand.push_back(unasked(&ServerMessage::Behind(behind)));
                        }
                        let begin = || Box::new(SlowLane::begin(store, followed.room, next, oldest));
                        self.lane.get_or_insert_with(begin);
                    }
                    None => self.hand.push_back(followed.miss(Seq(oldest.0 - 1))),
                },
            }
            if budget == 0 {
                self.turn = at + 1;
                break;
            }
        }
    }

    /// Takes in hand what was read from disk, if the room it is of is still followed from there.
    fn take_from_disk(&mut self) {
        if !self.lane.as_mut().is_some_and(|lane| lane.is_read()) {
            return;
        }
        let Some(lane) = self.lane.take() else { return };
        let wants = |followed: &Followed| followed.room == lane.room && followed.cursor.next() == lane.from;
        let Some(at) = self.rooms.iter().position(wants) else { return };
        let Some(followed) = self.rooms.get_mut(at) else { return };
        let brought = lane.take();
        self.hand.extend(brought.gone_to.map(|gone_to| followed.miss(gone_to)));
        self.hand.extend(brought.frames.into_iter().filter(|piece| !piece.is_empty()));
        followed.cursor = Cursor::at(brought.next);
        self.turn = at + 1;
    }

    /// Writes once, as much as the socket takes.
    async fn write_some(&mut self) -> io::Result<()> {
        let (output, hand) = (&mut self.output, &self.hand);
        let written = poll_fn(|task| {
            let output = Pin::new(&mut *output);
            match hand.front() {
                // The common case: one event, or one answer.
                Some(only) if hand.len() == 1 => output.poll_write(task, only),
                _ => output.poll_write_vectored(task, Pieces::of(hand).as_slice()),
            }
        })
        .await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.written(written);
        Ok(())
    }

    fn written(&mut self, mut bytes: usize) {
        while let Some(first) = self.hand.front_mut() {
            if bytes < first.len() {
                first.advance(bytes);
                return;
            }
            bytes -= first.len();
            self.hand.pop_front();
        }
        if self.hand.capacity() > HAND_KEPT {
            self.hand = VecDeque::new();
        }
    }
}

impl Followed {
    /// Goes on behind `to`; what the peer is told of that.
    fn miss(&mut self, to: Seq) -> Bytes {
        let from = self.cursor.next();
        self.cursor = Cursor::at(to.next());
        unasked(&ServerMessage::Missed(Missed { room: self.room, from, to }))
    }
}

/// A frame that nobody asked for.
fn unasked(message: &ServerMessage) -> Bytes {
    let mut bytes = Vec::new();
    message.to_frame(RequestId(0)).write(&mut bytes);
    bytes.into()
}

/// The first pieces in hand, as the system takes them.
struct Pieces<'a> {
    slices: [IoSlice<'a>; PIECES_MAX],
    count: usize,
}

impl<'a> Pieces<'a> {
    fn of(hand: &'a VecDeque<Bytes>) -> Self {
        let mut slices = [IoSlice::new(&[]); PIECES_MAX];
        for (slice, bytes) in slices.iter_mut().zip(hand) {
            *slice = IoSlice::new(bytes);
        }
        Self { slices, count: hand.len().min(PIECES_MAX) }
    }

    fn as_slice(&self) -> &[IoSlice<'a>] {
        self.slices.get(..self.count).unwrap_or(&self.slices)
    }
}
