//! Somebody on a server of ours: the client that people use, in its library form.

use std::net::SocketAddr;
use std::path::Path;

use chat_client::{
    Client, ClientError, Event, Events, GetOptions, GetTarget, Options, Outcome, PutOptions, RelPath, RoomKey, Since,
};
use tokio::task::JoinHandle;

use crate::error::BenchError;

/// The room all of a bench are in.
const ROOM: &str = "bench";

/// A client in the room.
#[derive(Debug)]
pub(crate) struct Person {
    client: Client,
    room: RoomKey,
    hears: Option<JoinHandle<()>>,
}

impl Person {
    /// Connects and joins.
    ///
    /// # Errors
    /// If the server does not let them in.
    pub(crate) async fn enter(address: SocketAddr, nick: &str) -> Result<Self, BenchError> {
        Self::enter_hearing(address, nick, |_| {}).await
    }

    /// The same, with `hear` told of every event.
    ///
    /// # Errors
    /// If the server does not let them in.
    pub(crate) async fn enter_hearing(
        address: SocketAddr,
        nick: &str,
        hear: impl FnMut(Event) + Send + 'static,
    ) -> Result<Self, BenchError> {
        let nick = nick.parse().map_err(|_| BenchError::Usage(format!("{nick} is no nick")))?;
        let (client, events) = Client::connect(&address.to_string(), Options::new(nick)).await.map_err(failed)?;
        let mut person = Self { client, room: RoomKey(0), hears: None };
        person.listen(events, hear);
        person.room = person.client.join_quietly(ROOM, Since::Now).await.map_err(failed)?.room.key;
        Ok(person)
    }

    /// The client.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// The room.
    pub(crate) const fn room(&self) -> RoomKey {
        self.room
    }

    /// Sends a file; the room is not told.
    ///
    /// # Errors
    /// Why it did not get there.
    pub(crate) async fn put(&self, source: &Path, to: &str) -> Result<Outcome, BenchError> {
        self.client.put(self.room, source, put_options(to)?).done().await.map_err(failed)
    }

    /// Sends a folder.
    ///
    /// # Errors
    /// Why it did not get there.
    pub(crate) async fn put_folder(&self, source: &Path, to: &str) -> Result<Outcome, BenchError> {
        self.client.put_folder(self.room, source, put_options(to)?).done().await.map_err(failed)
    }

    /// Fetches a file.
    ///
    /// # Errors
    /// Why it did not come.
    pub(crate) async fn fetch(&self, path: &str, target: GetTarget) -> Result<Outcome, BenchError> {
        self.try_fetch(path, target).await?.map_err(failed)
    }

    /// The same, with the refusal told apart.
    ///
    /// # Errors
    /// If `path` is none.
    pub(crate) async fn try_fetch(
        &self,
        path: &str,
        target: GetTarget,
    ) -> Result<Result<Outcome, ClientError>, BenchError> {
        Ok(self.client.get(self.room, rel_path(path)?, target, GetOptions::default()).done().await)
    }

    /// Fetches a folder into `target`.
    ///
    /// # Errors
    /// Why it did not come.
    pub(crate) async fn fetch_folder(&self, path: &str, target: &Path) -> Result<Outcome, BenchError> {
        let path = rel_path(path)?;
        let mut transfer = self.client.fetch_folder(self.room, Some(path), target, GetOptions::default());
        transfer.done().await.map_err(failed)
    }

    /// Takes a file away again.
    ///
    /// # Errors
    /// Why it is still there.
    pub(crate) async fn remove(&self, path: &str) -> Result<(), BenchError> {
        self.client.remove(self.room, &rel_path(path)?, false).await.map_err(failed)
    }

    fn listen(&mut self, mut events: Events, mut hear: impl FnMut(Event) + Send + 'static) {
        self.hears = Some(tokio::spawn(async move {
            while let Some(event) = events.next().await {
                hear(event);
            }
        }));
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        if let Some(hears) = self.hears.take() {
            hears.abort();
        }
    }
}

/// What went wrong with our server or client makes the trial invalid.
pub(crate) fn failed(error: ClientError) -> BenchError {
    BenchError::protocol("chat-server", error.to_string())
}

fn rel_path(path: &str) -> Result<RelPath, BenchError> {
    path.parse().map_err(|error| BenchError::Usage(format!("{path} is no path: {error}")))
}

fn put_options(to: &str) -> Result<PutOptions, BenchError> {
    Ok(PutOptions { announce: false, ..PutOptions::new(rel_path(to)?) })
}
