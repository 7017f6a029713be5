//! Somebody at a terminal: keys in, a screen out.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rexpect::process::{PtyProcess, Signal, WaitStatus};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use tempfile::TempDir;

use crate::server::Server;

/// How long anything may take before it counts as never: only a hang takes this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// The size of the terminal.
const ROWS: NonZeroU16 = NonZeroU16::new(30).unwrap();
const COLUMNS: NonZeroU16 = NonZeroU16::new(80).unwrap();

pub(crate) struct Person {
    process: Mutex<PtyProcess>,
    keys: File,
    screen: Arc<Screen>,
    reader: Option<JoinHandle<()>>,
    /// Where the program runs, and keeps its history.
    home: Arc<TempDir>,
}

#[derive(Default)]
struct Screen {
    terminal: Mutex<Terminal>,
    changed: Condvar,
}

struct Terminal {
    parser: vt100::Parser,
    is_over: bool,
}

impl Default for Terminal {
    fn default() -> Self {
        Self { parser: vt100::Parser::new(ROWS, COLUMNS, 0), is_over: false }
    }
}

impl Person {
    /// Columns of the terminal.
    pub(crate) const COLUMNS: u16 = COLUMNS.get();

    /// Starts the client as `nick` and waits until it is in the lobby.
    pub(crate) fn sits_down(server: &Server, nick: &str) -> Self {
        let person = Self::arrives(server, &["--nick", nick]);
        person.sees("you are in #lobby");
        person.sees_at_the_bottom("lobby>");
        person
    }

    /// Starts the client.
    pub(crate) fn arrives(server: &Server, arguments: &[&str]) -> Self {
        Self::arrives_in(tempfile::tempdir().unwrap(), &server.address, arguments)
    }

    /// Starts the client in a folder that has something in it already.
    pub(crate) fn arrives_in(home: impl Into<Arc<TempDir>>, address: &str, arguments: &[&str]) -> Self {
        let home = home.into();
        let mut command = Command::new(env!("CARGO_BIN_EXE_chat-client"));
        command.args(["--server", address]).args(arguments).current_dir(home.path());
        command.env("TERM", "xterm-256color").env("XDG_STATE_HOME", home.path()).env("HOME", home.path());
        for name in ["NO_COLOR", "VERBATIM_NICK", "VERBATIM_SERVER", "TERM_PROGRAM"] {
            command.env_remove(name);
        }
        let process = PtyProcess::new(command).unwrap();
        let keys = process.get_file_handle().unwrap();
        let size = Winsize { ws_row: ROWS.get(), ws_col: COLUMNS.get(), ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&keys, size).unwrap();
        let screen = Arc::new(Screen::default());
        let reader = Some(read(process.get_file_handle().unwrap(), Arc::clone(&screen)));
        Self { process: Mutex::new(process), keys, screen, reader, home }
    }

    /// The folder the program runs in.
    pub(crate) fn folder(&self) -> &Path {
        self.home.path()
    }

    /// Types text as a person would: a key at a time.
    pub(crate) fn types(&self, text: &str) {
        self.presses(text);
    }

    /// Presses keys all at once.
    pub(crate) fn presses(&self, keys: &str) {
        (&self.keys).write_all(keys.as_bytes()).unwrap();
    }

    /// Types a line and presses Enter.
    pub(crate) fn says(&self, line: &str) {
        self.presses(&format!("{line}\r"));
    }

    /// Waits until `part` is on the screen, wrapped lines taken as one.
    pub(crate) fn sees(&self, part: &str) {
        self.waits_for(&format!("{part:?} to be seen"), |screen| text(screen).contains(part));
    }

    /// Waits until the last lines are `line`, so that this is what the cursor stands in.
    pub(crate) fn sees_at_the_bottom(&self, line: &str) {
        self.waits_for(&format!("{line:?} to be the last line"), |screen| {
            let text = text(screen);
            text.trim_end().lines().last().is_some_and(|last| last.trim_end() == line.trim_end())
        });
    }

    /// Presses `keys` until the last line is `line`, clearing it in between.
    pub(crate) fn retries(&self, keys: &str, line: &str) {
        let started = Instant::now();
        loop {
            self.presses(keys);
            if self.waits(Duration::from_secs(2), |screen| text(screen).trim_end().ends_with(line)) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{keys:?} does not become {line:?}:\n{}", self.screen());
            // Ctrl-U, as an empty line must not be interrupted twice.
            self.presses("\x15");
        }
    }

    /// Says `line` again and again until `part` is on the screen: for what comes true by itself, a moment later.
    pub(crate) fn waits_for_line(&self, line: &str, part: &str) {
        let started = Instant::now();
        loop {
            self.says(line);
            if self.waits(Duration::from_secs(1), |screen| text(screen).contains(part)) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{line:?} does not bring {part:?}:\n{}", self.screen());
        }
    }

    /// Row and column of the cursor.
    pub(crate) fn cursor(&self) -> (u16, u16) {
        self.screen.terminal.lock().unwrap().parser.screen().cursor_position()
    }

    pub(crate) fn screen(&self) -> String {
        text(self.screen.terminal.lock().unwrap().parser.screen())
    }

    /// Whether the terminal hands out keys instead of lines.
    pub(crate) fn is_raw(&self) -> bool {
        !tcgetattr(&self.keys).unwrap().local_modes.contains(LocalModes::ICANON)
    }

    pub(crate) fn is_terminated(&self) {
        self.process.lock().unwrap().signal(Signal::SIGTERM).unwrap();
    }

    /// Waits for the end, checks that the terminal is as it was, and returns the exit code.
    pub(crate) fn ends(mut self) -> i32 {
        let reader = self.reader.take().unwrap();
        let mut terminal = self.screen.terminal.lock().unwrap();
        let started = Instant::now();
        while !terminal.is_over {
            assert!(started.elapsed() < PATIENCE, "it does not end:\n{}", text(terminal.parser.screen()));
            terminal = self.screen.changed.wait_timeout(terminal, PATIENCE).unwrap().0;
        }
        assert!(!terminal.parser.screen().bracketed_paste(), "pasting is as it was");
        drop(terminal);
        reader.join().unwrap();
        assert!(!self.is_raw(), "the terminal hands out lines again");
        match self.process.lock().unwrap().wait().unwrap() {
            WaitStatus::Exited(_, code) => code,
            other => panic!("it ended with {other:?}"),
        }
    }

    /// Waits until `seen` is true; otherwise says that it was `what` that did not come.
    pub(crate) fn waits_for(&self, what: &str, seen: impl Fn(&vt100::Screen) -> bool) {
        assert!(self.waits(PATIENCE, seen), "waited for {what}; the screen is:\n{}", self.screen());
    }

    fn waits(&self, patience: Duration, seen: impl Fn(&vt100::Screen) -> bool) -> bool {
        let terminal = self.screen.terminal.lock().unwrap();
        let waited = self
            .screen
            .changed
            .wait_timeout_while(terminal, patience, |terminal| !seen(terminal.parser.screen()) && !terminal.is_over);
        seen(waited.unwrap().0.parser.screen())
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            // It may have ended already.
            drop(self.process.lock().unwrap().kill(Signal::SIGKILL));
            reader.join().unwrap();
        }
    }
}

/// The screen as text, a wrapped line on one line.
pub(crate) fn text(screen: &vt100::Screen) -> String {
    let mut text = String::new();
    for (row, line) in screen.rows(0, COLUMNS.get()).enumerate() {
        text.push_str(&line);
        let row = u16::try_from(row).unwrap();
        // The editor ends a full row itself.
        let is_full = screen.cell(row, COLUMNS.get() - 1).is_some_and(vt100::Cell::has_contents);
        if !is_full && !screen.row_wrapped(row) {
            text.push('\n');
        }
    }
    text
}

/// Keeps the screen up to date until the program has closed the terminal.
fn read(mut output: File, screen: Arc<Screen>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        // Linux says EIO when the last program has closed its end.
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            screen.terminal.lock().unwrap().parser.process(&bytes[..count]);
            screen.changed.notify_all();
        }
        screen.terminal.lock().unwrap().is_over = true;
        screen.changed.notify_all();
    })
}
