//! `pool`: N worker tasks, each takes a whole connection from the line.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use tokio::task::JoinSet;

use super::Arrival;
use crate::line::{Line, Taken, keep};
use crate::net::TcpStream;
use crate::refusal::Refusal;
use crate::service::Service;
use crate::shared::Shared;

pub(crate) struct Pool<S> {
    line: Arc<Line<S>>,
    workers: JoinSet<()>,
    keeper: JoinSet<()>,
}

impl<S: Service> Pool<S> {
    pub(super) fn new(shared: Arc<Shared<S>>) -> Self {
        let line = Line::new(shared);
        let mut workers = JoinSet::new();
        for _ in 0..line.shared.limits.workers.get() {
            workers.spawn(work(Arc::clone(&line)));
        }
        let mut keeper = JoinSet::new();
        keeper.spawn(keep(Arc::clone(&line)));
        Self { line, workers, keeper }
    }

    pub(super) fn take(&self, arrival: Arrival) -> Result<(), (Refusal, TcpStream)> {
        self.line.join(arrival)
    }

    pub(super) fn drain(&self) {
        self.line.drain();
    }

    pub(super) async fn done(&mut self) {
        while self.workers.join_next().await.is_some() {}
        self.keeper.shutdown().await;
    }

    pub(super) fn cut(&mut self) {
        self.workers.abort_all();
    }
}

async fn work<S: Service>(line: Arc<Line<S>>) {
    while let Some(Taken { stream, ticket, busy }) = line.next().await {
        let shared = Arc::clone(&line.shared);
        let one = async move {
            let reason = shared.service.serve(shared.connection(&ticket, stream)).await;
            // In this order: whoever sees the connection counted out finds the worker free.
            drop(busy);
            ticket.end(reason);
        };
        // Caught, so that the worker lives on. What panicked was dropped in the panic, the ticket with it.
        let _panicked = AssertUnwindSafe(one).catch_unwind().await;
    }
}
