//! The echo servers as a [`Service`]: which wire, which answer, what work.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use proto::message::Queued;
use proto::{CloseCode, Frame, RequestId, ServerMessage};
use serve::{BlockingConnection, CloseReason, Connection, GateBusy, Refusal, RequestGate, Service};

use super::options::Wire;
use super::{framed, framed_blocking, frames, raw, raw_blocking};
use crate::conversation::Reply;
use crate::work::Workload;

/// One echo server.
#[derive(Debug)]
pub(super) struct EchoService {
    pub(super) wire: Wire,
    pub(super) reply: Reply,
    pub(super) once: bool,
    pub(super) quiet: Duration,
    pub(super) workload: Arc<Workload>,
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
    pub(super) async fn work(&self, gate: &RequestGate) -> Result<(), GateBusy> {
        let permit = gate.enter().await?;
        self.workload.perform().await;
        drop(permit);
        Ok(())
    }

    /// The same on a thread.
    pub(super) fn work_blocking(&self, gate: &RequestGate) {
        let permit = gate.enter_blocking();
        self.workload.perform_blocking();
        drop(permit);
    }
}

fn encoded(frame: &Frame) -> Vec<u8> {
    let mut bytes = BytesMut::with_capacity(frame.wire_bytes());
    frame.write(&mut bytes);
    bytes.to_vec()
}
