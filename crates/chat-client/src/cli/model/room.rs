//! A room one is in: what it is, who is there, and how much of it has been shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use chat_client::{Entered, Heard, How, Seq, What};

/// Nicks that are remembered of one room, for completion.
const NICKS_MAX: usize = 2000;

/// Files that are remembered of one room, for completion.
pub(super) const FILES_MAX: usize = 5000;

/// Events of a room that are shown to somebody who comes back; what is older is counted, and there to be asked for.
const CATCH_UP_MAX: u64 = 100;

#[derive(Debug)]
pub(super) struct Room {
    pub(super) name: Arc<str>,
    pub(super) direct: bool,
    pub(super) topic: String,
    /// Whether nothing that is said here is kept.
    pub(super) ephemeral: bool,
    pub(super) nicks: BTreeSet<String>,
    /// Files and folders that are known to be there; folders end with `/`.
    pub(super) files: BTreeSet<String>,
    /// The first event that was shown.
    pub(super) shown_from: Option<Seq>,
    /// The first event that was not read, until the line before it has been shown.
    new_from: Option<Seq>,
    /// Events before this one come, but are not shown.
    skip_before: Seq,
}

/// What of one event is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Showing {
    Nothing,
    Event,
    /// A line that says that all from here on is new, and the event.
    LineAndEvent,
}

impl Room {
    /// The room as it is now; `before` is what was known of it.
    pub(super) fn entered(entered: &Entered, before: Option<Self>) -> Self {
        let is_new = before.is_none();
        let (nicks, files, shown_from) =
            before.map(|room| (room.nicks, room.files, room.shown_from)).unwrap_or_default();
        let mut room = Self {
            name: entered.room.name.clone(),
            direct: entered.room.direct,
            topic: entered.topic.clone(),
            ephemeral: entered.ephemeral,
            nicks,
            files,
            shown_from,
            new_from: None,
            skip_before: Seq(0),
        };
        match entered.how {
            // An earlier process has read up to `read`.
            How::Resumed if is_new => {
                room.skip_before = Seq(entered.first.0.max((entered.head.0 + 1).saturating_sub(CATCH_UP_MAX)));
                room.new_from = (entered.head > entered.read).then_some(entered.first);
            }
            // What comes was said while the connection was away.
            How::Resumed => room.new_from = (entered.head >= entered.first).then_some(entered.first),
            // Its events may be numbered anew.
            How::Rejoined { .. } => room.shown_from = None,
            How::Asked | How::Opened => {}
        }
        room
    }

    /// How many events were not read and are not shown either.
    pub(super) fn earlier(&self, entered: &Entered) -> u64 {
        match entered.head > entered.read {
            true => self.skip_before.0.saturating_sub(entered.read.next().0),
            false => 0,
        }
    }

    /// What of an event is to be shown. That one comes and goes oneself, one knows.
    pub(super) fn show(&mut self, heard: &Heard, own: bool) -> Showing {
        let is_own_way = own && matches!(heard.what, What::Joined | What::Left);
        if is_own_way || heard.seq < self.skip_before {
            return Showing::Nothing;
        }
        self.shown_from.get_or_insert(heard.seq);
        match self.new_from.take_if(|from| *from <= heard.seq) {
            Some(_) => Showing::LineAndEvent,
            None => Showing::Event,
        }
    }

    /// Takes note that events from `seq` on have been shown in one piece with those that follow.
    pub(super) fn shown_back_to(&mut self, seq: Seq) {
        self.shown_from = Some(self.shown_from.map_or(seq, |from| from.min(seq)));
    }

    pub(super) fn note_file(&mut self, name: String) {
        if self.files.len() < FILES_MAX {
            self.files.insert(name);
        }
    }

    /// Takes note of who is here and what they do.
    pub(super) fn note(&mut self, heard: &Heard) {
        match &heard.what {
            What::Left => {
                self.nicks.remove(&heard.nick);
            }
            What::Renamed(to) => {
                self.nicks.remove(&heard.nick);
                self.nicks.insert(to.clone());
                if self.direct && *self.name == *heard.nick {
                    self.name = Arc::from(to.as_str());
                }
            }
            What::Topic(topic) => self.topic.clone_from(topic),
            What::Said(_) | What::Joined if self.nicks.len() < NICKS_MAX => {
                self.nicks.insert(heard.nick.clone());
            }
            _ => {}
        }
    }

    /// Takes the nicks of those who are here.
    pub(super) fn set_nicks(&mut self, nicks: impl Iterator<Item = String>) {
        self.nicks = nicks.take(NICKS_MAX).collect();
    }
}
