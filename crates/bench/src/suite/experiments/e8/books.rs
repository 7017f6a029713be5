//! What a trial of the chat counts.

use std::time::Duration;

use crate::stats::Latencies;

/// The counts of a trial.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// What was said, in the order of the scene.
    said: Vec<Said>,
    /// From when a message should have been sent until somebody heard it.
    pub(super) intended: Latencies,
    /// From when it was sent.
    pub(super) sent: Latencies,
    /// From connecting until the person is in the room.
    pub(super) entering: Latencies,
    /// How much later than intended things were begun.
    pub(super) lateness: Latencies,
    /// The last place in the queue that anybody was told.
    pub(super) last_place: u32,
    /// Messages that the server refused, or that nobody was there to say.
    pub(super) unsaid: u64,
    /// What the server did that it must not.
    pub(super) objections: Vec<String>,
}

/// A message on its way.
#[derive(Debug, Clone, Copy)]
struct Said {
    intended: Duration,
    sent: Duration,
    /// Its place in the room's log, once the server has said so.
    place: Option<u64>,
    is_refused: bool,
}

/// More of them say nothing new.
const OBJECTIONS_MAX: usize = 5;

impl Books {
    /// Message number [`Books::said`] is sent, `late` after it was to be.
    pub(super) fn say(&mut self, intended: Duration, sent: Duration) {
        self.said.push(Said { intended, sent, place: None, is_refused: false });
    }

    /// How many messages were sent: the number of the next.
    pub(super) const fn said(&self) -> usize {
        self.said.len()
    }

    /// Whether the server has answered every one.
    pub(super) fn is_settled(&self) -> bool {
        self.said.iter().all(|said| said.place.is_some() || said.is_refused)
    }

    /// The places of the messages in the room's log, as far as they are known.
    pub(super) fn places(&self) -> impl Iterator<Item = u64> + '_ {
        self.said.iter().filter_map(|said| said.place)
    }

    /// Message `number` has its place in the room's log.
    pub(super) fn confirmed(&mut self, number: u64, place: u64) -> Result<(), String> {
        self.message(number)?.place = Some(place);
        Ok(())
    }

    /// Message `number` was refused.
    pub(super) fn unsaid(&mut self, number: u64, words: &str) {
        self.unsaid += 1;
        match self.message(number) {
            Ok(message) => message.is_refused = true,
            Err(_) => self.object(format!("it refused what nobody asked: {words}")),
        }
    }

    /// Somebody has heard message `number`.
    pub(super) fn heard(&mut self, number: u64, at: Duration) -> Result<(), String> {
        let said = *self.message(number)?;
        self.intended.record(at.saturating_sub(said.intended));
        self.sent.record(at.saturating_sub(said.sent));
        Ok(())
    }

    /// Somebody came into the room, so long after connecting.
    pub(super) fn entered(&mut self, after: Duration) {
        self.entering.record(after);
    }

    /// Somebody was told a place in the queue.
    pub(super) fn queued(&mut self, place: u32) {
        self.last_place = self.last_place.max(place);
    }

    /// Notes what the server did wrong.
    pub(super) fn object(&mut self, why: String) {
        if self.objections.len() < OBJECTIONS_MAX {
            self.objections.push(why);
        }
    }

    fn message(&mut self, number: u64) -> Result<&mut Said, String> {
        let at = usize::try_from(number).ok();
        at.and_then(|at| self.said.get_mut(at)).ok_or_else(|| format!("message {number} was never sent"))
    }
}
