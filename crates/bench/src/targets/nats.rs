//! `nats-server`: `SUB` and `PUB`, no persistence.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{Intake, Ledger, Publisher, Subscriber, Template, Topic, message_text};
use crate::child::{Ready, ServerCommand, free_address};
use crate::dial::Dialed;
use crate::error::BenchError;

const PING: &[u8] = b"PING\r\n";
const PONG: &[u8] = b"PONG\r\n";

/// How to start one. Its defaults stand: at most 64 MiB pending a client, which the sender's window stays far below,
/// and 65 536 connections.
pub(super) fn command(program: PathBuf) -> Result<ServerCommand, BenchError> {
    let address = free_address()?;
    let port = address.port().to_string();
    Ok(ServerCommand {
        name: "nats-server".to_owned(),
        program,
        arguments: ["-a", "127.0.0.1", "-p", &port].map(str::to_owned).to_vec(),
        ready: Ready::Accepts(address),
        way_out: "apt-get install nats-server",
    })
}

pub(super) fn subscribe(address: SocketAddr, topic: &Topic) -> Result<Subscriber, BenchError> {
    let mut dialed = greet(address)?;
    // The answer to the ping shows that the subscription stands.
    dialed.send(format!("SUB {} 1\r\nPING\r\n", topic.room).as_bytes())?;
    dialed.expect("PONG\r\n")?;
    let intake = Box::new(Messages::new(&topic.room, topic.text_bytes));
    Ok(Subscriber { dialed, intake, farewell: Vec::new(), may_acknowledge_late: true })
}

pub(super) fn publish(address: SocketAddr, topic: &Topic) -> Result<Publisher, BenchError> {
    let dialed = greet(address)?;
    let mut bytes = format!("PUB {} {}\r\n", topic.room, topic.text_bytes).into_bytes();
    let text_at = bytes.len();
    bytes.extend_from_slice(&message_text(topic.text_bytes));
    bytes.extend_from_slice(b"\r\n");
    let template = Template { bytes, text_at, numbers_at: Vec::new() };
    // The sender subscribes to nothing and asks for no answers, so only pings and errors come; no prefix matches.
    let intake = Box::new(Messages { message_bytes: usize::MAX, prefix: Vec::new() });
    Ok(Publisher { dialed, intake, template, answered: false, farewell: Vec::new() })
}

fn greet(address: SocketAddr) -> Result<Dialed, BenchError> {
    let mut dialed = Dialed::connect(address, "nats-server")?;
    let information = dialed.read_line()?;
    if !information.starts_with("INFO ") {
        return Err(dialed.unexpected("something else than INFO"));
    }
    dialed.send(b"CONNECT {\"verbose\":false,\"pedantic\":false,\"name\":\"bench-client\"}\r\nPING\r\n")?;
    dialed.expect("PONG\r\n")?;
    Ok(dialed)
}

/// Messages of one size, with a ping between them now and then.
#[derive(Debug)]
pub(super) struct Messages {
    /// What stands before every text.
    prefix: Vec<u8>,
    message_bytes: usize,
}

impl Messages {
    pub(super) fn new(subject: &str, text_bytes: usize) -> Self {
        let prefix = format!("MSG {subject} 1 {text_bytes}\r\n").into_bytes();
        Self { message_bytes: prefix.len() + text_bytes + 2, prefix }
    }
}

impl Intake for Messages {
    fn take(&mut self, bytes: &[u8], ledger: &mut Ledger<'_>) -> Result<usize, String> {
        let mut rest = bytes;
        loop {
            rest = ledger.book_alike(rest, &self.prefix, self.message_bytes)?;
            match other(rest, ledger.answers)? {
                Some(behind) => rest = behind,
                None if rest.len() >= self.message_bytes => return Err(unexpected(rest)),
                None => return Ok(bytes.len() - rest.len()),
            }
        }
    }
}

/// What is behind a line that is no message; `None` if what begins here may still become one.
fn other<'a>(bytes: &'a [u8], answers: &mut Vec<u8>) -> Result<Option<&'a [u8]>, String> {
    if let Some(behind) = bytes.strip_prefix(PING) {
        answers.extend_from_slice(PONG);
        return Ok(Some(behind));
    }
    match bytes.first() {
        None | Some(b'M' | b'P') => Ok(None),
        _ => Err(unexpected(bytes)),
    }
}

#[cold]
fn unexpected(bytes: &[u8]) -> String {
    format!("it sent `{}`", bytes.get(..64).unwrap_or(bytes).escape_ascii())
}
