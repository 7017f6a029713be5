//! Where lines come from and where output goes: the line editor on a terminal, plain lines elsewhere.
//!
//! Reading blocks, and so does rustyline's printer, so each has a thread of its own. The loop talks to them through
//! bounded channels: it hands out a turn to read, and gets one line, or an end, back.

mod editor;
mod gate;
mod plain;
mod printer;
mod rows;
mod screen;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::complete::Names;
use super::model::Prompt;
use gate::Gate;
use screen::Screen;

/// Pieces of output that may wait for the printer.
const OUTPUT_MAX: usize = 64;

/// What came of a turn to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    /// A line, maybe of several lines that were pasted.
    Line(String),
    /// Ctrl-C, and whether it threw a line away.
    Interrupted { had_text: bool },
    /// A line that cannot be one, and why.
    Bad(String),
    /// Something to know, such as a history that cannot be written. The turn goes on.
    Trouble(String),
    /// The end of input.
    Ended,
}

/// A turn to read.
#[derive(Debug)]
struct Turn {
    prompt: Prompt,
}

/// What the line editor's thread shares with the loop.
#[derive(Debug, Default)]
struct Shared {
    is_online: AtomicBool,
    names: Mutex<Names>,
}

/// The terminal, or what stands in for one.
#[derive(Debug)]
pub(super) struct Terminal {
    /// What came of the turns.
    pub(super) typed: mpsc::Receiver<Typed>,
    /// Takes output; each piece ends with a line feed. Closed when nobody reads it any more.
    pub(super) output: mpsc::Sender<String>,
    turns: std::sync::mpsc::SyncSender<Turn>,
    shared: Arc<Shared>,
    gate: Arc<Gate>,
    /// As it was before; `None` where no line editor has it.
    screen: Option<Screen>,
    reader: JoinHandle<()>,
    printer: JoinHandle<()>,
    is_reading: bool,
}

impl Terminal {
    /// The line editor if stdin and stdout are a terminal that can, otherwise plain lines.
    pub(super) fn open() -> Self {
        let (turns, turns_end) = std::sync::mpsc::sync_channel(1);
        let (typed_end, typed) = mpsc::channel(1);
        let (output, output_end) = mpsc::channel(OUTPUT_MAX);
        let (shared, gate) = (Arc::new(Shared::default()), Arc::new(Gate::default()));
        let before = Screen::save();
        let ends =
            editor::Ends { turns: turns_end, typed: typed_end, shared: Arc::clone(&shared), gate: Arc::clone(&gate) };
        let (reader, print, screen) = match editor::start(ends) {
            Ok((reader, print)) => (reader, print, before),
            Err(ends) => {
                gate.open_for_good();
                (plain::start(ends.turns, ends.typed), printer::to_stdout(), None)
            }
        };
        let printer = printer::start(output_end, Arc::clone(&gate), print);
        Self { typed, output, turns, shared, gate, screen, reader, printer, is_reading: false }
    }

    /// Whether a person sits at a line editor.
    pub(super) const fn is_editor(&self) -> bool {
        self.screen.is_some()
    }

    /// Gives a turn to read, unless one is under way.
    pub(super) fn read(&mut self, prompt: Prompt) {
        if !self.is_reading {
            // A reader that has ended has said so.
            self.is_reading = self.turns.try_send(Turn { prompt }).is_ok();
        }
    }

    /// Waits for what comes of a turn; `None` when the reader has ended. Safe to be dropped while it waits.
    pub(super) async fn typed(&mut self) -> Option<Typed> {
        let typed = self.typed.recv().await;
        self.is_reading &= matches!(typed, Some(Typed::Trouble(_)));
        typed
    }

    pub(super) const fn is_reading(&self) -> bool {
        self.is_reading
    }

    /// Tells the prompt how the connection is; it shows with the next output.
    pub(super) fn set_online(&self, is_online: bool) {
        self.shared.is_online.store(is_online, Ordering::Relaxed);
    }

    /// Tells completion what there is.
    pub(super) fn set_names(&self, names: Names) {
        *self.shared.names.lock().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// Ends it: prints what is still to be printed, and leaves the terminal as it was found.
    pub(super) fn close(self) {
        let Self { output, turns, screen, reader, printer, is_reading, gate, .. } = self;
        drop((output, turns));
        // Nothing calls a read off: its thread ends with the program. Only the terminal must not stay as it has it.
        if let (Some(screen), true) = (&screen, is_reading) {
            return screen.restore();
        }
        gate.open_for_good();
        // A thread that panicked has nothing more to give.
        drop(printer.join());
        if !is_reading {
            drop(reader.join());
        }
    }
}
