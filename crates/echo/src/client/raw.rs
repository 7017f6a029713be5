//! Raw bytes: an answer has no frame, so a rule says where it ends.
//!
//! Our servers end an answer as its message ended. So an answer to a line is read until it ends in a line feed, as
//! many as were sent; servers that answer without one, and messages without one, are read until a pause.

use std::time::Duration;

use serve::net::TcpStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::MESSAGE_BYTES_MAX;
use crate::failure::Failure;
use crate::shown::preview;

/// The pause that ends an answer to a message without a line end.
const QUIET_BARE: Duration = Duration::from_millis(50);
/// The pause that ends an answer from which a line end may still be expected.
const QUIET_LINE: Duration = Duration::from_millis(500);
/// What our servers put before a line that is no answer.
const NO: [&[u8]; 2] = [b"refused: ", b"busy: "];

/// A raw connection.
#[derive(Debug)]
pub(super) struct RawLink {
    stream: TcpStream,
    bare: bool,
    timeout: Duration,
}

impl RawLink {
    /// `bare`: send messages without a line end. `timeout`: how long an answer may take to begin.
    pub(super) const fn new(stream: TcpStream, bare: bool, timeout: Duration) -> Self {
        Self { stream, bare, timeout }
    }

    /// What came since the last answer and belongs to it, or came unasked.
    pub(super) fn late(&self) -> Result<Vec<u8>, Failure> {
        let mut late = Vec::new();
        let mut buffer = [0; 4096];
        while late.len() < MESSAGE_BYTES_MAX {
            match self.stream.try_read(&mut buffer) {
                // The end is met again, and told, when the next answer is read.
                Ok(0) | Err(_) => break,
                Ok(bytes) => late.extend_from_slice(buffer.get(..bytes).unwrap_or_default()),
            }
        }
        refused(&late, b"")?;
        Ok(late)
    }

    /// Sends a message and returns the answer, its line end included.
    pub(super) async fn exchange(&mut self, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let mut sent = message.to_vec();
        if !self.bare {
            sent.push(b'\n');
        }
        let lines = sent.iter().filter(|byte| **byte == b'\n').count();
        let (mut reading, mut writing) = self.stream.split();
        let answer = read_answer(&mut reading, lines, self.timeout);
        // Side by side: an echo of a long message comes back while it is still being sent.
        let (written, answer) = tokio::join!(writing.write_all(&sent), answer);
        let answer = answer?;
        refused(&answer, message)?;
        if answer.is_empty() {
            written.map_err(Failure::io("cannot send"))?;
            return Err(Failure::Closed { when: "without an answer" });
        }
        Ok(answer)
    }
}

async fn read_answer(
    reading: &mut (impl AsyncReadExt + Unpin),
    lines: usize,
    timeout: Duration,
) -> Result<Vec<u8>, Failure> {
    let mut answer = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    let mut seen = 0;
    let mut until = Instant::now() + timeout;
    loop {
        let bytes = match timeout_at(until, reading.read(&mut buffer)).await {
            Ok(Ok(0)) | Ok(Err(_)) => return Ok(answer),
            Ok(Ok(bytes)) => buffer.get(..bytes).unwrap_or_default(),
            Err(_) if !answer.is_empty() => return Ok(answer),
            Err(_) => {
                let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
                let hint = "the server may be busy; --timeout-ms waits longer";
                return Err(Failure::NoAnswer { timeout_ms, hint });
            }
        };
        answer.extend_from_slice(bytes);
        if answer.len() > MESSAGE_BYTES_MAX {
            return Err(Failure::TooLong { what: "the answer", max_bytes: MESSAGE_BYTES_MAX });
        }
        seen += bytes.iter().filter(|byte| **byte == b'\n').count();
        if lines > 0 && seen >= lines && answer.ends_with(b"\n") {
            return Ok(answer);
        }
        until = Instant::now() + if lines > seen { QUIET_LINE } else { QUIET_BARE };
    }
}

/// Whether the server said no, unless its words are an echo of ours.
fn refused(answer: &[u8], message: &[u8]) -> Result<(), Failure> {
    let says_no = |bytes: &[u8]| NO.iter().any(|no| bytes.starts_with(no));
    if says_no(answer) && !says_no(&message.to_ascii_lowercase()) {
        const SHOWN_CHARS: usize = 200;
        return Err(Failure::Refused { words: preview(answer.trim_ascii_end(), SHOWN_CHARS) });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_is_known_unless_it_is_an_echo() {
        let rows: &[(&[u8], &[u8], bool)] = &[
            (b"busy: all 10 workers are taken\n", b"hello", true),
            (b"refused: the server stops\n", b"hello", true),
            (b"refused: me\n", b"Refused: me", false),
            (b"hello\n", b"hello", false),
            (b"", b"hello", false),
        ];
        for (answer, message, no) in rows {
            assert_eq!(refused(answer, message).is_err(), *no, "{}", answer.escape_ascii());
        }
    }
}
