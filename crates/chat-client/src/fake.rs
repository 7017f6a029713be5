//! For tests: a server that a test speaks for, message by message, over pipes in memory.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use futures::{SinkExt as _, StreamExt as _};
use proto::message::{Goodbye, Joined, Since, Welcome, WireLimits};
use proto::{ClientMessage, CloseCode, Codec, Refusal, RequestId, RoomEvent, RoomId, Seq, ServerMessage, Token, What};
use tokio::io::DuplexStream;
use tokio_util::codec::Framed;

use crate::client::{Client, Events};
use crate::connect::Connector;
use crate::event::RoomKey;
use crate::options::{Options, Reconnect};

type Pipes = Arc<Mutex<VecDeque<DuplexStream>>>;

/// Gives out connections that were laid ready; then none.
pub(crate) struct Ready {
    pipes: Pipes,
    second: Option<Pipes>,
}

impl Connector for Ready {
    type Stream = DuplexStream;

    fn target(&self) -> &str {
        "test:1"
    }

    fn second(&self) -> Option<Self> {
        Some(Self { pipes: Arc::clone(self.second.as_ref()?), second: None })
    }

    async fn connect(&mut self) -> io::Result<DuplexStream> {
        self.pipes.lock().unwrap().pop_front().ok_or_else(|| io::ErrorKind::ConnectionRefused.into())
    }
}

/// The server's end of a connection.
pub(crate) struct Server(pub(crate) Framed<DuplexStream, Codec>);

impl Server {
    pub(crate) async fn hears(&mut self) -> (RequestId, ClientMessage) {
        let frame = self.0.next().await.expect("the client is there").unwrap();
        (RequestId(frame.header().id), ClientMessage::from_frame(&frame).unwrap())
    }

    pub(crate) async fn says(&mut self, id: RequestId, message: ServerMessage) {
        self.0.send(message.to_frame(id)).await.unwrap();
    }

    /// Takes the hello and says welcome.
    pub(crate) async fn welcomes(&mut self, resumed: bool) -> proto::message::Hello {
        let (id, ClientMessage::Hello(hello)) = self.hears().await else { panic!("no hello") };
        let limits = WireLimits { text_bytes: 16384, bulk_bytes: 1024 * 1024, rooms: 8, idle_ms: 10_000, grace_ms: 0 };
        let (agent, nick, token) = ("test".into(), hello.nick.clone(), Token([7; 16]));
        let welcome = Welcome { version: 1, features: 0, agent, nick, token, resumed, limits };
        self.says(id, ServerMessage::Welcome(welcome)).await;
        hello
    }

    pub(crate) async fn joins(&mut self, id: RequestId, first: u64) {
        let joined = Joined {
            room: RoomId(1),
            name: "lobby".into(),
            direct: false,
            topic: String::new(),
            members: 1,
            first: Seq(first),
            head: Seq(first - 1),
            read: Seq(first - 1),
            ephemeral: false,
        };
        self.says(id, ServerMessage::Joined(joined)).await;
    }

    /// Lets the client into its room.
    pub(crate) async fn takes_join(&mut self) {
        let (id, message) = self.hears().await;
        assert!(matches!(message, ClientMessage::Join(_)), "{message:?}");
        self.joins(id, 1).await;
    }

    pub(crate) async fn event(&mut self, seq: u64) {
        let what = What::Said("x".into());
        let event = RoomEvent { seq: Seq(seq), room: RoomId(1), at_ms: 0, nick: "bob".into(), what };
        self.says(RequestId(0), ServerMessage::Event(event)).await;
    }

    pub(crate) async fn says_goodbye(mut self, code: CloseCode, refusal: Option<Refusal>) {
        self.says(RequestId(0), ServerMessage::Goodbye(Goodbye { code, refusal })).await;
    }
}

pub(crate) fn options(reconnect: Reconnect) -> Options {
    Options { reconnect, ..Options::new("ann".parse().unwrap()) }
}

/// A client that will find `N` connections, and the other ends of them.
pub(crate) fn start<const N: usize>(options: Options) -> (Client, Events, [Server; N]) {
    let (first, servers) = pipes();
    let (client, events) = Client::start(Ready { pipes: first, second: None }, options);
    (client, events, servers)
}

/// A client that will find one connection, and `N` for files; and the other ends of them.
pub(crate) fn start_with_second<const N: usize>(options: Options) -> (Client, Events, Server, [Server; N]) {
    let (first, [server]) = pipes();
    let (second, seconds) = pipes();
    let (client, events) = Client::start(Ready { pipes: first, second: Some(second) }, options);
    (client, events, server, seconds)
}

fn pipes<const N: usize>() -> (Pipes, [Server; N]) {
    let (ours, theirs): (VecDeque<_>, Vec<_>) = (0..N).map(|_| tokio::io::duplex(64 * 1024)).unzip();
    let servers: Vec<_> = theirs.into_iter().map(|end| Server(Framed::new(end, Codec::new(1024 * 1024)))).collect();
    (Arc::new(Mutex::new(ours)), servers.try_into().unwrap_or_else(|_| panic!("N ends")))
}

pub(crate) async fn join(client: &Client, server: &mut Server) -> RoomKey {
    let (entered, ()) = tokio::join!(client.join("lobby", Since::Now), server.takes_join());
    entered.unwrap().room.key
}
