//! Who is here, who comes back, who is told.

use super::*;

#[test]
fn a_taken_nick_is_refused_and_another_offered() {
    let mut scene = Scene::two_in_lobby();
    for (nick, offer) in [("ann", "ann-2"), ("ANN", "ANN-2")] {
        let effects = scene.hello(3, nick);
        let [Effect::Reply { reply: ServerMessage::Refused(refusal), .. }] = effects.as_slice() else {
            panic!("{effects:?}")
        };
        assert_eq!((refusal.code, refusal.offer.as_deref()), (Code::NickTaken, Some(offer)));
    }
    assert!(matches!(scene.hello(3, "ann-2").as_slice(), [Effect::Admit { resumed: false, .. }]));
}

#[test]
fn a_broken_connection_is_held_and_taken_up_behind_its_cursor() {
    let mut scene = Scene::two_in_lobby();
    assert_eq!(scene.gone(1, Departure::Broken), []);
    scene.say(2, RoomId(1), 1, "missed");
    let effects = scene.resume(3, 1, vec![Cursor { room: RoomId(1), seq: Seq(2) }]);
    assert!(matches!(&effects[0], Effect::Admit { nick, resumed: true, .. } if nick.as_str() == "ann"), "{effects:?}");
    assert_eq!(entered(&effects, 3), [(1, 3, Reach::SayGap)]);
    // What the old session still says finds nobody.
    assert_eq!(refusal(&scene.say(1, RoomId(1), 9, "ghost")), Some(Code::OutOfPlace));
}

#[test]
fn a_second_connection_of_the_same_person_replaces_the_first() {
    let mut scene = Scene::two_in_lobby();
    let effects = scene.resume(3, 1, Vec::new());
    assert!(
        effects.contains(&Effect::Close { session: SessionId(1), code: CloseCode::Replaced, refusal: None }),
        "{effects:?}"
    );
    // The end of the replaced session changes nothing.
    assert_eq!(scene.gone(1, Departure::Broken), []);
    assert_eq!(scene.after(LIMITS.grace_ms * 2), []);
    assert_eq!(refusal(&scene.say(3, RoomId(1), 1, "still here")), None);
}

#[test]
fn an_unknown_token_is_a_fresh_hello() {
    let mut scene = Scene::two_in_lobby();
    let effects = scene.resume(3, 200, vec![Cursor { room: RoomId(1), seq: Seq(1) }]);
    assert_eq!(refusal(&effects), Some(Code::BadNick), "its nick counts: {effects:?}");
}

#[test]
fn a_cursor_beyond_the_log_is_cut_back_to_it() {
    let mut scene = Scene::two_in_lobby();
    let effects = scene.resume(3, 1, vec![Cursor { room: RoomId(1), seq: Seq(u64::MAX) }]);
    assert_eq!(entered(&effects, 3), [(1, 3, Reach::SayGap)]);
}

#[test]
fn whoever_does_not_return_in_time_leaves() {
    let mut scene = Scene::two_in_lobby();
    scene.gone(1, Departure::Broken);
    assert_eq!(scene.hub.next_tick(), Some(scene.now.plus(LIMITS.grace_ms)));
    assert_eq!(scene.after(LIMITS.grace_ms - 1), []);
    assert_eq!(records(&scene.after(1)), [(1, 3, &Deed::Left)]);
    assert!(matches!(scene.hello(3, "ann").as_slice(), [Effect::Admit { .. }]));
    assert_eq!(scene.hub.next_tick(), None);
}

#[test]
fn a_bye_frees_the_nick_at_once() {
    let mut scene = Scene::two_in_lobby();
    assert_eq!(records(&scene.gone(1, Departure::Bye)), [(1, 3, &Deed::Left)]);
    assert!(matches!(scene.hello(3, "ann").as_slice(), [Effect::Admit { .. }]));
}

#[test]
fn an_unannounced_member_comes_and_goes_unseen() {
    let mut scene = Scene::two_in_lobby();
    scene.hello(3, "script");
    assert_eq!(records(&scene.ask(3, join("lobby", Since::Now, false))), []);
    assert_eq!(records(&scene.gone(3, Departure::Bye)), []);
}

#[test]
fn a_nick_that_merely_looks_like_another_finds_nobody() {
    let mut scene = Scene::two_in_lobby();
    scene.hello(3, "mary");
    assert_eq!(refusal(&scene.direct(1, "rnary")), Some(Code::NoSuchPerson));
    assert_eq!(refusal(&scene.direct(1, "MARY")), None);
}

#[test]
fn a_direct_conversation_is_never_found_under_a_nick_somebody_else_took() {
    let mut scene = Scene::two_in_lobby();
    scene.direct(1, "bob");
    scene.say(1, RoomId(2), 1, "a secret");
    scene.gone(2, Departure::Bye);
    scene.hello(3, "bob");
    let effects = scene.direct(1, "bob");
    assert_eq!(entered(&effects, 3), [(3, 1, Reach::AsFarAsHeld)], "a new room");
    assert_eq!(refusal(&scene.say(1, RoomId(2), 2, "to the one who left")), Some(Code::NoSuchPerson));
}

#[test]
fn held_places_are_bounded_and_the_first_to_go_goes_first() {
    let mut scene = Scene::new();
    for session in 1..=5 {
        scene.hello(session, &format!("h{session}"));
        scene.gone(session, Departure::Broken);
        scene.now = scene.now.plus(1);
    }
    assert_eq!(scene.hub.census().members, LIMITS.held_max);
    assert!(matches!(scene.resume(9, 1, Vec::new())[0], Effect::Reply { .. }), "the first is gone");
    assert!(matches!(scene.resume(9, 5, Vec::new())[0], Effect::Admit { resumed: true, .. }));
}

#[test]
fn a_new_nick_is_taken_at_a_pace() {
    let mut scene = Scene::two_in_lobby();
    assert_eq!(refusal(&scene.ask(1, Command::Rename("ann1".parse().unwrap()))), None);
    assert_eq!(refusal(&scene.ask(1, Command::Rename("ann2".parse().unwrap()))), Some(Code::Busy));
    scene.after(1000);
    assert_eq!(refusal(&scene.ask(1, Command::Rename("ann2".parse().unwrap()))), None);
}

#[test]
fn filling_a_big_room_costs_a_line_in_all() {
    let mut scene = Scene::new();
    let mut told = 0;
    let mut told_to = 0;
    for session in 1..=2000_u64 {
        let token = Token(u128::from(session).to_be_bytes());
        let nick = format!("n{session:05}").parse().unwrap();
        scene.ask(session, Command::Hello { nick: Ok(nick), token, resume: None, features: 0 });
        let effects = scene.join(session, "big");
        told += records(&effects).len();
        told_to += records(&effects).len() as u64 * session;
    }
    // Counts at every sixteenth: about 16 ln(2000 / 64) after the first ones by name and by single steps.
    assert!(told < 300, "{told} events");
    assert!(told_to < 2000 * 20, "{told_to} deliveries for 2000 joins");
    let effects = scene.after(LIMITS.crowd_interval_ms);
    let counted =
        |effects: &Effects| matches!(records(effects).as_slice(), [(_, _, Deed::Crowd { members: 2000, .. })]);
    assert!(counted(&effects) || effects.is_empty(), "{effects:?}");
    assert_eq!(scene.hub.next_tick(), None);
}

#[test]
fn lists_are_paged_in_order_and_within_a_frame() {
    let mut scene = Scene::new();
    for session in 1..=1200_u64 {
        let token = Token(u128::from(session).to_be_bytes());
        let nick = format!("n{session:05}").parse().unwrap();
        scene.ask(session, Command::Hello { nick: Ok(nick), token, resume: None, features: 0 });
    }
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let effects = scene.ask(1, Command::ListMembers { room: None, after: after.clone() });
        let [Effect::Reply { reply, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        assert!(reply.to_frame(RequestId(1)).body().len() <= proto::limits::CONTROL_BYTES_MAX);
        let ServerMessage::MemberList(page) = reply else { panic!("{reply:?}") };
        seen.extend(page.members.iter().map(|member| member.nick.clone()));
        if !page.more {
            break;
        }
        after = seen.last().unwrap().clone();
    }
    assert_eq!(seen.len(), 1200);
    assert!(seen.is_sorted());
}
