//! `ngircd`, an IRC server: a channel, `PRIVMSG`, lines. Its brakes are off, so it takes whatever is sent.
//!
//! IRC confirms nothing to the sender and numbers nothing, and it tells everybody in a channel who comes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::{Intake, Ledger, Publisher, Subscriber, Template, Topic, message_text};
use crate::child::{Ready, ServerCommand, free_address};
use crate::dial::Dialed;
use crate::error::BenchError;

/// The longest text a message may have: a line has 512 bytes, its end and the sender's full name among them.
pub(super) const TEXT_BYTES_MAX: usize = 400;

/// Longer than any line of IRC.
const LINE_BYTES_MAX: usize = 1024;

/// Longer than any run, so that nobody is asked in the middle of it whether they are still there.
const PING: Duration = Duration::from_secs(24 * 3600);

/// How to start one, and the folder with its configuration, which it reads before it listens. No limits, no look-ups,
/// and no penalty for sending fast, without which IRC servers make a client that pipelines wait for seconds.
pub(super) fn command(program: PathBuf) -> Result<(ServerCommand, TempDir), BenchError> {
    let failed = BenchError::io("cannot write ngircd's configuration");
    let address = free_address()?;
    let folder = tempfile::tempdir().map_err(&failed)?;
    let file = folder.path().join("ngircd.conf");
    let (ip, port, ping) = (address.ip(), address.port(), PING.as_secs());
    let text = format!(
        "[Global]\nName = bench.localhost\nListen = {ip}\nPorts = {port}\nMotdPhrase = none\n\
         [Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxJoins = 0\nMaxNickLength = 31\nMaxPenaltyTime = 0\n\
         PingTimeout = {ping}\nPongTimeout = {ping}\n[Options]\nDNS = no\nIdent = no\nPAM = no\n"
    );
    std::fs::write(&file, text).map_err(&failed)?;
    let command = ServerCommand {
        name: "ngircd".to_owned(),
        program,
        arguments: ["-n", "-f", &file.display().to_string()].map(str::to_owned).to_vec(),
        ready: Ready::Accepts(address),
        way_out: "apt-get install ngircd",
    };
    Ok((command, folder))
}

pub(super) fn subscribe(address: SocketAddr, topic: &Topic, number: usize) -> Result<Subscriber, BenchError> {
    let dialed = enter(address, topic, &format!("{}r{number}", topic.nick_prefix))?;
    let intake = Box::new(Lines::new(topic.text_bytes));
    // It leaves Nagle's algorithm on: the next small message would wait for a late acknowledgement, 40 ms.
    Ok(Subscriber { dialed, intake, farewell: quit(), may_acknowledge_late: false })
}

pub(super) fn publish(address: SocketAddr, topic: &Topic) -> Result<Publisher, BenchError> {
    let dialed = enter(address, topic, &format!("{}s", topic.nick_prefix))?;
    let mut bytes = format!("PRIVMSG #{} :", topic.room).into_bytes();
    let text_at = bytes.len();
    bytes.extend_from_slice(&message_text(topic.text_bytes));
    bytes.extend_from_slice(b"\r\n");
    let template = Template { bytes, text_at, numbers_at: Vec::new() };
    // A server sends nobody their own messages, so only the comings and goings of others are read.
    let intake = Box::new(Lines::new(topic.text_bytes));
    Ok(Publisher { dialed, intake, template, answered: false, farewell: quit() })
}

/// Registers and joins; what is said by the greeting is read to its end.
fn enter(address: SocketAddr, topic: &Topic, nick: &str) -> Result<Dialed, BenchError> {
    if topic.text_bytes > TEXT_BYTES_MAX {
        return Err(BenchError::Usage(format!("a message of IRC has at most {TEXT_BYTES_MAX} bytes of text here")));
    }
    let mut dialed = Dialed::connect(address, "ngircd")?;
    dialed.send(format!("NICK {nick}\r\nUSER bench 0 * :bench-client\r\n").as_bytes())?;
    // The end of the message of the day, or that there is none.
    await_number(&mut dialed, &["376", "422"])?;
    dialed.send(format!("JOIN #{}\r\n", topic.room).as_bytes())?;
    // The end of the names of those who are there.
    await_number(&mut dialed, &["366"])?;
    Ok(dialed)
}

/// Reads lines until one has one of the wanted numbers. Numbers from 400 on are errors.
fn await_number(dialed: &mut Dialed, wanted: &[&str]) -> Result<(), BenchError> {
    loop {
        let line = dialed.read_line()?;
        let number = line.split(' ').nth(1).unwrap_or_default();
        if wanted.contains(&number) {
            return Ok(());
        }
        if !line.starts_with(':') || number.starts_with(['4', '5']) && number != "422" {
            return Err(dialed.unexpected(&format!("`{}`", line.trim_end().escape_debug())));
        }
    }
}

/// A member's reading.
#[derive(Debug)]
pub(super) struct Lines {
    text_bytes: usize,
    /// What stands before every text; known once the first has come, because a server writes the sender's full name.
    prefix: Vec<u8>,
    /// How long the line of a message is; endless until the first has come.
    message_bytes: usize,
}

impl Lines {
    pub(super) const fn new(text_bytes: usize) -> Self {
        Self { text_bytes, prefix: Vec::new(), message_bytes: usize::MAX }
    }

    /// Takes a line that does not look as the message before did.
    fn other(&mut self, line: &[u8], ledger: &mut Ledger<'_>) -> Result<(), String> {
        let mut words = line.splitn(3, |byte| *byte == b' ');
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        match (first, second) {
            (b"PING", token) => ledger.answers.extend_from_slice(&[b"PONG ", token, b"\r\n"].concat()),
            ([b':', ..], b"PRIVMSG") => {
                let text_at = line.len().saturating_sub(self.text_bytes);
                let (prefix, text) = line.split_at(text_at);
                ledger.book(text)?;
                self.prefix = prefix.to_vec();
                self.message_bytes = line.len() + 2;
            }
            ([b':', ..], b"JOIN" | b"PART" | b"QUIT" | b"MODE" | b"NOTICE") => {}
            _ => return Err(unexpected(line)),
        }
        Ok(())
    }
}

impl Intake for Lines {
    fn take(&mut self, bytes: &[u8], ledger: &mut Ledger<'_>) -> Result<usize, String> {
        let mut rest = bytes;
        loop {
            rest = ledger.book_alike(rest, &self.prefix, self.message_bytes)?;
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                let is_line = rest.len() <= LINE_BYTES_MAX;
                return if is_line { Ok(bytes.len() - rest.len()) } else { Err(unexpected(rest)) };
            };
            let (line, behind) = rest.split_at(end + 1);
            self.other(line.trim_ascii_end(), ledger)?;
            rest = behind;
        }
    }
}

#[cold]
fn unexpected(bytes: &[u8]) -> String {
    format!("it sent `{}`", bytes.get(..64).unwrap_or(bytes).escape_ascii())
}

fn quit() -> Vec<u8> {
    b"QUIT\r\n".to_vec()
}
