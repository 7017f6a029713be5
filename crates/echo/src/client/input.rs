//! Messages from the command line, or lines from stdin.

use std::io::{self, IsTerminal, Write};
use std::vec::IntoIter;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Stdin};

use super::MESSAGE_BYTES_MAX;
use crate::failure::Failure;

/// Where messages come from.
#[derive(Debug)]
pub(super) enum Input {
    Given(IntoIter<String>),
    Lines { stdin: BufReader<Stdin>, prompt: bool },
}

impl Input {
    /// The messages given, or stdin if there are none. A terminal is prompted.
    pub(super) fn new(messages: Vec<String>) -> Self {
        if messages.is_empty() {
            let prompt = io::stdin().is_terminal() && io::stdout().is_terminal();
            Self::Lines { stdin: BufReader::new(tokio::io::stdin()), prompt }
        } else {
            Self::Given(messages.into_iter())
        }
    }

    /// The next message without its line end; `None` at the end of the input and for the word `exit`.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Self::Given(messages) => Ok(messages.next().map(String::into_bytes)),
            Self::Lines { stdin, prompt } => {
                if *prompt {
                    ask()?;
                }
                read_line(stdin).await
            }
        }
    }
}

fn ask() -> Result<(), Failure> {
    let mut out = io::stdout();
    write!(out, "> ").and_then(|()| out.flush()).map_err(Failure::io("cannot write to stdout"))
}

async fn read_line(stdin: &mut BufReader<Stdin>) -> Result<Option<Vec<u8>>, Failure> {
    let mut line = Vec::new();
    let mut bounded = stdin.take(MESSAGE_BYTES_MAX as u64);
    bounded.read_until(b'\n', &mut line).await.map_err(Failure::io("cannot read stdin"))?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop_if(|byte| *byte == b'\n').is_none() && line.len() == MESSAGE_BYTES_MAX {
        return Err(Failure::TooLong { what: "a line of the input", max_bytes: MESSAGE_BYTES_MAX });
    }
    line.pop_if(|byte| *byte == b'\r');
    Ok((line.trim_ascii() != b"exit").then_some(line))
}
