//! The handle a caller holds, and the stream of what it hears.

use std::future::Future;

use proto::message::{Join, MemberEntry, RoomEntry, Said, Since};
use proto::{Nick, Text, Topic};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::connect::{Connector, Tcp};
use crate::driver::{self, Core, Ends};
use crate::error::ClientError;
use crate::event::{ConnectionState, Entered, Event, Online, RoomKey};
use crate::files::ask::{ASKS_MAX, Stand};
use crate::files::hands::Hands;
use crate::options::Options;
use crate::places::Places;
use crate::request::{Reply, Request};

/// Requests that may wait for the task to take them.
const REQUESTS_MAX: usize = 64;

/// Events that may wait for the caller. Beyond that the driver leaves bytes in the socket, and the server sees a
/// reader that is behind.
const EVENTS_MAX: usize = 1024;

/// A client. Owns the task that holds the connection: dropping the client ends it at once, [`Self::close`] politely.
///
/// Every request returns a future that ends with the server's answer, so a caller may have many under way.
/// [`Self::say`] alone survives a broken connection: with [`crate::Reconnect::BackOff`] it ends when the message is
/// confirmed, however often the connection broke meanwhile, and the message is in the room once.
#[derive(Debug)]
pub struct Client {
    requests: mpsc::Sender<Request>,
    close: CancellationToken,
    driver: JoinHandle<()>,
    second_driver: Option<JoinHandle<()>>,
    pub(crate) hands: Hands,
}

/// What a client hears. Must be read, or dropped: while 1024 events wait, no answer is read either.
#[derive(Debug)]
pub struct Events {
    events: mpsc::Receiver<Event>,
}

impl Client {
    /// Connects by TCP and says hello. Returns when the server said welcome.
    ///
    /// # Errors
    /// Why no welcome came. A wait in the server's line is not bounded; use [`Self::start`] and
    /// [`Events::online`] to see the place.
    pub async fn connect(server: &str, options: Options) -> Result<(Self, Events), ClientError> {
        let (client, mut events) = Self::start(Tcp::new(server), options);
        events.online(|_, _| {}).await?;
        Ok((client, events))
    }

    /// Begins to connect, and returns at once. Must be called within a Tokio runtime.
    pub fn start<C: Connector>(connector: C, options: Options) -> (Self, Events) {
        let (requests, requests_end) = mpsc::channel(REQUESTS_MAX);
        let (events_end, events) = mpsc::channel(EVENTS_MAX);
        let close = CancellationToken::new();
        let (asks, asks_end) = mpsc::channel(ASKS_MAX);
        let (stand_end, stand) = watch::channel(Stand::default());
        let second = connector.second().map(|connector| {
            let (second, second_asks) = mpsc::channel(ASKS_MAX);
            (second, tokio::spawn(driver::second::run(connector, second_asks, asks.clone(), close.clone())))
        });
        let (second, second_driver) = second.unzip();
        let hands = Hands::new(connector.target(), options.state_folder.as_deref(), asks, second, stand);
        let places = Places::new(connector.target(), options.state_folder.as_deref());
        let ends =
            Ends { requests: requests_end, asks: asks_end, events: events_end, stand: stand_end, close: close.clone() };
        let core = Core::new(options, places, ends);
        let driver = tokio::spawn(driver::run(connector, core));
        (Self { requests, close, driver, second_driver, hands }, Events { events })
    }

    /// Comes into a room, which is made if it is not there; the room is told.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn join(&self, room: &str, since: Since) -> Result<Entered, ClientError> {
        self.ask_join(Join { room: room.to_owned(), since, announce: true, ephemeral: false }).await
    }

    /// The same without telling the room: for a script that says one thing and goes.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn join_quietly(&self, room: &str, since: Since) -> Result<Entered, ClientError> {
        self.ask_join(Join { room: room.to_owned(), since, announce: false, ephemeral: false }).await
    }

    /// Comes into a room of which nothing is stored if this makes it; one that is there stays as it is, which
    /// [`Entered::ephemeral`] says.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn join_ephemeral(&self, room: &str, since: Since) -> Result<Entered, ClientError> {
        self.ask_join(Join { room: room.to_owned(), since, announce: true, ephemeral: true }).await
    }

    fn ask_join(&self, join: Join) -> impl Future<Output = Result<Entered, ClientError>> + Send + use<> {
        self.ask(|reply| Request::Join { join, reply })
    }

    /// Opens a direct conversation with `nick`.
    ///
    /// # Errors
    /// Refused with `NoSuchPerson` if nobody of that nick is here.
    pub async fn open_direct(&self, nick: &str, since: Since) -> Result<Entered, ClientError> {
        let nick = nick.to_owned();
        self.ask(|reply| Request::OpenDirect { nick, since, reply }).await
    }

    /// Leaves a room.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn leave(&self, room: RoomKey) -> Result<(), ClientError> {
        self.ask(|reply| Request::Leave { room, reply }).await
    }

    /// Says something in a room. The answer is its place there.
    ///
    /// The message is on its way when this returns: messages come into the room in the order of the calls, whenever
    /// the futures are awaited. Only where 64 requests wait to be taken already does it set out at the first poll.
    ///
    /// # Errors
    /// See [`ClientError`]. While the connection is away at most 1000 messages wait for it.
    pub fn say(&self, room: RoomKey, text: Text) -> impl Future<Output = Result<Said, ClientError>> + Send + use<> {
        self.ask(move |reply| Request::Say { room, text, reply })
    }

    /// Sets a room's topic; an empty one takes it away.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn set_topic(&self, room: RoomKey, topic: Topic) -> Result<(), ClientError> {
        self.ask(|reply| Request::SetTopic { room, topic, reply }).await
    }

    /// Takes another nick.
    ///
    /// # Errors
    /// Refused with `NickTaken` and maybe an offer.
    pub async fn rename(&self, nick: &Nick) -> Result<(), ClientError> {
        let nick = nick.as_str().to_owned();
        self.ask(|reply| Request::Rename { nick, reply }).await
    }

    /// All rooms, in the order of their names. Direct conversations are in no list.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn rooms(&self) -> Result<Vec<RoomEntry>, ClientError> {
        self.ask(|reply| Request::Rooms { reply }).await
    }

    /// Who is in `room`; with `None`, on the server. In the order of the nicks.
    ///
    /// # Errors
    /// Refused with `NoSuchRoom` if there is no such room.
    pub async fn members(&self, room: Option<&str>) -> Result<Vec<MemberEntry>, ClientError> {
        let room = room.map(str::to_owned);
        self.ask(|reply| Request::Members { room, reply }).await
    }

    /// Says goodbye and waits until the connection is closed, at most 5 s. What had no answer yet fails with
    /// [`ClientError::Closed`].
    pub async fn close(&self) {
        self.close.cancel();
        self.requests.closed().await;
    }

    /// Hands a request over at once if there is room; the future waits for the answer, and for room if there is none.
    pub(crate) fn ask<T: Send, F: FnOnce(Reply<T>) -> Request>(
        &self,
        request: F,
    ) -> impl Future<Output = Result<T, ClientError>> + Send + use<T, F> {
        let (reply, answer) = oneshot::channel();
        let waits = match self.requests.try_send(request(reply)) {
            Ok(()) => None,
            Err(TrySendError::Full(request)) => Some((self.requests.clone(), request)),
            // The answer's other end is gone with it, which the future finds.
            Err(TrySendError::Closed(_)) => None,
        };
        async move {
            if let Some((requests, request)) = waits {
                requests.send(request).await.map_err(|_| ClientError::Closed)?;
            }
            answer.await.unwrap_or(Err(ClientError::Closed))
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.driver.abort();
        if let Some(driver) = &self.second_driver {
            driver.abort();
        }
    }
}

impl Events {
    /// The next event; `None` behind [`Event::Closed`].
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Reads on to the first welcome. `on_wait` is told the place in the server's line and how many wait, each time
    /// it changes.
    ///
    /// # Errors
    /// Why the client closed instead.
    pub async fn online(&mut self, mut on_wait: impl FnMut(u32, u32)) -> Result<Online, ClientError> {
        loop {
            match self.next().await {
                Some(Event::State(ConnectionState::Online(online))) => return Ok(online),
                Some(Event::State(ConnectionState::Queued { place, waiting })) => on_wait(place, waiting),
                Some(Event::Closed(Some(error))) => return Err(error),
                Some(Event::Closed(None)) | None => return Err(ClientError::Closed),
                Some(_) => {}
            }
        }
    }
}
