//! What somebody sees who comes back, and what is read back.

use chat_client::{Found, Page, UnreadRoom};
use proto::{Code, Refusal};

use super::*;

fn back(first: u64, head: u64, read: u64) -> Entered {
    Entered { first: Seq(first), head: Seq(head), read: Seq(read), ..entered(7, "tea", false, How::Resumed) }
}

fn event(seq: u64, nick: &str, what: What) -> Heard {
    let Event::Heard(heard) = heard(7, "tea", nick, what) else { panic!("it is one") };
    Heard { seq: Seq(seq), history: true, ..heard }
}

fn said(seq: u64) -> Heard {
    event(seq, "bob", What::Said(seq.to_string()))
}

/// The numbers of what is shown, and the lines between.
fn numbers(shown: &[Shown]) -> Vec<String> {
    let one = |shown: &Shown| match shown {
        Shown::Heard { heard, mark: Mark::Hit, .. } => format!("»{}", heard.seq),
        Shown::Heard { heard, .. } => heard.seq.to_string(),
        Shown::Divider(words) => format!("-- {words} --"),
        Shown::Note(words) | Shown::Warning(words) => words.clone(),
    };
    shown.iter().map(one).collect()
}

/// What is shown to somebody who comes back to a room, alone or beside another, and then hears these events.
fn shown_back(entered: Entered, events: impl IntoIterator<Item = Heard>) -> (Model, Vec<String>) {
    let mut model = Model::new("ann".to_owned());
    let mut shown = model.apply(Event::Entered(entered));
    for heard in events {
        shown.extend(model.apply(Event::Heard(heard)));
    }
    (model, numbers(&shown))
}

#[test]
fn a_line_stands_before_what_is_new() {
    let new = "-- new since you left --";
    let (_, shown) = shown_back(back(6, 7, 5), (6..=9).map(said));
    assert_eq!(shown, [new, "6", "7", "8", "9"]);
    let (_, shown) = shown_back(back(6, 5, 5), [said(6)]);
    assert_eq!(shown, ["6"], "nothing is new");
    // That one went and came oneself is not news.
    let own = [event(6, "ann", What::Left), said(7), event(8, "ann", What::Joined)];
    let (_, shown) = shown_back(back(6, 8, 5), own);
    assert_eq!(shown, [new, "7"]);
    let mut model = model();
    model.apply(Event::Entered(back(6, 6, 5)));
    assert_eq!(numbers(&model.apply(Event::Heard(said(6)))), ["-- #tea: new since you left --", "6"]);
}

#[test]
fn after_a_break_what_was_missed_is_new() {
    let mut model = Model::new("ann".to_owned());
    model.apply(Event::Entered(entered(7, "tea", false, How::Asked)));
    model.apply(Event::Heard(said(1)));
    model.apply(Event::Entered(back(2, 2, 0)));
    let shown: Vec<_> = (2..=3).flat_map(|seq| model.apply(Event::Heard(said(seq)))).collect();
    assert_eq!(numbers(&shown), ["-- new since you left --", "2", "3"]);
}

#[test]
fn of_much_that_is_new_the_end_is_shown_and_the_rest_counted() {
    let (model, shown) = shown_back(back(501, 1500, 200), (501..=1500).map(said));
    let expected = ["#tea: 1200 earlier unread: /history", "-- new since you left --", "1401"];
    assert_eq!((&shown[..3], shown.len()), (&expected.map(str::to_owned)[..], 102));
    assert_eq!(model.shown_from(RoomKey(7)), Some(Seq(1401)));
    let mut elsewhere = super::model();
    let shown = elsewhere.apply(Event::Entered(back(501, 1500, 200)));
    assert_eq!(numbers(&shown), ["#tea: 1200 earlier unread: /history #tea"]);
    // None is unread where all that is new has come.
    assert_eq!(shown_back(back(501, 520, 500), []).1, Vec::<String>::new());
}

#[test]
fn each_history_goes_on_before_the_one_before() {
    let (mut model, _) = shown_back(back(31, 31, 30), [said(31)]);
    let page =
        |events: std::ops::RangeInclusive<u64>| Page { events: events.map(said).collect(), more: false, gone_to: None };
    let key = RoomKey(7);
    let mut context = page(28..=30);
    context.events[1].what = What::Joined;
    context.events[1].nick = "ann".to_owned();
    assert_eq!(numbers(&model.part(key, &Part::Context, context)), ["28", "30"]);
    assert_eq!(model.shown_from(key), Some(Seq(28)));
    let earlier = model.part(key, &Part::Earlier, page(26..=27));
    assert_eq!(numbers(&earlier), ["-- #tea, 26 to 27 --", "26", "27", "-- now --"]);
    assert_eq!(model.shown_from(key), Some(Seq(26)));
    let around = model.part(key, &Part::Around(Seq(3)), page(2..=4));
    assert_eq!(numbers(&around), ["-- #tea, around 3 --", "2", "»3", "4", "-- now --"]);
    assert_eq!(model.shown_from(key), Some(Seq(26)), "that is another part of the room");
    let rows = [
        (Part::Earlier, None, "#tea begins with what is shown"),
        (Part::Around(Seq(99)), None, "#tea has no number 99"),
        (Part::Earlier, Some(Seq(9)), "events up to 9 are gone, by the server's rule of how much it keeps"),
    ];
    for (part, gone_to, words) in rows {
        let nothing = Page { events: Vec::new(), more: false, gone_to };
        assert_eq!(numbers(&model.part(key, &part, nothing)), [words]);
    }
}

#[test]
fn what_is_found_says_how_to_go_there() {
    let model = model();
    let found = |seqs: &[u64], next| Found { events: seqs.iter().copied().map(said).collect(), next, unindexed: false };
    let words = numbers(&model.found("x", found(&[9, 3], Some(5)))).concat();
    assert!(words.starts_with("found the newest 2, newest last; /history ROOM @NUMBER"), "{words}");
    assert!(words.find("#tea  3") < words.find("#tea  9"), "{words}");
    let late = Found { unindexed: true, ..found(&[], None) };
    let words = ["nothing is found for x", "what was said in the last moments is not looked at yet"];
    assert_eq!(numbers(&model.found("x", late)), words);
}

#[test]
fn what_is_unread_is_listed_where_there_is_something() {
    let model = model();
    let unread = |said| UnreadRoom {
        room: RoomRef { key: RoomKey(7), name: Arc::from("tea"), direct: false },
        read: Seq(4),
        head: Seq(9),
        said,
        more: false,
    };
    assert_eq!(numbers(&model.unread(vec![unread(0)])), ["nothing is unread"]);
    assert_eq!(numbers(&model.unread(vec![unread(0), unread(3)])), ["unread:\n#tea  3  from 5 on"]);
}

#[test]
fn one_s_own_lines_say_how_far_they_have_come() {
    let mut model = model();
    let own = |key: u32| heard(key, "x", "ann", What::Said("hi".into()));
    assert_eq!(words(&model.apply(own(1))), "[] Own");
    model.set_durable(true);
    assert_eq!(words(&model.apply(own(1))), "[] Stored");
    let secret = Entered { ephemeral: true, ..entered(8, "secret", false, How::Asked) };
    let told = words(&model.entered(&secret));
    assert_eq!(told, "");
    model.decide(parse("/join other"));
    let other = Entered { ephemeral: true, ..entered(9, "other", false, How::Asked) };
    assert_eq!(words(&model.entered(&other)), "you are in #other; 2 people are here (nothing said here is kept)");
    assert_eq!(words(&model.apply(own(8))), "[#secret] Own", "of that nothing is on a disk");
}

#[test]
fn what_a_person_has_to_know_is_said() {
    let mut model = model();
    let room = RoomRef { key: RoomKey(2), name: Arc::from("tea"), direct: false };
    let stored = Event::NotStored { room: room.clone(), refusal: Refusal::new(Code::StorageFailed, "disk full") };
    let error = chat_client::ClientError::Refused(Refusal::new(Code::Busy, "no room"));
    let rows = [
        (stored, "#tea: not stored: disk full; it is tried again until it is"),
        (Event::Behind { room, by: 1000 }, "#tea: behind by 1000, catching up"),
        (Event::NotKept(error), "your place here will not be found again: no room"),
    ];
    for (event, expected) in rows {
        assert_eq!(words(&model.apply(event)), expected);
    }
}
