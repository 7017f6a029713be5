//! What the loop does about a line that was typed, and about the answer to what it asked.

use std::sync::Arc;

use chat_client::{ClientError, Range, RoomKey, Seq};
use tokio::time::Instant;

use super::errand::{Answer, Errand, Outcome};
use super::file_errand::FileAnswer;
use super::{ANSWER_MAX, HISTORY, LAST_LINES_MAX, Repl};
use crate::cli::input::{Stretch, parse};
use crate::cli::model::{Action, Part, Shown};
use crate::cli::term::Typed;
use crate::cli::view::files::about;

/// Events on either side of one that is shown with what stands around it.
const AROUND: u16 = 10;

impl Repl {
    pub(super) fn typed(&mut self, typed: Option<Typed>) {
        let was_interrupted = std::mem::take(&mut self.was_interrupted);
        match typed {
            Some(Typed::Line(line)) => {
                let action = self.model.decide(parse(&line));
                self.has_warned &= action == Action::Quit;
                self.act(action);
            }
            Some(Typed::Interrupted { had_text: true }) => {}
            Some(Typed::Interrupted { had_text: false }) if was_interrupted => self.leave(130),
            Some(Typed::Interrupted { had_text: false }) => {
                self.was_interrupted = true;
                if !self.has_to_warn_of_transfers() {
                    self.show(vec![Shown::Note("once more Ctrl-C, or Ctrl-D, leaves".to_owned())]);
                }
            }
            Some(Typed::Bad(words)) => self.fail(words, 4),
            Some(Typed::Trouble(words)) => self.show(vec![Shown::Warning(words)]),
            Some(Typed::Ended) | None => self.leave(0),
        }
    }

    fn act(&mut self, action: Action) {
        let errand = match action {
            Action::Show(shown) => {
                let is_warning = shown.iter().any(|shown| matches!(shown, Shown::Warning(_)));
                self.worst = self.worst.max(if is_warning { 4 } else { 0 });
                return self.show(shown);
            }
            Action::Quit => return self.leave(0),
            Action::Say { room, text, counted } => {
                let id = self.pending.add(room, text.clone());
                if !self.model.is_online() {
                    self.pending.due_now(id);
                    self.show_slow();
                }
                Errand::Say { id, room, text, counted }
            }
            Action::Tell { nick, text } => Errand::Tell { id: self.pending.add_elsewhere(), nick, text },
            Action::Join { room, ephemeral } => {
                Errand::Join { room: room.as_str().to_owned(), since: self.history(), ephemeral }
            }
            Action::Leave(room) => Errand::Leave { room },
            Action::SetTopic { room, topic } => Errand::SetTopic { room, topic },
            Action::Rooms => Errand::Rooms,
            Action::Members(room) => Errand::Members { room },
            Action::Direct(nick) => Errand::Direct { nick, since: self.history() },
            Action::Rename(nick) => Errand::Rename { nick },
            Action::History { room, what } => self.part(room, what),
            Action::Search(words) => Errand::Search { words },
            Action::Unread => {
                // What is on the screen is not to be counted.
                self.mark_read(true);
                Errand::Unread
            }
            Action::Files(action) => return self.act_on_files(action),
        };
        self.start(errand);
    }

    fn part(&self, room: RoomKey, what: Stretch) -> Errand {
        match what {
            Stretch::Earlier(count) => {
                let range = self.model.shown_from(room).map_or(Range::Last, Range::Before);
                Errand::Part { room, part: Part::Earlier, range, count: count.unwrap_or(HISTORY) }
            }
            Stretch::Around(seq) => {
                let range = Range::Before(Seq(seq.saturating_add(u64::from(AROUND) + 1)));
                Errand::Part { room, part: Part::Around(Seq(seq)), range, count: 2 * AROUND + 1 }
            }
        }
    }

    pub(super) fn start(&mut self, errand: Errand) {
        if errand.holds_prompt() {
            // A script has no prompt to come back: its next line waits for as long as this one takes.
            let longest = if self.terminal.is_editor() { ANSWER_MAX } else { LAST_LINES_MAX };
            self.wait_until = Some(Instant::now() + longest);
        }
        self.errands.push(errand.run(Arc::clone(&self.client)));
    }

    /// Takes the answer to an errand.
    pub(super) fn finish(&mut self, outcome: Outcome) {
        if outcome.held_prompt {
            self.wait_until = None;
        }
        if let Some(id) = outcome.pending {
            self.pending.done(id);
        }
        match outcome.result {
            Ok(answer) => {
                match &answer {
                    Answer::Said { said, room, .. } => self.pending.confirmed(*room, said.seq),
                    Answer::Left(room) => {
                        self.pending.left(*room);
                        self.marks.left(*room);
                    }
                    Answer::MarkedRead(room, seq, false) => self.marks.untold(*room, *seq),
                    _ => {}
                }
                let answer = match answer {
                    Answer::Files(FileAnswer::Found { room, sources }) => return self.put(room, sources),
                    answer => answer,
                };
                let shown = answer.into_shown(&mut self.model);
                self.terminal.set_names(self.model.names());
                self.show(shown);
            }
            Err(ClientError::Closed) => {}
            Err(error) => {
                let code = error.exit_code();
                let words = format!("{}{error}{}", outcome.what, offer_words(&error));
                self.fail(outcome.file.map_or_else(|| words.clone(), |file| about(&file, &words)), code);
            }
        }
    }
}

/// What the server offers instead, if it does.
fn offer_words(error: &ClientError) -> String {
    match error {
        ClientError::Refused(refusal) => {
            refusal.offer.as_ref().map_or_else(String::new, |offer| format!(" ({offer} would be free)"))
        }
        _ => String::new(),
    }
}
