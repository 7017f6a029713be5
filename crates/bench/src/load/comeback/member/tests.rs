//! What a member that comes back holds the server to.

use proto::event::{Rest, write};
use proto::message::WireLimits;

use super::*;
use crate::targets::{Arrival, Keeping, message_text};

const TEXT_BYTES: usize = 16;

fn topic() -> Topic {
    Topic {
        room: "r".to_owned(),
        nick_prefix: "b".to_owned(),
        text_bytes: TEXT_BYTES,
        receivers: 0,
        arrival: Arrival::Silent,
        keeping: Keeping::Stored,
    }
}

fn welcome(resumed: bool) -> Vec<u8> {
    let limits = WireLimits { text_bytes: 0, bulk_bytes: 0, rooms: 0, idle_ms: 0, grace_ms: 0 };
    let (agent, nick) = (String::new(), "bm0".to_owned());
    let welcome = Welcome { version: 1, features: 0, agent, nick, token: Token([7; 16]), resumed, limits };
    wire(&ServerMessage::Welcome(welcome).to_frame(RequestId(1)))
}

fn joined(room: u32, first: u64) -> Vec<u8> {
    let (name, topic) = ("r".to_owned(), String::new());
    let (head, read) = (Seq(first), Seq(0));
    let (room, first) = (RoomId(room), Seq(first));
    let joined = Joined { room, name, direct: false, topic, members: 1, first, head, read, ephemeral: false };
    wire(&ServerMessage::Joined(joined).to_frame(RequestId(0)))
}

/// Event `seq`, with the text of message `number`.
fn event(seq: u64, number: u64) -> Vec<u8> {
    let mut text = message_text(TEXT_BYTES);
    text[..8].copy_from_slice(&tag(number));
    let mut out = Vec::new();
    write(Seq(seq), RoomId(1), 0, "speaker", Rest::Said(&text), &mut out);
    out
}

#[test]
fn a_member_that_comes_back_gets_what_it_missed_and_nothing_else() {
    let check = |frames: &[Vec<u8>], want: Result<u64, &str>| {
        let mut member = Member::new("bm0".to_owned());
        // It was in room 1, and had read up to event 4.
        member.place = Some(Place { token: Token([7; 16]), room: RoomId(1), next: 5 });
        let taken = member.take(&frames.concat(), &topic()).map(|_| member.place.map_or(0, |place| place.next));
        match want {
            Ok(next) => assert_eq!(taken, Ok(next), "{frames:?}"),
            Err(part) => assert!(taken.as_ref().is_err_and(|why| why.contains(part)), "{taken:?}, not {part}"),
        }
    };
    let back = [welcome(true), joined(1, 5)].concat();
    check(&[back.clone(), event(5, 4), event(6, 5)], Ok(7));
    check(&[back.clone(), event(6, 5)], Err("event 5 was to come"));
    check(&[back.clone(), event(5, 4), event(5, 4)], Err("event 6 was to come"));
    check(&[back, event(5, 3)], Err("was to be message 00000004"));
    check(&[welcome(false)], Err("taken for somebody new"));
    check(&[welcome(true), joined(1, 6)], Err("were to go on with 5, but go on with 6"));
    check(&[welcome(true), joined(2, 5)], Err("were to go on with 5"));
    check(&[welcome(true), event(5, 4)], Err("before it was in the room"));
}
