//! What every transfer of a client has in hand: the way to the driver, and the bounds they share.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use proto::message::{FileAnswer, FileRequest};
use proto::{Code, TransferKey};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc, oneshot, watch};
use tokio::time::Instant;
use transfer::credit::WindowBudget;

use super::ask::{Answer, Ask, Begun, RoomStand, Stand, room_of};
use super::line::Line;
use super::progress::State;
use super::report::Report;
use super::secret::Secret;
use crate::error::{ClientError, Fault};
use crate::event::RoomKey;

/// Transfers under way at a time; the others wait.
const TRANSFERS_MAX: usize = 16;

/// Packs and parcels that may be without an answer at a time.
const PACKS_MAX: usize = 4;

/// Bytes that all windows of what is fetched may hold together.
const WINDOWS_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Files of at least so many bytes go by the second connection.
const SECOND_BYTES: u64 = 64 * 1024 * 1024;

/// For how long the second connection is not tried when it did not work, and how often it may fail.
const SECOND_PAUSE: Duration = Duration::from_secs(60);
const SECOND_FAILURES_MAX: u32 = 3;

/// What every transfer of a client has in hand. Cloning shares it.
#[derive(Debug, Clone)]
pub(crate) struct Hands(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    server: String,
    secret: Secret,
    asks: mpsc::Sender<Ask>,
    /// The way to the second connection, if there can be one.
    second: Option<mpsc::Sender<Ask>>,
    trust: Mutex<Trust>,
    stand: watch::Receiver<Stand>,
    turns: Semaphore,
    packs: Semaphore,
    budget: Arc<WindowBudget>,
    keys: Mutex<HashSet<TransferKey>>,
}

/// Whether the second connection is worth a try.
#[derive(Debug, Default)]
struct Trust {
    failures: u32,
    failed_at: Option<Instant>,
}

impl Trust {
    fn is_good(&self, now: Instant) -> bool {
        self.failures < SECOND_FAILURES_MAX && self.failed_at.is_none_or(|at| now - at >= SECOND_PAUSE)
    }
}

/// A hold on the key of an upload, so that a second one of the same file to the same place does not end the first.
#[derive(Debug)]
pub(crate) struct KeyHold {
    hands: Hands,
    key: TransferKey,
}

impl KeyHold {
    pub(crate) const fn key(&self) -> TransferKey {
        self.key
    }
}

impl Drop for KeyHold {
    fn drop(&mut self) {
        self.hands.0.keys.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl Hands {
    pub(crate) fn new(
        server: &str,
        state_folder: Option<&Path>,
        asks: mpsc::Sender<Ask>,
        second: Option<mpsc::Sender<Ask>>,
        stand: watch::Receiver<Stand>,
    ) -> Self {
        Self(Arc::new(Shared {
            server: server.to_owned(),
            secret: Secret::new(state_folder),
            asks,
            second,
            trust: Mutex::default(),
            stand,
            turns: Semaphore::new(TRANSFERS_MAX),
            packs: Semaphore::new(PACKS_MAX),
            budget: WindowBudget::new(WINDOWS_BYTES_MAX),
            keys: Mutex::default(),
        }))
    }

    /// Where the server is, as the caller said it.
    pub(crate) fn server(&self) -> &str {
        &self.0.server
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.0.secret
    }

    pub(crate) fn budget(&self) -> &Arc<WindowBudget> {
        &self.0.budget
    }

    /// The key, or another if an upload under way has it.
    pub(crate) fn hold(&self, key: TransferKey) -> KeyHold {
        let mut keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let key = if keys.contains(&key) { Secret::other_key() } else { key };
        keys.insert(key);
        KeyHold { hands: self.clone(), key }
    }

    /// Waits until fewer than the most transfers are under way.
    pub(crate) async fn turn(&self) -> Result<SemaphorePermit<'_>, ClientError> {
        self.0.turns.acquire().await.map_err(|_| ClientError::Closed)
    }

    /// Waits until fewer than the most packs are without an answer.
    pub(crate) async fn pack_turn(&self) -> Result<SemaphorePermit<'_>, ClientError> {
        self.0.packs.acquire().await.map_err(|_| ClientError::Closed)
    }

    /// The same; says meanwhile that it waits for the connection.
    pub(crate) async fn ready_again(&self, room: RoomKey, report: &Report) -> Result<RoomStand, ClientError> {
        tokio::select! {
            biased;
            ready = self.ready(room) => ready,
            () = async {
                report.state(State::Offline);
                std::future::pending().await
            } => Err(ClientError::Closed),
        }
    }

    /// Waits until the room can be spoken in.
    ///
    /// # Errors
    /// Why it never will.
    pub(crate) async fn ready(&self, room: RoomKey) -> Result<RoomStand, ClientError> {
        let mut stand = self.0.stand.clone();
        let mut has_looked = false;
        loop {
            let now = stand.borrow_and_update().clone();
            if let Some(over) = now.over {
                return Err(over);
            }
            match now.rooms.get(&room) {
                Some(room) if room.ready => return Ok(room.clone()),
                // The driver may have let the caller know of the room before it told everybody.
                None if !has_looked && now.connection > 0 => {
                    has_looked = true;
                    let (reply, looked) = oneshot::channel();
                    self.ask(Ask::Look { reply }).await?;
                    drop(looked.await);
                    continue;
                }
                None if now.connection > 0 => return Err(ClientError::NotInRoom),
                _ => {}
            }
            stand.changed().await.map_err(|_| ClientError::Closed)?;
        }
    }

    /// Asks something now, as long as a connection stands.
    pub(crate) async fn question(&self, room: RoomKey, request: FileRequest) -> Result<Answer, ClientError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Question { room, request, reply }).await?;
        answer.await.unwrap_or(Err(ClientError::Closed))
    }

    /// The same, of which the answer is more than that it is done.
    pub(crate) async fn file_question(&self, room: RoomKey, request: FileRequest) -> Result<FileAnswer, ClientError> {
        match self.question(room, request).await? {
            Answer::File(answer) => Ok(answer),
            Answer::Done => Err(Fault::OutOfPlace { kind: "Done".to_owned() }.into()),
        }
    }

    /// Whether a transfer of so many bytes would go by the second connection.
    pub(crate) fn goes_second(&self, bytes: u64) -> bool {
        let trust = self.0.trust.lock().unwrap_or_else(PoisonError::into_inner);
        bytes >= SECOND_BYTES && self.0.second.is_some() && trust.is_good(Instant::now())
    }

    /// Asks for a transfer of about `bytes` bytes, as long as a connection stands. Large ones go by the second
    /// connection, unless that does not work.
    pub(crate) async fn begin(
        &self,
        room: RoomKey,
        request: FileRequest,
        line: &Arc<Line>,
        bytes: u64,
    ) -> Result<Begun, ClientError> {
        if self.goes_second(bytes)
            && let Some(begun) = self.begin_second(room, &request, line).await
        {
            return begun;
        }
        let (reply, begun) = oneshot::channel();
        self.ask(Ask::Begin { room, request, line: Arc::clone(line), reply }).await?;
        begun.await.unwrap_or(Err(ClientError::Closed))
    }

    /// Asks on the second connection; nothing if that does not work.
    async fn begin_second(
        &self,
        room: RoomKey,
        request: &FileRequest,
        line: &Arc<Line>,
    ) -> Option<Result<Begun, ClientError>> {
        let mut request = request.clone();
        *room_of(&mut request) = self.0.stand.borrow().rooms.get(&room)?.id;
        let (reply, begun) = oneshot::channel();
        let ask = Ask::Begin { room, request, line: Arc::clone(line), reply };
        self.0.second.as_ref()?.send(ask).await.ok()?;
        match begun.await.unwrap_or(Err(ClientError::Closed)) {
            Ok(begun) => {
                line.by_second();
                Some(Ok(begun))
            }
            Err(ClientError::Refused(refusal)) if refusal.code != Code::OutOfPlace => Some(Err(refusal.into())),
            Err(_) => {
                self.distrust();
                None
            }
        }
    }

    /// Takes note of a transfer that ended as its connection broke.
    pub(crate) fn broke(&self, line: &Line) {
        if line.is_second() {
            self.distrust();
        }
    }

    /// Takes note that the second connection failed somebody.
    fn distrust(&self) {
        let mut trust = self.0.trust.lock().unwrap_or_else(PoisonError::into_inner);
        trust.failures += 1;
        trust.failed_at = Some(Instant::now());
    }

    async fn ask(&self, ask: Ask) -> Result<(), ClientError> {
        if self.0.asks.send(ask).await.is_ok() {
            return Ok(());
        }
        Err(self.0.stand.borrow().over.clone().unwrap_or(ClientError::Closed))
    }
}

/// Whether another connection may bring what this one did not.
pub(crate) const fn is_away(error: &ClientError) -> bool {
    matches!(error, ClientError::Lost(_) | ClientError::Offline)
}

/// The fault of an answer that answers something else.
pub(crate) fn out_of_place(answer: &FileAnswer) -> ClientError {
    Fault::OutOfPlace { kind: format!("{:?}", answer.kind()) }.into()
}
