//! What the raw servers answer, and where a message ends. No I/O and no clock.
//!
//! Raw bytes carry no frames, so a rule says what a message is:
//! - A line feed ends a message, and the answer ends as the line did (`\n` or `\r\n`).
//! - Without a line feed a message ends when its sender pauses (`--quiet-ms`), or closes its side. A pause inside a
//!   character ends nothing until [`MID_CHARACTER`] has passed.
//!
//! `ack` answers each message once, however many reads it took. `echo` and `lower` need not know where a message
//! ends: they answer every read at once, so that nothing waits. `--once` ends after the first message.

use std::sync::Arc;
use std::time::Duration;

use crate::lower::Lower;

/// The longest pause inside a character that does not yet end a message.
pub const MID_CHARACTER: Duration = Duration::from_secs(1);

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The same bytes.
    Echo,
    /// This text, once per message.
    Ack(Arc<str>),
    /// The same in Unicode lower case; see [`Lower`].
    Lower,
}

/// One connection's talk.
#[derive(Debug)]
pub struct Conversation {
    reply: Reply,
    once: bool,
    lower: Lower,
    /// A message has begun and not ended, and somebody waits for its end: an `ack`, or `--once`.
    open: bool,
    /// The last bytes of the open message.
    tail: Tail,
    over: bool,
}

/// One request: a message for `ack`, a read for `echo` and `lower`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// What came; of a message that took several reads, only the last of it.
    pub bytes: &'a [u8],
    /// How the message ended; empty for a pause, for the end of the connection, and for `echo` and `lower`.
    line_end: &'static [u8],
}

impl Conversation {
    /// A talk that answers with `reply`; if `once`, one message only.
    pub fn new(reply: Reply, once: bool) -> Self {
        Self { reply, once, lower: Lower::default(), open: false, tail: Tail::default(), over: false }
    }

    /// Takes the next request out of what a read brought; `None` when that is used up.
    pub fn next<'a>(&mut self, rest: &mut &'a [u8]) -> Option<Request<'a>> {
        let is_ack = matches!(self.reply, Reply::Ack(_));
        if rest.is_empty() || self.over {
            return None;
        }
        if !is_ack && !self.once {
            return Some(Request { bytes: std::mem::take(rest), line_end: b"" });
        }
        let Some(at) = rest.iter().position(|&byte| byte == b'\n') else {
            let bytes = std::mem::take(rest);
            self.open = true;
            self.tail.push(bytes);
            return (!is_ack).then_some(Request { bytes, line_end: b"" });
        };
        let (bytes, behind) = rest.split_at(at + 1);
        *rest = behind;
        self.tail.push(bytes);
        let line_end = self.tail.line_end();
        self.end_message();
        Some(Request { bytes, line_end })
    }

    /// The sender pauses, or has closed its side: ends an open message. For an `ack` that is a request.
    pub fn end_open(&mut self) -> Option<Request<'static>> {
        let was_open = std::mem::take(&mut self.open);
        if was_open {
            self.end_message();
        }
        (was_open && matches!(self.reply, Reply::Ack(_))).then_some(Request { bytes: b"", line_end: b"" })
    }

    /// Appends the answer to `request`.
    pub fn answer(&mut self, request: &Request<'_>, out: &mut Vec<u8>) {
        match &self.reply {
            Reply::Echo => out.extend_from_slice(request.bytes),
            Reply::Lower => self.lower.feed(request.bytes, out),
            Reply::Ack(text) => {
                out.extend_from_slice(text.as_bytes());
                out.extend_from_slice(request.line_end);
            }
        }
    }

    /// Nothing more will be asked: appends what was kept back.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.lower.finish(out);
    }

    /// How long a pause ends the open message, where `quiet` is the usual; `None` if no message is open.
    pub fn patience(&self, quiet: Duration) -> Option<Duration> {
        self.open.then(|| if self.tail.is_mid_character() { quiet.max(MID_CHARACTER) } else { quiet })
    }

    /// Whether the one message of `--once` has ended.
    pub const fn is_over(&self) -> bool {
        self.over
    }

    fn end_message(&mut self) {
        self.open = false;
        self.tail = Tail::default();
        self.over = self.once;
    }
}

/// The last four bytes of a message.
#[derive(Debug, Default)]
struct Tail {
    bytes: Vec<u8>,
}

impl Tail {
    const BYTES: usize = 4;

    fn push(&mut self, bytes: &[u8]) {
        let last = bytes.len().saturating_sub(Self::BYTES);
        self.bytes.extend(bytes.iter().skip(last));
        let surplus = self.bytes.len().saturating_sub(Self::BYTES);
        self.bytes.drain(..surplus);
    }

    fn line_end(&self) -> &'static [u8] {
        if self.bytes.ends_with(b"\r\n") { b"\r\n" } else { b"\n" }
    }

    /// Whether the last bytes are the beginning of a character.
    fn is_mid_character(&self) -> bool {
        let begins = self.bytes.iter().rposition(|byte| !(0x80..0xc0).contains(byte)).unwrap_or(0);
        let last = self.bytes.get(begins..).unwrap_or_default();
        std::str::from_utf8(last).is_err_and(|error| error.error_len().is_none())
    }
}

#[cfg(test)]
mod tests;
