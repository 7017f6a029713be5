//! What is known, shown and done.

mod reading;

use std::sync::Arc;

use chat_client::{RoomRef, Seq};

use super::*;
use crate::cli::input::{Control, Input, Stretch, parse};

fn entered(key: u32, name: &str, direct: bool, how: How) -> Entered {
    let room = RoomRef { key: RoomKey(key), name: Arc::from(name), direct };
    Entered { room, how, topic: String::new(), members: 2, first: Seq(1), head: Seq(0), read: Seq(0), ephemeral: false }
}

fn heard(key: u32, name: &str, nick: &str, what: What) -> Event {
    let room = RoomRef { key: RoomKey(key), name: Arc::from(name), direct: false };
    Event::Heard(Heard { room, seq: Seq(1), at_ms: 0, nick: nick.to_owned(), what, history: false })
}

/// In lobby (at hand) and tea, and talking with bob.
fn model() -> Model {
    let mut model = Model::new("ann".to_owned());
    model.entered(&entered(1, "lobby", false, How::Asked));
    model.wish = Wish::Tell;
    model.entered(&entered(2, "tea", false, How::Asked));
    model.entered(&entered(3, "bob", true, How::Opened));
    model
}

fn online(resumed: bool, nick: &str, unsent: usize) -> Event {
    let online = Online { nick: nick.to_owned(), agent: String::new(), durable: false, kept: false, resumed, unsent };
    Event::State(ConnectionState::Online(online))
}

fn offline(retry_in_ms: u64) -> Event {
    Event::State(ConnectionState::Offline { retry_in_ms, why: "it broke".to_owned() })
}

fn words(shown: &[Shown]) -> String {
    let one = |shown: &Shown| match shown {
        Shown::Note(words) | Shown::Warning(words) => words.clone(),
        Shown::Heard { tag, mark, .. } => format!("[{tag}] {mark:?}"),
        Shown::Divider(words) => format!("-- {words} --"),
    };
    shown.iter().map(one).collect::<Vec<_>>().join(" | ")
}

#[test]
fn what_happens_elsewhere_says_where() {
    let mut model = model();
    let said = || What::Said("hi".into());
    let rows = [
        (1, "lobby", "bob", "[] Others"),
        (1, "lobby", "ann", "[] Own"),
        (2, "tea", "bob", "[#tea] Others"),
        (3, "bob", "bob", "[→bob] Others"),
    ];
    for (key, room, nick, expected) in rows {
        assert_eq!(words(&model.apply(heard(key, room, nick, said()))), expected, "{room} {nick}");
    }
}

#[test]
fn the_prompt_shows_the_room_and_the_connection_in_the_same_columns() {
    use unicode_width::UnicodeWidthStr as _;
    let mut model = model();
    assert_eq!(model.prompt(), Prompt { online: "lobby> ".into(), offline: "lobby! ".into() });
    model.apply(offline(200));
    assert_eq!(model.prompt().offline, "lobby (offline)> ");
    model.decide(parse("/dm bob"));
    for _ in 0..2 {
        let Prompt { online, offline } = model.prompt();
        assert_eq!(online.width(), offline.width(), "{online}{offline}");
        model.is_online = true;
    }
    assert_eq!(model.prompt().online, "→bob> ");
}

#[test]
fn a_break_is_said_once_and_a_long_one_once_more() {
    let mut model = model();
    let said: Vec<_> = [200, 400, 6000, 12_000, 15_000].map(|ms| words(&model.apply(offline(ms)))).into();
    let expected = [
        "offline: it broke; trying again, and what you type is kept",
        "",
        "",
        "still offline: it broke; the next try is in 12 s",
        "",
    ];
    assert_eq!(said, expected);
    assert_eq!(
        words(&model.apply(online(true, "ann", 2))),
        "online again; nothing was missed; 2 messages are sent now"
    );
    assert!(words(&model.apply(offline(200))).starts_with("offline"));
    let changed = words(&model.apply(online(false, "ann-2", 0)));
    assert_eq!(changed, "online again | the nick ann is taken, so you are ann-2 now");
    assert_eq!(model.nick(), "ann-2");
}

#[test]
fn a_room_that_opens_is_turned_to_only_if_that_was_wished() {
    let mut model = model();
    assert_eq!(model.current, Some(RoomKey(1)));
    model.decide(parse("/join milk"));
    let shown = model.entered(&entered(4, "milk", false, How::Asked));
    assert_eq!(words(&shown), "you are in #milk; 2 people are here");
    assert_eq!(model.current, Some(RoomKey(4)));
    assert_eq!(model.apply(Event::Entered(entered(4, "milk", false, How::Asked))), [], "said twice");
    model.left(RoomKey(4));
    assert_eq!(model.current, Some(RoomKey(1)));
}

#[test]
fn a_line_becomes_what_is_to_be_done() {
    let text = |text: &str| text.parse::<Text>().unwrap();
    use chat_client::Text;
    let rows: Vec<(&str, Action)> = vec![
        ("hi", Action::Say { room: RoomKey(1), text: text("hi"), counted: false }),
        ("/c hi", Action::Say { room: RoomKey(1), text: text("hi"), counted: true }),
        ("/msg bob hi", Action::Say { room: RoomKey(3), text: text("hi"), counted: false }),
        ("/msg carol hi", Action::Tell { nick: "carol".parse().unwrap(), text: text("hi") }),
        ("/join #Milk", Action::Join { room: "milk".parse().unwrap(), ephemeral: false }),
        ("/join --ephemeral Milk", Action::Join { room: "milk".parse().unwrap(), ephemeral: true }),
        ("/history", Action::History { room: RoomKey(1), what: Stretch::Earlier(None) }),
        ("/history #tea @7", Action::History { room: RoomKey(2), what: Stretch::Around(7) }),
        ("/history bob 5", Action::History { room: RoomKey(3), what: Stretch::Earlier(Some(5)) }),
        ("/search two words", Action::Search("two words".into())),
        ("/unread", Action::Unread),
        ("/leave", Action::Leave(RoomKey(1))),
        ("/who", Action::Members("lobby".into())),
        ("/nick Anna", Action::Rename("Anna".parse().unwrap())),
    ];
    for (line, action) in rows {
        assert_eq!(model().decide(parse(line)), action, "{line}");
    }
}

#[test]
fn commands_about_files_are_about_those_of_this_room() {
    let mut model = model();
    let entry =
        |path: &str, sort| FileEntry { path: path.into(), sort, size: 1, modified_ms: 0, root: None, by: "".into() };
    model.listed(RoomKey(1), &[entry("my docs", Sort::Folder), entry("my docs/a b.txt", Sort::File)], true);
    let here = RoomKey(1);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let rows: Vec<(&str, FileAction)> = vec![
        ("/d my docs/a b.txt", FileAction::Get { room: here, names: names(&["my docs/a b.txt"]) }),
        ("/get my docs", FileAction::Get { room: here, names: names(&["my docs"]) }),
        ("/get my docs/", FileAction::Get { room: here, names: names(&["my docs/"]) }),
        ("/get my other", FileAction::Get { room: here, names: names(&["my", "other"]) }),
        ("/ls", FileAction::List { room: here, path: None }),
        ("/ls-l", FileAction::ListLocal(None)),
        ("/pause 3", FileAction::Control(3, Control::Pause)),
        ("/mv a b", FileAction::Move { room: here, from: "a".into(), to: "b".into() }),
        ("/rm a \"b c\"", FileAction::Remove { room: here, names: names(&["a", "b c"]) }),
    ];
    for (line, action) in rows {
        assert_eq!(model.decide(parse(line)), Action::Files(action), "{line}");
    }
    assert!(matches!(model.decide(parse("/u a b")), Action::Files(FileAction::Put { room, .. }) if room == here));
    let mut nowhere = Model::new("ann".to_owned());
    for line in ["/u x", "/d x", "/ls", "/rm x", "/mkdir x", "/verify x", "/mv a b"] {
        assert!(matches!(nowhere.decide(parse(line)), Action::Show(shown) if words(&shown).contains("/join ROOM")));
    }
}

#[test]
fn a_file_is_offered_where_it_can_be_fetched_and_completed_to() {
    let mut model = model();
    let sent = || What::Sending { path: "film.mkv".into(), size: 1 };
    let rows = [(1, "lobby", "bob", Way::Here), (2, "tea", "bob", Way::Elsewhere), (1, "lobby", "ann", Way::None)];
    for (key, room, nick, expected) in rows {
        let shown = model.apply(heard(key, room, nick, sent()));
        assert!(matches!(&shown[..], [Shown::Heard { way, .. }] if *way == expected), "{room} {nick}: {shown:?}");
    }
    model.apply(heard(1, "lobby", "bob", What::Folder { path: "docs".into(), files: 1, bytes: 1 }));
    assert_eq!(model.names().files.into_iter().collect::<Vec<_>>(), ["docs/", "film.mkv"]);
    assert!(model.is_listed(RoomKey(1), "docs") && !model.is_listed(RoomKey(1), "film"));
    for number in 0..2 * room::FILES_MAX {
        model.apply(heard(1, "lobby", "bob", What::Sending { path: number.to_string(), size: 1 }));
    }
    assert_eq!(model.names().files.len(), room::FILES_MAX, "a flood of names is bounded");
}

#[test]
fn what_cannot_be_done_is_said_with_the_way_out() {
    let rows = [
        ("/jion x", "did you mean /join?"),
        ("/join a b/c", "cannot be a room"),
        ("/nick a/b", "cannot be a nick"),
        ("/msg bob", "write: /msg NICK TEXT"),
        ("/room nowhere", "open are: #lobby, #tea, →bob"),
        ("/history nowhere", "open are: #lobby, #tea, →bob"),
        ("/history 0", "write: /history [ROOM] [N|@N]"),
        ("/search", "write: /search WORDS"),
        ("bell\u{7}", "U+0007 is not allowed"),
        ("/topic", "has no topic"),
        ("/u", "write: /put PATH…"),
        ("/d", "write: /get NAME…"),
        ("/pause x", "x is not a number of /transfers"),
    ];
    for (line, part) in rows {
        match model().decide(parse(line)) {
            Action::Show(shown) => assert!(words(&shown).contains(part), "{line}: {}", words(&shown)),
            other => panic!("{line} leads to {other:?}"),
        }
    }
    let long = Input::Say("x".repeat(20_000));
    assert!(matches!(model().decide(long), Action::Show(shown) if words(&shown).contains("at most 16384")));
    let mut nowhere = Model::new("ann".to_owned());
    assert!(matches!(nowhere.decide(parse("hi")), Action::Show(shown) if words(&shown).contains("/join ROOM")));
}

#[test]
fn names_to_complete_follow_who_comes_and_goes() {
    let mut model = model();
    for (nick, what) in [("carol", What::Joined), ("dan", What::Said("x".into())), ("dan", What::Left)] {
        model.apply(heard(1, "lobby", nick, what));
    }
    model.apply(heard(1, "lobby", "carol", What::Renamed("caro".into())));
    let names = model.names();
    assert_eq!(names.nicks.into_iter().collect::<Vec<_>>(), ["bob", "caro"]);
    assert_eq!(names.rooms.into_iter().collect::<Vec<_>>(), ["lobby", "tea"]);
}
