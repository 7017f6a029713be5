//! The queue of `pool` and `thread-pool`: who waits for a worker, in order, bounded, and told so.

mod keeper;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::close::CloseReason;
use crate::counters::Standing;
use crate::crew::Arrival;
use crate::net::TcpStream;
use crate::refusal::Refusal;
use crate::service::Service;
use crate::shared::Shared;
use crate::ticket::Ticket;

pub use keeper::PLACE_TOLD_EVERY;
pub(crate) use keeper::keep;

/// The queue and the number of workers that are busy.
#[derive(Debug)]
pub(crate) struct Line<S> {
    pub(crate) shared: Arc<Shared<S>>,
    state: Mutex<State>,
    /// One permit for each connection put into the line. A permit whose connection has left means nothing: the
    /// worker that got it finds the line empty and asks again.
    ready: Semaphore,
    /// Wakes the keeper when somebody joins.
    joined: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    serving: usize,
}

/// One who waits.
#[derive(Debug)]
struct Waiting {
    stream: TcpStream,
    ticket: Ticket,
    since: Instant,
    /// Place and length of the line as last told.
    told: Option<(usize, usize)>,
}

/// A connection that a worker has taken.
pub(crate) struct Taken<S> {
    pub(crate) stream: TcpStream,
    pub(crate) ticket: Ticket,
    pub(crate) busy: Busy<S>,
}

/// One busy worker, until dropped.
pub(crate) struct Busy<S>(Arc<Line<S>>);

impl<S> Drop for Busy<S> {
    fn drop(&mut self) {
        self.0.state().serving -= 1;
    }
}

impl<S> Line<S> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody is taken any more: [`Line::next`] returns `None`.
    pub(crate) fn close(&self) {
        self.ready.close();
    }
}

impl<S: Service> Line<S> {
    pub(crate) fn new(shared: Arc<Shared<S>>) -> Arc<Self> {
        Arc::new(Self { shared, state: Mutex::default(), ready: Semaphore::new(0), joined: Notify::new() })
    }

    /// Takes a connection in, at the end, and tells it its place if no worker is free.
    ///
    /// # Errors
    /// Gives the connection back with [`Refusal::QueueFull`].
    pub(crate) fn join(&self, arrival: Arrival) -> Result<(), (Refusal, TcpStream)> {
        let Arrival { stream, peer, accepted, .. } = arrival;
        let mut state = self.state();
        if state.serving + state.waiting.len() >= self.shared.limits.pool_capacity() {
            return Err((Refusal::queue_full(&self.shared.limits), stream));
        }
        let ticket = self.shared.admit(peer, accepted, Standing::Waiting);
        state.waiting.push_back(Waiting { stream, ticket, since: Instant::now(), told: None });
        let last = state.waiting.len() - 1;
        self.tell(&mut state, last);
        drop(state);
        self.ready.add_permits(1);
        self.joined.notify_one();
        Ok(())
    }

    /// The first in line, once there is one; `None` when the line is closed. Cancel safe.
    pub(crate) async fn next(self: &Arc<Self>) -> Option<Taken<S>> {
        loop {
            self.ready.acquire().await.ok()?.forget();
            let mut state = self.state();
            if let Some(mut first) = state.waiting.pop_front() {
                state.serving += 1;
                first.ticket.begin();
                return Some(Taken { stream: first.stream, ticket: first.ticket, busy: Busy(Arc::clone(self)) });
            }
        }
    }

    /// Closes the line and sends everyone in it away: the server drains.
    pub(crate) fn drain(&self) {
        self.close();
        let waiting = std::mem::take(&mut self.state().waiting);
        for one in waiting {
            self.shared.send_away(one.stream, &Refusal::Draining);
            one.ticket.end(CloseReason::Drained);
        }
    }

    /// Tells the one at `at` its place, if it changed. Never blocks; whoever cannot be told loses its place.
    fn tell(&self, state: &mut State, at: usize) -> Told {
        let free = self.shared.limits.workers.get().saturating_sub(state.serving);
        let line = state.waiting.len().saturating_sub(free);
        let Some(one) = state.waiting.get_mut(at) else { return Told::Yes };
        // The first few are as good as served: a worker is free for each.
        let Some(place) = (at + 1).checked_sub(free).filter(|place| *place > 0) else { return Told::Yes };
        if one.told == Some((place, line)) {
            return Told::Yes;
        }
        let words = self.shared.place_words(place, line);
        let told = keeper::tell(&one.stream, &words);
        if told == Told::Yes {
            one.told = Some((place, line));
        }
        told
    }
}

/// How telling went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// The peer has it, or there was nothing to say.
    Yes,
    /// There is no room at the moment.
    NotNow,
    /// The peer takes nothing, and has half of it.
    Stalled,
    /// The peer is gone.
    Gone,
}
