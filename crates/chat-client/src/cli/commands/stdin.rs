//! Stdin as messages: one if it fits, otherwise as few as possible, split at line ends.

use std::io::{self, BufRead};
use std::thread::JoinHandle;

use bytes::Bytes;
use chat_client::{ClientError, Text};
use proto::limits::TEXT_BYTES_MAX;
use proto::text::TextError;
use tokio::sync::mpsc;

use crate::cli::failure::Failure;

/// The messages on stdin, read on a thread of their own: a read of a terminal or a pipe cannot be called off.
#[derive(Debug)]
pub(super) struct Messages {
    messages: mpsc::Receiver<Result<Text, Failure>>,
    /// Ends with the program, at the latest: nothing else ends a read that nobody feeds.
    _thread: JoinHandle<()>,
}

impl Messages {
    pub(super) fn read_stdin() -> Self {
        let (send, messages) = mpsc::channel(1);
        let thread = std::thread::spawn(move || {
            let mut pieces = Pieces::new(io::stdin().lock(), TEXT_BYTES_MAX);
            while let Some(piece) = pieces.next_piece() {
                let message = piece.and_then(|bytes| text(&bytes).map_err(|error| Failure::Client(error.into())));
                let is_last = message.is_err();
                if send.blocking_send(message).is_err() || is_last {
                    break;
                }
            }
        });
        Self { messages, _thread: thread }
    }

    /// The next message; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Result<Text, Failure>> {
        self.messages.recv().await
    }
}

/// A piece as a message; lines may end as they do on Windows.
fn text(piece: &Bytes) -> Result<Text, TextError> {
    str::from_utf8(piece).map_err(|_| TextError::NotUtf8)?.parse()
}

/// Cuts a stream into pieces of at most `max` bytes, each of whole lines. Holds one piece and a bit.
struct Pieces<R> {
    input: R,
    max: usize,
    held: Vec<u8>,
    lines: u64,
}

impl<R: BufRead> Pieces<R> {
    const fn new(input: R, max: usize) -> Self {
        Self { input, max, held: Vec::new(), lines: 0 }
    }

    /// The next piece that is not blank, without the line feed at its end.
    fn next_piece(&mut self) -> Option<Result<Bytes, Failure>> {
        loop {
            let piece = match self.fill().and_then(|()| self.cut()) {
                Ok(piece) => piece?,
                Err(failure) => return Some(Err(failure)),
            };
            if !piece.iter().all(u8::is_ascii_whitespace) {
                return Some(Ok(piece.into()));
            }
        }
    }

    /// Reads until a piece is certain: more than `max` bytes are held, or the end has come.
    fn fill(&mut self) -> Result<(), Failure> {
        while self.held.len() <= self.max {
            let buffer = match self.input.fill_buf() {
                Ok([]) => break,
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Failure::here(format!("stdin cannot be read: {error}"), 1)),
            };
            let taken = buffer.len();
            self.held.extend_from_slice(buffer);
            self.input.consume(taken);
        }
        Ok(())
    }

    /// Cuts a piece off what is held.
    fn cut(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        if self.held.is_empty() {
            return Ok(None);
        }
        let end = match self.held.strip_suffix(b"\n") {
            // A line feed at the very end belongs to the line, not to the message.
            Some(all) if all.len() <= self.max => all.len(),
            _ if self.held.len() <= self.max => self.held.len(),
            _ => self.held.iter().take(self.max + 1).rposition(|byte| *byte == b'\n').ok_or_else(|| self.too_long())?,
        };
        let rest = self.held.split_off((end + 1).min(self.held.len()));
        let mut piece = std::mem::replace(&mut self.held, rest);
        piece.truncate(end);
        if piece.ends_with(b"\r") {
            piece.pop();
        }
        self.lines += 1 + piece.iter().filter(|byte| **byte == b'\n').fold(0, |count, _| count + 1);
        Ok(Some(piece))
    }

    fn too_long(&self) -> Failure {
        let (line, max) = (self.lines + 1, self.max);
        let limit = TextError::TooLong { len: self.held.len(), max };
        let words = ClientError::from(limit).to_string();
        Failure::here(format!("line {line} of stdin does not fit one message ({words}); break it into lines"), 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(input: &str, max: usize) -> Vec<String> {
        let mut pieces = Pieces::new(input.as_bytes(), max);
        let mut found = Vec::new();
        while let Some(piece) = pieces.next_piece() {
            match piece {
                Ok(bytes) => found.push(String::from_utf8(bytes.to_vec()).unwrap()),
                Err(failure) => {
                    found.push(format!("failed with {}", failure.exit_code()));
                    break;
                }
            }
        }
        found
    }

    #[test]
    fn stdin_is_one_message_if_it_fits_and_whole_lines_if_not() {
        let rows: &[(&str, usize, &[&str])] = &[
            ("", 8, &[]),
            ("\n\n \n", 8, &[]),
            ("hello", 8, &["hello"]),
            ("hello\n", 5, &["hello"]),
            ("a\nb\nc\n", 8, &["a\nb\nc"]),
            ("a\r\nb\r\n", 8, &["a\r\nb"]),
            ("one\ntwo\nsix\n", 8, &["one\ntwo", "six"]),
            ("one\ntwo\nsix", 7, &["one\ntwo", "six"]),
            ("one\ntwo\nsix", 6, &["one", "two", "six"]),
            ("one\n\n\n\n\n\n\n\n\n\ntwo", 4, &["one\n", "two"]),
            ("one\nmuch too long\n", 5, &["one", "failed with 4"]),
            ("你好\n世界\n", 6, &["你好", "世界"]),
        ];
        for (input, max, expected) in rows {
            assert_eq!(pieces(input, *max), *expected, "{input:?} by {max}");
        }
    }
}
