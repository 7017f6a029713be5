//! People talk: order, completeness, coming back, a neighbour who does not listen.

use proto::message::{Cursor, Missed, Resume};
use proto::{Code, RoomId, Seq, ServerMessage};

use crate::matrix::over_strategies;
use crate::peer::{Peer, hello, say};
use crate::server::Server;

over_strategies! {
    two_people_see_each_other,
    everybody_sees_one_order_without_holes,
    a_direct_conversation_opens_for_both_and_nobody_else,
    a_taken_nick_is_refused_and_the_offer_is_good,
    whoever_comes_back_gets_what_was_missed_once,
    a_resend_after_a_lost_answer_is_said_once,
    whoever_does_not_listen_harms_nobody_and_misses_nothing,
    whoever_falls_out_of_memory_is_told_what_is_missing,
    many_joins_by_one_client_meet_a_limit_and_nobody_else_notices,
}

fn two_people_see_each_other(arguments: &[&str]) {
    let server = Server::start(arguments);
    let (mut ann, joined) = Peer::in_room(server.address(), "ann", "大厅");
    let (mut bob, _) = Peer::in_room(server.address(), "bob", "#大厅");
    let seq = ann.say(joined.room, 1, "你好, bob\nsecond line 👋🏽");
    for peer in [&mut ann, &mut bob] {
        let (event, _) = peer.event(joined.room);
        assert_eq!((event.seq, event.nick.as_str()), (seq, "ann"));
        assert_eq!(event.what, proto::What::Said("你好, bob\nsecond line 👋🏽".into()));
    }
}

fn everybody_sees_one_order_without_holes(arguments: &[&str]) {
    const PEOPLE: u64 = 12;
    const EACH: u64 = 40;
    let server = Server::start(arguments);
    let address = server.address();
    let peers: Vec<_> = (0..PEOPLE).map(|n| Peer::in_room(address, &format!("p{n}"), "lobby")).collect();
    let talkers: Vec<_> = peers
        .into_iter()
        .map(|(mut peer, joined)| {
            std::thread::spawn(move || {
                for message in 1..=EACH {
                    peer.send(&say(joined.room, message, &format!("message {message}")));
                }
                let mut seen = Vec::new();
                while seen.len() < usize::try_from(PEOPLE * EACH).unwrap() {
                    let (event, bytes) = peer.event(joined.room);
                    assert_eq!(event.seq, Seq(seen.len() as u64 + 1));
                    seen.push(bytes);
                }
                seen
            })
        })
        .collect();
    let seen: Vec<_> = talkers.into_iter().map(|talker| talker.join().unwrap()).collect();
    assert!(seen.iter().all(|one| *one == seen[0]), "all saw the same bytes in the same order");
}

fn a_direct_conversation_opens_for_both_and_nobody_else(arguments: &[&str]) {
    let server = Server::start(arguments);
    let (mut ann, lobby) = Peer::in_room(server.address(), "ann", "lobby");
    let (mut bob, _) = Peer::in_room(server.address(), "bob", "lobby");
    let (mut eve, _) = Peer::in_room(server.address(), "eve", "lobby");
    let opened = ann.direct("bob");
    assert!(opened.direct && opened.name == "bob");
    ann.say(opened.room, 1, "between us");
    let unasked = bob.wait_for(|frame| frame.header().kind == proto::Kind::Joined.number());
    assert!(matches!(&unasked, ServerMessage::Joined(joined) if joined.direct && joined.name == "ann"), "{unasked:?}");
    assert_eq!(bob.event(opened.room).0.what, proto::What::Said("between us".into()));
    let refused = eve.ask(&say(opened.room, 1, "let me in"));
    assert!(matches!(&refused, ServerMessage::Refused(refusal) if refusal.code == Code::NotInRoom), "{refused:?}");
    // The next thing eve sees is what is said to all.
    ann.say(lobby.room, 2, "to all");
    assert!(matches!(eve.next_frame(), Some(frame) if frame.header().kind == proto::Kind::Event.number()));
}

fn a_taken_nick_is_refused_and_the_offer_is_good(arguments: &[&str]) {
    let server = Server::start(arguments);
    let (_ann, _) = Peer::hello(server.address(), "ann");
    let mut second = Peer::connect(server.address());
    let rows =
        [("Ann", Code::NickTaken, Some("Ann-2")), ("a nn", Code::BadNick, Some("ann")), ("", Code::BadNick, None)];
    for (nick, code, offer) in rows {
        match second.ask(&hello(nick, None)) {
            ServerMessage::Refused(refusal) => assert_eq!((refusal.code, refusal.offer.as_deref()), (code, offer)),
            other => panic!("{nick}: {other:?}"),
        }
    }
    assert!(matches!(second.ask(&hello("Ann-2", None)), ServerMessage::Welcome(welcome) if welcome.nick == "Ann-2"));
}

fn whoever_comes_back_gets_what_was_missed_once(arguments: &[&str]) {
    let server = Server::start(arguments);
    let (mut ann, joined) = Peer::in_room(server.address(), "ann", "lobby");
    let (mut bob, welcome) = Peer::hello(server.address(), "bob");
    bob.join("lobby");
    for message in 1..=5 {
        ann.say(joined.room, message, "before");
    }
    let last_read = (0..3).map(|_| bob.event(joined.room).0.seq).last().unwrap();
    drop(bob);
    for message in 6..=9 {
        ann.say(joined.room, message, "while bob was away");
    }
    let mut bob = Peer::connect(server.address());
    let cursors = vec![Cursor { room: joined.room, seq: last_read }];
    match bob.ask(&hello("bob", Some(Resume { token: welcome.token, cursors }))) {
        ServerMessage::Welcome(welcome) => assert!(welcome.resumed && welcome.nick == "bob"),
        other => panic!("{other:?}"),
    }
    ann.say(joined.room, 10, "live again");
    let got: Vec<_> = (last_read.0 + 1..=10).map(|_| bob.event(joined.room).0.seq.0).collect();
    assert_eq!(got, (last_read.0 + 1..=10).collect::<Vec<_>>());
}

fn a_resend_after_a_lost_answer_is_said_once(arguments: &[&str]) {
    let server = Server::start(arguments);
    let (mut bob, joined) = Peer::in_room(server.address(), "bob", "lobby");
    let (mut ann, welcome) = Peer::hello(server.address(), "ann");
    ann.join("lobby");
    ann.send(&say(joined.room, 77, "did you get this?"));
    assert_eq!(bob.event(joined.room).0.seq, Seq(1));
    // Ann's line breaks before she reads the answer.
    drop(ann);
    let mut ann = Peer::connect(server.address());
    let resume = Resume { token: welcome.token, cursors: Vec::new() };
    assert!(matches!(ann.ask(&hello("ann", Some(resume))), ServerMessage::Welcome(welcome) if welcome.resumed));
    assert_eq!(ann.say(joined.room, 77, "did you get this?"), Seq(1));
    assert_eq!(ann.say(joined.room, 78, "next"), Seq(2));
    assert_eq!(bob.event(joined.room).0.what, proto::What::Said("next".into()));
}

fn whoever_does_not_listen_harms_nobody_and_misses_nothing(arguments: &[&str]) {
    const MESSAGES: u64 = 400;
    // More than the kernel's buffers on both sides take, less than the room's memory.
    let text = "x".repeat(16_000);
    let server = Server::start(&[arguments, &["--room-kib", "16384", "--rate", "0"]].concat());
    let (mut ann, joined) = Peer::in_room(server.address(), "ann", "lobby");
    let (mut deaf, _) = Peer::in_room(server.address(), "deaf", "lobby");
    let (mut bob, _) = Peer::in_room(server.address(), "bob", "lobby");
    for message in 1..=MESSAGES {
        let seq = ann.say(joined.room, message, &text);
        assert_eq!((ann.event(joined.room).0.seq, bob.event(joined.room).0.seq), (seq, seq));
    }
    for seq in 1..=MESSAGES {
        assert_eq!(deaf.event(joined.room).0.seq, Seq(seq));
    }
}

fn whoever_falls_out_of_memory_is_told_what_is_missing(arguments: &[&str]) {
    const MESSAGES: u64 = 1500;
    let text = "x".repeat(16_000);
    let server = Server::start(&[arguments, &["--room-kib", "256", "--rate", "0"]].concat());
    let (mut ann, joined) = Peer::in_room(server.address(), "ann", "lobby");
    let (mut deaf, _) = Peer::in_room(server.address(), "deaf", "lobby");
    for message in 1..=MESSAGES {
        ann.say(joined.room, message, &text);
        ann.event(joined.room);
    }
    let (mut next, mut gaps) = (1, 0);
    while next <= MESSAGES {
        let frame = deaf.next_frame().unwrap();
        match ServerMessage::from_frame(&frame).unwrap() {
            ServerMessage::Event(event) => {
                assert_eq!(event.seq, Seq(next));
                next += 1;
            }
            ServerMessage::Missed(Missed { room, from, to }) => {
                assert_eq!((room, from), (joined.room, Seq(next)));
                next = to.0 + 1;
                gaps += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(gaps > 0, "the room's memory was meant to be too small");
}

fn many_joins_by_one_client_meet_a_limit_and_nobody_else_notices(arguments: &[&str]) {
    let server = Server::start(&[arguments, &["--rate", "0"]].concat());
    let (mut greedy, _) = Peer::hello(server.address(), "greedy");
    let mut refused = 0;
    for n in 0..10_000 {
        let join = proto::message::Join {
            room: format!("room-{n}"),
            since: proto::message::Since::Now,
            announce: true,
            ephemeral: false,
        };
        match greedy.ask(&proto::ClientMessage::Join(join)) {
            ServerMessage::Joined(_) => {}
            ServerMessage::Refused(refusal) if refusal.code == Code::TooManyRooms => {
                assert_eq!(refusal.limit.map(|limit| limit.max), Some(64));
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 10_000 - 64);
    let (mut ann, joined) = Peer::in_room(server.address(), "ann", "lobby");
    assert_ne!(joined.room, RoomId(0));
    assert_eq!(ann.say(joined.room, 1, "all is well"), Seq(1));
}
