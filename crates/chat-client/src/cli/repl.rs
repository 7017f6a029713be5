//! The conversation: one loop over what is typed, what is heard, what is answered and what is printed.

mod acting;
mod comeback;
mod connect;
mod errand;
mod file_errand;
mod files;
mod pending;
mod read_marks;
mod signals;
mod teller;
mod transfers;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chat_client::{Client, ConnectionState, Entered, Event, Events, How, Online, Since};
use futures::StreamExt as _;
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use jiff::tz::TimeZone;
use tokio::time::Instant;

use super::args::Args;
use super::commands::{leave_but, rooms_of};
use super::failure::Failure;
use super::model::{Model, Shown};
use super::term::{Terminal, Typed};
use super::view::{Look, View};
use errand::{Errand, Running};
use pending::Pending;
use read_marks::ReadMarks;
use signals::{Signal, Signals};
use transfers::Transfers;

/// Earlier events that are shown in a room one comes into.
const HISTORY: u16 = 20;

/// Output that may wait for the printer before events wait too.
const WAITING_OUTPUT_MAX: usize = 256;

/// Errands that may be under way before a plain stdin is read on.
const ERRANDS_MAX: usize = 32;

/// How long the prompt waits for what a command changes, such as the room. Later answers still come.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// How long an end waits for what has no answer yet: a person's, and a script's.
const LAST_WORDS_MAX: Duration = Duration::from_secs(3);
const LAST_LINES_MAX: Duration = Duration::from_secs(30);

/// Talks until the person, the input or the server ends it.
pub(super) async fn run(args: &Args) -> Result<u8, Failure> {
    let mut terminal = Terminal::open();
    let connected = connect::connect(args, &mut terminal).await;
    let outcome = match connected {
        Ok((client, events, online)) => {
            let client = Arc::new(client);
            let mut repl = Repl::new(Arc::clone(&client), terminal, &online);
            let outcome = repl.stay(args, &online, events).await;
            terminal = repl.terminal;
            client.close().await;
            outcome
        }
        Err(failure) => Err(failure),
    };
    terminal.close();
    outcome
}

struct Repl {
    client: Arc<Client>,
    terminal: Terminal,
    model: Model,
    view: View,
    errands: FuturesUnordered<Running>,
    pending: Pending,
    marks: ReadMarks,
    /// Whether it matters what was read: the place is kept, and a person reads.
    marks_read: bool,
    transfers: Transfers,
    /// Whether it has been said that transfers are under way at the end.
    has_warned: bool,
    output: VecDeque<String>,
    /// Until when the next turn to read waits for an errand; `None` if it does not.
    wait_until: Option<Instant>,
    /// The end: its exit code, and until when it waits for answers.
    end: Option<(u8, Instant)>,
    /// Whether Ctrl-C was pressed on an empty line just now.
    was_interrupted: bool,
    /// The exit code of the worst that has gone wrong in a script.
    worst: u8,
}

impl Repl {
    fn new(client: Arc<Client>, terminal: Terminal, online: &Online) -> Self {
        terminal.set_online(true);
        let marks_read = terminal.is_editor() && online.kept;
        let mut model = Model::new(online.nick.clone());
        model.set_durable(online.durable);
        Self {
            client,
            terminal,
            model,
            view: View::new(Look::here(), TimeZone::system()),
            errands: FuturesUnordered::new(),
            pending: Pending::default(),
            marks: ReadMarks::default(),
            marks_read,
            transfers: Transfers::default(),
            has_warned: false,
            output: VecDeque::new(),
            wait_until: None,
            end: None,
            was_interrupted: false,
            worst: 0,
        }
    }

    /// Comes in, talks, and leaves everything as it is to be found again.
    async fn stay(&mut self, args: &Args, online: &Online, mut events: Events) -> Result<u8, Failure> {
        self.greet(args);
        let home = if online.kept && !self.terminal.is_editor() { Some(rooms_of(&self.client).await?) } else { None };
        match online.resumed && self.terminal.is_editor() {
            true => self.come_back(args, &mut events).await,
            false => self.go_in(args),
        }
        let outcome = self.talk(events).await;
        // Whoever leaves waits for this as long as for last words, and no longer.
        let tidy_up = async {
            self.mark_the_rest().await;
            match home {
                Some(home) => leave_but(&self.client, &home).await,
                None => Ok(()),
            }
        };
        drop(tokio::time::timeout(LAST_WORDS_MAX, tidy_up).await);
        outcome
    }

    /// Says hello to the person.
    fn greet(&mut self, args: &Args) {
        if self.terminal.is_editor() {
            let nick = self.model.nick();
            let words = format!("you are {nick} on {}; /help lists the commands, /q leaves", args.server);
            self.show(vec![Shown::Note(words)]);
        }
    }

    /// Goes into the first room.
    fn go_in(&mut self, args: &Args) {
        self.start(Errand::Join { room: args.room(None).to_owned(), since: self.history(), ephemeral: false });
    }

    /// Tells the server what has been read: what is due, or all of it.
    fn mark_read(&mut self, all: bool) {
        if !self.marks_read || !self.model.is_online() {
            return;
        }
        let now = Instant::now();
        let read = if all { self.marks.take_all(now) } else { self.marks.take_due(now) };
        for (room, seq) in read {
            self.start(Errand::MarkRead { room, seq });
        }
    }

    async fn mark_the_rest(&mut self) {
        if self.marks_read && self.model.is_online() {
            let read = self.marks.take_all(Instant::now());
            // Whoever is gone has no use for the answers.
            join_all(read.into_iter().map(|(room, seq)| self.client.mark_read(room, seq))).await;
        }
    }

    const fn history(&self) -> Since {
        if self.terminal.is_editor() { Since::Last(HISTORY) } else { Since::Now }
    }

    async fn talk(&mut self, mut events: Events) -> Result<u8, Failure> {
        let mut signals = Signals::new()?;
        let printer = self.terminal.output.clone();
        loop {
            if let Some(code) = self.is_over() {
                return Ok(code);
            }
            self.give_turn();
            let wake = self.wake();
            tokio::select! {
                event = events.next(), if self.output.len() < WAITING_OUTPUT_MAX => match event {
                    Some(Event::Closed(Some(error))) => return Err(error.into()),
                    Some(event) => self.hear(event),
                    None => return Ok(self.worst),
                },
                Some(outcome) = self.errands.next() => self.finish(outcome),
                ended = self.transfers.next_ended(&self.client) => self.transfer_ended(ended),
                typed = self.terminal.typed(), if self.terminal.is_reading() => self.typed(typed),
                room = printer.reserve(), if !self.output.is_empty() => {
                    let Ok(room) = room else { return Err(Failure::NobodyReads) };
                    room.send(self.output.drain(..).collect());
                }
                () = tokio::time::sleep_until(wake) => {
                    self.show_slow();
                    self.tell_of_transfers();
                    self.mark_read(false);
                }
                signal = signals.next() => match signal {
                    // Ctrl-C in the moment between two reads is a signal; in a read it is a key.
                    Signal::Interrupt if self.terminal.is_editor() => {
                        self.typed(Some(Typed::Interrupted { had_text: false }));
                    }
                    _ => return Err(Failure::Interrupted),
                },
            }
        }
    }

    /// The exit code, once the end has come and nothing more is to be waited for.
    fn is_over(&self) -> Option<u8> {
        let (code, until) = self.end?;
        let is_late = Instant::now() >= until && !self.is_busy_with_files();
        let is_answered = self.errands.is_empty() && self.pending.is_all_heard() && self.output.is_empty();
        let has_more = !is_answered || self.is_busy_with_files();
        if has_more && !is_late {
            return None;
        }
        let unsent = self.pending.len();
        if unsent > 0 {
            super::failure::complain(&format!("{unsent} of your messages had no confirmation when you left"));
        }
        let unmoved = self.transfers_at_the_end();
        Some(if unsent > 0 || unmoved { code.max(3) } else { code.max(self.worst) })
    }

    fn give_turn(&mut self) {
        self.wait_until = self.wait_until.filter(|until| Instant::now() < *until);
        // The next line of a script may be about the file that is under way.
        let is_crowded = !self.terminal.is_editor() && self.errands.len() >= ERRANDS_MAX || self.is_busy_with_files();
        if self.end.is_none() && self.wait_until.is_none() && !is_crowded {
            self.terminal.read(self.model.prompt());
        }
    }

    /// When the loop has something to do though nothing happens.
    fn wake(&self) -> Instant {
        let far = Instant::now() + Duration::from_secs(3600);
        let end = self.end.map(|(_, until)| until);
        let is_marking = self.marks_read && self.model.is_online();
        let read = if is_marking { self.marks.next_due() } else { None };
        let due = [self.pending.next_due(), self.wait_until, end, self.transfers.due(), read];
        due.into_iter().flatten().min().unwrap_or(far)
    }

    fn hear(&mut self, event: Event) {
        if let Event::Entered(entered) = &event
            && !entered.room.direct
            && (entered.how != How::Resumed || !self.model.is_in(entered.room.key))
        {
            let (key, room) = (entered.room.key, entered.room.name.to_string());
            self.start(Errand::Learn { key, room });
        }
        match &event {
            Event::Heard(heard) => self.pending.heard(heard.room.key, heard.seq),
            Event::Missed { room, to, .. } => self.pending.heard(room.key, *to),
            // Its events are numbered anew, or come no more.
            Event::Entered(Entered { room, how: How::Rejoined { .. }, .. }) | Event::NotLetIn { room, .. } => {
                self.pending.left(room.key);
            }
            _ => {}
        }
        self.note_read(&event);
        // A script is told of what happens while it runs, as if it had come in just now.
        let is_of_before = matches!(&event, Event::Heard(heard) if heard.history);
        if is_of_before && !self.terminal.is_editor() {
            return;
        }
        let is_change = !matches!(&event, Event::Heard(heard) if matches!(heard.what, chat_client::What::Said(_)));
        let shown = self.model.apply(event);
        self.terminal.set_online(self.model.is_online());
        self.show(shown);
        if is_change {
            self.terminal.set_names(self.model.names());
        }
    }

    /// Takes note of what is on the screen.
    fn note_read(&mut self, event: &Event) {
        match event {
            Event::Heard(heard) => self.marks.shown(heard.room.key, heard.seq),
            Event::Missed { room, to, .. } => self.marks.shown(room.key, *to),
            Event::Entered(entered) => self.marks.entered(entered.room.key, entered.read, Instant::now()),
            Event::NotLetIn { room, .. } => self.marks.left(room.key),
            Event::State(ConnectionState::Online(online)) => {
                self.marks_read = self.terminal.is_editor() && online.kept;
            }
            _ => {}
        }
    }

    /// Shows what waits for its answer longer than it should.
    fn show_slow(&mut self) {
        for (at_ms, room, text) in self.pending.take_due() {
            let (tag, nick) = (self.model.tag(room), self.model.nick().to_owned());
            let waits = match (self.model.is_online(), self.model.is_stored(room)) {
                (false, _) => "waits to be sent",
                (true, true) => "not stored yet",
                (true, false) => "no answer yet",
            };
            self.output.push_back(self.view.pending(at_ms, &tag, &nick, (&text, waits)));
        }
    }

    fn fail(&mut self, words: String, code: u8) {
        self.worst = self.worst.max(code);
        self.show(vec![Shown::Warning(words)]);
    }

    fn show(&mut self, shown: Vec<Shown>) {
        for shown in shown {
            self.output.push_back(match shown {
                Shown::Heard { heard, tag, mark, way } => self.view.heard(&heard, &tag, mark, way),
                Shown::Divider(words) => self.view.divider(&words),
                Shown::Note(words) => self.view.note(&words),
                Shown::Warning(words) => self.view.warning(&words),
            });
        }
    }

    /// Begins the end. What is on its way gets time to be confirmed, unless nobody is there to confirm it.
    fn leave(&mut self, code: u8) {
        if self.has_to_warn_of_transfers() {
            return;
        }
        let longest = match (self.terminal.is_editor(), self.model.is_online()) {
            (false, _) => LAST_LINES_MAX,
            (true, true) => LAST_WORDS_MAX,
            (true, false) => Duration::ZERO,
        };
        let code = if self.terminal.is_editor() {
            self.worst = 0;
            code
        } else {
            code
        };
        self.end = Some((code, Instant::now() + longest));
    }
}
