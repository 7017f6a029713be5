//! Who serves, by strategy. The accept loop hands connections over and does not know which it is.

mod open_sockets;
mod pool;
mod tasks;
mod thread_pool;
mod threads;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;

use crate::net::TcpStream;
use crate::refusal::Refusal;
use crate::service::Service;
use crate::shared::Shared;
use crate::strategy::Strategy;
use pool::Pool;
use tasks::Tasks;
use thread_pool::ThreadPool;
use threads::Threads;

/// A connection fresh from the kernel, for which there is room.
pub(crate) struct Arrival {
    pub(crate) stream: TcpStream,
    pub(crate) peer: SocketAddr,
    /// When the kernel handed it over.
    pub(crate) accepted: Instant,
    /// The permit that `pool-accept` took before; given back when the connection ends.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

/// Those who serve. Dropping it cuts every connection.
pub(crate) enum Crew<S: Service> {
    Tasks(Tasks<S>),
    Pool(Pool<S>),
    Threads(Threads<S>),
    ThreadPool(ThreadPool<S>),
}

impl<S: Service> Crew<S> {
    pub(crate) fn new(strategy: Strategy, shared: Arc<Shared<S>>) -> Self {
        match strategy {
            Strategy::Spawn | Strategy::PoolRequest | Strategy::PoolAccept => Self::Tasks(Tasks::new(shared)),
            Strategy::Pool => Self::Pool(Pool::new(shared)),
            Strategy::Thread => Self::Threads(Threads::new(shared)),
            Strategy::ThreadPool => Self::ThreadPool(ThreadPool::new(shared)),
        }
    }

    /// Takes a connection in, and counts it.
    ///
    /// # Errors
    /// Gives it back, uncounted, with the reason.
    pub(crate) fn take(&mut self, arrival: Arrival) -> Result<(), (Refusal, TcpStream)> {
        match self {
            Self::Tasks(tasks) => {
                tasks.take(arrival);
                Ok(())
            }
            Self::Pool(pool) => pool.take(arrival),
            Self::Threads(threads) => threads.take(arrival),
            Self::ThreadPool(pool) => pool.take(arrival),
        }
    }

    /// Returns when something that ended has been cleared away; may never. Cancel safe.
    pub(crate) async fn clear_one(&mut self) {
        match self {
            Self::Tasks(tasks) => tasks.clear_one().await,
            Self::Threads(threads) => threads.clear_one().await,
            Self::Pool(_) | Self::ThreadPool(_) => std::future::pending().await,
        }
    }

    /// The server drains: who waits is sent away, who is served blocking learns of it.
    pub(crate) fn drain(&self) {
        match self {
            Self::Tasks(_) => {}
            Self::Pool(pool) => pool.drain(),
            Self::Threads(threads) => threads.drain(),
            Self::ThreadPool(pool) => pool.drain(),
        }
    }

    /// Returns when nobody is served any more. Only after [`Crew::drain`]. Cancel safe.
    pub(crate) async fn done(&mut self) {
        match self {
            Self::Tasks(tasks) => tasks.done().await,
            Self::Pool(pool) => pool.done().await,
            Self::Threads(threads) => threads.done().await,
            Self::ThreadPool(pool) => pool.done().await,
        }
    }

    /// Cuts everything that is still open; [`Crew::done`] then returns soon.
    pub(crate) fn cut(&mut self) {
        match self {
            Self::Tasks(tasks) => tasks.cut(),
            Self::Pool(pool) => pool.cut(),
            Self::Threads(threads) => threads.cut(),
            Self::ThreadPool(pool) => pool.cut(),
        }
    }
}
