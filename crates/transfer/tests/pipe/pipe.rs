//! A source and a sink, joined by encoded frames that arrive in pieces of any length.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use proto::codec::Codec;
use proto::limits::BULK_BYTES_MAX;
use proto::message::TransferMessage;
use proto::{ClientMessage, Refusal, Slot};
use tokio::sync::Notify;
use tokio_util::codec::Decoder;
use transfer::arriving::Arriving;
use transfer::content::Content;
use transfer::credit::Window;
use transfer::group::RootBuilder;
use transfer::lanes::Lanes;
use transfer::sink::{Sink, SinkSignal, Target};
use transfer::source::{Hashing, Source, SourceOptions};

pub(crate) const SLOT: Slot = Slot(7);

/// How a transfer ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With the sink's last signal.
    Sink(SinkSignal),
    /// The source could not go on.
    Source(Refusal),
    /// The sink would not take what came.
    Refused(Refusal),
}

impl Outcome {
    pub(crate) fn code(&self) -> Option<proto::Code> {
        match self {
            Self::Sink(SinkSignal::Failed(refusal)) | Self::Source(refusal) | Self::Refused(refusal) => {
                Some(refusal.code)
            }
            Self::Sink(_) => None,
        }
    }
}

/// What both sides wake the test with.
#[derive(Clone, Default)]
pub(crate) struct Bell {
    signals: Arc<Mutex<VecDeque<SinkSignal>>>,
    rung: Arc<Notify>,
}

impl Bell {
    pub(crate) fn wake(&self) -> Arc<dyn Fn() + Send + Sync> {
        let rung = Arc::clone(&self.rung);
        Arc::new(move || rung.notify_one())
    }

    pub(crate) fn signal(&self) -> Box<dyn Fn(SinkSignal) + Send + Sync> {
        let this = self.clone();
        Box::new(move |signal| {
            this.signals.lock().unwrap().push_back(signal);
            this.rung.notify_one();
        })
    }

    pub(crate) fn take(&self) -> Option<SinkSignal> {
        self.signals.lock().unwrap().pop_front()
    }

    pub(crate) async fn rung(&self) {
        let waited = tokio::time::timeout(Duration::from_secs(20), self.rung.notified()).await;
        waited.expect("neither side has anything to do");
    }
}

/// What the test does to a frame on its way.
type OnTheWay = Box<dyn FnMut(&mut TransferMessage) + Send>;

/// A source, a sink and the line between them.
pub(crate) struct Pipe {
    pub(crate) lanes: Lanes,
    pub(crate) sink: Sink,
    pub(crate) bell: Bell,
    pub(crate) on_the_way: OnTheWay,
    /// Lengths of the pieces in which bytes arrive, over and over.
    pub(crate) pieces: Vec<usize>,
    /// Bytes of the file that were sent, repairs included.
    pub(crate) sent: u64,
    pub(crate) signals: Vec<SinkSignal>,
    /// The most that ever stood in line for the target.
    pub(crate) queued_max: u64,
    codec: Codec,
    line: BytesMut,
}

/// What [`Pipe::new`] joins.
pub(crate) struct Ends {
    pub(crate) content: Arc<dyn Content>,
    pub(crate) size: u64,
    pub(crate) from: u64,
    pub(crate) hashing: Hashing,
    pub(crate) before: RootBuilder,
    pub(crate) window: Window,
    pub(crate) target: Box<dyn Target>,
    pub(crate) frame_bytes: usize,
    pub(crate) arriving: Option<Arc<Arriving>>,
}

impl Ends {
    /// A whole file that is hashed as it is read.
    pub(crate) fn new(content: Bytes, target: impl Target) -> Self {
        Self {
            size: content.len() as u64,
            content: Arc::new(content),
            from: 0,
            hashing: Hashing::Compute { before: RootBuilder::new() },
            before: RootBuilder::new(),
            window: Window::new(1 << 20, 16 << 20, None),
            target: Box::new(target),
            frame_bytes: BULK_BYTES_MAX,
            arriving: None,
        }
    }
}

impl Pipe {
    pub(crate) fn new(ends: Ends) -> Self {
        let Ends { content, size, from, hashing, before, window, target, frame_bytes, arriving } = ends;
        let bell = Bell::default();
        let sink = Sink::new(size, from, before, window, target, bell.signal());
        let options = SourceOptions { size, from, credit: sink.limit(), hashing, root: None, arriving };
        let mut lanes = Lanes::new(frame_bytes);
        lanes.add(SLOT, Source::new(content, options, bell.wake()));
        Self {
            lanes,
            sink,
            bell,
            on_the_way: Box::new(|_| {}),
            pieces: vec![usize::MAX],
            sent: 0,
            signals: Vec::new(),
            queued_max: 0,
            codec: Codec::new(BULK_BYTES_MAX),
            line: BytesMut::new(),
        }
    }

    /// Goes on until one side ends it.
    pub(crate) async fn run(&mut self) -> Outcome {
        loop {
            if let Some(outcome) = self.step() {
                return outcome;
            }
            self.bell.rung().await;
        }
    }

    /// Does what can be done now.
    pub(crate) fn step(&mut self) -> Option<Outcome> {
        loop {
            while let Some(signal) = self.bell.take() {
                self.signals.push(signal.clone());
                if let Some(outcome) = self.signalled(signal) {
                    return Some(outcome);
                }
            }
            let Some(bulk) = self.lanes.next_bulk() else { break };
            self.lanes.wrote(bulk.wire_bytes(), Duration::from_micros(100), Instant::now());
            let bytes = [&bulk.head[..], &bulk.body[..]].concat();
            if let Err(refusal) = self.arrive(&bytes) {
                return Some(Outcome::Refused(refusal));
            }
        }
        self.lanes.take_failed().pop().map(|(_, refusal)| Outcome::Source(refusal))
    }

    fn signalled(&mut self, signal: SinkSignal) -> Option<Outcome> {
        match signal {
            SinkSignal::Credit(limit) => {
                if let Some(source) = self.lanes.source(SLOT) {
                    source.credit(limit);
                }
            }
            SinkSignal::Repair(from) => {
                if let Err(refusal) = self.lanes.source(SLOT).unwrap().repair(from) {
                    return Some(Outcome::Source(refusal));
                }
            }
            SinkSignal::Verified(_) => {}
            last => return Some(Outcome::Sink(last)),
        }
        None
    }

    fn arrive(&mut self, mut bytes: &[u8]) -> Result<(), Refusal> {
        while !bytes.is_empty() {
            let piece = self.pieces[0].clamp(1, bytes.len());
            self.pieces.rotate_left(1);
            self.line.extend_from_slice(&bytes[..piece]);
            bytes = &bytes[piece..];
            while let Some(frame) = self.codec.decode(&mut self.line).unwrap() {
                let ClientMessage::Transfer(slot, message) = ClientMessage::from_frame(&frame).unwrap() else {
                    panic!("{frame:?}");
                };
                assert_eq!(slot, SLOT);
                self.deliver(message)?;
            }
        }
        Ok(())
    }

    pub(crate) fn deliver(&mut self, mut message: TransferMessage) -> Result<(), Refusal> {
        (self.on_the_way)(&mut message);
        match message {
            TransferMessage::Chunk { offset, bytes } => {
                self.sent += bytes.len() as u64;
                self.sink.chunk(offset, bytes)?;
                self.queued_max = self.queued_max.max(self.sink.progress().queued);
                Ok(())
            }
            TransferMessage::Hashes { first, hashes } => self.sink.hashes(first, hashes),
            TransferMessage::Finish { size, root } => self.sink.finish(size, root),
            other => panic!("{other:?}"),
        }
    }
}
