//! People whose place is kept when they leave: what the others see, what waits, when it ends.

use proto::message::Hello;

use super::reading::unread;
use super::*;

pub(super) const KEEPING: HubLimits = HubLimits { keep_ms: 100_000, kept_max: 3, ..LIMITS };

/// Ann (session 1), who stays, and bob (session 2), whose place is kept, in `lobby` and a conversation of their own,
/// which is room 2.
pub(super) fn ann_and_bob(limits: HubLimits) -> Scene {
    let mut scene = Scene::within(limits);
    scene.hello(1, "ann");
    scene.hello_as(2, "bob", Hello::KEEP);
    for session in [1, 2] {
        scene.join(session, "lobby");
    }
    scene.direct(1, "bob");
    scene
}

fn admitted(effects: &Effects) -> Option<(&str, bool, bool)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Admit { nick, resumed, kept, .. } => Some((nick.as_str(), *resumed, *kept)),
        _ => None,
    })
}

pub(super) fn listed(scene: &mut Scene, room: Option<&str>) -> Vec<String> {
    let room = room.map(|name| name.parse().unwrap());
    match scene.ask(1, Command::ListMembers { room, after: String::new() }).as_slice() {
        [Effect::Reply { reply: ServerMessage::MemberList(list), .. }] => {
            assert_eq!(list.total as usize, list.members.len());
            list.members.iter().map(|member| member.nick.clone()).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn member_counts(effects: &Effects) -> Vec<u32> {
    let of = |effect: &Effect| match effect {
        Effect::Enter { joined, .. } => Some(joined.members),
        _ => None,
    };
    effects.iter().filter_map(of).collect()
}

#[test]
fn a_place_is_kept_where_it_is_asked_for_and_the_server_keeps_any() {
    let rows = [
        (KEEPING, Hello::KEEP, true),
        (KEEPING, 0, false),
        (HubLimits { keep_ms: 0, ..KEEPING }, Hello::KEEP, false),
        (HubLimits { kept_max: 0, ..KEEPING }, Hello::KEEP, false),
    ];
    for (limits, features, kept) in rows {
        let mut scene = Scene::within(limits);
        assert_eq!(admitted(&scene.hello_as(1, "ann", features)), Some(("ann", false, kept)));
        scene.gone(1, Departure::Bye);
        assert_eq!(refusal(&scene.hello(2, "ann")), kept.then_some(Code::NickTaken), "{limits:?} {features}");
    }
}

#[test]
fn who_is_away_is_gone_for_the_others_but_the_nick_is_theirs() {
    for grace in [false, true] {
        let mut scene = ann_and_bob(KEEPING);
        let effects = match grace {
            false => scene.gone(2, Departure::Bye),
            true => {
                scene.gone(2, Departure::Broken);
                assert_eq!(listed(&mut scene, None), ["ann", "bob"], "held");
                scene.after(LIMITS.grace_ms)
            }
        };
        assert_eq!(records(&effects), [(1, 3, &Deed::Left)]);
        assert_eq!(listed(&mut scene, None), ["ann"]);
        assert_eq!(listed(&mut scene, Some("lobby")), ["ann"]);
        assert_eq!(member_counts(&scene.join(1, "lobby")), [1]);
        assert_eq!(member_counts(&scene.direct(1, "bob")), [1]);
        for nick in ["bob", "BOB", "b0b"] {
            assert_eq!(refusal(&scene.hello(3, nick)), Some(Code::NickTaken), "{nick}");
        }
        assert_eq!(scene.hub.census(), super::super::Census { sessions: 1, members: 2, away: 1, rooms: 2 });
    }
}

#[test]
fn whoever_returns_is_in_their_rooms_again_and_those_are_told() {
    for (announce, told) in [(true, 1), (false, 0)] {
        let mut scene = Scene::within(KEEPING);
        scene.hello_as(2, "bob", Hello::KEEP);
        scene.ask(2, join("lobby", Since::Now, announce));
        scene.gone(2, Departure::Bye);
        let effects = scene.resume_as(3, 2, Vec::new(), Hello::KEEP);
        assert_eq!(admitted(&effects), Some(("bob", true, true)));
        assert_eq!((entered(&effects, 3).len(), records(&effects).len()), (1, told), "{effects:?}");
        assert!(records(&effects).iter().all(|record| *record.2 == Deed::Joined));
        let effects = scene.gone(3, Departure::Bye);
        assert_eq!(records(&effects).len(), told, "and told of the going again");
    }
}

#[test]
fn whoever_returns_without_keep_is_let_go_the_next_time() {
    let mut scene = ann_and_bob(KEEPING);
    scene.gone(2, Departure::Bye);
    assert_eq!(admitted(&scene.resume(3, 2, Vec::new())), Some(("bob", true, false)));
    scene.gone(3, Departure::Bye);
    assert!(matches!(scene.hello(4, "bob").as_slice(), [Effect::Admit { resumed: false, .. }]));
}

#[test]
fn without_a_cursor_a_room_begins_behind_what_was_read() {
    let last = u64::from(proto::limits::JOIN_LAST_MAX);
    // What was said behind bob's own coming at 2; what he marked; where he goes on, if that is not too long ago.
    for (said, marked, first) in [(3, 0, 3), (3, 4, 5), (3, 9, 6), (last + 7, 3, 4), (last + 7, 12, 13)] {
        let mut scene = ann_and_bob(KEEPING);
        for message in 0..said {
            scene.say(1, RoomId(1), message, "hm");
        }
        scene.ask(2, reading::mark(RoomId(1), 2));
        scene.ask(2, reading::mark(RoomId(1), marked));
        let head = 2 + said;
        for departure in [Departure::Broken, Departure::Bye] {
            let session = if departure == Departure::Bye { 3 } else { 2 };
            scene.gone(session, departure);
            let effects = scene.resume_as(session + 1, 2, Vec::new(), Hello::KEEP);
            // Bob's own going is told at the end of the second round.
            let head = if departure == Departure::Bye { head + 1 } else { head };
            let first = first.max((head + 1).saturating_sub(last));
            assert_eq!(entered(&effects, session + 1)[0], (1, first, Reach::AsFarAsHeld), "{said} {marked}");
        }
    }
}

#[test]
fn with_a_cursor_a_room_begins_behind_it_whatever_was_read() {
    let mut scene = ann_and_bob(KEEPING);
    scene.ask(2, reading::mark(RoomId(1), 2));
    scene.gone(2, Departure::Bye);
    let effects = scene.resume_as(3, 2, vec![Cursor { room: RoomId(1), seq: Seq(1) }], Hello::KEEP);
    assert_eq!(entered(&effects, 3)[0], (1, 2, Reach::SayGap));
}

#[test]
fn what_is_said_to_somebody_away_waits_for_them() {
    let post = |scene: &mut Scene| {
        let mut effects = Vec::new();
        let deed = Deed::Sending { path: "a".into(), size: 1 };
        scene.hub.post(scene.now, RoomId(2), "ann".parse().unwrap(), deed, &mut effects);
        effects
    };
    let say = |scene: &mut Scene| scene.say(1, RoomId(2), 1, "for later");
    type Ask<'a> = (&'a str, &'a dyn Fn(&mut Scene) -> Effects);
    let rows: [Ask<'_>; 2] = [("say", &say), ("post", &post)];
    for (name, ask) in rows {
        for has_left in [false, true] {
            let mut scene = ann_and_bob(KEEPING);
            if has_left {
                scene.ask(2, Command::Leave(RoomId(2)));
            }
            scene.gone(2, Departure::Bye);
            let effects = ask(&mut scene);
            assert_eq!((refusal(&effects), records(&effects).len()), (None, 1), "{name}");
            let effects = scene.resume_as(3, 2, Vec::new(), Hello::KEEP);
            assert!(joined(&effects, 3).contains(&(2, 1, 0)), "{name}, had left: {has_left}: {effects:?}");
            assert_eq!(unread(&scene.ask(3, Command::AskUnread))[1], (2, 0, 1));
        }
    }
}

#[test]
fn a_conversation_can_be_opened_with_somebody_away() {
    let mut scene = Scene::within(KEEPING);
    scene.hello(1, "ann");
    scene.hello_as(2, "bob", Hello::KEEP);
    scene.gone(2, Departure::Bye);
    let effects = scene.direct(1, "bob");
    assert_eq!((entered(&effects, 1).len(), entered(&effects, 2).len()), (1, 0));
    scene.say(1, RoomId(2), 1, "hello");
    scene.ask(1, Command::Leave(RoomId(2)));
    let effects = scene.resume_as(3, 2, Vec::new(), Hello::KEEP);
    assert_eq!(joined(&effects, 3), [(2, 1, 0)]);
    assert_eq!(refusal(&scene.say(3, RoomId(2), 1, "hello")), None, "which calls ann back");
}

#[test]
fn a_place_is_kept_for_so_long_and_then_let_go_without_a_word() {
    let mut scene = ann_and_bob(KEEPING);
    scene.gone(2, Departure::Bye);
    assert_eq!(scene.hub.next_tick(), Some(scene.now.plus(KEEPING.keep_ms)));
    assert_eq!(scene.after(KEEPING.keep_ms - 1), []);
    assert_eq!(scene.hub.census().away, 1);
    assert_eq!(scene.after(1), []);
    assert_eq!((scene.hub.census().members, scene.hub.next_tick()), (1, None));
    assert_eq!(
        refusal(&scene.say(1, RoomId(2), 1, "anybody?")),
        Some(Code::NoSuchPerson),
        "the conversation has ended"
    );
    assert!(matches!(scene.hello(3, "bob").as_slice(), [Effect::Admit { resumed: false, .. }]));
}

#[test]
fn so_many_places_are_kept_and_who_left_first_goes_first() {
    let mut scene = Scene::within(KEEPING);
    for session in 1..=5 {
        scene.hello_as(session, &format!("k{session}"), Hello::KEEP);
    }
    for session in [3, 1, 2, 5, 4] {
        scene.now = scene.now.plus(1);
        scene.gone(session, Departure::Bye);
    }
    assert_eq!(scene.hub.census().away, KEEPING.kept_max);
    for (session, kept) in [(1, false), (2, true), (3, false), (4, true), (5, true)] {
        let effects = scene.resume(10 + session, session, Vec::new());
        assert_eq!(admitted(&effects).is_some(), kept, "k{session}");
    }
}

#[test]
fn a_room_where_a_place_is_kept_makes_way_for_none() {
    let mut scene = Scene::within(HubLimits { rooms_max: 3, ..KEEPING });
    scene.hello(1, "ann");
    scene.hello_as(2, "bob", Hello::KEEP);
    scene.join(2, "1ist");
    scene.join(2, "bobs");
    scene.gone(2, Departure::Bye);
    assert_eq!(refusal(&scene.join(1, "other")), Some(Code::ServerRoomsFull));
    assert_eq!(refusal(&scene.join(1, "list")), Some(Code::LooksLikeRoom));
    let effects = scene.after(KEEPING.keep_ms);
    assert_eq!(effects, []);
    assert!(scene.join(1, "list").contains(&Effect::Forget(RoomId(2))));
    assert!(scene.join(1, "other").contains(&Effect::Forget(RoomId(3))));
}

#[test]
fn yield_leaves_the_place_to_a_connection_that_stands() {
    let mut scene = ann_and_bob(KEEPING);
    let resume = |token_of: u64| Some(Resume { token: token(token_of), cursors: Vec::new() });
    let ask = |scene: &mut Scene, session: u64, nick: &str| {
        let nick = Ok(nick.parse().unwrap());
        scene.ask(session, Command::Hello { nick, token: token(session), resume: resume(2), features: Hello::YIELD })
    };
    let effects = ask(&mut scene, 3, "bob");
    let [Effect::Reply { reply: ServerMessage::Refused(refused), .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((refused.code, refused.offer.as_deref()), (Code::NickTaken, Some("bob-2")));
    assert_eq!(refusal(&scene.say(2, RoomId(1), 1, "still here")), None);
    assert_eq!(admitted(&ask(&mut scene, 4, "bob-2")), Some(("bob-2", false, false)), "as a stranger");
    scene.gone(2, Departure::Broken);
    assert_eq!(admitted(&ask(&mut scene, 5, "bob")), Some(("bob", true, false)), "held is not standing");
}

#[test]
fn somebody_idle_is_small() {
    use crate::member::{Member, Membership};
    // Beside it, there are a nick, its key and a token in four maps.
    assert!(size_of::<Member>() <= 192, "{}", size_of::<Member>());
    assert!(size_of::<Membership>() <= 16, "{}", size_of::<Membership>());
}
