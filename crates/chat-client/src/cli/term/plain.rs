//! Plain lines from a stdin that is no terminal: no prompt, no editing.

use std::io::{self, BufRead, Read as _};
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;

use proto::limits::TEXT_BYTES_MAX;
use tokio::sync::mpsc;

use super::{Turn, Typed};

/// A line is read to this many bytes; what is longer cannot be sent.
const LINE_BYTES_MAX: usize = TEXT_BYTES_MAX + 64;

/// Starts the thread that reads a line for each turn. It ends with stdin, with the turns, or with the program.
pub(super) fn start(turns: Receiver<Turn>, typed: mpsc::Sender<Typed>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        while turns.recv().is_ok() {
            let line = read_line(&mut stdin, LINE_BYTES_MAX);
            let is_last = line == Typed::Ended;
            if typed.blocking_send(line).is_err() || is_last {
                return;
            }
        }
    })
}

/// A line without its end; one that is longer than `max` bytes is passed over and said.
fn read_line(input: &mut impl BufRead, max: usize) -> Typed {
    let mut line = Vec::new();
    let read = input.by_ref().take(max as u64 + 1).read_until(b'\n', &mut line);
    match read {
        Ok(0) => return Typed::Ended,
        Ok(_) => {}
        Err(error) => {
            // What cannot be read once will not be read later either.
            return if line.is_empty() { Typed::Ended } else { Typed::Bad(format!("stdin cannot be read: {error}")) };
        }
    }
    if line.len() > max && !line.ends_with(b"\n") {
        // The next read fails in the same way if this one does.
        drop(input.skip_until(b'\n'));
        return Typed::Bad(format!("not sent: a line is longer than a message may be ({TEXT_BYTES_MAX} bytes)"));
    }
    while matches!(line.last(), Some(b'\n' | b'\r')) {
        line.pop();
    }
    String::from_utf8(line).map_or_else(|_| Typed::Bad("not sent: a line is not UTF-8".to_owned()), Typed::Line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_read_or_said_to_be_unreadable() {
        let mut input: &[u8] = b"one\r\n\nmuch too long\n\xe4\xbd\ntwo";
        let mut lines = Vec::new();
        loop {
            match read_line(&mut input, 8) {
                Typed::Ended => break,
                Typed::Line(line) => lines.push(line),
                Typed::Bad(_) => lines.push("bad".to_owned()),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(lines, ["one", "", "bad", "bad", "two"]);
    }
}
