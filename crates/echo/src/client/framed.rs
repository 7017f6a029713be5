//! Frames: every answer carries the number of its message.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use proto::error::CodecError;
use proto::limits::CONTROL_BYTES_MAX;
use proto::{Codec, Frame, Kind, RequestId, ServerMessage};
use serve::net::TcpStream;
use tokio_util::codec::Framed;

use super::remark;
use crate::failure::Failure;

/// A framed connection.
#[derive(Debug)]
pub(super) struct FramedLink {
    framed: Framed<TcpStream, Codec>,
    timeout: Duration,
    last: RequestId,
}

impl FramedLink {
    /// `timeout`: how long an answer, or a word about our place in the queue, may take.
    pub(super) fn new(stream: TcpStream, timeout: Duration) -> Self {
        Self { framed: Framed::new(stream, Codec::control()), timeout, last: RequestId::default() }
    }

    /// Sends a message and returns the answer.
    pub(super) async fn exchange(&mut self, message: Vec<u8>) -> Result<Bytes, Failure> {
        if message.len() > CONTROL_BYTES_MAX {
            return Err(Failure::TooLong { what: "the message", max_bytes: CONTROL_BYTES_MAX });
        }
        self.last.0 += 1;
        let frame = Frame::new(Kind::Echo.number(), self.last.0, Bytes::from(message));
        // A server that refuses us says so and closes; its words tell more than our failure to send.
        let sent = self.framed.send(frame).await;
        match (self.answer().await, sent) {
            (Err(Failure::Closed { .. }), Err(error)) => Err(in_words(error)),
            (answer, _) => answer,
        }
    }

    async fn answer(&mut self) -> Result<Bytes, Failure> {
        loop {
            let frame = self.next().await?;
            let is_ours = frame.header().id == self.last.0;
            if is_ours && frame.header().kind == Kind::Echo.number() {
                return Ok(frame.body().clone());
            }
            match ServerMessage::from_frame(&frame) {
                Ok(ServerMessage::Queued(queued)) => {
                    remark(&format!("waiting for a worker: place {} of {}", queued.place, queued.waiting));
                }
                Ok(ServerMessage::Refused(refusal)) => return Err(Failure::Refused { words: refusal.words }),
                Ok(ServerMessage::Goodbye(goodbye)) => {
                    return Err(match goodbye.refusal {
                        Some(refusal) => Failure::Refused { words: refusal.words },
                        None => Failure::Closed { when: "and said goodbye" },
                    });
                }
                // An answer to a message that we gave up, say.
                Ok(_) => {}
                Err(_) if frame.header().is_skippable() || !is_ours => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn next(&mut self) -> Result<Frame, Failure> {
        match tokio::time::timeout(self.timeout, self.framed.next()).await {
            Ok(Some(Ok(frame))) => Ok(frame),
            Ok(Some(Err(error))) => Err(in_words(error)),
            Ok(None) => Err(Failure::Closed { when: "without an answer" }),
            Err(_) => Err(Failure::NoAnswer {
                timeout_ms: u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX),
                hint: "is the server's --wire framed too? --timeout-ms waits longer",
            }),
        }
    }
}

fn in_words(error: CodecError) -> Failure {
    match error {
        CodecError::Decode(error) => Failure::Protocol(error),
        CodecError::Io(error) if error.kind() == io::ErrorKind::ConnectionReset => {
            Failure::Closed { when: "without an answer" }
        }
        CodecError::Io(error) => Failure::Io { doing: "the connection failed", error },
    }
}
