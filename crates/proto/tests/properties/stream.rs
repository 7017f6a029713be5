//! Streams of frames: cut anywhere, trickled, lying; and how much of them the codec holds.

use bytes::{BufMut, Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;
use proto::codec::{READ_BYTES_IDLE, READ_BYTES_MAX, Spares};
use proto::limits::{BULK_BYTES_MAX, CONTROL_BYTES_MAX};
use proto::{Codec, DecodeError, Frame, Header};
use tokio_util::codec::Decoder;

use crate::cases;

/// A connection's reading side without a socket: takes bytes into the room that the codec made, as tokio-util does.
struct Reading {
    codec: Codec,
    buffer: BytesMut,
    frames: Vec<Frame>,
    roomiest: usize,
    moves: usize,
}

impl Reading {
    fn new(codec: Codec) -> Self {
        let buffer = BytesMut::with_capacity(READ_BYTES_IDLE);
        Self { codec, buffer, frames: Vec::new(), roomiest: 0, moves: 0 }
    }

    /// Brings `bytes`, in as many reads as their room needs.
    fn bring(&mut self, mut bytes: &[u8]) -> Result<(), DecodeError> {
        while !bytes.is_empty() {
            self.buffer.reserve(1);
            let count = bytes.len().min(self.buffer.capacity() - self.buffer.len());
            self.buffer.put_slice(&bytes[..count]);
            bytes = &bytes[count..];
            self.decode()?;
        }
        Ok(())
    }

    fn decode(&mut self) -> Result<(), DecodeError> {
        loop {
            let was_at = self.buffer.as_ptr();
            let frame = self.codec.decode(&mut self.buffer).map_err(fault)?;
            self.roomiest = self.roomiest.max(self.buffer.capacity());
            match frame {
                Some(frame) => self.frames.push(frame),
                None => {
                    self.moves += usize::from(!self.buffer.is_empty() && self.buffer.as_ptr() != was_at);
                    return Ok(());
                }
            }
        }
    }
}

fn fault(error: proto::error::CodecError) -> DecodeError {
    match error {
        proto::error::CodecError::Decode(error) => error,
        proto::error::CodecError::Io(error) => panic!("no socket, but {error}"),
    }
}

fn frames() -> impl Strategy<Value = Vec<Frame>> {
    let body = prop_oneof![4 => 0..40_usize, 2 => 400..700_usize, 1 => 0..=CONTROL_BYTES_MAX];
    let frame = (any::<u8>(), any::<u8>(), any::<u16>(), any::<u64>(), body, any::<u8>());
    let frame = frame.prop_map(|(kind, flags, slot, id, len, fill)| {
        Frame::new(kind, id, Bytes::from(vec![fill; len])).with_flags(flags).with_slot(slot)
    });
    vec(frame, 0..12)
}

fn written(frames: &[Frame]) -> Vec<u8> {
    let mut wire = Vec::new();
    frames.iter().for_each(|frame| frame.write(&mut wire));
    wire
}

/// A header alone, with an announced length that may lie.
fn header(len: usize, kind: u8) -> Vec<u8> {
    let mut wire = Vec::new();
    Header { len: u32::try_from(len).unwrap(), kind, flags: 0, slot: 0, id: 1 }.write(&mut wire);
    wire
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_stream_cut_anywhere_holds_the_same_frames(frames in frames(), steps in vec(1..5000_usize, 1..50)) {
        let wire = written(&frames);
        let mut reading = Reading::new(Codec::new(BULK_BYTES_MAX));
        let mut rest = wire.as_slice();
        for step in steps.iter().cycle() {
            let (now, later) = rest.split_at(rest.len().min(*step));
            reading.bring(now).unwrap();
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(reading.frames, frames);
        prop_assert!(reading.codec.decode_eof(&mut reading.buffer).unwrap().is_none());
    }

    #[test]
    fn any_bytes_are_frames_or_a_fault_and_never_take_more_room_than_the_cap(
        wire in vec(prop_oneof![2 => Just(0_u8), 1 => any::<u8>()], 0..4000),
        step in 1..600_usize,
        bulk_bytes_max in prop_oneof![Just(0), Just(BULK_BYTES_MAX)],
    ) {
        let mut reading = Reading::new(Codec::new(bulk_bytes_max));
        let fault = wire.chunks(step).try_for_each(|bytes| reading.bring(bytes)).err();
        let ending = reading.codec.decode_eof(&mut reading.buffer).map_err(crate::stream::fault).err();
        let is_expected = |fault: &DecodeError| {
            matches!(fault, DecodeError::CutShort { .. } | DecodeError::BodyTooLong { .. })
        };
        prop_assert!(fault.as_ref().is_none_or(is_expected), "{:?}", fault);
        prop_assert!(ending.is_none_or(|fault| is_expected(&fault)));
        prop_assert!(reading.roomiest <= 2 * wire.len() + 2 * READ_BYTES_MAX, "{} bytes", reading.roomiest);
    }

    #[test]
    fn room_is_made_for_what_came_not_for_what_was_announced(
        len in 0..=BULK_BYTES_MAX,
        sent_part in 0.0..1.0_f64,
        step in 1..2000_usize,
    ) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a bounded length")]
        let sent = ((len as f64 * sent_part) as usize).min(40_000);
        let mut reading = Reading::new(Codec::new(BULK_BYTES_MAX));
        reading.bring(&header(len, 200)).unwrap();
        prop_assert!(reading.roomiest <= 2 * READ_BYTES_IDLE, "{} bytes for a header", reading.roomiest);
        for bytes in vec![7; sent].chunks(step) {
            reading.bring(bytes).unwrap();
        }
        // Twice what came, and the room for the next read, which is at most twice what a read brought.
        prop_assert!(reading.roomiest <= 2 * sent + 2 * step + 2 * READ_BYTES_IDLE, "{} bytes", reading.roomiest);
    }
}

#[test]
fn a_frame_that_comes_byte_by_byte_is_moved_a_few_times_only() {
    for (len, kind) in [(CONTROL_BYTES_MAX, 18), (BULK_BYTES_MAX, 200)] {
        let mut reading = Reading::new(Codec::new(BULK_BYTES_MAX));
        reading.bring(&header(len, kind)).unwrap();
        for _ in 0..len {
            assert!(reading.frames.is_empty());
            reading.bring(&[7]).unwrap();
        }
        assert_eq!(reading.frames.len(), 1);
        assert_eq!(reading.frames[0].body().len(), len);
        // Each move nearly doubles the room, from 512 bytes on.
        assert!(reading.moves <= 16, "{len} bytes were moved {} times", reading.moves);
        assert!(reading.roomiest <= 2 * len, "{} bytes of room for {len}", reading.roomiest);
    }
}

#[test]
fn a_peer_that_sends_fast_gets_room_for_the_whole_frame() {
    let mut reading = Reading::new(Codec::new(BULK_BYTES_MAX));
    let frames: Vec<_> = (0..8).map(|id| Frame::new(200, id, Bytes::from(vec![7; BULK_BYTES_MAX]))).collect();
    reading.bring(&written(&frames)).unwrap();
    assert_eq!(reading.frames.len(), 8);
    assert!(reading.roomiest <= BULK_BYTES_MAX + 2 * READ_BYTES_MAX, "{} bytes", reading.roomiest);
    // Two moves a frame at most, once the codec has learnt that reads come full.
    assert!(reading.moves <= 30, "{} moves", reading.moves);
}

#[test]
fn read_buffers_are_used_again_and_never_while_a_body_in_them_is_read() {
    let spares = Spares::default();
    let mut reading = Reading::new(Codec::new(BULK_BYTES_MAX).with_spares(spares));
    let (mut places, mut rounds) = (std::collections::HashSet::new(), 0);
    let mut late = Vec::new();
    for fill in 1..=60_u8 {
        let body = Bytes::from(vec![fill; BULK_BYTES_MAX - usize::from(fill)]);
        reading.bring(&written(&[Frame::new(200, u64::from(fill), body)])).unwrap();
        for frame in reading.frames.drain(..) {
            rounds += 1;
            places.insert(frame.body().as_ptr() as usize / BULK_BYTES_MAX);
            late.push(frame);
        }
        // A disk that is a few frames behind.
        if late.len() > 3 {
            let frame = late.remove(0);
            let fill = u8::try_from(frame.header().id).unwrap();
            assert!(frame.body().iter().all(|byte| *byte == fill), "frame {fill} was written over");
        }
    }
    assert_eq!(rounds, 60);
    assert!(places.len() <= 24, "{} places for 60 frames", places.len());
}

#[test]
fn an_idle_connection_holds_little_again() {
    let mut reading = Reading::new(Codec::control());
    for _ in 0..20 {
        reading.bring(&written(&[Frame::new(18, 1, Bytes::from(vec![7; CONTROL_BYTES_MAX]))])).unwrap();
    }
    assert!(reading.buffer.capacity() > READ_BYTES_IDLE, "the test needs a buffer that has grown");
    reading.frames.clear();
    reading.codec.release(&mut reading.buffer);
    assert_eq!(reading.buffer.capacity(), READ_BYTES_IDLE);
    reading.bring(&written(&[Frame::new(2, 9, Bytes::new())])).unwrap();
    assert_eq!(reading.frames.len(), 1);
    assert!(reading.roomiest >= reading.buffer.capacity() && reading.buffer.capacity() <= READ_BYTES_IDLE);
}

#[test]
fn a_peer_that_sends_little_after_much_gets_little_room_again() {
    let mut reading = Reading::new(Codec::control());
    for _ in 0..20 {
        reading.bring(&written(&[Frame::new(18, 1, Bytes::from(vec![7; CONTROL_BYTES_MAX]))])).unwrap();
    }
    for _ in 0..5000 {
        // The frames are kept, so their buffers cannot be used again.
        reading.bring(&written(&[Frame::new(18, 1, Bytes::from_static(b"a little"))])).unwrap();
    }
    let room = reading.buffer.capacity();
    assert!(room <= 2 * READ_BYTES_IDLE, "{room} bytes of room for little frames");
}

#[test]
fn nothing_is_released_inside_a_frame() {
    let wire = written(&[Frame::new(18, 1, Bytes::from_static(b"half and half"))]);
    for cut in 1..wire.len() {
        let mut reading = Reading::new(Codec::control());
        reading.bring(&wire[..cut]).unwrap();
        reading.codec.release(&mut reading.buffer);
        reading.bring(&wire[cut..]).unwrap();
        assert_eq!(reading.frames.len(), 1, "cut at {cut}");
    }
}

#[test]
fn a_length_is_refused_before_anything_is_held() {
    let rows = [
        (CONTROL_BYTES_MAX, 0, 0, true),
        (CONTROL_BYTES_MAX + 1, 0, BULK_BYTES_MAX, false),
        (CONTROL_BYTES_MAX, 127, 0, true),
        (CONTROL_BYTES_MAX + 1, 127, BULK_BYTES_MAX, false),
        (0, 128, 0, true),
        (1, 128, 0, false),
        (1000, 128, 1000, true),
        (1001, 255, 1000, false),
        (BULK_BYTES_MAX, 255, usize::MAX, true),
        (BULK_BYTES_MAX + 1, 255, usize::MAX, false),
        (0xFFFF_FFFF, 255, usize::MAX, false),
    ];
    for (len, kind, bulk_bytes_max, is_taken) in rows {
        let mut reading = Reading::new(Codec::new(bulk_bytes_max));
        let answer = reading.bring(&header(len, kind));
        assert_eq!(answer.is_ok(), is_taken, "{len} bytes of kind {kind} where {bulk_bytes_max} are taken");
        assert!(reading.roomiest <= 2 * READ_BYTES_IDLE, "{} bytes of room", reading.roomiest);
    }
}

#[test]
fn a_length_that_lies_makes_other_frames_but_no_others_than_were_sent() {
    let (first, second) = (Frame::new(18, 1, Bytes::from(vec![1; 100])), Frame::new(18, 2, Bytes::from(vec![0; 100])));
    for lie in 0..=300_usize {
        let mut wire = written(&[first.clone(), second.clone()]);
        wire[..4].copy_from_slice(&u32::try_from(lie).unwrap().to_be_bytes());
        let mut reading = Reading::new(Codec::control());
        let taken = reading.bring(&wire);
        let bytes: usize = reading.frames.iter().map(Frame::wire_bytes).sum();
        assert!(bytes <= wire.len(), "{bytes} bytes out of {}", wire.len());
        assert_eq!(reading.frames.first().map(|frame| frame.body().len()), (lie <= 216).then_some(lie));
        assert!(taken.is_ok() || lie != 100, "an honest length was refused");
    }
}
