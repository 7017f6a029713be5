//! The one task of a client: moves bytes between a connection and the [`Session`], and makes the next connection when
//! one breaks.
//!
//! It never waits for one thing only: while the caller does not read its events the socket is left alone, but requests
//! are taken and written; while the server does not read, events are still handed on.

mod back_off;
mod link;
mod place;
pub(crate) mod second;
mod slots;
mod talk;

use std::future::Future;
use std::time::Duration;

use proto::CloseCode;
use proto::message::{FileRequest, Goodbye};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::connect::Connector;
use crate::error::ClientError;
use crate::event::{ConnectionState, Event};
use crate::files::ask::{Ask, Stand};
use crate::options::{Options, Reconnect, TakenNick};
use crate::places::Places;
use crate::request::Request;
use crate::session::{Session, Start};
use back_off::BackOff;
use link::{Link, LinkError};
use place::Place;
use slots::Slots;

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
    place: Place,
    requests: mpsc::Receiver<Request>,
    asks: mpsc::Receiver<Ask>,
    events: mpsc::Sender<Event>,
    stand: watch::Sender<Stand>,
    /// What of the session the stand was last told.
    told: u64,
    /// When messages that the server could not store are sent again.
    again_at: Option<Instant>,
    close: CancellationToken,
}

/// The driver's ends of what it shares with the handle.
#[derive(Debug)]
pub(crate) struct Ends {
    pub(crate) requests: mpsc::Receiver<Request>,
    pub(crate) asks: mpsc::Receiver<Ask>,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) stand: watch::Sender<Stand>,
    pub(crate) close: CancellationToken,
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
    if let Some(error) = core.place.lack(core.session.token()) {
        return core.finish(Some(error)).await;
    }
    let mut back_off = BackOff::default();
    let error = loop {
        core.session.events.push_back(Event::State(ConnectionState::Connecting));
        let started = Instant::now();
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
        core.say_stand();
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
        Some(Ok(Ok(stream))) => {
            let low_water = C::low_water(&stream);
            Link::new(stream, low_water)
        }
    };
    match talk::greet(core, &mut link, &target).await {
        Ok(limits) => talk::talk(core, link, limits).await,
        Err(ended) => ended,
    }
}

impl Core {
    pub(crate) fn new(options: Options, places: Places, ends: Ends) -> Self {
        let Ends { requests, asks, events, stand, close } = ends;
        let place = Place::new(&options, places);
        let session = Session::new(Start {
            features: place::features(&options),
            token: place.token(),
            nick: options.nick.as_str().to_owned(),
            agent: options.agent,
            last_message: now_us(),
            keeps_says: options.reconnect == Reconnect::BackOff,
        });
        let Options { taken_nick, reconnect, .. } = options;
        Self { session, taken_nick, reconnect, place, requests, asks, events, stand, told: 0, again_at: None, close }
    }

    /// The server has said welcome, and whether it keeps the place.
    fn keep_place(&mut self) {
        let kept = self.place.welcomed(self.session.token(), self.session.is_kept());
        self.say_not_kept(kept);
    }

    /// Keeps the place under another nick, if it has got one.
    fn follow_nick(&mut self) {
        if self.session.take_new_nick() {
            let kept = self.place.renamed(self.session.nick(), self.session.token());
            self.say_not_kept(kept);
        }
    }

    fn say_not_kept(&mut self, kept: Result<(), ClientError>) {
        if let Err(error) = kept {
            self.session.events.push_back(Event::NotKept(error));
        }
    }

    /// Takes a question about files while a connection stands.
    fn ask(&mut self, ask: Ask, slots: &mut Slots) {
        match ask {
            Ask::Question { room, request: request @ FileRequest::Pack(_), reply } => {
                slots.packs.extend(self.session.ask_pack(room, request, reply));
            }
            Ask::Question { room, request, reply } => self.session.ask_file(room, request, reply),
            Ask::Begin { room, request, line, reply } => {
                self.session.begin(room, request, slots.begin(line), reply);
            }
            Ask::Ticket { reply } => self.session.ask_ticket(reply),
            // The stand was said before this was taken.
            Ask::Look { reply } => drop(reply.send(Ok(()))),
        }
    }

    /// Plans when messages that the server could not store are sent again.
    fn plan_again(&mut self) {
        if let Some(ms) = self.session.take_again_in_ms() {
            self.again_at = Some(Instant::now() + Duration::from_millis(ms.into()));
        }
    }

    /// Another connection stands.
    fn stand_anew(&self) {
        self.stand.send_modify(|stand| stand.connection += 1);
    }

    /// Tells transfers which rooms there are, if that has changed.
    fn say_stand(&mut self) {
        let changes = self.session.room_changes();
        if self.told != changes {
            self.told = changes;
            self.stand.send_modify(|stand| stand.rooms = self.session.room_stands());
        }
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
                Some(ask) = self.asks.recv(), if answers => ask.fail(ClientError::Offline),
                () = hand_on(&mut self.session, &self.events), if !self.session.events.is_empty() => {}
            }
        }
    }

    /// Fails what is still open and says that it is the end.
    async fn finish(mut self, error: Option<ClientError>) {
        self.session.end(error.as_ref());
        let over = error.clone().unwrap_or(ClientError::Closed);
        self.stand.send_modify(|stand| stand.over = Some(over.clone()));
        self.asks.close();
        while let Some(ask) = self.asks.recv().await {
            ask.fail(over.clone());
        }
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

/// Microseconds since 1970: no process of the same user numbers its messages as one before it did.
fn now_us() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_micros()).unwrap_or(u64::MAX)
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
