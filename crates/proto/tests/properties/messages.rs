//! Messages: back as they went, and no body that makes a reader panic.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proto::event::{RoomEvent, What};
use proto::limits::{
    BULK_BYTES_MAX, CONTROL_BYTES_MAX, CURSORS_MAX, MAGIC, PACK_FILES_MAX, PACK_PATHS_BYTES_MAX, PAGE_EVENTS_MAX,
};
use proto::message::{
    Cursor, FileRequest, Hello, OnConflict, PACK_FILE_PREFIX_BYTES, PAGE_FRAMES_BYTES_MAX, Pack, PackedFile, Page,
    Resume, RoomEntry, RoomList,
};
use proto::{ClientMessage, Frame, RequestId, RoomId, Root, Seq, ServerMessage, Slot, Token};

use crate::any::{client_message, frames_of, server_message};
use crate::cases;

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn what_a_client_says_comes_back(message in client_message(), id: u64) {
        let frame = message.to_frame(RequestId(id));
        let is_request = !matches!(message, ClientMessage::Transfer(..));
        prop_assert_eq!(frame.header().kind, message.kind().number());
        prop_assert!(frame.header().id == id || !is_request);
        prop_assert_eq!(ClientMessage::from_frame(&frame), Ok(message));
    }

    #[test]
    fn what_a_server_says_comes_back(message in server_message(), id: u64) {
        let frame = message.to_frame(RequestId(id));
        prop_assert_eq!(frame.header().kind, message.kind().number());
        prop_assert_eq!(ServerMessage::from_frame(&frame), Ok(message));
    }

    #[test]
    fn a_message_cut_short_is_refused_or_another_one(message in client_message(), part in 0.0..1.0_f64) {
        let whole = message.to_frame(RequestId(1));
        let short = whole.body().slice(..part_of(whole.body().len(), part));
        if short.len() < whole.body().len() {
            let read = ClientMessage::from_frame(&with_body(&whole, short));
            prop_assert_ne!(read, Ok(message));
        }
    }

    #[test]
    fn any_body_of_any_kind_is_read_or_refused(kind: u8, slot: u16, id: u64, body in vec(any::<u8>(), 0..200)) {
        read_both(&Frame::new(kind, id, Bytes::from(body)).with_slot(slot))?;
    }

    #[test]
    fn a_good_message_with_bad_bytes_in_it_is_read_or_refused(
        frame in prop_oneof![
            client_message().prop_map(|message| message.to_frame(RequestId(1))),
            server_message().prop_map(|message| message.to_frame(RequestId(1))),
        ],
        bad in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        kind in prop::option::of(any::<u8>()),
    ) {
        let mut body = frame.body().to_vec();
        let own_kind = frame.header().kind;
        for (at, byte) in bad.into_iter().filter(|_| !frame.body().is_empty()) {
            body[at.index(frame.body().len())] = byte;
        }
        read_both(&Frame::new(kind.unwrap_or(own_kind), 1, Bytes::from(body)).with_slot(3))?;
    }
}

/// The fullest pack: as many files as may be, each a path, and bytes up to the cap of the frame.
#[test]
fn the_fullest_pack_within_the_cap_is_read() {
    let path_bytes = PACK_PATHS_BYTES_MAX / PACK_FILES_MAX;
    let prefix = PACK_FILE_PREFIX_BYTES + path_bytes;
    let size = (BULK_BYTES_MAX - 7) / PACK_FILES_MAX - prefix;
    let file = |at: usize| PackedFile {
        code: None,
        path: format!("{at:0path_bytes$}"),
        modified_ms: u64::MAX,
        root: Root([7; 32]),
        bytes: Bytes::from(vec![7; size]),
    };
    let files: Vec<_> = (0..PACK_FILES_MAX).map(file).collect();
    let pack = FileRequest::Pack(Pack { room: RoomId(1), on_conflict: OnConflict::Same, files });
    let message = ClientMessage::File(Slot(0), pack);
    let frame = message.to_frame(RequestId(1));
    assert!(frame.body().len() <= BULK_BYTES_MAX && frame.body().len() > BULK_BYTES_MAX - PACK_FILES_MAX);
    assert_eq!(ClientMessage::from_frame(&frame), Ok(message));
}

#[test]
fn the_fullest_bodies_within_the_cap_are_read() {
    let cursors = vec![Cursor { room: RoomId(1), seq: Seq(1) }; CURSORS_MAX];
    let hello = |agent: usize| {
        ClientMessage::Hello(Hello {
            magic: MAGIC,
            version_min: 1,
            version_max: 1,
            features: 0,
            nick: "ann".into(),
            agent: "x".repeat(agent),
            resume: Some(Resume { token: Token([1; 16]), cursors: cursors.clone() }),
        })
    };
    let hello = hello(CONTROL_BYTES_MAX - hello(300).to_frame(RequestId(1)).body().len() + 300);
    let frame = hello.to_frame(RequestId(1));
    assert_eq!(frame.body().len(), CONTROL_BYTES_MAX);
    assert_eq!(ClientMessage::from_frame(&frame), Ok(hello));
    // Three bytes on the wire for each entry: what bincode counts most for, byte by byte.
    let rooms = vec![RoomEntry { name: String::new(), members: 1, topic: String::new() }; (CONTROL_BYTES_MAX - 4) / 3];
    let list = ServerMessage::RoomList(RoomList { rooms, more: false });
    let frame = list.to_frame(RequestId(1));
    assert!(frame.body().len() > CONTROL_BYTES_MAX - 4 && frame.body().len() <= CONTROL_BYTES_MAX);
    assert_eq!(ServerMessage::from_frame(&frame), Ok(list));
}

/// The longest page: its events are what they were, byte for byte.
#[test]
fn a_page_gives_back_the_events_that_were_put_into_it() {
    let said = |seq| RoomEvent {
        seq: Seq(seq),
        room: RoomId(7),
        at_ms: u64::MAX,
        nick: "ann".into(),
        what: What::Said("x".repeat(96)),
    };
    let events: Vec<_> = (1..=u64::from(PAGE_EVENTS_MAX)).map(said).collect();
    let page = Page { more: true, unindexed: false, next: 9, gone_to: Seq(3), frames: frames_of(&events) };
    assert!(page.frames.len() <= PAGE_FRAMES_BYTES_MAX, "{}", page.frames.len());
    assert_eq!(page.events(), Ok(events));
    let frame = ServerMessage::Page(page.clone()).to_frame(RequestId(1));
    assert_eq!(ServerMessage::from_frame(&frame), Ok(ServerMessage::Page(page)));
}

fn with_body(frame: &Frame, body: Bytes) -> Frame {
    let header = frame.header();
    Frame::new(header.kind, header.id, body).with_slot(header.slot).with_flags(header.flags)
}

/// Reads `frame` as either side does. What can be read can be said again, and is then read the same: a number may
/// have come in a longer form than it goes, but a message means one thing.
fn read_both(frame: &Frame) -> Result<(), TestCaseError> {
    let id = RequestId(frame.header().id);
    if let Ok(message) = ClientMessage::from_frame(frame) {
        prop_assert_eq!(ClientMessage::from_frame(&message.to_frame(id)), Ok(message));
    }
    if let Ok(message) = ServerMessage::from_frame(frame) {
        prop_assert_eq!(ServerMessage::from_frame(&message.to_frame(id)), Ok(message));
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a small length")]
fn part_of(len: usize, part: f64) -> usize {
    (len as f64 * part) as usize
}
