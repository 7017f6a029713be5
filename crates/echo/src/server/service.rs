//! The echo servers as a [`Service`]: which wire, which answer, what work.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use proto::message::Queued;
use proto::{CloseCode, Frame, RequestId, ServerMessage};
use serve::{BlockingConnection, CloseReason, Connection, Refusal, RequestGate, Service};

use super::options::Wire;
use super::watch::{Stages, Undone, Watch};
use super::{framed, framed_blocking, frames, raw, raw_blocking};
use crate::conversation::Reply;
use crate::work::{BadAsk, Workload};

/// One echo server.
#[derive(Debug)]
pub(super) struct EchoService {
    pub(super) wire: Wire,
    pub(super) reply: Reply,
    pub(super) once: bool,
    pub(super) quiet: Duration,
    pub(super) workload: Arc<Workload>,
    pub(super) watch: Watch,
}

impl Service for EchoService {
    async fn serve(&self, connection: Connection) -> CloseReason {
        match self.wire {
            Wire::Raw => raw::serve(self, connection).await,
            Wire::Framed => framed::serve(self, connection).await,
        }
    }

    fn serve_blocking(&self, connection: BlockingConnection) -> CloseReason {
        match self.wire {
            Wire::Raw => raw_blocking::serve(self, connection),
            Wire::Framed => framed_blocking::serve(self, connection),
        }
    }

    fn refusal(&self, refusal: &Refusal) -> Vec<u8> {
        match self.wire {
            Wire::Raw => format!("refused: {refusal}\n").into_bytes(),
            Wire::Framed => encoded(&frames::goodbye(CloseCode::Refused, Some(frames::refusal(refusal)))),
        }
    }

    fn waiting(&self, place: usize, waiting: usize) -> Vec<u8> {
        match self.wire {
            // A raw client takes whatever comes for its answer.
            Wire::Raw => Vec::new(),
            Wire::Framed => {
                let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
                let queued = Queued { place: number(place), waiting: number(waiting) };
                encoded(&ServerMessage::Queued(queued).to_frame(RequestId::default()))
            }
        }
    }
}

impl EchoService {
    /// Does the work of one request, if the gate lets it in. The permit is back before the answer is written.
    /// Says when it did what, if somebody wants to know.
    pub(super) async fn work(&self, gate: &RequestGate, body: &[u8]) -> Result<Option<Stages>, Undone> {
        let visit = self.watch.visit();
        let asked = self.workload.asked(body)?;
        let permit = gate.enter().await?;
        let begun = visit.begin();
        self.workload.perform(asked).await;
        let stages = visit.end(begun);
        drop(permit);
        Ok(stages)
    }

    /// The same on a thread.
    pub(super) fn work_blocking(&self, gate: &RequestGate, body: &[u8]) -> Result<Option<Stages>, BadAsk> {
        let visit = self.watch.visit();
        let asked = self.workload.asked(body)?;
        let permit = gate.enter_blocking();
        let begun = visit.begin();
        self.workload.perform_blocking(asked);
        let stages = visit.end(begun);
        drop(permit);
        Ok(stages)
    }
}

fn encoded(frame: &Frame) -> Vec<u8> {
    let mut bytes = BytesMut::with_capacity(frame.wire_bytes());
    frame.write(&mut bytes);
    bytes.to_vec()
}
