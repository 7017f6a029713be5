//! The dialogue of `docs/protocol.md`, word for word: what the page's clients say is said to a real server, byte by
//! byte, and what it answers is what the page says, but for tokens, times and what an operator sets.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use bytes::BytesMut;
use proto::file::FileVersion;
use proto::limits::BULK_BYTES_MAX;
use proto::message::{FileAnswer, TransferMessage, WireLimits};
use proto::{ClientMessage, Codec, Frame, Kind, ServerMessage, Token};
use tokio_util::codec::Decoder;

use crate::server::{PATIENCE, Server};

#[test]
fn the_dialogue_of_the_page_happens_word_for_word() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(&["--data-dir", data.path().to_str().unwrap()]);
    let mut people: HashMap<&str, Person> = HashMap::new();
    let lines = lines();
    assert!(lines.len() > 25, "only {} lines", lines.len());
    for Line { label, speaker, says, frame } in &lines {
        if *says {
            let person = people.entry(speaker).or_insert_with(|| Person::connect(server.address()));
            person.stream.write_all(&written(frame)).unwrap();
            continue;
        }
        // An event is heard by everybody who is still there.
        let is_event = frame.header().kind == Kind::Event.number();
        for (name, person) in people.iter_mut().filter(|(name, _)| is_event || *name == speaker) {
            if is_event && person.is_gone {
                continue;
            }
            let (wanted, came) = (told(frame), told(&person.next(frame)));
            assert_eq!(came, wanted, "{label}, to {name}");
            person.is_gone |= matches!(came, ServerMessage::Goodbye(_));
        }
    }
}

/// A block of the dialogue: who says it, or is told it.
struct Line {
    label: String,
    speaker: String,
    says: bool,
    frame: Frame,
}

fn lines() -> Vec<Line> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/protocol.md")).unwrap();
    let (_, behind) = page.split_once("\n## 16 ").unwrap();
    let (dialogue, _) = behind.split_once("\n## 17 ").unwrap();
    let (mut lines, mut speaker, mut says) = (Vec::new(), String::new(), false);
    let mut block: Option<(String, Vec<u8>)> = None;
    for line in dialogue.lines() {
        if let Some(label) = line.strip_prefix("```vector ") {
            block = Some((label.to_owned(), Vec::new()));
        } else if line == "```" {
            let (label, wire) = block.take().unwrap();
            let frame = only_frame(&wire);
            let says = match ClientMessage::from_frame(&frame) {
                Ok(ClientMessage::Transfer(..)) => says,
                said => said.is_ok(),
            };
            lines.push(Line { label, speaker: speaker.clone(), says, frame });
        } else if let Some((_, wire)) = &mut block {
            wire.extend(unhex(line));
        } else if let Some((who, rest)) = line.split_once(' ')
            && rest.starts_with(['<', '>'])
        {
            who.clone_into(&mut speaker);
            says = rest.starts_with('>');
        }
    }
    lines
}

/// The bytes of a line: hex digits before a comment.
fn unhex(line: &str) -> Vec<u8> {
    let digits = line.split('#').next().unwrap_or_default();
    let digits: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

fn only_frame(wire: &[u8]) -> Frame {
    Codec::new(BULK_BYTES_MAX).decode_eof(&mut BytesMut::from(wire)).unwrap().unwrap()
}

fn written(frame: &Frame) -> Vec<u8> {
    let mut wire = Vec::new();
    frame.write(&mut wire);
    wire
}

/// What a frame says, without what is another each time.
fn told(frame: &Frame) -> ServerMessage {
    let mut message = ServerMessage::from_frame(frame).unwrap();
    match &mut message {
        ServerMessage::Welcome(welcome) => {
            welcome.agent.clear();
            welcome.features &= proto::message::Welcome::FILES;
            welcome.token = Token([0; 16]);
            welcome.limits = limits();
        }
        ServerMessage::Event(event) => event.at_ms = 0,
        ServerMessage::File(FileAnswer::Accepted(accepted)) => {
            assert!(accepted.credit >= 6, "{accepted:?}");
            (accepted.version, accepted.credit) = (FileVersion([0; 16]), 0);
        }
        ServerMessage::File(FileAnswer::Fetching(fetching)) => fetching.version = FileVersion([0; 16]),
        ServerMessage::Transfer(_, TransferMessage::Committed(committed)) => committed.version = FileVersion([0; 16]),
        _ => {}
    }
    message
}

const fn limits() -> WireLimits {
    WireLimits { text_bytes: 0, bulk_bytes: 0, rooms: 0, idle_ms: 0, grace_ms: 0 }
}

/// Somebody of the dialogue, on a connection.
struct Person {
    stream: TcpStream,
    codec: Codec,
    buffer: BytesMut,
    /// Came before what was waited for.
    kept: Vec<Frame>,
    is_gone: bool,
}

impl Person {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (codec, buffer) = (Codec::new(BULK_BYTES_MAX), BytesMut::new());
        Self { stream, codec, buffer, kept: Vec::new(), is_gone: false }
    }

    /// The next frame of the kind of `wanted`, and if that is an event the event of that number. Others stay in order.
    fn next(&mut self, wanted: &Frame) -> Frame {
        let (kind, is_event) = (wanted.header().kind, wanted.header().kind == Kind::Event.number());
        let is_it =
            |frame: &Frame| frame.header().kind == kind && (!is_event || frame.header().id == wanted.header().id);
        if let Some(at) = self.kept.iter().position(is_it) {
            return self.kept.remove(at);
        }
        loop {
            match self.codec.decode(&mut self.buffer).unwrap() {
                Some(frame) if is_it(&frame) => return frame,
                Some(frame) => self.kept.push(frame),
                None => {
                    let mut bytes = [0; 4096];
                    let count = self.stream.read(&mut bytes).unwrap();
                    assert!(count > 0, "it ended before kind {kind} came; {:?} came", self.kept);
                    self.buffer.extend_from_slice(&bytes[..count]);
                }
            }
        }
    }
}
