//! One connection as messages: the codec over its reading half; before its writing half a buffer, and one bulk frame.

use bytes::buf::Chain;
use bytes::{Buf as _, Bytes, BytesMut};
use futures::StreamExt as _;
use proto::codec::{READ_BYTES_IDLE, Spares};
use proto::error::CodecError;
use proto::{Codec, DecodeError, Frame, RequestId, ServerMessage};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::time::{Duration, Instant};
use tokio_util::codec::FramedRead;

use crate::connect::LowWater;
use crate::error::io_words;

/// Why a connection is of no more use.
#[derive(Debug)]
pub(super) enum LinkError {
    /// It ended or failed; the reason in words.
    Broken(String),
    /// What came is no message.
    Decode(DecodeError),
}

/// A connection. Its halves are apart so that one can be waited for while the other is used.
#[derive(Debug)]
pub(super) struct Link<S> {
    pub(super) reader: Reader<S>,
    pub(super) writer: Writer<S>,
    pub(super) low_water: Option<LowWater>,
}

#[derive(Debug)]
pub(super) struct Reader<S> {
    frames: FramedRead<ReadHalf<S>, Codec>,
}

#[derive(Debug)]
pub(super) struct Writer<S> {
    half: WriteHalf<S>,
    /// Whole frames, in order.
    buffer: BytesMut,
    bulk: Option<BulkFrame>,
    /// Whether there is something to write, or to flush.
    dirty: bool,
}

/// The one bulk frame in hand.
#[derive(Debug)]
struct BulkFrame {
    rest: Chain<Bytes, Bytes>,
    bytes: usize,
    /// When its first byte was offered to the socket.
    begun_at: Option<Instant>,
}

impl BulkFrame {
    fn is_cut(&self) -> bool {
        self.rest.remaining() < self.bytes
    }
}

/// A bulk frame that has been written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wrote {
    pub(super) bytes: usize,
    pub(super) took: Duration,
}

impl<S: AsyncRead + AsyncWrite> Link<S> {
    pub(super) fn new(stream: S, low_water: Option<LowWater>) -> Self {
        let (read, write) = tokio::io::split(stream);
        let frames = FramedRead::with_capacity(read, Codec::control(), READ_BYTES_IDLE);
        let writer = Writer { half: write, buffer: BytesMut::new(), bulk: None, dirty: false };
        Self { reader: Reader { frames }, writer, low_water }
    }

    /// The next message, while what is still to be written is written.
    pub(super) async fn exchange(&mut self) -> Result<(RequestId, ServerMessage), LinkError> {
        let Self { reader, writer, .. } = self;
        loop {
            tokio::select! {
                message = reader.next() => return message,
                written = writer.write(), if writer.is_dirty() => drop(written?),
            }
        }
    }
}

impl<S: AsyncRead> Reader<S> {
    /// From here on bulk frames of at most `bytes` may come. To be called between two frames.
    pub(super) fn take_bulk(&mut self, bytes: usize) {
        *self.frames.decoder_mut() = Codec::new(bytes).with_spares(Spares::default());
    }

    /// The next message; kinds that this version does not know are passed over where the sender allows it. Safe to be
    /// dropped while it waits.
    pub(super) async fn next(&mut self) -> Result<(RequestId, ServerMessage), LinkError> {
        loop {
            let frame = match self.frames.next().await {
                Some(Ok(frame)) => frame,
                Some(Err(CodecError::Decode(DecodeError::CutShort { .. }))) | None => {
                    return Err(LinkError::Broken("the server closed the connection".to_owned()));
                }
                Some(Err(CodecError::Decode(error))) => return Err(LinkError::Decode(error)),
                Some(Err(CodecError::Io(error))) => return Err(LinkError::Broken(io_words(&error))),
            };
            match ServerMessage::from_frame(&frame) {
                Ok(message) => return Ok((RequestId(frame.header().id), message)),
                Err(DecodeError::UnknownKind(_)) if frame.header().is_skippable() => {}
                Err(error) => return Err(LinkError::Decode(error)),
            }
        }
    }
}

impl<S: AsyncWrite> Writer<S> {
    /// Puts frames behind what is still to be written.
    pub(super) fn queue(&mut self, frames: impl Iterator<Item = Frame>) {
        frames.for_each(|frame| frame.write(&mut self.buffer));
        self.dirty |= !self.buffer.is_empty();
    }

    pub(super) const fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Puts encoded frames behind what is still to be written.
    pub(super) fn append(&mut self, frames: &[u8]) {
        self.buffer.extend_from_slice(frames);
        self.dirty |= !frames.is_empty();
    }

    /// Whether a bulk frame would be the next thing written.
    pub(super) fn is_free(&self) -> bool {
        self.buffer.is_empty() && self.bulk.is_none()
    }

    /// Puts a bulk frame behind what is still to be written. Frames that are queued before its first byte is gone go
    /// before it. To be called when [`Self::is_free`].
    pub(super) fn bulk(&mut self, header: Bytes, body: Bytes) {
        let rest = header.chain(body);
        self.bulk = Some(BulkFrame { bytes: rest.remaining(), rest, begun_at: None });
        self.dirty = true;
    }

    /// Writes what is queued, and flushes; returns early behind a bulk frame, so that the next one can be chosen. Safe
    /// to be dropped while it waits.
    pub(super) async fn write(&mut self) -> Result<Option<Wrote>, LinkError> {
        let broken = |error: &std::io::Error| LinkError::Broken(io_words(error));
        loop {
            match &mut self.bulk {
                Some(bulk) if bulk.is_cut() || self.buffer.is_empty() => {
                    let begun_at = *bulk.begun_at.get_or_insert_with(Instant::now);
                    self.half.write_buf(&mut bulk.rest).await.map_err(|error| broken(&error))?;
                    if !bulk.rest.has_remaining() {
                        let wrote = Wrote { bytes: bulk.bytes, took: begun_at.elapsed() };
                        self.bulk = None;
                        return Ok(Some(wrote));
                    }
                }
                _ if self.buffer.is_empty() => break,
                _ => {
                    self.half.write_buf(&mut self.buffer).await.map_err(|error| broken(&error))?;
                }
            }
        }
        self.half.flush().await.map_err(|error| broken(&error))?;
        self.dirty = false;
        Ok(None)
    }

    /// Writes what is queued, and says that nothing follows.
    pub(super) async fn finish(&mut self) -> Result<(), LinkError> {
        while self.write().await?.is_some() {}
        self.half.shutdown().await.map_err(|error| LinkError::Broken(io_words(&error)))
    }
}
