//! The conversation: one loop over what is typed, what is heard, what is answered and what is printed.

mod connect;
mod errand;
mod file_errand;
mod files;
mod pending;
mod signals;
mod teller;
mod transfers;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chat_client::{Client, ClientError, Entered, Event, Events, How, Since};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use jiff::tz::TimeZone;
use tokio::time::Instant;

use super::args::Args;
use super::failure::Failure;
use super::input::parse;
use super::model::{Action, Model, Shown};
use super::term::{Terminal, Typed};
use super::view::files::about;
use super::view::{Look, View};
use errand::{Answer, Errand, Outcome, Running};
use file_errand::FileAnswer;
use pending::Pending;
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
            let mut repl = Repl::new(Arc::clone(&client), terminal, online.nick);
            repl.greet(args);
            let outcome = repl.talk(events).await;
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
    fn new(client: Arc<Client>, terminal: Terminal, nick: String) -> Self {
        terminal.set_online(true);
        Self {
            client,
            terminal,
            model: Model::new(nick),
            view: View::new(Look::here(), TimeZone::system()),
            errands: FuturesUnordered::new(),
            pending: Pending::default(),
            transfers: Transfers::default(),
            has_warned: false,
            output: VecDeque::new(),
            wait_until: None,
            end: None,
            was_interrupted: false,
            worst: 0,
        }
    }

    /// Says hello to the person, and goes into the first room.
    fn greet(&mut self, args: &Args) {
        if self.terminal.is_editor() {
            let nick = self.model.nick();
            let words = format!("you are {nick} on {}; /help lists the commands, /q leaves", args.server);
            self.show(vec![Shown::Note(words)]);
        }
        self.start(Errand::Join { room: args.room(None).to_owned(), since: self.history() });
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
        [self.pending.next_due(), self.wait_until, end, self.transfers.due()].into_iter().flatten().min().unwrap_or(far)
    }

    fn hear(&mut self, event: Event) {
        if let Event::Entered(entered) = &event
            && !entered.room.direct
            && entered.how != How::Resumed
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
        let is_change = !matches!(&event, Event::Heard(heard) if matches!(heard.what, chat_client::What::Said(_)));
        let shown = self.model.apply(event);
        self.terminal.set_online(self.model.is_online());
        self.show(shown);
        if is_change {
            self.terminal.set_names(self.model.names());
        }
    }

    fn typed(&mut self, typed: Option<Typed>) {
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
            Action::Join(room) => Errand::Join { room: room.as_str().to_owned(), since: self.history() },
            Action::Leave(room) => Errand::Leave { room },
            Action::SetTopic { room, topic } => Errand::SetTopic { room, topic },
            Action::Rooms => Errand::Rooms,
            Action::Members(room) => Errand::Members { room },
            Action::Direct(nick) => Errand::Direct { nick, since: self.history() },
            Action::Rename(nick) => Errand::Rename { nick },
            Action::Files(action) => return self.act_on_files(action),
        };
        self.start(errand);
    }

    fn start(&mut self, errand: Errand) {
        if errand.holds_prompt() {
            // A script has no prompt to come back: its next line waits for as long as this one takes.
            let longest = if self.terminal.is_editor() { ANSWER_MAX } else { LAST_LINES_MAX };
            self.wait_until = Some(Instant::now() + longest);
        }
        self.errands.push(errand.run(Arc::clone(&self.client)));
    }

    /// Takes the answer to an errand.
    fn finish(&mut self, outcome: Outcome) {
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
                    Answer::Left(room) => self.pending.left(*room),
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

    /// Shows what waits for its answer longer than it should.
    fn show_slow(&mut self) {
        for (at_ms, room, text) in self.pending.take_due() {
            let (tag, nick) = (self.model.tag(room), self.model.nick().to_owned());
            self.output.push_back(self.view.pending(at_ms, &tag, &nick, &text));
        }
    }

    fn fail(&mut self, words: String, code: u8) {
        self.worst = self.worst.max(code);
        self.show(vec![Shown::Warning(words)]);
    }

    fn show(&mut self, shown: Vec<Shown>) {
        for shown in shown {
            self.output.push_back(match shown {
                Shown::Heard { heard, tag, own, way } => self.view.heard(&heard, &tag, own, way),
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

/// What the server offers instead, if it does.
fn offer_words(error: &ClientError) -> String {
    match error {
        ClientError::Refused(refusal) => {
            refusal.offer.as_ref().map_or_else(String::new, |offer| format!(" ({offer} would be free)"))
        }
        _ => String::new(),
    }
}
