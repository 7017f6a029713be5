//! A kind and any body, read as both sides read it: by proto, and by the second reader that the vectors test has from
//! docs/protocol.md. Both must agree, and what was read must be read the same after it was written again.

#![no_main]

#[path = "../../../crates/proto/tests/vectors/file_schema.rs"]
mod file_schema;
#[path = "../../../crates/proto/tests/vectors/reader.rs"]
#[expect(dead_code, reason = "only the vectors test shows what was noted")]
mod reader;
#[path = "../../../crates/proto/tests/vectors/schema.rs"]
mod schema;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use proto::limits::BULK_BYTES_MAX;
use proto::{ClientMessage, DecodeError, Frame, RequestId, ServerMessage};

use reader::Reader;

/// The id of every frame here; that of an event is its sequence number.
const ID: u64 = 7;
/// And the slot of every frame, which matters to those of transfers.
const SLOT: u16 = 3;

fuzz_target!(|input: &[u8]| {
    let Some((&kind, body)) = input.split_first() else { return };
    let frame = Frame::new(kind, ID, Bytes::copy_from_slice(body)).with_slot(SLOT);
    if body.len() > frame.header().body_bytes_max(BULK_BYTES_MAX) {
        return;
    }
    let message = ClientMessage::from_frame(&frame);
    match (&message, schema::client(frame.header(), &mut Reader::new(body))) {
        (Ok(message), Some(again)) => {
            assert_eq!(ClientMessage::from_frame(&message.to_frame(RequestId(ID))).as_ref(), Ok(message));
            let is_say = matches!(message, ClientMessage::Say(_));
            assert!(is_say || again.as_ref() == Ok(message), "{message:?}, but {again:?}");
        }
        // These bounds stand in a table of the document; the second reader knows only layouts.
        (Err(DecodeError::BadMagic | DecodeError::TooManyEntries { .. }), _) => {}
        (Err(_), None | Some(Err(_))) => {}
        (here, again) => panic!("{here:?}, but {again:?}"),
    }
    let message = ServerMessage::from_frame(&frame);
    match (&message, schema::server(frame.header(), &mut Reader::new(body))) {
        (Ok(message), Some(again)) => {
            assert_eq!(ServerMessage::from_frame(&message.to_frame(RequestId(ID))).as_ref(), Ok(message));
            assert_eq!(again.as_ref(), Ok(message));
        }
        (Err(DecodeError::TooManyEntries { .. }), _) => {}
        (Err(_), None | Some(Err(_))) => {}
        (here, again) => panic!("{here:?}, but {again:?}"),
    }
});
