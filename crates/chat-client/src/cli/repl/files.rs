//! What the loop does about files: begins transfers, and tells of them.

use chat_client::{ClientError, Direction, GetOptions, GetTarget, PutOptions, RelPath, RoomKey};
use tokio::time::Instant;

use super::Repl;
use super::errand::Errand;
use super::file_errand::{FileErrand, Source};
use super::transfers::Ended;
use crate::cli::failure::complain;
use crate::cli::model::{FileAction, Shown};
use crate::cli::remote;
use crate::cli::view::amount::count_words;
use crate::cli::view::files::{about, name};
use crate::cli::view::outcome::outcome_words;

/// What cannot be a name ends a script with this code.
const BAD_NAME: u8 = 4;

impl Repl {
    pub(super) fn act_on_files(&mut self, action: FileAction) {
        match action {
            FileAction::Put { room, paths } => self.ask_of_files(FileErrand::Find { room, paths }),
            FileAction::Get { room, names } => names.into_iter().for_each(|name| self.get(room, name)),
            FileAction::List { room, path } => match remote::path_or_top(path.as_deref()) {
                Ok(path) => self.ask_of_files(FileErrand::List { room, path }),
                Err(words) => self.fail(words, BAD_NAME),
            },
            FileAction::ListLocal(path) => self.ask_of_files(FileErrand::ListLocal(path)),
            FileAction::Transfers => self.show_transfers(),
            FileAction::Control(number, control) => match self.transfers.control(number, control) {
                Ok(words) => self.show(words.into_iter().map(Shown::Note).collect()),
                Err(words) => self.fail(words, BAD_NAME),
            },
            FileAction::Remove { room, names } => self.ask_of_each(names, |path| FileErrand::Remove(room, path)),
            FileAction::MakeFolder { room, names } => {
                self.ask_of_each(names, |path| FileErrand::MakeFolder(room, path));
            }
            FileAction::Verify { room, names } => self.ask_of_each(names, |path| FileErrand::Verify(room, path)),
            FileAction::Move { room, from, to } => match (remote::path(&from), remote::path(&to)) {
                (Ok(from), Ok(to)) => self.ask_of_files(FileErrand::Move(room, from, to)),
                (Err(words), _) | (_, Err(words)) => self.fail(words, BAD_NAME),
            },
        }
    }

    /// Sends what was found here; says what was not.
    pub(super) fn put(&mut self, room: RoomKey, sources: Vec<Result<Source, ClientError>>) {
        for source in sources {
            let source = match source {
                Ok(source) => source,
                Err(error) => {
                    self.fail(error.to_string(), error.exit_code());
                    continue;
                }
            };
            let Source { asked, path, is_folder, to, words } = source;
            self.show(words.into_iter().map(Shown::Note).collect());
            let options = PutOptions::new(to);
            let transfer = match is_folder {
                true => self.client.put_folder(room, path, options),
                false => self.client.put(room, path, options),
            };
            self.transfers.add(asked, Direction::Put, transfer);
        }
    }

    /// Takes the end of a transfer.
    pub(super) fn transfer_ended(&mut self, ended: Ended) {
        let Ended { number, asked, direction, took, result, notices } = ended;
        self.show(notices.into_iter().map(|notice| Shown::Note(format!("#{number} {notice}"))).collect());
        match result {
            Ok(outcome) => {
                let words = outcome_words(&asked, direction, &outcome, took);
                let worst = outcome.skipped.iter().map(|skipped| skipped.why.exit_code()).max();
                self.worst = self.worst.max(worst.unwrap_or(0));
                self.show(vec![Shown::Note(format!("#{number} {words}"))]);
            }
            Err(ClientError::Cancelled) => {
                self.show(vec![Shown::Note(format!("#{number} {}: cancelled", name(&asked)))])
            }
            Err(error) => self.fail(format!("#{number} {}", about(&asked, &error.to_string())), error.exit_code()),
        }
        self.has_warned &= !self.transfers.is_empty();
    }

    /// Says what is to be said of those under way. A script is told of their ends only.
    pub(super) fn tell_of_transfers(&mut self) {
        let lines = self.transfers.tell(Instant::now());
        if self.terminal.is_editor() {
            self.show(lines.into_iter().map(Shown::Note).collect());
        }
    }

    /// Whether a script waits for its files. A person does not: they go on behind the prompt.
    pub(super) fn is_busy_with_files(&self) -> bool {
        !self.terminal.is_editor() && !self.transfers.is_empty() && self.model.is_online()
    }

    /// Whether a script ends before its files have; says so.
    pub(super) fn transfers_at_the_end(&self) -> bool {
        let is_cut_off = !self.terminal.is_editor() && !self.transfers.is_empty();
        if is_cut_off {
            let count = count_words(self.transfers.len() as u64, "transfer");
            complain(&format!("{count} had not ended; given again, they go on where they stopped"));
        }
        is_cut_off
    }

    /// Whether the end has to wait for a second word, as transfers are under way. Says so.
    pub(super) fn has_to_warn_of_transfers(&mut self) -> bool {
        if !self.terminal.is_editor() || self.transfers.is_empty() || self.end.is_some() {
            return false;
        }
        if std::mem::replace(&mut self.has_warned, true) {
            return false;
        }
        let count = count_words(self.transfers.len() as u64, "transfer");
        let words = format!(
            "{count} under way (/transfers); given again another time, they go on where they stopped. \
             Once more leaves"
        );
        self.show(vec![Shown::Warning(words)]);
        true
    }

    fn get(&mut self, room: RoomKey, asked: String) {
        let path = match remote::path_or_top(Some(&asked)) {
            Ok(path) => path,
            Err(words) => return self.fail(words, BAD_NAME),
        };
        let options = GetOptions::default();
        match path {
            Some(path) => {
                let transfer = self.client.get(room, path.clone(), GetTarget::Folder(".".into()), options);
                self.transfers.add_fetch(asked, transfer, room, path);
            }
            None => {
                let transfer = self.client.fetch_folder(room, None, ".", options);
                self.transfers.add(asked, Direction::Get, transfer);
            }
        }
    }

    fn show_transfers(&mut self) {
        let bars = self.transfers.bars(self.model.is_online());
        let words = if bars.is_empty() { "nothing is under way".to_owned() } else { bars.join("\n") };
        self.show(vec![Shown::Note(words)]);
    }

    fn ask_of_files(&mut self, errand: FileErrand) {
        self.start(Errand::Files(errand));
    }

    fn ask_of_each(&mut self, names: Vec<String>, errand: impl Fn(RelPath) -> FileErrand) {
        for name in names {
            match remote::path(&name) {
                Ok(path) => self.ask_of_files(errand(path)),
                Err(words) => self.fail(words, BAD_NAME),
            }
        }
    }
}
