//! Any bytes as a stream: frames or one clear fault, the same however the stream is cut, and no more room than came.
//! Every frame is then read as both sides read it.

#![no_main]

use bytes::{BufMut, BytesMut};
use libfuzzer_sys::fuzz_target;
use proto::codec::READ_BYTES_IDLE;
use proto::error::CodecError;
use proto::{ClientMessage, Codec, DecodeError, Frame, ServerMessage, limits};
use tokio_util::codec::Decoder;

fuzz_target!(|wire: &[u8]| {
    let Some(last) = wire.last() else { return };
    let bulk_bytes_max = if last & 1 == 0 { 0 } else { limits::BULK_BYTES_MAX };
    let step = 1 + usize::from(last >> 1);
    let in_steps = read(wire, step, bulk_bytes_max);
    assert_eq!(in_steps, read(wire, wire.len(), bulk_bytes_max), "in steps of {step} it is something else");
    for frame in &in_steps.0 {
        let _read = (ClientMessage::from_frame(frame), ServerMessage::from_frame(frame));
    }
});

/// The frames in `wire` when it comes `step` bytes at a time, and the fault that ended it.
fn read(wire: &[u8], step: usize, bulk_bytes_max: usize) -> (Vec<Frame>, Option<DecodeError>) {
    let mut codec = Codec::new(bulk_bytes_max);
    let mut buffer = BytesMut::with_capacity(READ_BYTES_IDLE);
    let mut frames = Vec::new();
    for bytes in wire.chunks(step) {
        buffer.put_slice(bytes);
        loop {
            match codec.decode(&mut buffer) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(fault(error))),
            }
        }
        let bound = 2 * wire.len() + 4 * step + 2 * READ_BYTES_IDLE;
        assert!(buffer.capacity() <= bound, "{} bytes of room for {} bytes", buffer.capacity(), wire.len());
    }
    match codec.decode_eof(&mut buffer) {
        Ok(frame) => {
            frames.extend(frame);
            (frames, None)
        }
        Err(error) => (frames, Some(fault(error))),
    }
}

fn fault(error: CodecError) -> DecodeError {
    match error {
        CodecError::Decode(error) => error,
        CodecError::Io(error) => panic!("no socket, but {error}"),
    }
}
