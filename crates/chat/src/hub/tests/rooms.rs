//! Rooms, direct conversations, resends, limits.

use super::*;

#[test]
fn a_resend_gets_the_first_answer_and_no_second_record() {
    let mut scene = Scene::two_in_lobby();
    let said = |effects: &Effects| {
        effects.iter().find_map(|effect| match effect {
            Effect::Reply { reply: ServerMessage::Said(said), .. } => Some(said.seq.0),
            _ => None,
        })
    };
    assert_eq!(said(&scene.say(1, RoomId(1), 1, "once")), Some(3));
    assert_eq!(said(&scene.say(1, RoomId(1), 2, "twice")), Some(4));
    for (message, seq) in [(1, 3), (2, 4)] {
        let effects = scene.say(1, RoomId(1), message, "again");
        assert_eq!((said(&effects), records(&effects).len()), (Some(seq), 0));
    }
    assert_eq!(said(&scene.say(2, RoomId(1), 1, "another person's number")), Some(5));
}

#[test]
fn a_direct_conversation_is_a_room_of_two_that_opens_for_both() {
    let mut scene = Scene::two_in_lobby();
    let effects = scene.direct(1, "BOB");
    assert_eq!((entered(&effects, 1).len(), entered(&effects, 2).len()), (1, 1), "{effects:?}");
    let names: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Enter { joined, .. } => Some((joined.name.as_str(), joined.direct, joined.members)),
            _ => None,
        })
        .collect();
    assert_eq!(names, [("bob", true, 2), ("ann", true, 2)]);
    // Asked again, by either, it is the same room.
    assert_eq!(entered(&scene.direct(2, "ann"), 2)[0].0, 2);
    // No list shows it, and nobody else can speak in it.
    scene.hello(3, "eve");
    let effects = scene.ask(3, Command::ListRooms { after: String::new() });
    assert!(!format!("{effects:?}").contains("direct"), "{effects:?}");
    assert_eq!(refusal(&scene.say(3, RoomId(2), 1, "hi")), Some(Code::NotInRoom));
    assert_eq!(refusal(&scene.ask(3, Command::Leave(RoomId(2)))), Some(Code::NotInRoom));
}

#[test]
fn what_is_said_directly_calls_back_whoever_left_and_is_not_missed() {
    let mut scene = Scene::two_in_lobby();
    scene.direct(1, "bob");
    scene.ask(2, Command::Leave(RoomId(2)));
    let effects = scene.say(1, RoomId(2), 1, "come back");
    assert_eq!(entered(&effects, 2), [(2, 1, Reach::AsFarAsHeld)]);
    assert_eq!(records(&effects).len(), 1);
}

#[test]
fn limits_name_themselves() {
    let mut scene = Scene::two_in_lobby();
    scene.join(1, "a");
    scene.join(1, "b");
    assert_eq!(refusal(&scene.join(1, "c")), Some(Code::TooManyRooms));
    assert_eq!(refusal(&scene.join(1, "lobby")), None, "a room one is in can be joined again");
    scene.join(2, "d");
    scene.join(2, "e");
    scene.hello(3, "cat");
    assert_eq!(refusal(&scene.join(3, "f")), Some(Code::ServerRoomsFull));
    // An empty room makes place.
    scene.ask(2, Command::Leave(RoomId(5)));
    let effects = scene.join(3, "f");
    assert!(effects.contains(&Effect::Forget(RoomId(5))), "{effects:?}");
    assert_eq!(refusal(&effects), None);
}

#[test]
fn conversations_that_others_opened_keep_nobody_out_of_a_room() {
    let mut scene = Scene::within(HubLimits { rooms_max: 100, ..LIMITS });
    scene.hello(1, "ann");
    scene.join(1, "lobby");
    for session in 3..=40 {
        scene.hello(session, &format!("x{session}"));
        assert_eq!(refusal(&scene.direct(session, "ann")), None, "{session}");
        scene.gone(session, Departure::Bye);
    }
    assert_eq!(refusal(&scene.join(1, "a")), None);
    // Those that ended are held to a number; the rooms they had are free again.
    assert!(scene.hub.census().rooms <= 2 + 16, "{:?}", scene.hub.census());
}

#[test]
fn a_look_alike_that_nobody_is_in_makes_way() {
    let mut scene = Scene::two_in_lobby();
    scene.join(1, "1ist");
    assert_eq!(refusal(&scene.join(2, "list")), Some(Code::LooksLikeRoom));
    scene.ask(1, Command::Leave(RoomId(2)));
    let effects = scene.join(2, "list");
    assert_eq!(refusal(&effects), None);
    assert!(effects.contains(&Effect::Forget(RoomId(2))), "{effects:?}");
}

#[test]
fn a_room_that_looks_like_another_is_refused() {
    let mut scene = Scene::two_in_lobby();
    assert_eq!(refusal(&scene.join(1, "1obby")), Some(Code::LooksLikeRoom));
}
