//! The one task of a client: moves bytes between a connection and the [`Session`], and makes the next connection when
//! one breaks.
//!
//! It never waits for one thing only: while the caller does not read its events the socket is left alone, but requests
//! are taken and written; while the server does not read, events are still handed on.

mod back_off;
mod link;
mod talk;

use std::future::Future;
use std::time::Duration;

use proto::CloseCode;
use proto::message::Goodbye;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::connect::Connector;
use crate::error::ClientError;
use crate::event::{ConnectionState, Event};
use crate::options::{Options, Reconnect, TakenNick};
use crate::request::Request;
use crate::session::Session;
use back_off::BackOff;
use link::{Link, LinkError};

/// How long a connection may take to come about.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// A connection that lived this long was a good one: the next break begins with the shortest wait again.
const GOOD_CONNECTION: Duration = Duration::from_secs(5);

/// Everything of the driver that outlives a connection.
#[derive(Debug)]
pub(crate) struct Core {
    session: Session,
    taken_nick: TakenNick,
    reconnect: Reconnect,
    requests: mpsc::Receiver<Request>,
    events: mpsc::Sender<Event>,
    close: CancellationToken,
}

/// Why a connection is over.
#[derive(Debug)]
enum Ended {
    /// The caller closed the client.
    Asked,
    /// No use to try again.
    ForGood(ClientError),
    /// It broke; the next may work, after this many milliseconds if the server said so.
    Broken { error: ClientError, retry_after_ms: Option<u32> },
}

/// Runs a client until it is closed or has failed for good.
pub(crate) async fn run<C: Connector>(mut connector: C, mut core: Core) {
    let mut back_off = BackOff::default();
    let error = loop {
        core.session.events.push_back(Event::State(ConnectionState::Connecting));
        let started = tokio::time::Instant::now();
        let (error, retry_after_ms) = match connection(&mut connector, &mut core).await {
            Ended::Asked => break None,
            Ended::ForGood(error) => break Some(error),
            Ended::Broken { error, .. } if !core.comes_back() => break Some(error),
            Ended::Broken { error, retry_after_ms } => (error, retry_after_ms),
        };
        if started.elapsed() >= GOOD_CONNECTION {
            back_off = BackOff::default();
        }
        let wait = back_off.next().max(Duration::from_millis(retry_after_ms.unwrap_or(0).into()));
        let why = match error {
            ClientError::Lost(why) => why,
            other => other.to_string(),
        };
        core.session.broken(&why);
        let retry_in_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        core.session.events.push_back(Event::State(ConnectionState::Offline { retry_in_ms, why }));
        if core.offline_while(tokio::time::sleep(wait)).await.is_none() {
            break None;
        }
    };
    core.finish(error).await;
}

/// One connection, from its making to its end.
async fn connection<C: Connector>(connector: &mut C, core: &mut Core) -> Ended {
    let target = connector.target().to_owned();
    let broken = |error: &std::io::Error| Ended::Broken {
        error: ClientError::cannot_connect(&target, error),
        retry_after_ms: None,
    };
    let connecting = tokio::time::timeout(CONNECT_MAX, connector.connect());
    let mut link = match core.offline_while(connecting).await {
        None => return Ended::Asked,
        Some(Err(_)) => return broken(&std::io::ErrorKind::TimedOut.into()),
        Some(Ok(Err(error))) => return broken(&error),
        Some(Ok(Ok(stream))) => Link::new(stream),
    };
    match talk::greet(core, &mut link, &target).await {
        Ok(limits) => talk::talk(core, link, limits).await,
        Err(ended) => ended,
    }
}

impl Core {
    pub(crate) fn new(
        options: Options,
        requests: mpsc::Receiver<Request>,
        events: mpsc::Sender<Event>,
        close: CancellationToken,
    ) -> Self {
        let Options { nick, agent, taken_nick, reconnect } = options;
        let session = Session::new(nick.as_str().to_owned(), agent);
        Self { session, taken_nick, reconnect, requests, events, close }
    }

    /// Whether a broken connection is followed by another. The first one that fails is not.
    fn comes_back(&self) -> bool {
        self.reconnect == Reconnect::BackOff && self.session.was_online()
    }

    /// Waits for `future` while there is no connection to use; `None` if the caller closes the client meanwhile.
    ///
    /// Before the first welcome requests wait in their channel; later they are answered.
    async fn offline_while<F: Future>(&mut self, future: F) -> Option<F::Output> {
        tokio::pin!(future);
        loop {
            let answers = self.session.was_online();
            tokio::select! {
                () = self.close.cancelled() => return None,
                output = &mut future => return Some(output),
                request = self.requests.recv(), if answers => self.session.ask_offline(request?),
                () = hand_on(&mut self.session, &self.events), if !self.session.events.is_empty() => {}
            }
        }
    }

    /// Fails what is still open and says that it is the end.
    async fn finish(mut self, error: Option<ClientError>) {
        self.session.end(error.as_ref());
        self.requests.close();
        while let Some(request) = self.requests.recv().await {
            self.session.ask_offline(request);
        }
        self.session.end(error.as_ref());
        self.session.events.push_back(Event::Closed(error));
        // A caller that closed the client need not go on reading; whoever does hears everything.
        while !self.session.events.is_empty() && !self.close.is_cancelled() {
            tokio::select! {
                () = hand_on(&mut self.session, &self.events) => {}
                () = self.close.cancelled() => {}
            }
        }
        for event in self.session.events {
            drop(self.events.try_send(event));
        }
    }
}

/// Hands at least one event to the caller, and as many more as it has room for. Waits while it has none; safe to be
/// dropped while it waits.
async fn hand_on(session: &mut Session, events: &mpsc::Sender<Event>) {
    let Ok(mut room) = events.reserve().await else {
        // Nobody listens.
        session.events.clear();
        return;
    };
    while let Some(event) = session.events.pop_front() {
        room.send(event);
        match events.try_reserve() {
            Ok(more) => room = more,
            Err(_) => return,
        }
    }
}

impl Ended {
    fn from_link(error: LinkError) -> Self {
        match error {
            LinkError::Broken(why) => Self::Broken { error: ClientError::Lost(why), retry_after_ms: None },
            LinkError::Decode(error) => Self::Broken { error: ClientError::Fault(error.into()), retry_after_ms: None },
        }
    }

    /// What a goodbye means: another try, or the end.
    fn from_goodbye(goodbye: Goodbye, was_online: bool) -> Self {
        let retry_after_ms = goodbye.refusal.as_ref().and_then(|refusal| refusal.retry_after_ms);
        let comes_back = match goodbye.code {
            CloseCode::Draining | CloseCode::Idle | CloseCode::Stalled | CloseCode::HandshakeTimeout => true,
            // Everybody comes back at once after a restart, so a server that is full then is not full for long.
            CloseCode::Refused => was_online && retry_after_ms.is_some(),
            _ => false,
        };
        let error = ClientError::Goodbye(goodbye);
        match comes_back {
            true => Self::Broken { error, retry_after_ms },
            false => Self::ForGood(error),
        }
    }
}

#[cfg(test)]
mod tests;
