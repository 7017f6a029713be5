//! One connection as messages: the codec over its reading half, a buffer before its writing half.

use bytes::BytesMut;
use futures::StreamExt as _;
use proto::codec::READ_BYTES_IDLE;
use proto::error::CodecError;
use proto::{Codec, DecodeError, Frame, RequestId, ServerMessage};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio_util::codec::FramedRead;

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
}

#[derive(Debug)]
pub(super) struct Reader<S> {
    frames: FramedRead<ReadHalf<S>, Codec>,
}

#[derive(Debug)]
pub(super) struct Writer<S> {
    half: WriteHalf<S>,
    buffer: BytesMut,
    /// Whether there is something to write, or to flush.
    dirty: bool,
}

impl<S: AsyncRead + AsyncWrite> Link<S> {
    pub(super) fn new(stream: S) -> Self {
        let (read, write) = tokio::io::split(stream);
        let frames = FramedRead::with_capacity(read, Codec::control(), READ_BYTES_IDLE);
        Self { reader: Reader { frames }, writer: Writer { half: write, buffer: BytesMut::new(), dirty: false } }
    }

    /// The next message, while what is still to be written is written.
    pub(super) async fn exchange(&mut self) -> Result<(RequestId, ServerMessage), LinkError> {
        let Self { reader, writer } = self;
        loop {
            tokio::select! {
                message = reader.next() => return message,
                written = writer.write(), if writer.is_dirty() => written?,
            }
        }
    }
}

impl<S: AsyncRead> Reader<S> {
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
        for frame in frames {
            frame.write(&mut self.buffer);
            self.dirty = true;
        }
    }

    pub(super) const fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Writes what is queued, and flushes. Safe to be dropped while it waits.
    pub(super) async fn write(&mut self) -> Result<(), LinkError> {
        let broken = |error: &std::io::Error| LinkError::Broken(io_words(error));
        while !self.buffer.is_empty() {
            self.half.write_buf(&mut self.buffer).await.map_err(|error| broken(&error))?;
        }
        self.half.flush().await.map_err(|error| broken(&error))?;
        self.dirty = false;
        Ok(())
    }

    /// Writes what is queued, and says that nothing follows.
    pub(super) async fn finish(&mut self) -> Result<(), LinkError> {
        self.write().await?;
        self.half.shutdown().await.map_err(|error| LinkError::Broken(io_words(&error)))
    }
}
