//! A client that tells answers from what nobody asked.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use proto::limits::MAGIC;
use proto::message::{
    Cursor, Hello, History, Join, Joined, OpenDirect, Page, Range, Resume, Said, Say, Search, Since, Welcome,
};
use proto::{ClientMessage, Code, Codec, Kind, MessageId, RequestId, RoomId, Seq, ServerMessage, Token};
use tokio::io::DuplexStream;
use tokio_util::codec::Framed;

/// What no answer takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Client {
    pub(crate) framed: Framed<DuplexStream, Codec>,
    asked: u64,
    unasked: VecDeque<ServerMessage>,
}

impl Client {
    pub(crate) fn new(stream: DuplexStream) -> Self {
        Self { framed: Framed::new(stream, Codec::control()), asked: 0, unasked: VecDeque::new() }
    }

    /// Asks, and does not wait for the answer.
    pub(crate) async fn send(&mut self, message: ClientMessage) -> RequestId {
        self.asked += 1;
        self.framed.send(message.to_frame(RequestId(self.asked))).await.unwrap();
        RequestId(self.asked)
    }

    pub(crate) async fn ask(&mut self, message: ClientMessage) -> ServerMessage {
        let request = self.send(message).await;
        self.answer_to(request).await
    }

    /// The answer to a request; what comes before it and was not asked waits for [`Self::next`].
    pub(crate) async fn answer_to(&mut self, request: RequestId) -> ServerMessage {
        loop {
            let (id, message) = self.receive().await;
            match id {
                Some(id) if id == request => return message,
                Some(id) => panic!("{id:?} was not waited for: {message:?}"),
                None => self.unasked.push_back(message),
            }
        }
    }

    /// What nobody asked for next.
    pub(crate) async fn next(&mut self) -> ServerMessage {
        match self.unasked.pop_front() {
            Some(message) => message,
            None => match self.receive().await {
                (None, message) => message,
                (Some(id), message) => panic!("{id:?} was not waited for: {message:?}"),
            },
        }
    }

    /// The next message, and of which request it is the answer.
    pub(crate) async fn receive(&mut self) -> (Option<RequestId>, ServerMessage) {
        let frame = tokio::time::timeout(PATIENCE, self.framed.next()).await.unwrap().unwrap().unwrap();
        let is_asked = frame.header().kind != Kind::Event.number() && frame.header().id != 0;
        (is_asked.then_some(RequestId(frame.header().id)), ServerMessage::from_frame(&frame).unwrap())
    }

    /// The numbers of the next events, which are all that comes.
    pub(crate) async fn events(&mut self, count: usize) -> Vec<u64> {
        let mut seqs = Vec::new();
        while seqs.len() < count {
            match self.next().await {
                ServerMessage::Event(event) => seqs.push(event.seq.0),
                other => panic!("{other:?} behind {seqs:?}"),
            }
        }
        seqs
    }

    pub(crate) async fn hello(&mut self, nick: &str) -> Welcome {
        self.hello_with(nick, 0, None).await
    }

    /// Comes back with `token`, and a cursor for each room it knows of.
    pub(crate) async fn resume(&mut self, token: Token, cursors: &[(RoomId, u64)]) -> Welcome {
        let cursors = cursors.iter().map(|(room, seq)| Cursor { room: *room, seq: Seq(*seq) }).collect();
        let welcome = self.hello_with("nobody", 0, Some(Resume { token, cursors })).await;
        assert!(welcome.resumed);
        welcome
    }

    pub(crate) async fn hello_with(&mut self, nick: &str, features: u64, resume: Option<Resume>) -> Welcome {
        let hello = Hello {
            magic: MAGIC,
            version_min: 1,
            version_max: 1,
            features,
            nick: nick.into(),
            agent: "test".into(),
            resume,
        };
        match self.ask(ClientMessage::Hello(hello)).await {
            ServerMessage::Welcome(welcome) => welcome,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn join(&mut self, room: &str, since: Since) -> Joined {
        self.join_with(Join { room: room.into(), since, announce: false, ephemeral: false }).await
    }

    pub(crate) async fn join_with(&mut self, join: Join) -> Joined {
        match self.ask(ClientMessage::Join(join)).await {
            ServerMessage::Joined(joined) => joined,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn open_direct(&mut self, nick: &str) -> Joined {
        match self.ask(ClientMessage::OpenDirect(OpenDirect { nick: nick.into(), since: Since::Now })).await {
            ServerMessage::Joined(joined) => joined,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn say(&mut self, room: RoomId, message: u64, text: &str) -> Result<Seq, Code> {
        match self.ask(say(room, message, text)).await {
            ServerMessage::Said(said) => Ok(said.seq),
            ServerMessage::Refused(refusal) => Err(refusal.code),
            other => panic!("{other:?}"),
        }
    }

    /// Says messages `1..=n` to a room that is empty, without waiting for an answer before the next.
    pub(crate) async fn say_many(&mut self, room: RoomId, messages: RangeInclusive<u64>, text: &str) {
        let mut requests = Vec::new();
        for message in messages.clone() {
            requests.push(self.send(say(room, message, text)).await);
        }
        for (request, message) in requests.into_iter().zip(messages) {
            assert_eq!(self.answer_to(request).await, ServerMessage::Said(Said { room, seq: Seq(message) }));
        }
    }

    pub(crate) async fn history(&mut self, room: RoomId, range: Range, count: u16) -> Result<Page, Code> {
        page(self.ask(ClientMessage::History(History { room, range, count })).await)
    }

    pub(crate) async fn search(&mut self, rooms: &[RoomId], words: &str) -> Result<Page, Code> {
        let search = Search { rooms: rooms.to_vec(), words: words.into(), from: None, before: 0, count: 10 };
        page(self.ask(ClientMessage::Search(search)).await)
    }
}

pub(crate) fn say(room: RoomId, message: u64, text: &str) -> ClientMessage {
    ClientMessage::Say(Say { room, message: MessageId(message), text: Bytes::copy_from_slice(text.as_bytes()) })
}

fn page(answer: ServerMessage) -> Result<Page, Code> {
    match answer {
        ServerMessage::Page(page) => Ok(page),
        ServerMessage::Refused(refusal) => Err(refusal.code),
        other => panic!("{other:?}"),
    }
}

/// The numbers of a page's events.
pub(crate) fn seqs(page: &Page) -> Vec<u64> {
    page.events().unwrap().iter().map(|event| event.seq.0).collect()
}
