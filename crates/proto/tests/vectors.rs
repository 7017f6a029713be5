//! Holds this crate to `docs/protocol.md`: every example there is read, by this crate and by a second reader that was
//! written from the document alone, and written back to the same bytes; what the document says must be refused is.
//!
//! `VECTORS_BLESS=1 cargo test -p proto --test vectors` writes the `vector` blocks anew from the values in `rows`.
//! The labels of the blocks, the `reject` blocks and all prose are written by hand.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise, wherever it is")]

#[path = "vectors/document.rs"]
mod document;
#[path = "vectors/file_answer_rows.rs"]
mod file_answer_rows;
#[path = "vectors/file_rows.rs"]
mod file_rows;
#[path = "vectors/file_schema.rs"]
mod file_schema;
#[path = "vectors/reader.rs"]
mod reader;
#[path = "vectors/reading_rows.rs"]
mod reading_rows;
#[path = "vectors/rejects.rs"]
mod rejects;
#[path = "vectors/rows.rs"]
mod rows;
#[path = "vectors/schema.rs"]
mod schema;
#[path = "vectors/server_rows.rs"]
mod server_rows;
#[path = "vectors/tables.rs"]
mod tables;
#[path = "vectors/tails.rs"]
mod tails;
#[path = "vectors/tree.rs"]
mod tree;

use std::fmt::Write as _;

use bytes::{Bytes, BytesMut};
use proto::error::CodecError;
use proto::{ClientMessage, Codec, DecodeError, Frame, Kind, Seq, ServerMessage, limits};
use tokio_util::codec::{Decoder, Encoder};

use reader::{Note, Reader};
use rejects::Side;
use rows::{Row, Spoken};

#[test]
fn every_example_in_the_document_is_what_this_crate_writes() {
    let blocks = document::blocks(protocol(), "vector");
    let rows = rows::all();
    for block in &blocks {
        let row = rows.iter().find(|row| row.label == block.label);
        let row = row.unwrap_or_else(|| panic!("no row for the block {}", block.label));
        let bless = "write it anew with VECTORS_BLESS=1";
        assert_eq!(block.content, shown(row), "the block {} differs; {bless}", block.label);
    }
    for row in &rows {
        let count = blocks.iter().filter(|block| block.label == row.label).count();
        assert_eq!(count, 1, "blocks of the document labelled {}", row.label);
    }
}

#[test]
fn every_example_is_read_by_both_readers_and_written_back() {
    let rows = rows::all();
    for block in document::blocks(protocol(), "vector") {
        let wire = document::bytes(&block.content);
        let Some(row) = rows.iter().find(|row| row.label == block.label) else { continue };
        let frame = only_frame(&wire, limits::BULK_BYTES_MAX).unwrap();
        assert_eq!(frame.header(), row.frame().header(), "{}", block.label);
        assert_eq!(frame.header().id, row.id, "{}", block.label);
        assert_eq!(read_here(row, &frame).as_ref(), Ok(&row.spoken), "{}", block.label);
        assert_eq!(read_again(row, &frame).1.as_ref(), Ok(&row.spoken), "{}", block.label);
        let mut written = BytesMut::new();
        Codec::control().encode(row.frame(), &mut written).unwrap();
        assert_eq!(written, wire, "{}", block.label);
    }
}

#[test]
fn every_kind_has_an_example() {
    let rows = rows::all();
    for kind in Kind::ALL {
        let name = format!("{kind:?}");
        let of_kind = |row: &&Row| row.label.split(' ').next() == Some(&name);
        let examples: Vec<_> = rows.iter().filter(of_kind).collect();
        assert!(!examples.is_empty(), "no example of {name}");
        for row in examples {
            assert_eq!(row.frame().header().kind, kind.number(), "{}", row.label);
        }
    }
}

#[test]
fn an_example_cut_anywhere_is_never_read() {
    for row in rows::all() {
        let mut wire = Vec::new();
        row.frame().write(&mut wire);
        for cut in 0..wire.len() {
            let mut buffer = BytesMut::from(&wire[..cut]);
            let mut codec = Codec::new(limits::BULK_BYTES_MAX);
            assert!(matches!(codec.decode(&mut buffer), Ok(None)), "{} cut at {cut}", row.label);
            let at_end = codec.decode_eof(&mut buffer).map_err(wire_error);
            match cut {
                0 => assert_eq!(at_end.unwrap(), None, "{}", row.label),
                _ => assert!(matches!(at_end, Err(DecodeError::CutShort { had, .. }) if had == cut), "{}", row.label),
            }
        }
    }
}

#[test]
fn a_body_cut_anywhere_is_refused_unless_text_reaches_to_its_end() {
    for row in rows::all() {
        let whole = row.frame();
        for cut in 0..whole.body().len() {
            let frame = with_body(&whole, whole.body().slice(..cut));
            let here = read_here(&row, &frame);
            assert_ne!(here.as_ref(), Ok(&row.spoken), "{} cut at {cut}", row.label);
            let agreed = here.is_ok() == read_again(&row, &frame).1.is_ok();
            assert!(
                agreed || tails::cuts_a_character(&row, cut),
                "{} cut at {cut}: the two readers disagree",
                row.label
            );
            if here.is_ok() {
                assert!(tails::begins(&row).is_some_and(|begins| cut >= begins), "{} cut at {cut}", row.label);
            }
        }
    }
}

#[test]
fn one_byte_too_many_is_refused_unless_text_reaches_to_the_end() {
    for row in rows::all() {
        let whole = row.frame();
        let longer = Bytes::from([whole.body().as_ref(), b"!"].concat());
        let frame = with_body(&whole, longer);
        match read_here(&row, &frame) {
            Ok(read) => {
                let is_another = tails::takes_a_byte_more(&row) && read != row.spoken;
                assert!(is_another || tails::is_unknown(&row), "{}", row.label);
            }
            Err(error) => {
                assert!(!tails::takes_a_byte_more(&row), "{}: {error}", row.label);
                let is_said = matches!(error, DecodeError::TrailingBytes { extra: 1, .. });
                assert!(is_said || tails::begins(&row).is_some(), "{}: {error}", row.label);
                assert!(read_again(&row, &frame).1.is_err(), "{}", row.label);
            }
        }
    }
}

#[test]
fn what_the_document_says_is_refused_is_refused_so() {
    let blocks = document::blocks(protocol(), "reject");
    for reject in rejects::all() {
        let block: Vec<_> = blocks.iter().filter(|block| block.label == reject.label).collect();
        assert_eq!(block.len(), 1, "blocks of the document labelled {}", reject.label);
        let named = format!("{:?}", reject.error).starts_with(reject.label.split(' ').next().unwrap_or_default());
        assert!(named, "{} is not the name of {:?}", reject.label, reject.error);
        let read =
            only_frame(&document::bytes(&block[0].content), reject.bulk_bytes_max).and_then(|frame| {
                match reject.reader {
                    Side::Server => ClientMessage::from_frame(&frame).map(Spoken::Client),
                    Side::Client => ServerMessage::from_frame(&frame).map(Spoken::Server),
                }
            });
        assert_eq!(read, Err(reject.error), "{}", reject.label);
    }
    assert_eq!(blocks.len(), rejects::all().len(), "a reject block has no row");
}

#[test]
fn the_second_reader_refuses_the_same_bodies() {
    let blocks = document::blocks(protocol(), "reject");
    // These break a bound that stands in a table, not the layout of the body.
    let breaks_a_bound = |label: &str| ["BadMagic", "BadMagic attach"].contains(&label) || label.starts_with("TooMany");
    for reject in rejects::all() {
        let Some(block) = blocks.iter().find(|block| block.label == reject.label) else { continue };
        let Ok(frame) = only_frame(&document::bytes(&block.content), reject.bulk_bytes_max) else { continue };
        let mut reader = Reader::new(frame.body());
        let is_refused = match reject.reader {
            Side::Server => schema::client(frame.header(), &mut reader).is_none_or(|read| read.is_err()),
            Side::Client => schema::server(frame.header(), &mut reader).is_none_or(|read| read.is_err()),
        };
        assert_eq!(is_refused, !breaks_a_bound(reject.label), "{}", reject.label);
    }
}

/// The document.
fn protocol() -> &'static str {
    let rows = rows::all();
    document::text(|block| rows.iter().find(|row| row.label == block.label).map_or_else(String::new, shown))
}

/// A block's lines for `row`: each field with a comment before its bytes.
fn shown(row: &Row) -> String {
    let frame = row.frame();
    let header = frame.header();
    let mut out = String::new();
    let flags = if header.is_skippable() { ", skippable" } else { "" };
    let slot = if header.slot == 0 { String::new() } else { format!(", slot {}", header.slot) };
    writeln!(out, "# header: len {}, kind {}{flags}{slot}, id {}", header.len, header.kind, header.id).unwrap();
    writeln!(out, "{:08x} {:02x} {:02x} {:04x} {:016x}", header.len, header.kind, header.flags, header.slot, header.id)
        .unwrap();
    for Note { words, length, value } in read_again(row, &frame).0 {
        writeln!(out, "# {words}").unwrap();
        let (length, value) = (hex(&frame.body()[length]), hex(&frame.body()[value]));
        match format!("{length} {value}").trim() {
            "" => {}
            hex => writeln!(out, "{hex}").unwrap(),
        }
    }
    out
}

/// Hex, broken into lines of 32 bytes.
fn hex(bytes: &[u8]) -> String {
    let line = |bytes: &[u8]| bytes.iter().fold(String::new(), |line, byte| line + &format!("{byte:02x}"));
    bytes.chunks(32).map(line).collect::<Vec<_>>().join("\n")
}

/// The one frame in `wire`, as a peer that takes bulk frames of `bulk_bytes_max` reads it before the connection ends.
fn only_frame(wire: &[u8], bulk_bytes_max: usize) -> Result<Frame, DecodeError> {
    let mut buffer = BytesMut::from(wire);
    let frame = Codec::new(bulk_bytes_max).decode_eof(&mut buffer).map_err(wire_error)?.expect("bytes");
    assert!(buffer.is_empty(), "{} bytes behind the frame", buffer.len());
    Ok(frame)
}

fn read_here(row: &Row, frame: &Frame) -> Result<Spoken, DecodeError> {
    Ok(match &row.spoken {
        Spoken::Client(_) => Spoken::Client(ClientMessage::from_frame(frame)?),
        Spoken::Server(_) => Spoken::Server(ServerMessage::from_frame(frame)?),
        Spoken::Echo(bytes) if frame.body() == bytes => row.spoken.clone(),
        Spoken::Echo(_) => Spoken::Echo(b"something else"),
    })
}

/// The same by the second reader, and what it noted on the way.
fn read_again(row: &Row, frame: &Frame) -> (Vec<Note>, Result<Spoken, reader::Unreadable>) {
    let mut reader = Reader::new(frame.body());
    let read = match &row.spoken {
        Spoken::Client(_) => schema::client(frame.header(), &mut reader).expect("a client's kind").map(Spoken::Client),
        Spoken::Server(_) => schema::server(frame.header(), &mut reader).expect("a server's kind").map(Spoken::Server),
        Spoken::Echo(bytes) => {
            let same = reader.rest("bytes").is_ok_and(|rest| rest == *bytes);
            Ok(if same { row.spoken.clone() } else { Spoken::Echo(b"something else") })
        }
    };
    (reader.notes, read)
}

fn with_body(frame: &Frame, body: Bytes) -> Frame {
    let header = frame.header();
    Frame::new(header.kind, header.id, body).with_slot(header.slot).with_flags(header.flags)
}

fn wire_error(error: CodecError) -> DecodeError {
    match error {
        CodecError::Decode(error) => error,
        CodecError::Io(error) => panic!("{error}"),
    }
}

#[test]
fn the_id_of_an_event_frame_is_its_place() {
    let row = rows::all().into_iter().find(|row| row.label == "Event said").unwrap();
    assert_eq!(proto::event::seq_of(&row.frame()), Some(Seq(42)));
}
