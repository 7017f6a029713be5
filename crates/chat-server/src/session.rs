//! One connection, over any stream. The reader turns frames into commands for the hub; the writer takes answers from
//! the outbox and events from the rooms' logs. They meet nowhere else: whoever reads never writes.

pub(crate) mod intake;
mod pace;
mod reader;
mod stream;
mod writer;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use chat::{Departure, SessionId};
use proto::message::Goodbye;
use proto::{CloseCode, Code, Frame, Refusal, RequestId, ServerMessage};
use room_log::Store;
use serve::{PhaseWatch, RequestGate};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use crate::files::Desk;
use crate::hub_owner::{HubPort, ToHub};
use crate::outbox::Outbox;
use reader::{Ending, Reader};
pub use stream::Stream;
use writer::{Writer, WriterEnd};

/// After the goodbye, how long the peer's last bytes are read away, so that a reset does not eat the goodbye.
const LINGER: Duration = Duration::from_millis(500);

/// How long a goodbye may take to be written, and what is owed before it.
const FAREWELL: Duration = Duration::from_secs(2);

/// A session's bounds in time and rate. No default: the operator chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Milliseconds until a hello must have been good, counted from the connection.
    pub handshake_ms: u64,
    /// Milliseconds of silence after which a ping is sent; after twice that the session ends.
    pub idle_ms: u64,
    /// Milliseconds for which a peer may take nothing of what is written to it.
    pub stall_ms: u64,
    /// Requests a second, in the long run; 0 for no bound. Who asks faster is read slower.
    pub requests_per_second: u32,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEnd {
    /// The peer said bye.
    Bye,
    /// The peer closed its side between two frames.
    PeerClosed,
    /// The connection broke, or ended inside a frame.
    PeerVanished,
    /// The peer's bytes were not the protocol.
    PeerFault,
    /// No good hello in time.
    HandshakeTimeout,
    /// Silence.
    Idle,
    /// The peer took nothing for too long.
    Stalled,
    /// The same person came back on another connection.
    Replaced,
    /// The server stops.
    Drained,
}

/// What every session shares.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The way to the hub.
    pub hub: HubPort,
    /// Bounds.
    pub limits: SessionLimits,
    /// Where files are, if there is a place for them.
    pub files: Option<Arc<Desk>>,
    /// Where what is no longer in memory is read, if it is anywhere.
    pub store: Option<Arc<Store>>,
}

/// Runs a session over `stream` until it ends, and says why it did. Dropped early, it leaves no trace: the hub
/// learns that the connection broke.
pub async fn run<S>(
    stream: S,
    session: SessionId,
    around: &Surroundings,
    gate: &RequestGate,
    mut phase: PhaseWatch,
) -> SessionEnd
where
    S: Stream,
{
    let outbox = Arc::new(Outbox::default());
    let mut seat = Seat { session, hub: &around.hub, outbox: &outbox, stands: Standing::Unknown };
    let (reading, writing) = stream.halves();
    let mut reader = Reader::new(reading, around);
    let mut writer = Writer::new(writing, &outbox, around, S::bound_unsent);
    let ending = {
        let mut writing = pin!(writer.run());
        let mut beside = pin!(async {
            tokio::select! {
                biased;
                ending = reader.run(&mut seat, gate) => ending,
                () = phase.draining() => Ending::Draining,
            }
        });
        let own_waker = Waker::from(Arc::clone(&outbox));
        own_waker.wake_by_ref();
        poll_fn(|task| match writing.as_mut().poll(task) {
            Poll::Ready(end) => Poll::Ready(ending_after(end, &outbox)),
            Poll::Pending => outbox.poll_beside(beside.as_mut(), &own_waker, task),
        })
        .await
    };
    // Boxed: an ending session may cost an allocation; an idle one shall not carry the room for its end.
    Box::pin(finish(ending, seat, reader, writer)).await
}

/// Says goodbye, as far as there is somebody to say it to.
async fn finish<R, W>(ending: Ending, mut seat: Seat<'_>, reader: Reader<R>, mut writer: Writer<W>) -> SessionEnd
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let end = ending.session_end();
    seat.end_files();
    if let Ending::Foreign(caller) = &ending {
        writer.say_plainly(caller.answer()).await;
    } else {
        seat.leave(&ending).await;
        if ending.is_peer_gone() || tokio::time::timeout(FAREWELL, writer.run()).await.is_err() {
            return end;
        }
    }
    writer.shut().await;
    reader.linger(LINGER).await;
    end
}

/// A session's place in the hub. Whatever becomes of the session, the hub learns that it is gone.
#[derive(Debug)]
struct Seat<'a> {
    session: SessionId,
    hub: &'a HubPort,
    outbox: &'a Arc<Outbox>,
    stands: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The hub has not heard of the session.
    Unknown,
    Open,
    Left,
}

impl Seat<'_> {
    /// Makes the session known to the hub, once.
    async fn open(&mut self) {
        if self.stands == Standing::Unknown {
            let open = ToHub::Open { session: self.session, outbox: Arc::clone(self.outbox) };
            // Only then: if the wait is given up, the hub never heard of the session.
            if self.tell(open).await {
                self.stands = Standing::Open;
            }
        }
    }

    /// Ends the session's transfers; what has come of uploads is kept, to be resumed.
    fn end_files(&self) {
        if let Some(files) = self.outbox.files() {
            files.close();
        }
    }

    /// Hands a message to the hub; only a wait, when the hub is behind, costs an allocation.
    fn tell(&self, message: ToHub) -> impl Future<Output = bool> + Send {
        let waiting = self.hub.offer(message).err().map(|message| Box::pin(self.hub.send(message)));
        async move {
            match waiting {
                None => true,
                Some(sent) => sent.await,
            }
        }
    }

    /// Leaves the hub; the goodbye is written behind what is still owed.
    async fn leave(&mut self, ending: &Ending) {
        let goodbye = ending.goodbye();
        if self.stands != Standing::Open {
            return self.outbox.close(CloseCode::Bye, goodbye.as_ref());
        }
        let departure = match ending {
            Ending::Bye => Departure::Bye,
            _ => Departure::Broken,
        };
        if !self.tell(ToHub::Leave { session: self.session, departure, goodbye: goodbye.clone() }).await {
            self.outbox.close(CloseCode::Bye, goodbye.as_ref());
        }
        self.stands = Standing::Left;
    }
}

/// The writer ended first: the peer is gone, or the hub closed the session.
fn ending_after(end: WriterEnd, outbox: &Outbox) -> Ending {
    match end {
        WriterEnd::Closed => Ending::Told(outbox.closing().unwrap_or(CloseCode::Bye)),
        WriterEnd::Broken => Ending::Vanished,
        WriterEnd::Stalled => Ending::Stalled,
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.end_files();
        if self.stands == Standing::Open {
            // The session was cut. If the inbox is full the hub's owner finds the mark at its next tick.
            self.outbox.abandon();
            let leave = ToHub::Leave { session: self.session, departure: Departure::Broken, goodbye: None };
            drop(self.hub.offer(leave));
        }
    }
}

impl Ending {
    fn session_end(&self) -> SessionEnd {
        match self {
            Self::Bye => SessionEnd::Bye,
            Self::Closed => SessionEnd::PeerClosed,
            Self::Vanished => SessionEnd::PeerVanished,
            Self::Fault(_) | Self::Foreign(_) => SessionEnd::PeerFault,
            Self::HandshakeTimeout => SessionEnd::HandshakeTimeout,
            Self::Idle => SessionEnd::Idle,
            Self::Stalled => SessionEnd::Stalled,
            Self::Told(CloseCode::Replaced) => SessionEnd::Replaced,
            Self::Told(CloseCode::Refused) => SessionEnd::PeerFault,
            Self::Told(_) => SessionEnd::Bye,
            Self::Draining => SessionEnd::Drained,
        }
    }

    const fn is_peer_gone(&self) -> bool {
        matches!(self, Self::Vanished | Self::Stalled)
    }

    fn goodbye(&self) -> Option<Frame> {
        let (code, refusal) = match self {
            Self::Bye | Self::Closed => (CloseCode::Bye, None),
            Self::Fault(refusal) => (CloseCode::PeerFault, Some(refusal.clone())),
            Self::HandshakeTimeout => (CloseCode::HandshakeTimeout, None),
            Self::Idle => (CloseCode::Idle, None),
            Self::Draining => (CloseCode::Draining, None),
            Self::Stalled | Self::Told(_) | Self::Vanished | Self::Foreign(_) => return None,
        };
        Some(ServerMessage::Goodbye(Goodbye { code, refusal }).to_frame(RequestId(0)))
    }
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// Reads what still comes and drops it, until the peer closes or the time is over.
    async fn linger(mut self, at_most: Duration) {
        let mut scratch = [0; 512];
        let drain = async { while matches!(self.input().read(&mut scratch).await, Ok(1..)) {} };
        // Whether the peer closed or the time ran out, the connection is done.
        let _done: Result<(), _> = tokio::time::timeout(at_most, drain).await;
    }
}

fn out_of_place(words: &str) -> Refusal {
    Refusal::new(Code::OutOfPlace, words)
}
