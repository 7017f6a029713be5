//! The line editor's thread: rustyline, its history, and what it asks while a line is typed.

mod assist;
mod history;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor, ExternalPrinter, GraphemeClusterMode};
use tokio::sync::mpsc;

use super::gate::Gate;
use super::printer::Print;
use super::rows::rows;
use super::{Shared, Turn, Typed};
use crate::cli::input::{Input, parse};
use crate::cli::model::Prompt;
use crate::cli::stdout;
use assist::Assist;
use history::HistoryFile;

/// The thread's ends of the channels, and what it shares.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) turns: Receiver<Turn>,
    pub(super) typed: mpsc::Sender<Typed>,
    pub(super) shared: Arc<Shared>,
    pub(super) gate: Arc<Gate>,
}

type LineEditor = Editor<Assist, FileHistory>;

/// Starts the thread, and gives it back with the way to print above the line. Where there is no terminal to edit on
/// it gives the ends back.
pub(super) fn start(ends: Ends) -> Result<(JoinHandle<()>, Print), Ends> {
    let (ready_end, ready) = sync_channel(1);
    // The editor is made where it is used: on some systems it cannot change threads.
    let thread = std::thread::spawn(move || match open(&ends) {
        Ok((editor, print)) => {
            if ready_end.send(Ok(print)).is_ok() {
                read(editor, &ends);
            }
        }
        // If nobody listens any more, nobody needs the ends.
        Err(_) => drop(ready_end.send(Err(ends))),
    });
    match ready.recv() {
        Ok(Ok(print)) => Ok((thread, print)),
        Ok(Err(ends)) => {
            // It has sent its last word.
            drop(thread.join());
            Err(ends)
        }
        // It sends one word before it reads or ends, so it has panicked, and this thread goes the same way.
        Err(_) => {
            std::panic::resume_unwind(thread.join().err().unwrap_or_else(|| Box::new("the line editor's thread")))
        }
    }
}

fn open(ends: &Ends) -> rustyline::Result<(LineEditor, Print)> {
    let config = Config::builder()
        .max_history_size(history::ENTRIES_MAX)?
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .bell_style(rustyline::config::BellStyle::None)
        .build();
    let mut editor = LineEditor::with_config(config)?;
    let mut printer = editor.create_external_printer()?;
    editor.set_helper(Some(Assist::new(Arc::clone(&ends.shared), Arc::clone(&ends.gate))));
    let print = move |text| printer.print(text).map_err(|error| io::Error::other(error.to_string()));
    Ok((editor, Box::new(print)))
}

/// Reads a line for each turn.
fn read(mut editor: LineEditor, ends: &Ends) {
    let mut history = HistoryFile::open(&mut editor);
    while let Ok(turn) = ends.turns.recv() {
        let prompt = LivePrompt { prompt: turn.prompt, shared: Arc::clone(&ends.shared) };
        let read = editor.readline(&prompt);
        ends.gate.shut();
        let typed = match read {
            Ok(line) => {
                if let Some(trouble) = history.add(&mut editor, &line) {
                    drop(ends.typed.blocking_send(Typed::Trouble(trouble)));
                }
                if matches!(parse(&line), Input::Say(_)) {
                    wipe(&mut editor, prompt.now(), &line);
                }
                Typed::Line(line)
            }
            Err(ReadlineError::Interrupted) => {
                Typed::Interrupted { had_text: editor.helper().is_some_and(Assist::has_text) }
            }
            // A terminal that is gone ends the conversation like Ctrl-D.
            Err(_) => Typed::Ended,
        };
        if ends.typed.blocking_send(typed).is_err() {
            return;
        }
    }
}

/// Takes a sent line off the screen: it comes back as what everybody sees, with its time, when the server has it.
fn wipe(editor: &mut LineEditor, prompt: &str, line: &str) {
    if cfg!(windows) {
        return;
    }
    let Some((columns, height)) = editor.dimensions() else { return };
    let typed = rows(prompt, line, columns.into(), GraphemeClusterMode::from_env());
    // What has scrolled away cannot be reached.
    let reach = typed.min(usize::from(height).saturating_sub(1));
    // Nothing is lost if the line stays.
    drop(stdout::write(&format!("\x1b[{reach}A\r\x1b[J")));
}

/// A prompt that changes with the connection, even under a line that is being typed.
struct LivePrompt {
    prompt: Prompt,
    shared: Arc<Shared>,
}

impl LivePrompt {
    fn now(&self) -> &str {
        match self.shared.is_online.load(Ordering::Relaxed) {
            true => &self.prompt.online,
            false => &self.prompt.offline,
        }
    }
}

impl rustyline::Prompt for LivePrompt {
    // Rustyline measures a prompt once a read. Both of these take the same columns.
    fn raw(&self) -> &str {
        self.now()
    }
}
