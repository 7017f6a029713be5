//! The dialogue of `docs/protocol.md`, word for word: what the page's clients say is said to a real server, byte by
//! byte, and what it answers is what the page says, but for tokens, times and what an operator sets.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use bytes::{Bytes, BytesMut};
use proto::file::FileVersion;
use proto::limits::BULK_BYTES_MAX;
use proto::message::{FileAnswer, Hello, Join, Page, Search, Since, TransferMessage, WireLimits};
use proto::{ClientMessage, Codec, Frame, Kind, RequestId, RoomEvent, Seq, ServerMessage, Token};
use tokio_util::codec::Decoder;

use crate::client::wait_for;
use crate::peer::Peer;
use crate::server::{PATIENCE, Server};

#[test]
fn the_dialogue_of_the_page_happens_word_for_word() {
    let data = tempfile::tempdir().unwrap();
    let arguments = ["--data-dir", data.path().to_str().unwrap()];
    let server = Server::start(&arguments);
    let lines = lines();
    let at = |label: &str| lines.iter().position(|line| line.label == label).unwrap();
    let (leaving, coming) = (at("Bye ann"), at("Hello ann-again"));
    let mut people = play(&lines[..leaving], server.address(), None);
    let mut ann = people.remove("ann").unwrap();
    ann.say(&lines[leaving].frame);
    ann.next(&lines[at("Goodbye bob")].frame);
    while_ann_is_away(server.address(), &lines[leaving + 1..coming]);
    server.kill();
    let server = Server::start(&arguments);
    until_all_can_be_found(server.address());
    play(&lines[coming..], server.address(), ann.token);
}

/// Says what the lines say, and compares what is answered. A hello with a token is said with `token`.
fn play(lines: &[Line], address: SocketAddr, token: Option<Token>) -> HashMap<&str, Person> {
    let mut people: HashMap<&str, Person> = HashMap::new();
    assert!(lines.len() > 8, "only {} lines", lines.len());
    for Line { label, speaker, says, frame } in lines {
        if *says {
            people.entry(speaker).or_insert_with(|| Person::connect(address)).say(&with_token(frame, token));
            continue;
        }
        // An event is heard by everybody who is still there.
        let is_event = frame.header().kind == Kind::Event.number();
        for (name, person) in people.iter_mut().filter(|(name, _)| is_event || *name == speaker) {
            if is_event && person.is_gone {
                continue;
            }
            let frame_that_came = person.next(frame);
            if let Ok(ServerMessage::Welcome(welcome)) = ServerMessage::from_frame(&frame_that_came) {
                person.token = Some(welcome.token);
            }
            let (wanted, came) = (told(frame), told(&frame_that_came));
            assert_eq!(came, wanted, "{label}, to {name}");
            person.is_gone |= matches!(came, ServerMessage::Goodbye(_));
        }
    }
    people
}

/// Bob comes back and says something; the events of `lines`, the first of which he does not see.
fn while_ann_is_away(address: SocketAddr, lines: &[Line]) {
    let (mut bob, _) = Peer::hello(address, "bob");
    let join = Join { room: "lobby".into(), since: Since::After(Seq(5)), announce: true, ephemeral: false };
    let ServerMessage::Joined(joined) = bob.ask(&ClientMessage::Join(join)) else { panic!("bob is not let in") };
    bob.say(joined.room, 1, "are you there?");
    for line in lines {
        let (event, _) = bob.event(joined.room);
        assert_eq!(ServerMessage::Event(RoomEvent { at_ms: 0, ..event }), told(&line.frame), "{}", line.label);
    }
}

/// Waits until the words of every message are taken up, as somebody who leaves no trace.
fn until_all_can_be_found(address: SocketAddr) {
    let (mut probe, joined) = Peer::in_room(address, "probe", "lobby");
    let search = Search { rooms: vec![joined.room], words: "there".into(), from: None, before: 0, count: 1 };
    wait_for("the words are taken up", || match probe.ask(&ClientMessage::Search(search.clone())) {
        ServerMessage::Page(page) => (!page.unindexed).then_some(()),
        other => panic!("{other:?}"),
    });
    probe.send(&ClientMessage::Bye);
    probe.goodbye();
}

fn with_token(frame: &Frame, token: Option<Token>) -> Frame {
    match ClientMessage::from_frame(frame) {
        Ok(ClientMessage::Hello(Hello { resume: Some(resume), .. })) if token.is_none() => panic!("{resume:?}"),
        Ok(ClientMessage::Hello(mut hello)) => {
            if let (Some(resume), Some(token)) = (&mut hello.resume, token) {
                resume.token = token;
            }
            ClientMessage::Hello(hello).to_frame(RequestId(frame.header().id))
        }
        _ => frame.clone(),
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
        ServerMessage::Page(page) => page.frames = without_times(page),
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

/// The frames of a page, as if everything in it had happened at once.
fn without_times(page: &Page) -> Bytes {
    let mut bytes = Vec::new();
    for event in page.events().unwrap() {
        let event = ServerMessage::Event(RoomEvent { at_ms: 0, ..event });
        event.to_frame(RequestId(0)).write(&mut bytes);
    }
    bytes.into()
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
    token: Option<Token>,
}

impl Person {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (codec, buffer) = (Codec::new(BULK_BYTES_MAX), BytesMut::new());
        Self { stream, codec, buffer, kept: Vec::new(), is_gone: false, token: None }
    }

    fn say(&mut self, frame: &Frame) {
        self.stream.write_all(&written(frame)).unwrap();
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
