//! One visitor: connects, asks, gets its answers, leaves.

use std::time::Duration;

use bytes::{BufMut, BytesMut};
use proto::{Frame, Kind};

use super::books::Books;
use crate::suite::experiments::begun::strip_ms;
use crate::suite::experiments::talker::{Talker, Turn};
use crate::suite::record::{StripRow, StripSpan, StripState};

/// A request's body, in bytes: its number, and room for what a server may be asked to do.
const BODY_BYTES: usize = 16;

/// Somebody who has come.
#[derive(Debug)]
pub(super) struct Visitor {
    talker: Option<Talker>,
    spans: Vec<StripSpan>,
    came: Duration,
    connected: Option<Duration>,
    asked: Option<Asked>,
    /// When the next request is to begin; `None` while one is open, and once there is none.
    next: Option<Duration>,
    requests: u64,
    answered: u64,
    is_turned_away: bool,
}

/// A request that has no answer yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// When it was to begin.
    pub(super) intended: Duration,
    /// When it did.
    pub(super) sent: Duration,
}

/// What a visitor does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// How often it asks before it leaves.
    pub(super) requests: u64,
    /// The pause between an answer and the next request.
    pub(super) think: Duration,
    /// From here on nothing new begins.
    pub(super) length: Duration,
}

impl Visitor {
    /// Somebody who began to connect at `now`, and wants to ask at once.
    pub(super) fn new(talker: Talker, intended: Duration, now: Duration) -> Self {
        let mut visitor = Self {
            talker: Some(talker),
            spans: Vec::new(),
            came: now,
            connected: None,
            asked: None,
            next: Some(intended),
            requests: 0,
            answered: 0,
            is_turned_away: false,
        };
        visitor.turn_to(StripState::Connecting, now);
        visitor
    }

    /// When it asks next.
    pub(super) const fn next(&self) -> Option<Duration> {
        self.next
    }

    /// How many answers it got.
    pub(super) const fn answered(&self) -> u64 {
        self.answered
    }

    /// Whether it has nothing left to wait for.
    pub(super) const fn is_done(&self) -> bool {
        self.talker.is_none()
    }

    /// The request that has no answer.
    pub(super) const fn open(&self) -> Option<Asked> {
        self.asked
    }

    /// Since when it has been waiting for its handshake; `None` if that is over.
    pub(super) const fn connecting_since(&self) -> Option<Duration> {
        if self.connected.is_some() || self.talker.is_none() { None } else { Some(self.came) }
    }

    /// How long its handshake took; `None` if it did not end.
    pub(super) fn connected_after(&self) -> Option<Duration> {
        Some(self.connected?.saturating_sub(self.came))
    }

    /// What it did over the trial.
    pub(super) fn row(&self) -> StripRow {
        StripRow { spans: self.spans.clone() }
    }

    /// Asks; the next request, if it is time.
    pub(super) fn ask(&mut self, now: Duration, books: &mut Books) {
        let Some(intended) = self.next.take_if(|at| *at <= now) else { return };
        let Some(talker) = &mut self.talker else { return };
        self.requests += 1;
        books.offer(intended, now);
        self.asked = Some(Asked { intended, sent: now });
        if let Err(why) = talker.send(&question(self.requests)) {
            self.lose(now, books, &why);
        }
    }

    /// Takes an event of its connection.
    pub(super) fn turn(
        &mut self,
        event: &mio::event::Event,
        scratch: &mut [u8],
        now: Duration,
        manner: Manner,
        books: &mut Books,
    ) {
        let Some(mut talker) = self.talker.take() else { return };
        let turned = talker.turn(event, scratch, |_, frame| self.take(&frame, now, books));
        if talker.is_connected() && self.connected.is_none() {
            self.connected = Some(now);
            books.connects.record(now.saturating_sub(self.came));
            if self.answered == 0 && !self.is_turned_away {
                self.turn_to(StripState::Waiting, now);
            }
        }
        self.talker = Some(talker);
        match turned {
            Ok(Turn::Closed) if self.is_turned_away => self.talker = None,
            Ok(Turn::Closed) => self.lose(now, books, "it closed the connection"),
            Err(why) => self.lose(now, books, &why),
            Ok(Turn::Open) => self.go_on(now, manner),
        }
    }

    /// Behind an answer: thinks, or leaves.
    fn go_on(&mut self, now: Duration, manner: Manner) {
        if self.asked.is_some() || self.next.is_some() || self.is_turned_away {
            return;
        }
        let next = now + manner.think;
        if self.requests < manner.requests && next < manner.length {
            self.next = Some(next);
        } else {
            self.talker = None;
            self.turn_to(StripState::Gone, now);
        }
    }

    fn take(&mut self, frame: &Frame, now: Duration, books: &mut Books) -> Result<(), String> {
        match frame.header().kind {
            // A place in the line is no answer.
            kind if kind == Kind::Queued.number() => return Ok(()),
            kind if kind == Kind::Goodbye.number() => {
                if let Some(asked) = self.asked.take() {
                    books.refused(asked);
                }
                self.is_turned_away = true;
                self.next = None;
                self.turn_to(StripState::TurnedAway, now);
                return Ok(());
            }
            _ => {}
        }
        let asked = self.asked.take().ok_or("it answered what nobody asked")?;
        if frame.header().kind == Kind::Refused.number() {
            books.shed(asked);
            return Ok(());
        }
        if *frame != question(self.requests) {
            self.asked = Some(asked);
            return Err("it answered something else than was asked".to_owned());
        }
        self.answered += 1;
        self.turn_to(StripState::Served, now);
        books.answered(asked, now, self.answered == 1);
        Ok(())
    }

    /// Its connection ended that was not to end.
    fn lose(&mut self, now: Duration, books: &mut Books, why: &str) {
        self.talker = None;
        self.next = None;
        if let Some(asked) = self.asked.take() {
            books.failed(asked, why);
        }
        self.turn_to(StripState::Gone, now);
    }

    fn turn_to(&mut self, state: StripState, at: Duration) {
        if self.spans.last().is_none_or(|span| span.state != state) {
            self.spans.push(StripSpan { from_ms: strip_ms(at), state });
        }
    }
}

fn question(number: u64) -> Frame {
    let mut body = BytesMut::with_capacity(BODY_BYTES);
    body.put_u64_le(number);
    body.put_u64_le(0);
    Frame::new(Kind::Echo.number(), number, body.freeze())
}
