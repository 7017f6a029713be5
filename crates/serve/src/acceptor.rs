//! The one accept path of every strategy, and the server's life around it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::crew::{Arrival, Crew};
use crate::limits::Limits;
use crate::listener::Listener;
use crate::phase::{Phase, Shutdown};
use crate::refusal::Refusal;
use crate::service::Service;
use crate::shared::Shared;
use crate::snapshot::{DrainEnd, Report};
use crate::strategy::Strategy;

/// The pause after the first accept error of a burst; it doubles with each.
const BACK_OFF_FIRST: Duration = Duration::from_millis(5);
/// The longest pause after an accept error.
const BACK_OFF_LONGEST: Duration = Duration::from_secs(1);

/// Serves every connection that comes in on `listener` until `shutdown` says stop, and returns when nothing is left:
/// no connection, no task, no thread. Dropping the future instead cuts everything.
///
/// Accepting happens on a task of its own, so it does not matter where this is awaited.
///
/// # Panics
/// Outside of a tokio runtime.
pub async fn serve<S: Service>(
    listener: Listener,
    strategy: Strategy,
    limits: Limits,
    service: S,
    shutdown: Shutdown,
) -> Report {
    let counters = listener.counters();
    let acceptor = Acceptor::new(listener, strategy, limits, service);
    // A set of one, because it aborts what is in it when this future is dropped.
    let mut task = JoinSet::new();
    task.spawn(acceptor.run(shutdown));
    match task.join_next().await {
        Some(Ok(report)) => report,
        Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime itself ends, and has cut everything.
        Some(Err(_)) | None => Report { snapshot: counters.snapshot(), end: DrainEnd::AskedToClose, drain_ms: 0 },
    }
}

struct Acceptor<S: Service> {
    listener: Listener,
    shared: Arc<Shared<S>>,
    crew: Crew<S>,
    /// `pool-accept`: one permit per connection, taken before it is accepted.
    seats: Option<Arc<Semaphore>>,
    /// The permit for the next connection.
    seat: Option<OwnedSemaphorePermit>,
    /// The pause after the next accept error; `None` while all is well.
    back_off: Option<Duration>,
}

impl<S: Service> Acceptor<S> {
    fn new(listener: Listener, strategy: Strategy, limits: Limits, service: S) -> Self {
        let workers = limits.workers.get().min(Semaphore::MAX_PERMITS);
        let seats = (strategy == Strategy::PoolAccept).then(|| Arc::new(Semaphore::new(workers)));
        let shared = Shared::new(strategy, limits, service, listener.counters());
        let crew = Crew::new(strategy, Arc::clone(&shared));
        Self { listener, shared, crew, seats, seat: None, back_off: None }
    }

    async fn run(mut self, mut shutdown: Shutdown) -> Report {
        loop {
            tokio::select! {
                biased;
                () = shutdown.draining() => break,
                () = self.crew.clear_one() => {}
                arrived = next(&mut self.listener, self.seats.as_ref(), &mut self.seat) => match arrived {
                    Ok(arrival) => self.admit(arrival),
                    Err(error) => {
                        let pause = self.pause_after(&error);
                        tokio::select! {
                            () = shutdown.draining() => break,
                            () = sleep(pause) => {}
                        }
                    }
                },
            }
        }
        self.stop(shutdown).await
    }

    fn admit(&mut self, arrival: Arrival) {
        self.back_off = None;
        // Small answers must not wait for each other. It fails only for a socket that is already dead.
        let _set = arrival.stream.set_nodelay(true);
        let room = self.shared.counters.room_for(arrival.peer.ip(), &self.shared.limits);
        let taken = match room {
            Ok(()) => self.crew.take(arrival),
            Err(refusal) => Err((refusal, arrival.stream)),
        };
        if let Err((refusal, stream)) = taken {
            self.refuse(stream, &refusal);
        }
    }

    fn refuse(&self, stream: crate::net::TcpStream, refusal: &Refusal) {
        self.shared.counters.refuse(refusal);
        tracing::debug!(peer = ?stream.peer_addr().ok(), %refusal, "connection refused");
        self.shared.send_away(stream, refusal);
    }

    /// How long to wait after an accept error. Counts it, and logs the first of a burst.
    fn pause_after(&mut self, error: &io::Error) -> Duration {
        if is_the_peers(error) {
            return Duration::ZERO;
        }
        self.shared.counters.accept_errors.fetch_add(1, Ordering::Relaxed);
        let pause = match self.back_off {
            Some(pause) => (pause * 2).min(BACK_OFF_LONGEST),
            None => {
                tracing::error!(%error, "no connection can be accepted; trying again, less and less often");
                BACK_OFF_FIRST
            }
        };
        self.back_off = Some(pause);
        pause
    }

    /// From draining to stopped.
    async fn stop(self, mut shutdown: Shutdown) -> Report {
        let Self { listener, shared, mut crew, seat, .. } = self;
        let began = Instant::now();
        drop((listener, seat));
        shared.phase.send_replace(Phase::Draining);
        crew.drain();
        let end = tokio::select! {
            biased;
            () = crew.done() => DrainEnd::InOrder,
            () = shutdown.closing() => DrainEnd::AskedToClose,
            () = sleep(Duration::from_millis(shared.limits.drain_ms)) => DrainEnd::Deadline,
        };
        shared.phase.send_replace(Phase::Closing);
        crew.cut();
        crew.done().await;
        tokio::select! {
            () = shared.farewells.over() => {}
            () = shutdown.closing() => shared.farewells.cut().await,
        }
        shared.phase.send_replace(Phase::Stopped);
        let drain_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Report { snapshot: shared.counters.snapshot(), end, drain_ms }
    }
}

/// The next connection; with seats, only once there is one for it. Cancel safe: a seat once taken is kept.
async fn next(
    listener: &mut Listener,
    seats: Option<&Arc<Semaphore>>,
    seat: &mut Option<OwnedSemaphorePermit>,
) -> io::Result<Arrival> {
    if let (Some(seats), None) = (seats, &seat) {
        // The semaphore is never closed.
        *seat = Arc::clone(seats).acquire_owned().await.ok();
    }
    let (stream, peer) = listener.accept().await?;
    Ok(Arrival { stream, peer, accepted: std::time::Instant::now(), permit: seat.take() })
}

/// Errors that belong to one connection, which its peer gave up before it was accepted.
fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}
