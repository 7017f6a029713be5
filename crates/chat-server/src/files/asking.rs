//! A question about files on its way to its one answer.

use std::sync::Arc;

use proto::message::FileAnswer;
use proto::{Code, Frame, Refusal, RequestId, ServerMessage, Slot};

use super::limits::LONG_PER_SESSION_MAX;
use super::line::Line;
use super::session::{SessionFiles, too_many};
use super::slots::Beginning;
use super::small::InFlight;

/// A question that has not been answered.
///
/// Invariant: it is answered exactly once, were it because whoever worked on it is gone; and its slot, if it was to
/// begin a transfer, then has that transfer or is free.
#[derive(Debug)]
pub(super) struct Asking {
    files: Arc<SessionFiles>,
    request: RequestId,
    slot: Option<Slot>,
    /// Its place among the parcels, if it asks for one.
    in_flight: Option<InFlight>,
    is_answered: bool,
}

impl Asking {
    /// `slot` is claimed for the transfer that the question begins.
    pub(super) const fn new(
        files: Arc<SessionFiles>,
        request: RequestId,
        slot: Option<Slot>,
        in_flight: Option<InFlight>,
    ) -> Self {
        Self { files, request, slot, in_flight, is_answered: false }
    }

    /// Whose question it is.
    pub(super) const fn files(&self) -> &Arc<SessionFiles> {
        &self.files
    }

    /// The slot of the transfer it begins; 0 if it begins none.
    pub(super) fn slot(&self) -> Slot {
        self.slot.unwrap_or(Slot(0))
    }

    /// Which request it is.
    pub(super) const fn request(&self) -> RequestId {
        self.request
    }

    /// How long the parcel may be that it asks for, in bytes.
    pub(super) fn parcel_bytes(&self) -> usize {
        self.in_flight.as_ref().map_or(0, InFlight::bytes)
    }

    pub(super) fn answer(self, answer: FileAnswer) {
        self.say(&ServerMessage::File(answer));
    }

    pub(super) fn done(self) {
        self.say(&ServerMessage::Done);
    }

    pub(super) fn refuse(self, refusal: Refusal) {
        self.say(&ServerMessage::Refused(refusal));
    }

    pub(super) fn answer_with(self, answer: Result<FileAnswer, Refusal>) {
        match answer {
            Ok(answer) => self.answer(answer),
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// The answer goes out by the lane for small files: whole frames are long.
    pub(super) fn answer_in_lane(mut self, frame: &Frame) {
        self.is_answered = true;
        self.files.add_parcel(frame, self.in_flight.take());
        self.files.answer(None);
    }

    /// Has it worked on in the line for what takes long.
    pub(super) fn later(self, work: impl FnOnce(Self) + Send + 'static) {
        let line = Arc::clone(&self.files.desk().line);
        self.in_line(&line, work);
    }

    /// The same in the line for parts that are resumed, where nobody waits for those who have stored files read.
    pub(super) fn resumed_later(self, work: impl FnOnce(Self) + Send + 'static) {
        let line = Arc::clone(&self.files.desk().resumes);
        self.in_line(&line, work);
    }

    fn in_line(self, line: &Arc<Line>, work: impl FnOnce(Self) + Send + 'static) {
        if let Some(refusal) = line.full() {
            return self.refuse(refusal);
        }
        let Some(place) = self.files.long_jobs.enter(LONG_PER_SESSION_MAX) else {
            return self.refuse(too_many("long_jobs", LONG_PER_SESSION_MAX));
        };
        line.add(move || {
            if !self.files.is_closed() {
                work(self);
            }
            drop(place);
        });
    }

    /// Answers, and lets the transfer begin. It does not begin if the asker has given it up meanwhile.
    pub(super) fn begin(mut self, answer: FileAnswer, beginning: Beginning) -> bool {
        let (Some(slot), answer) = (self.slot.take(), ServerMessage::File(answer).to_frame(self.request)) else {
            return false;
        };
        let begun = self.files.begin(slot, beginning, &answer);
        self.is_answered = begun;
        if !begun {
            self.refuse(Refusal::new(Code::Stopped, "you have stopped this transfer"));
        }
        begun
    }

    fn say(mut self, message: &ServerMessage) {
        self.is_answered = true;
        if let Some(slot) = self.slot.take() {
            self.files.free(slot);
        }
        self.files.answer(Some(&message.to_frame(self.request)));
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if !self.is_answered {
            let refusal = Refusal::new(Code::StorageFailed, "the server could not finish this");
            let frame = ServerMessage::Refused(refusal).to_frame(self.request);
            if let Some(slot) = self.slot.take() {
                self.files.free(slot);
            }
            self.files.answer(Some(&frame));
        }
    }
}
