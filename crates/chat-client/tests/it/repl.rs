//! The REPL in a real terminal, against the real server. What is asserted is the screen a person sees.

use crate::person::{Person, text};
use crate::server::Server;
use unicode_width::UnicodeWidthStr as _;

#[test]
fn a_message_that_arrives_leaves_a_half_typed_line_alone() {
    let server = Server::start();
    let ann = Person::sits_down(&server, "ann");
    let bob = Person::sits_down(&server, "王小明");
    let rows = [
        "一半的中文句子",
        "emoji 👍 and e\u{301} marks",
        "a line that is long enough to wrap around the edge of this rather narrow terminal 也有中文",
        "",
    ];
    for (number, typed) in rows.into_iter().enumerate() {
        ann.types(typed);
        ann.sees(typed);
        let before = ann.cursor();
        let arriving = format!("number {number}: 消息 👍 e\u{301}");
        bob.types(&arriving);
        bob.presses("\r");
        ann.sees(&format!("王小明  {arriving}"));
        ann.sees_at_the_bottom(&format!("lobby> {typed}"));
        let (_, column) = ann.cursor();
        assert_eq!(usize::from(column), (7 + typed.width()) % usize::from(Person::COLUMNS), "{typed}");
        assert_eq!(column, before.1, "{typed}");
        // Editing goes on where it stood.
        ann.types("x");
        ann.sees_at_the_bottom(&format!("lobby> {typed}x"));
        ann.presses("\x03");
        ann.sees_at_the_bottom("lobby>");
    }
}

#[test]
fn a_sent_line_comes_back_once_as_everybody_sees_it() {
    let server = Server::start();
    let ann = Person::sits_down(&server, "ann");
    ann.says("an 你好 of one's own");
    ann.sees("ann   > an 你好 of one's own");
    assert_eq!(ann.screen().matches("of one's own").count(), 1, "{}", ann.screen());
    ann.says("/c counted");
    ann.sees("the server has it: #lobby number 3");
    ann.says("//slash");
    ann.sees("ann   > /slash");
}

#[test]
fn tab_completes_commands_rooms_and_nicks() {
    let server = Server::start();
    let _bob = Person::sits_down(&server, "bobby");
    let ann = Person::sits_down(&server, "ann");
    ann.sees("2 people are here");
    let rows = [
        ("/joi\t", "/join ROOM"),
        ("/msg bo\tx", "/msg bobby x"),
        ("bo\tx", "bobby: x"),
        ("/room lo\t", "/room lobby"),
    ];
    for (keys, line) in rows {
        // The nicks are learnt right after the join; until then Tab does nothing.
        ann.retries(keys, &format!("lobby> {line}"));
        ann.presses("\x03");
        ann.sees_at_the_bottom("lobby>");
    }
    ann.types("/t\t");
    ann.sees("/transfers");
}

#[test]
fn help_lists_the_commands_within_eighty_columns() {
    let server = Server::start();
    let ann = Person::sits_down(&server, "ann");
    ann.says("/help");
    for part in ["/join ROOM", "/c ", "/history [ROOM] [N|@N]", "/q /exit", "Ctrl-C clears the line."] {
        ann.sees(part);
    }
    ann.says("/help files");
    for part in ["/put PATH…", "/verify NAME…"] {
        ann.sees(part);
    }
    ann.says("/hlep");
    ann.sees("did you mean /help?");
}

#[test]
fn a_nick_that_is_taken_is_asked_for_again() {
    let server = Server::start();
    let _first = Person::sits_down(&server, "ann");
    let second = Person::arrives(&server, &["--nick", "ann"]);
    second.sees("the nick ann is taken");
    second.sees("another nick (Enter takes ann-2):");
    second.says("not a nick");
    second.sees("cannot be a nick: a name has no spaces");
    second.says("");
    second.sees("you are ann-2 on");
    second.sees_at_the_bottom("lobby>");
}

#[test]
fn a_server_that_dies_is_waited_for_with_the_typed_line_kept() {
    let mut server = Server::start();
    let ann = Person::sits_down(&server, "ann");
    ann.types("half a 句子");
    ann.sees_at_the_bottom("lobby> half a 句子");
    server.kill();
    ann.sees("! offline:");
    ann.sees_at_the_bottom("lobby! half a 句子");
    ann.presses("\r");
    ann.sees("ann   … half a 句子   (waits to be sent)");
    ann.types("the next");
    ann.sees_at_the_bottom("lobby (offline)> the next");
    server.start_again();
    ann.sees("online again; 1 message is sent now");
    ann.sees("ann   > half a 句子");
    ann.sees_at_the_bottom("lobby (online) > the next");
    ann.presses("\r");
    ann.sees("ann   > the next");
    ann.sees_at_the_bottom("lobby>");
}

#[test]
fn pasted_lines_become_one_message() {
    let server = Server::start();
    let ann = Person::sits_down(&server, "ann");
    let bob = Person::sits_down(&server, "bob");
    ann.presses("\x1b[200~one\rtwo\r三\x1b[201~");
    ann.sees("三");
    ann.presses("\r");
    bob.sees("ann     one");
    bob.sees("              two");
    bob.sees("              三");
    ann.sees_at_the_bottom("lobby>");
}

#[test]
fn keys_pressed_ahead_are_not_lost() {
    let server = Server::start();
    let ann = Person::sits_down(&server, "ann");
    ann.presses("first\rsecond\r/c third\rhalf");
    for part in ["ann   > first", "ann   > second", "number 4"] {
        ann.sees(part);
    }
    ann.sees_at_the_bottom("lobby> half");
}

#[test]
fn a_peer_s_escapes_do_not_reach_the_terminal() {
    let server = Server::start();
    let ann = Person::sits_down(&server, "ann");
    // Direction overrides are text to the server; control characters it refuses.
    server.send("mallory", "\u{202e}desrever\u{2066}");
    ann.sees("mallory  <U+202E>desrever<U+2066>");
}

#[test]
fn rooms_and_people_are_turned_to() {
    let server = Server::start();
    let ann = Person::sits_down(&server, "ann");
    let bob = Person::sits_down(&server, "bob");
    ann.says("/join 茶室");
    ann.sees_at_the_bottom("茶室>");
    bob.says("in the lobby");
    ann.sees("#lobby bob     in the lobby");
    ann.says("/dm bob");
    ann.sees_at_the_bottom("→bob>");
    ann.says("psst");
    bob.sees("→ann ann     psst");
    bob.sees("ann talks to you alone");
    ann.says("/leave");
    ann.sees("you left →bob");
    ann.sees_at_the_bottom("lobby>");
    ann.says("/who");
    ann.sees("2 in #lobby: ann, bob");
    ann.says("/rooms");
    ann.sees("#茶室   1");
}

#[test]
fn whoever_leaves_finds_the_terminal_as_it_was() {
    let server = Server::start();
    for keys in ["/q\r", "/quit\r", "\x04"] {
        let ann = Person::arrives(&server, &[]);
        ann.sees_at_the_bottom("lobby>");
        assert!(ann.is_raw(), "it edits lines");
        ann.presses(keys);
        assert_eq!(ann.ends(), 0, "{keys:?}");
    }
}

#[test]
fn ctrl_c_clears_the_line_and_twice_on_an_empty_one_leaves() {
    let server = Server::start();
    let ann = Person::sits_down(&server, "ann");
    ann.types("typed");
    ann.sees_at_the_bottom("lobby> typed");
    ann.presses("\x03");
    ann.sees_at_the_bottom("lobby>");
    ann.presses("\x03");
    ann.sees("once more Ctrl-C");
    ann.sees_at_the_bottom("lobby>");
    ann.says("still here");
    ann.sees("ann   > still here");
    for said in 1..=2 {
        ann.sees_at_the_bottom("lobby>");
        ann.presses("\x03");
        if said == 1 {
            ann.waits_for("the warning to be there twice", |screen| text(screen).matches("once more").count() == 2);
        }
    }
    assert_eq!(ann.ends(), 130);
}

#[test]
fn a_signal_ends_it_with_the_terminal_as_it_was() {
    let server = Server::start();
    let ann = Person::sits_down(&server, "ann");
    ann.types("half a line");
    ann.sees_at_the_bottom("lobby> half a line");
    ann.is_terminated();
    assert_eq!(ann.ends(), 130);
}
