//! What outlives the server: messages, places, conversations, how far somebody has read; and what a broken or full disk does.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use proto::limits::PAGE_EVENTS_MAX;
use proto::message::{Cursor, Hello, History, Join, MarkRead, Page, Range, Resume, Search, Since, Unread, Welcome};
use proto::{ClientMessage, Code, RoomEvent, RoomId, Seq, ServerMessage, Token, What};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::client::wait_for;
use crate::matrix::over_strategies;
use crate::peer::{Peer, hello, say};
use crate::server::{Server, run_to_end};

over_strategies! {
    what_was_said_is_there_after_a_restart,
    whoever_comes_back_after_a_restart_gets_what_was_missed_once,
    whoever_falls_out_of_memory_is_served_from_disk,
}

/// A data directory and the server on it.
struct Ground {
    root: tempfile::TempDir,
    server: Option<Server>,
    arguments: Vec<String>,
}

impl Ground {
    fn new(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        let mut ground = Self { root: tempfile::tempdir().unwrap(), server: None, arguments };
        ground.start();
        ground
    }

    fn start(&mut self) {
        let mut words: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        words.extend(["--data-dir", self.root.path().to_str().unwrap(), "--rate", "0"]);
        self.server = Some(Server::start(&words));
    }

    fn restart(&mut self) {
        self.server.take().unwrap().kill();
        self.start();
    }

    fn hello(&self, nick: &str) -> (Peer, Welcome) {
        Peer::hello(self.server.as_ref().unwrap().address(), nick)
    }

    fn connect(&self) -> Peer {
        Peer::connect(self.server.as_ref().unwrap().address())
    }

    /// Says hello with a token; what came of it.
    fn resume(&self, nick: &str, token: Token, cursors: Vec<Cursor>, features: u64) -> (Peer, Welcome) {
        let mut peer = self.connect();
        match peer.ask(&with_features(nick, Some(Resume { token, cursors }), features)) {
            ServerMessage::Welcome(welcome) => (peer, welcome),
            other => panic!("{nick}: {other:?}"),
        }
    }
}

fn with_features(nick: &str, resume: Option<Resume>, features: u64) -> ClientMessage {
    match hello(nick, resume) {
        ClientMessage::Hello(plain) => ClientMessage::Hello(Hello { features, ..plain }),
        other => other,
    }
}

fn join_all(peer: &mut Peer, room: &str) -> RoomId {
    let join = Join { room: room.into(), since: Since::After(Seq(0)), announce: false, ephemeral: false };
    match peer.ask(&ClientMessage::Join(join)) {
        ServerMessage::Joined(joined) => joined.room,
        other => panic!("{other:?}"),
    }
}

fn page(peer: &mut Peer, message: &ClientMessage) -> Page {
    match peer.ask(message) {
        ServerMessage::Page(page) => page,
        other => panic!("{other:?}"),
    }
}

fn texts(events: &[RoomEvent]) -> Vec<String> {
    let text = |event: &RoomEvent| match &event.what {
        What::Said(text) => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

fn unread(peer: &mut Peer) -> Unread {
    match peer.ask(&ClientMessage::AskUnread) {
        ServerMessage::Unread(unread) => unread,
        other => panic!("{other:?}"),
    }
}

fn search(rooms: Vec<RoomId>, words: &str) -> ClientMessage {
    ClientMessage::Search(Search { rooms, words: words.into(), from: None, before: 0, count: 50 })
}

fn what_was_said_is_there_after_a_restart(arguments: &[&str]) {
    let mut ground = Ground::new(arguments);
    let (mut ann, welcome) = ground.hello("ann");
    assert!(welcome.features & Welcome::DURABLE != 0);
    let room = join_all(&mut ann, "茶");
    let said: Vec<String> = (1..=300).map(|n| format!("message {n} 今天喝绿茶 fooBar{n}")).collect();
    for (text, message) in said.iter().zip(1..) {
        assert_eq!(ann.say(room, message, text), Seq(message));
    }
    ground.restart();
    let (mut bob, _) = ground.hello("bob");
    let again = join_all(&mut bob, "茶");
    assert_eq!(again, room, "the room keeps its number");
    let seen: Vec<_> = (0..300).map(|_| bob.event(room).0).collect();
    assert_eq!(texts(&seen), said);
    let history = |range, count| ClientMessage::History(History { room, range, count });
    let last = page(&mut bob, &history(Range::Last, 10));
    assert_eq!(texts(&last.events().unwrap()), said[290..]);
    assert!(last.more && last.gone_to == Seq(0));
    let first = page(&mut bob, &history(Range::After(Seq(0)), PAGE_EVENTS_MAX));
    assert_eq!(first.events().unwrap().first().map(|event| event.seq), Some(Seq(1)));
    let before = page(&mut bob, &history(Range::Before(Seq(11)), 5));
    assert_eq!(texts(&before.events().unwrap()), said[5..10]);
    let none = page(&mut bob, &history(Range::Since(u64::MAX), 5));
    assert!(none.events().unwrap().is_empty() && !none.more);
    for (words, hits) in [("绿茶", 50), ("foobar7", 1), ("bar7", 1), ("messag*", 50), ("咖啡", 0), ("MESSAGE 299", 1)]
    {
        let found = page(&mut bob, &search(vec![room], words)).events().unwrap();
        assert_eq!(found.len(), hits, "{words}: {:?}", texts(&found));
        assert!(found.is_sorted_by(|one, next| one.seq > next.seq), "{words}: the newest come first");
    }
    assert_eq!(bob.say(room, 1, "on it goes"), Seq(301));
}

fn whoever_comes_back_after_a_restart_gets_what_was_missed_once(arguments: &[&str]) {
    let mut ground = Ground::new(arguments);
    let (mut ann, ann_welcome) = ground.hello("ann");
    let (mut bob, bob_welcome) = ground.hello("bob");
    let room = join_all(&mut ann, "lobby");
    join_all(&mut bob, "lobby");
    (1..=5).for_each(|message| assert_eq!(ann.say(room, message, "before"), Seq(message)));
    let read: Vec<_> = (0..3).map(|_| bob.event(room).0.seq.0).collect();
    assert_eq!(read, [1, 2, 3]);
    ground.restart();
    let (mut ann, welcome) = ground.resume("ann", ann_welcome.token, vec![Cursor { room, seq: Seq(5) }], 0);
    assert!(welcome.resumed && welcome.nick == "ann");
    // The answer to the fifth was lost, as far as ann knows.
    assert_eq!(ann.say(room, 5, "before"), Seq(5));
    assert_eq!(ann.say(room, 6, "behind"), Seq(6));
    let mut stranger = ground.connect();
    let refused = stranger.ask(&hello("bob", None));
    assert!(matches!(&refused, ServerMessage::Refused(refusal) if refusal.code == Code::NickTaken), "{refused:?}");
    let (mut bob, welcome) = ground.resume("bob", bob_welcome.token, vec![Cursor { room, seq: Seq(3) }], 0);
    assert!(welcome.resumed);
    let got: Vec<_> = (0..3).map(|_| bob.event(room).0.seq.0).collect();
    assert_eq!(got, [4, 5, 6]);
}

fn whoever_falls_out_of_memory_is_served_from_disk(arguments: &[&str]) {
    const MESSAGES: u64 = 1500;
    let text = "x".repeat(16_000);
    let ground = Ground::new(&[arguments, &["--room-kib", "256"]].concat());
    let (mut ann, _) = ground.hello("ann");
    let (mut deaf, _) = ground.hello("deaf");
    let room = join_all(&mut ann, "lobby");
    join_all(&mut deaf, "lobby");
    for message in 1..=MESSAGES {
        ann.say(room, message, &text);
        ann.event(room);
    }
    let (mut next, mut behind) = (1, 0);
    while next <= MESSAGES {
        let frame = deaf.next_frame().unwrap();
        match ServerMessage::from_frame(&frame).unwrap() {
            ServerMessage::Event(event) => {
                assert_eq!(event.seq, Seq(next));
                next += 1;
            }
            ServerMessage::Behind(word) => {
                assert!(word.room == room && word.next.0 >= next && word.next <= word.head, "{word:?} at {next}");
                behind += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(behind > 0, "the room's memory was meant to be too small");
}

#[test]
fn a_message_to_somebody_away_waits_and_nobody_else_can_read_it() {
    let mut ground = Ground::new(&[]);
    let mut bob = ground.connect();
    let ServerMessage::Welcome(kept) = bob.ask(&with_features("bob", None, Hello::KEEP)) else { panic!("no welcome") };
    assert!(kept.features & Welcome::KEPT != 0);
    bob.send(&ClientMessage::Bye);
    assert_eq!(bob.goodbye().code, proto::CloseCode::Bye);
    let (mut ann, _) = ground.hello("ann");
    let direct = ann.direct("bob");
    assert!(direct.direct && direct.name == "bob");
    assert_eq!(ann.say(direct.room, 1, "wait for me 密谈"), Seq(1));
    ground.restart();
    let (mut eve, _) = ground.hello("eve");
    let history = ClientMessage::History(History { room: direct.room, range: Range::Last, count: 5 });
    for message in [&history, &search(vec![direct.room], "密谈"), &say(direct.room, 1, "let me in")] {
        let refused = eve.ask(message);
        assert!(matches!(&refused, ServerMessage::Refused(refusal) if refusal.code == Code::NotInRoom), "{refused:?}");
    }
    join_all(&mut eve, "lobby");
    assert!(page(&mut eve, &search(Vec::new(), "密谈")).events().unwrap().is_empty());
    let refused = eve.ask(&hello("bob", None));
    assert!(matches!(&refused, ServerMessage::Refused(_)), "the nick is bob's: {refused:?}");
    // Somebody reads beside, and nothing is taken up by it.
    let (mut beside, _) = ground.resume("bob", kept.token, Vec::new(), Hello::BESIDE);
    let rooms = unread(&mut beside).rooms;
    let waiting = rooms.iter().find(|room| room.room == direct.room).unwrap();
    assert!(waiting.direct && waiting.name == "ann" && waiting.said == 1 && !waiting.more, "{waiting:?}");
    assert_eq!(texts(&page(&mut beside, &history).events().unwrap()), ["wait for me 密谈"]);
    let (mut bob, welcome) = ground.resume("bob", kept.token, Vec::new(), Hello::KEEP);
    assert!(welcome.resumed && welcome.nick == "bob");
    assert_eq!(texts(&[bob.event(direct.room).0]), ["wait for me 密谈"]);
    let mark = ClientMessage::MarkRead(MarkRead { room: direct.room, seq: Seq(1) });
    assert_eq!(bob.ask(&mark), ServerMessage::Done);
    ground.restart();
    let (mut beside, _) = ground.resume("bob", kept.token, Vec::new(), Hello::BESIDE);
    assert!(unread(&mut beside).rooms.iter().all(|room| room.said == 0), "what was read stays read");
}

#[test]
fn nothing_said_in_an_ephemeral_room_is_on_the_disk() {
    let mut ground = Ground::new(&[]);
    let (mut ann, _) = ground.hello("ann");
    let join = Join { room: "whisper".into(), since: Since::Now, announce: false, ephemeral: true };
    let ServerMessage::Joined(joined) = ann.ask(&ClientMessage::Join(join)) else { panic!("not let in") };
    assert!(joined.ephemeral);
    let (mut bob, _) = ground.hello("bob");
    let told = bob.join("whisper");
    assert!(told.ephemeral, "whoever comes is told");
    let secret = "nobody-keeps-this-xyzzy";
    ann.say(joined.room, 1, secret);
    assert_eq!(texts(&[bob.event(joined.room).0]), [secret]);
    // Something that is kept, so that everything before it is written.
    let lobby = join_all(&mut ann, "lobby");
    ann.say(lobby, 2, "kept-xyzzy");
    ground.server.take().unwrap().kill();
    let files = |name: &str| fs::read(ground.root.path().join(name)).unwrap_or_default();
    let all = [files("chat.db"), files("chat.db-wal"), files("search.db"), files("search.db-wal")].concat();
    let holds = |words: &str| all.windows(words.len()).any(|piece| piece == words.as_bytes());
    assert!(holds("kept-xyzzy") && !holds(secret));
}

#[test]
fn what_is_trimmed_is_said_and_numbers_go_on() {
    let mut ground = Ground::new(&["--retain-events", "50", "--room-kib", "16"]);
    let (mut ann, _) = ground.hello("ann");
    let room = join_all(&mut ann, "lobby");
    let text = "y".repeat(2000);
    (1..=400).for_each(|message| assert_eq!(ann.say(room, message, &text), Seq(message)));
    let history = ClientMessage::History(History { room, range: Range::After(Seq(0)), count: 500 });
    let gone_to = wait_for("the oldest are trimmed", || {
        let page = page(&mut ann, &history);
        (page.gone_to > Seq(0)).then_some(page.gone_to)
    });
    assert!(gone_to <= Seq(350), "at least 50 are kept, and {gone_to} is gone");
    ground.restart();
    let (mut bob, _) = ground.hello("bob");
    join_all(&mut bob, "lobby");
    let missed = bob.wait_for(|frame| frame.header().kind == proto::Kind::Missed.number());
    assert!(
        matches!(&missed, ServerMessage::Missed(missed) if missed.from == Seq(1) && missed.to >= gone_to),
        "{missed:?}"
    );
    assert_eq!(bob.say(room, 1, "on"), Seq(401));
}

#[test]
fn a_directory_that_cannot_be_used_is_refused_in_words() {
    let mut ground = Ground::new(&[]);
    let (mut ann, _) = ground.hello("ann");
    let room = join_all(&mut ann, "lobby");
    ann.say(room, 1, "hello");
    let server = ground.server.take().unwrap();
    server.terminate();
    assert!(server.ended().status.success());
    let file = ground.root.path().join("chat.db");
    let data = ground.root.path().to_str().unwrap();
    let refused = |says: &str| {
        let ended = run_to_end(&["--listen", "127.0.0.1:0", "--data-dir", data]);
        assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
        assert!(ended.stderr.contains("chat.db") && ended.stderr.contains(says), "{says}: {}", ended.stderr);
    };
    // The version stands in the file's header, at byte 60; see "The Database Header" of SQLite's file format.
    let version = bytes_at(&file, 60);
    write_at(&file, 60, &9999_u32.to_be_bytes());
    refused("9999");
    write_at(&file, 60, &version);
    let whole = fs::read(&file).unwrap();
    fs::write(&file, vec![b'?'; whole.len()]).unwrap();
    refused("damaged");
    fs::write(&file, whole).unwrap();
    ground.start();
    let (mut bob, _) = ground.hello("bob");
    join_all(&mut bob, "lobby");
    assert_eq!(texts(&[bob.event(room).0]), ["hello"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_confirms_nothing_reads_go_on_and_it_recovers() {
    let mut ground = Ground::new(&[]);
    let (mut ann, _) = ground.hello("ann");
    let room = join_all(&mut ann, "lobby");
    ann.say(room, 1, "before it is full");
    let process = ground.server.as_ref().unwrap().process();
    // Not a byte goes into any file from here on.
    limit_files(process, Some(0));
    let waits = ann.send(&say(room, 2, &"z".repeat(16_000)));
    let (mut bob, _) = Peer::in_room(ground.server.as_ref().unwrap().address(), "bob", "lobby");
    let refusal = wait_for("the server says that it cannot store", || match bob.ask(&say(room, 1, "anybody?")) {
        ServerMessage::Refused(refusal) => Some(refusal),
        other => panic!("{other:?} although nothing can be stored"),
    });
    assert_eq!(refusal.code, Code::StorageFailed);
    assert!(refusal.words.contains("chat.db") && refusal.retry_after_ms.is_some(), "{refusal:?}");
    let history = ClientMessage::History(History { room, range: Range::Last, count: 5 });
    assert_eq!(texts(&page(&mut bob, &history).events().unwrap()), ["before it is full"]);
    limit_files(process, None);
    let said = ann.wait_for(|frame| frame.header().id == waits.0 && frame.header().kind != 48);
    match said {
        // Held until there was space.
        ServerMessage::Said(said) => assert_eq!(said.seq, Seq(2)),
        // It came behind bob's hello, which is what was held then.
        ServerMessage::Refused(refusal) if refusal.code == Code::StorageFailed => {
            let again = wait_for("the server stores again", || match ann.ask(&say(room, 2, "again")) {
                ServerMessage::Said(said) => Some(said.seq),
                _ => None,
            });
            assert_eq!(again, Seq(2));
        }
        other => panic!("{other:?}"),
    }
    let seq = wait_for("the server stores again", || match bob.ask(&say(room, 2, "all is well")) {
        ServerMessage::Said(said) => Some(said.seq),
        _ => None,
    });
    assert_eq!(seq, Seq(3));
    ground.restart();
    let (mut eve, _) = ground.hello("eve");
    join_all(&mut eve, "lobby");
    assert_eq!((1..=3).map(|_| eve.event(room).0.seq.0).collect::<Vec<_>>(), [1, 2, 3]);
}

#[cfg(target_os = "linux")]
fn limit_files(process: Pid, bytes: Option<u64>) {
    prlimit(Some(process), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

fn bytes_at(file: &Path, place: u64) -> [u8; 4] {
    let mut file = fs::File::open(file).unwrap();
    file.seek(SeekFrom::Start(place)).unwrap();
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes).unwrap();
    bytes
}

fn write_at(file: &Path, place: u64, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start(place)).unwrap();
    file.write_all(bytes).unwrap();
}
