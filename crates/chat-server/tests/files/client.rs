//! A client, written by hand from docs/protocol.md.

use futures::{SinkExt, StreamExt};
use proto::limits::{GROUP_BYTES, MAGIC};
use proto::message::{
    Accepted, Attach, Committed, Fetch, Fetching, FileAnswer, FileEntry, FileRequest, Hello, Join, List, Since, Sort,
    Stop, TransferMessage,
};
use proto::{ClientMessage, Frame, Refusal, RequestId, RoomId, ServerMessage, Slot, What};
use transfer::group::{GroupHasher, RootBuilder};

use crate::world::{Client, Put, root_of};

impl Client {
    pub(crate) async fn send(&mut self, message: ClientMessage) -> u64 {
        self.asked += 1;
        let id = self.asked;
        self.framed.send(message.to_frame(RequestId(id))).await.unwrap();
        id
    }

    pub(crate) async fn say(&mut self, slot: u16, message: TransferMessage) {
        self.framed.send(message.to_frame(Slot(slot))).await.unwrap();
    }

    /// The next message, with its id; nothing at the end. Pings are answered.
    pub(crate) async fn next(&mut self) -> Option<(u64, ServerMessage)> {
        if let Some(stashed) = self.stash.pop_front() {
            return Some(stashed);
        }
        self.read().await
    }

    async fn read(&mut self) -> Option<(u64, ServerMessage)> {
        loop {
            let frame: Frame = self.framed.next().await?.unwrap();
            match ServerMessage::from_frame(&frame).unwrap() {
                ServerMessage::Ping => self.framed.send(ClientMessage::Pong.to_frame(RequestId(0))).await.unwrap(),
                message => return Some((frame.header().id, message)),
            }
        }
    }

    /// The next message that `wanted` takes; others wait for whoever wants them.
    pub(crate) async fn wait_for<R>(&mut self, mut wanted: impl FnMut(u64, &ServerMessage) -> Option<R>) -> R {
        for at in 0..self.stash.len() {
            if let Some(found) = wanted(self.stash[at].0, &self.stash[at].1) {
                self.stash.remove(at);
                return found;
            }
        }
        loop {
            let (id, message) = self.read().await.expect("the connection ended");
            match wanted(id, &message) {
                Some(found) => return found,
                None => self.stash.push_back((id, message)),
            }
        }
    }

    pub(crate) async fn answer_to(&mut self, request: u64) -> ServerMessage {
        self.wait_for(|id, message| {
            let is_answer = !matches!(message, ServerMessage::Event(_) | ServerMessage::Transfer(..));
            (id == request && is_answer).then(|| message.clone())
        })
        .await
    }

    pub(crate) async fn hello(&mut self, nick: &str) -> ServerMessage {
        let hello = Hello {
            magic: MAGIC,
            version_min: 1,
            version_max: 1,
            features: 0,
            nick: nick.into(),
            agent: "test".into(),
            resume: None,
        };
        let id = self.send(ClientMessage::Hello(hello)).await;
        self.answer_to(id).await
    }

    pub(crate) async fn attach(&mut self, ticket: proto::Token) -> ServerMessage {
        let id = self.send(ClientMessage::Attach(Attach { magic: MAGIC, version: 1, ticket })).await;
        self.wait_for(|at, message| (at == id || matches!(message, ServerMessage::Goodbye(_))).then(|| message.clone()))
            .await
    }

    pub(crate) async fn join(&mut self, room: &str) -> RoomId {
        let join = Join { room: room.into(), since: Since::Now, announce: false, ephemeral: false };
        let id = self.send(ClientMessage::Join(join)).await;
        match self.answer_to(id).await {
            ServerMessage::Joined(joined) => joined.room,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn ask(&mut self, request: FileRequest) -> ServerMessage {
        let id = self.send(ClientMessage::File(Slot(0), request)).await;
        self.answer_to(id).await
    }

    /// What was said within an earlier transfer of the slot is forgotten.
    pub(crate) async fn ask_in(&mut self, slot: u16, request: FileRequest) -> ServerMessage {
        self.stash.retain(|(_, message)| !matches!(message, ServerMessage::Transfer(of, _) if of.0 == slot));
        let id = self.send(ClientMessage::File(Slot(slot), request)).await;
        self.answer_to(id).await
    }

    pub(crate) async fn offer(&mut self, put: &Put<'_>) -> Result<Accepted, Refusal> {
        match self.ask_in(put.slot, put.offer(RoomId(1))).await {
            ServerMessage::File(FileAnswer::Accepted(accepted)) => Ok(accepted),
            ServerMessage::Refused(refusal) => Err(refusal),
            other => panic!("{other:?}"),
        }
    }

    /// Sends the bytes of a file that was accepted, up to `until`, and the hashes of whole groups.
    pub(crate) async fn pour(&mut self, put: &Put<'_>, accepted: &Accepted, until: usize) {
        self.pour_as(put, accepted, until, put.bytes).await;
    }

    /// The same, but what is sent is `sent`; the hashes are those of the file.
    pub(crate) async fn pour_as(&mut self, put: &Put<'_>, accepted: &Accepted, until: usize, sent: &[u8]) {
        let size = put.bytes.len() as u64;
        let mut credit = accepted.credit;
        let mut at = accepted.from;
        let mut hasher = GroupHasher::new(size, at);
        let mut group = at / GROUP_BYTES;
        while at < until as u64 {
            if at == credit {
                let slot = Slot(put.slot);
                let granted = self
                    .wait_for(|_, message| match message {
                        ServerMessage::Transfer(of, TransferMessage::Credit { limit }) if *of == slot => Some(*limit),
                        _ => None,
                    })
                    .await;
                credit = credit.max(granted);
                continue;
            }
            let end = credit.min(at + 100_000).min(until as u64);
            let range = usize::try_from(at).unwrap()..usize::try_from(end).unwrap();
            let mut hashes = Vec::new();
            hasher.update(&put.bytes[range.clone()], &mut hashes);
            let bytes = bytes::Bytes::copy_from_slice(&sent[range]);
            self.say(put.slot, TransferMessage::Chunk { offset: at, bytes }).await;
            if !hashes.is_empty() {
                let first = group;
                group += hashes.len() as u64;
                let hashes = hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>().into();
                self.say(put.slot, TransferMessage::Hashes { first, hashes }).await;
            }
            at = end;
        }
    }

    pub(crate) async fn finish(&mut self, put: &Put<'_>) {
        let (size, root) = (put.bytes.len() as u64, root_of(put.bytes));
        self.say(put.slot, TransferMessage::Finish { size, root }).await;
    }

    /// How the upload in a slot ends.
    pub(crate) async fn outcome(&mut self, slot: u16) -> Result<Committed, Refusal> {
        self.wait_for(|_, message| match message {
            ServerMessage::Transfer(of, TransferMessage::Committed(committed)) if of.0 == slot => {
                Some(Ok(committed.clone()))
            }
            ServerMessage::Transfer(of, TransferMessage::Stop(stop)) if of.0 == slot => Some(Err(stop.refusal.clone())),
            _ => None,
        })
        .await
    }

    pub(crate) async fn put(&mut self, put: &Put<'_>) -> Result<Committed, Refusal> {
        let accepted = self.offer(put).await?;
        if accepted.from < put.bytes.len() as u64 {
            self.pour(put, &accepted, put.bytes.len()).await;
            self.finish(put).await;
        }
        self.outcome(put.slot).await
    }

    pub(crate) async fn fetch(&mut self, slot: u16, path: &str, credit: u64) -> Result<Fetching, Refusal> {
        self.fetch_from(slot, Fetch { room: RoomId(1), path: path.into(), version: None, from: 0, credit }).await
    }

    pub(crate) async fn fetch_from(&mut self, slot: u16, fetch: Fetch) -> Result<Fetching, Refusal> {
        match self.ask_in(slot, FileRequest::Fetch(fetch)).await {
            ServerMessage::File(FileAnswer::Fetching(fetching)) => Ok(fetching),
            ServerMessage::Refused(refusal) => Err(refusal),
            other => panic!("{other:?}"),
        }
    }

    /// Takes what comes in a slot until the end, checking every hash; grants credit as it goes.
    pub(crate) async fn drain(&mut self, slot: u16, size: u64, from: u64) -> Result<Vec<u8>, Refusal> {
        let (mut bytes, mut hashes, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
        let mut hasher = GroupHasher::new(size, from);
        loop {
            let message = self
                .wait_for(|_, message| match message {
                    ServerMessage::Transfer(of, message) if of.0 == slot => Some(message.clone()),
                    _ => None,
                })
                .await;
            match message {
                TransferMessage::Chunk { offset, bytes: more } => {
                    assert_eq!(offset, from + bytes.len() as u64);
                    hasher.update(&more, &mut hashes);
                    bytes.extend_from_slice(&more);
                    let limit = from + bytes.len() as u64 + (1 << 20);
                    self.say(slot, TransferMessage::Credit { limit }).await;
                }
                TransferMessage::Hashes { hashes: more, .. } => {
                    theirs.extend(more.chunks_exact(32).map(<[u8]>::to_vec));
                }
                TransferMessage::Finish { size: said, root } => {
                    assert_eq!(said, size);
                    assert_eq!(theirs.len(), hashes.len());
                    assert!(theirs.iter().zip(&hashes).all(|(theirs, ours)| *theirs == ours.0));
                    if from == 0 {
                        let mut builder = RootBuilder::new();
                        builder.extend(hashes);
                        assert_eq!(builder.finish(), root);
                    }
                    self.say(slot, TransferMessage::Taken).await;
                    return Ok(bytes);
                }
                TransferMessage::Stop(Stop { refusal, .. }) => return Err(refusal),
                TransferMessage::Stalled(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) async fn get(&mut self, slot: u16, path: &str) -> Result<Vec<u8>, Refusal> {
        let fetching = self.fetch(slot, path, 1 << 20).await?;
        self.drain(slot, fetching.size, 0).await
    }

    /// What is listed in a folder of the lobby, and in those below.
    pub(crate) async fn listed(&mut self, path: &str) -> Vec<FileEntry> {
        let list = List { room: RoomId(1), path: path.into(), recursive: true, after: String::new() };
        match self.ask(FileRequest::List(list)).await {
            ServerMessage::File(FileAnswer::Entries(entries)) => entries.entries,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until so many bytes of a file that comes are verified.
    pub(crate) async fn wait_until_arrived(&mut self, path: &str, verified: u64) {
        loop {
            let listed = self.listed("").await;
            let there = listed.iter().find(|entry| entry.path == path).map(|entry| entry.sort);
            if matches!(there, Some(Sort::Arriving(bytes)) if bytes >= verified) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until everything said before has been taken.
    pub(crate) async fn settle(&mut self) {
        let id = self.send(ClientMessage::Ping).await;
        self.answer_to(id).await;
    }

    /// Leaves, and waits until the server has let go.
    pub(crate) async fn bye(&mut self) {
        self.send(ClientMessage::Bye).await;
        while self.next().await.is_some() {}
    }

    pub(crate) async fn event(&mut self) -> What {
        self.wait_for(|_, message| match message {
            ServerMessage::Event(event) => Some(event.what.clone()),
            _ => None,
        })
        .await
    }
}
