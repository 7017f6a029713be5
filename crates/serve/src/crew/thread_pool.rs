//! `thread-pool`: N threads, each takes a whole connection from the line.

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Arrival;
use super::open_sockets::{OpenSockets, blocking, serve_here};
use super::threads::join;
use crate::line::{Line, Taken, keep};
use crate::net::TcpStream;
use crate::refusal::Refusal;
use crate::service::Service;
use crate::shared::Shared;

pub(crate) struct ThreadPool<S> {
    line: Arc<Line<S>>,
    open: Arc<OpenSockets>,
    threads: Vec<JoinHandle<()>>,
    /// Nothing is ever sent: it ends when the last thread has dropped its sender.
    alive: mpsc::Receiver<()>,
    keeper: JoinSet<()>,
}

impl<S: Service> ThreadPool<S> {
    pub(super) fn new(shared: Arc<Shared<S>>) -> Self {
        let line = Line::new(shared);
        let open = Arc::<OpenSockets>::default();
        let (lives, alive) = mpsc::channel(1);
        let workers = line.shared.limits.workers.get();
        let mut threads = Vec::new();
        while threads.len() < workers {
            let (line, open, lives) = (Arc::clone(&line), Arc::clone(&open), lives.clone());
            let runtime = Handle::current();
            let work = move || {
                work(&runtime, &line, &open);
                drop(lives);
            };
            match Builder::new().name("serve-worker".to_owned()).spawn(work) {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    tracing::warn!(%error, have = threads.len(), wanted = workers, "the operating system gives no more threads");
                    break;
                }
            }
        }
        let mut keeper = JoinSet::new();
        keeper.spawn(keep(Arc::clone(&line)));
        Self { line, open, threads, alive, keeper }
    }

    pub(super) fn take(&self, arrival: Arrival) -> Result<(), (Refusal, TcpStream)> {
        if self.threads.is_empty() {
            return Err((Refusal::NoThread, arrival.stream));
        }
        self.line.join(arrival)
    }

    pub(super) fn drain(&self) {
        self.line.drain();
        self.open.shut_reading();
    }

    pub(super) async fn done(&mut self) {
        while self.alive.recv().await.is_some() {}
        self.threads.drain(..).for_each(join);
        self.keeper.shutdown().await;
    }

    pub(super) fn cut(&self) {
        self.open.shut_both();
    }
}

impl<S> Drop for ThreadPool<S> {
    fn drop(&mut self) {
        self.line.close();
        self.open.shut_both();
    }
}

fn work<S: Service>(runtime: &Handle, line: &Arc<Line<S>>, open: &OpenSockets) {
    while let Some(Taken { stream, ticket, busy }) = runtime.block_on(line.next()) {
        // Leaving the runtime needs its handle around.
        let stream = {
            let _inside = runtime.enter();
            blocking(stream)
        };
        serve_here(&line.shared, open, stream, ticket, Some(busy));
    }
}
