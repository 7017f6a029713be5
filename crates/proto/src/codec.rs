//! Frames out of bytes and back: the tokio-util `Decoder`/`Encoder` pair that everything shares.
//!
//! The length is checked before anything is allocated, and a frame that trickles in is never rescanned: the header
//! is read once and kept. An announced length alone allocates nothing: the read buffer grows with the bytes that
//! came, so a peer makes its neighbour hold about twice what it sent. [`Codec::release`] gives an empty buffer back,
//! so that an idle connection holds [`READ_BYTES_IDLE`]; start with as much (`FramedRead::with_capacity`), not with
//! the 8 KiB that tokio-util takes.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use crate::error::{CodecError, DecodeError};
use crate::header::Header;
use crate::limits::{BULK_BYTES_MAX, HEADER_BYTES};

mod spares;

pub use spares::Spares;

/// Room for the first read of an idle connection, in bytes.
pub const READ_BYTES_IDLE: usize = 256;

/// The most room made ahead of a read when no bulk frame is in hand, in bytes.
pub const READ_BYTES_MAX: usize = 64 * 1024;

/// A header and its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Invariant: `header.len` is the length of `body`.
    header: Header,
    body: Bytes,
}

impl Frame {
    /// A frame of slot 0 without flags.
    ///
    /// Invariant: the caller's body is within the cap of its kind, hence within `u32`; a longer one is a bug that
    /// the receiving codec answers with [`DecodeError::BodyTooLong`].
    pub fn new(kind: u8, id: u64, body: Bytes) -> Self {
        let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
        Self { header: Header { len, kind, flags: 0, slot: 0, id }, body }
    }

    /// The same frame with the flag byte `flags`.
    #[must_use]
    pub fn with_flags(mut self, flags: u8) -> Self {
        self.header.flags = flags;
        self
    }

    /// The same frame of the transfer in `slot`.
    #[must_use]
    pub const fn with_slot(mut self, slot: u16) -> Self {
        self.header.slot = slot;
        self
    }

    /// The header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The body.
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// Bytes on the wire, header included.
    pub fn wire_bytes(&self) -> usize {
        HEADER_BYTES + self.body.len()
    }

    /// Appends header and body to `out`.
    pub fn write(&self, out: &mut impl BufMut) {
        self.header.write(out);
        out.put_slice(&self.body);
    }
}

/// The codec. One per direction of a connection.
#[derive(Debug)]
pub struct Codec {
    bulk_bytes_max: usize,
    pending: Option<Header>,
    /// Room the next read gets; doubles while reads fill it, halves while they bring little.
    read_bytes: usize,
    /// Bytes that stood in the buffer when a read was last asked for; `None` until then.
    held: Option<usize>,
    /// Where large buffers go and come from.
    spares: Option<Spares>,
    /// How large the buffer was when it was made here.
    made_bytes: usize,
}

impl Codec {
    /// A codec that takes bulk frames of at most `bulk_bytes_max` bytes; 0 where no transfer is spoken.
    pub fn new(bulk_bytes_max: usize) -> Self {
        Self {
            bulk_bytes_max: bulk_bytes_max.min(BULK_BYTES_MAX),
            pending: None,
            read_bytes: READ_BYTES_IDLE,
            held: None,
            spares: None,
            made_bytes: 0,
        }
    }

    /// The same with large read buffers out of `spares`, and back into them.
    #[must_use]
    pub fn with_spares(mut self, spares: Spares) -> Self {
        self.spares = Some(spares);
        self
    }

    /// Chat only: control frames, no bulk.
    pub fn control() -> Self {
        Self::new(0)
    }

    /// Gives an empty read buffer back. For a connection that has been idle for a while; the next read starts small.
    pub fn release(&mut self, src: &mut BytesMut) {
        if src.is_empty() && self.pending.is_none() {
            self.read_bytes = READ_BYTES_IDLE;
            if src.capacity() != READ_BYTES_IDLE {
                self.replace(src, BytesMut::with_capacity(READ_BYTES_IDLE));
            }
        }
    }

    /// Learns from what the last read brought how much room the next one should get. `len` is the buffer's length.
    fn learn(&mut self, len: usize) {
        let Some(held) = self.held.take() else { return };
        let came = len.saturating_sub(held);
        if came >= self.read_bytes {
            self.read_bytes = (self.read_bytes * 2).min(READ_BYTES_MAX);
        } else if came < self.read_bytes / 4 {
            self.read_bytes = (self.read_bytes / 2).max(READ_BYTES_IDLE);
        }
    }

    /// Makes room in `src` for the next read.
    ///
    /// A whole frame's room is made only for a peer whose reads came full; for others room grows with what they
    /// sent. So each byte is moved a bounded number of times, however it trickles in.
    ///
    /// Invariant: the buffer grows to at most what it holds and `max(held, READ_BYTES_MAX, rest of the frame)`.
    fn make_room(&mut self, src: &mut BytesMut) {
        self.held = Some(src.len());
        let rest = self.pending.map(|header| (header.len as usize).saturating_sub(src.len()));
        let enough = rest.map_or(self.read_bytes / 2, |rest| rest.min(self.read_bytes / 2));
        let wanted = match rest {
            None => self.read_bytes,
            Some(rest) if self.read_bytes == READ_BYTES_MAX => rest.max(self.read_bytes),
            Some(rest) => rest.min(src.len()).max(self.read_bytes),
        };
        if src.capacity() - src.len() >= enough || src.try_reclaim(wanted) {
            return;
        }
        let bytes = src.len() + wanted;
        let spare = self.spares.as_ref().and_then(|spares| spares.take(bytes));
        // Not `reserve`, which may double what is asked for.
        let mut roomier = spare.unwrap_or_else(|| BytesMut::with_capacity(bytes));
        roomier.extend_from_slice(src);
        self.replace(src, roomier);
    }

    /// Reads into another buffer from here on.
    fn replace(&mut self, src: &mut BytesMut, by: BytesMut) {
        let made_bytes = std::mem::replace(&mut self.made_bytes, by.capacity());
        let old = std::mem::replace(src, by);
        if let Some(spares) = &self.spares {
            spares.put(old, made_bytes);
        }
    }

    fn header(&mut self, src: &mut BytesMut) -> Result<Option<Header>, DecodeError> {
        if let Some(header) = self.pending {
            return Ok(Some(header));
        }
        let Some(first) = src.first_chunk::<HEADER_BYTES>() else { return Ok(None) };
        let header = Header::read(first);
        let max = header.body_bytes_max(self.bulk_bytes_max);
        if header.len as usize > max {
            return Err(DecodeError::BodyTooLong { kind: header.kind, len: header.len, max });
        }
        src.advance(HEADER_BYTES);
        self.pending = Some(header);
        Ok(Some(header))
    }
}

impl Decoder for Codec {
    type Item = Frame;
    type Error = CodecError;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Frame>, CodecError> {
        self.learn(src.len());
        let Some(header) = self.header(src)? else {
            self.make_room(src);
            return Ok(None);
        };
        if src.len() < header.len as usize {
            self.make_room(src);
            return Ok(None);
        }
        self.pending = None;
        let body = src.split_to(header.len as usize).freeze();
        Ok(Some(Frame { header, body }))
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Frame>, CodecError> {
        if let Some(frame) = self.decode(src)? {
            return Ok(Some(frame));
        }
        match self.pending {
            None if src.is_empty() => Ok(None),
            None => Err(DecodeError::CutShort { had: src.len(), want: HEADER_BYTES }.into()),
            Some(header) => {
                Err(DecodeError::CutShort { had: HEADER_BYTES + src.len(), want: HEADER_BYTES + header.len as usize }
                    .into())
            }
        }
    }
}

impl Encoder<Frame> for Codec {
    type Error = CodecError;

    fn encode(&mut self, frame: Frame, out: &mut BytesMut) -> Result<(), CodecError> {
        out.reserve(frame.wire_bytes());
        frame.write(out);
        Ok(())
    }
}
