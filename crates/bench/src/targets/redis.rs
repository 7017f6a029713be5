//! `redis-server` as a bus: `SUBSCRIBE` and `PUBLISH`, nothing on disk.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{Intake, Ledger, Publisher, Subscriber, Template, Topic, message_text};
use crate::child::{Ready, ServerCommand, free_address};
use crate::dial::Dialed;
use crate::error::BenchError;

/// How to start one: no snapshot, no append-only file, and no limit on what a slow subscriber may be behind, for the
/// sender's window bounds that already.
pub(super) fn command(program: PathBuf) -> Result<ServerCommand, BenchError> {
    let address = free_address()?;
    let port = address.port().to_string();
    let arguments = [
        &["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"][..],
        &["--maxclients", "19000", "--client-output-buffer-limit", "pubsub 0 0 0", "--loglevel", "warning"][..],
    ];
    Ok(ServerCommand {
        name: "redis-server".to_owned(),
        program,
        arguments: arguments.concat().into_iter().map(str::to_owned).collect(),
        ready: Ready::Accepts(address),
        way_out: "apt-get install redis-server",
    })
}

pub(super) fn subscribe(address: SocketAddr, topic: &Topic) -> Result<Subscriber, BenchError> {
    let mut dialed = Dialed::connect(address, "redis-server")?;
    let channel = bulk(&topic.room);
    dialed.send(format!("*2\r\n$9\r\nSUBSCRIBE\r\n{channel}").as_bytes())?;
    dialed.expect(&format!("*3\r\n$9\r\nsubscribe\r\n{channel}:1\r\n"))?;
    let intake = Box::new(Messages::new(&topic.room, topic.text_bytes));
    Ok(Subscriber { dialed, intake, farewell: Vec::new(), may_acknowledge_late: true })
}

pub(super) fn publish(address: SocketAddr, topic: &Topic) -> Result<Publisher, BenchError> {
    let mut dialed = Dialed::connect(address, "redis-server")?;
    dialed.send(b"PING\r\n")?;
    dialed.expect("+PONG\r\n")?;
    let mut bytes = format!("*3\r\n$7\r\nPUBLISH\r\n{}${}\r\n", bulk(&topic.room), topic.text_bytes).into_bytes();
    let text_at = bytes.len();
    bytes.extend_from_slice(&message_text(topic.text_bytes));
    bytes.extend_from_slice(b"\r\n");
    let template = Template { bytes, text_at, numbers_at: Vec::new() };
    let intake = Box::new(Counts::new(topic.receivers));
    Ok(Publisher { dialed, intake, template, answered: true, farewell: Vec::new() })
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

/// A receiver's reading: messages of one size.
#[derive(Debug)]
pub(super) struct Messages {
    /// What stands before every text.
    prefix: Vec<u8>,
    message_bytes: usize,
}

impl Messages {
    pub(super) fn new(channel: &str, text_bytes: usize) -> Self {
        let prefix = format!("*3\r\n$7\r\nmessage\r\n{}${text_bytes}\r\n", bulk(channel)).into_bytes();
        Self { message_bytes: prefix.len() + text_bytes + 2, prefix }
    }
}

impl Intake for Messages {
    fn take(&mut self, bytes: &[u8], ledger: &mut Ledger<'_>) -> Result<usize, String> {
        let mut rest = bytes;
        while let Some((message, behind)) = rest.split_at_checked(self.message_bytes) {
            let Some(text) = message.strip_prefix(self.prefix.as_slice()) else { return Err(unexpected(message)) };
            ledger.book(text)?;
            rest = behind;
        }
        Ok(bytes.len() - rest.len())
    }
}

/// The sender's reading: how many got each message, which has to be all.
#[derive(Debug)]
pub(super) struct Counts {
    answer: Vec<u8>,
}

impl Counts {
    pub(super) fn new(receivers: usize) -> Self {
        Self { answer: format!(":{receivers}\r\n").into_bytes() }
    }
}

impl Intake for Counts {
    fn take(&mut self, bytes: &[u8], ledger: &mut Ledger<'_>) -> Result<usize, String> {
        let mut rest = bytes;
        while let Some((answer, behind)) = rest.split_at_checked(self.answer.len()) {
            if answer != self.answer {
                return Err(unexpected(rest));
            }
            ledger.got += 1;
            rest = behind;
        }
        Ok(bytes.len() - rest.len())
    }
}

#[cold]
fn unexpected(bytes: &[u8]) -> String {
    format!("it sent `{}`", bytes.get(..64).unwrap_or(bytes).escape_ascii())
}
