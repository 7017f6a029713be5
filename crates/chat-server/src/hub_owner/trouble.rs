//! When the disk does not take a batch: it is held, whole and unanswered, and tried again; until it is stored the hub
//! takes nothing new that would have to be, and reading goes on.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use chat::{Deed, Effect, SessionId};
use proto::{Code, Nick, Refusal, RequestId, RoomId, ServerMessage};
use room_log::store::rows::Batch;
use room_log::store::{NotStored, StoreError};
use tokio::time::{Instant, Sleep};

use super::HubOwner;
use super::turn::Turn;

/// How often the disk is asked again.
const RETRY_EVERY: Duration = Duration::from_millis(500);

/// When whoever was refused may try again, in milliseconds.
const RETRY_AFTER_MS: u32 = 1000;

/// What files have to tell rooms that waits meanwhile; what is beyond it stays untold, but the files are there.
const POSTS_MAX: usize = 4096;

/// What is held until the disk takes it.
#[derive(Debug)]
pub(super) struct Held {
    turn: Turn,
    posts: Vec<(RoomId, Nick, Deed)>,
    since: Instant,
    error: StoreError,
    step: Step,
}

enum Step {
    Resting(Pin<Box<Sleep>>),
    Trying(Pin<Box<dyn Future<Output = Result<(), Box<NotStored>>> + Send>>),
    /// The store's writer has died, and the batch with it: nothing can be stored until the server begins anew.
    Lost,
}

impl Held {
    /// Waits for what comes of the next try. Never ready while there is none. May be given up at any point.
    pub(super) async fn tried(&mut self) -> Option<Result<(), Box<NotStored>>> {
        match &mut self.step {
            Step::Resting(rest) => {
                rest.await;
                None
            }
            Step::Trying(commit) => Some(commit.await),
            Step::Lost => std::future::pending().await,
        }
    }

    fn rest(&mut self, NotStored { batch, error }: NotStored) {
        self.step = match batch.rows.is_empty() && batch.events.is_empty() {
            true => Step::Lost,
            false => Step::Resting(Box::pin(tokio::time::sleep(RETRY_EVERY))),
        };
        let later = std::mem::replace(&mut self.turn.disk, batch);
        self.turn.disk.rows.extend(later.rows);
        self.turn.disk.events.extend(later.events);
        self.error = error;
    }
}

impl HubOwner {
    /// Carries a turn out, as soon as what belongs on disk is there.
    pub(super) async fn settle(&mut self, mut turn: Turn) {
        turn.stage(&mut self.logs, self.store.is_some());
        if let Some(held) = &mut self.held
            && !turn.may_overtake()
        {
            let goodbyes = std::mem::take(&mut turn.goodbyes);
            held.turn.extend(turn);
            return self.see_off(goodbyes);
        }
        if let Some(store) = self.store.as_ref().filter(|_| turn.is_to_be_stored())
            && let Err(not_stored) = store.commit(std::mem::take(&mut turn.disk)).await
        {
            return self.hold(turn, *not_stored);
        }
        self.carry_out(turn);
    }

    fn hold(&mut self, mut turn: Turn, not_stored: NotStored) {
        let error = not_stored.error.clone();
        tracing::error!(%error, "nothing can be stored; whoever says something is refused until it can");
        self.hub.set_read_only(Some(refusal(&error)));
        // Who leaves does not wait; what they asked last stays unanswered, so they know that it may not be stored.
        self.see_off(std::mem::take(&mut turn.goodbyes));
        self.welcome_all(&mut turn);
        let mut unanswered: HashMap<_, usize> = HashMap::new();
        turn.answers().for_each(|session| *unanswered.entry(session).or_default() += 1);
        for (session, count) in unanswered {
            self.sessions.get(&session).iter().for_each(|seated| seated.outbox.hold(count));
        }
        let mut held = Held { turn, posts: Vec::new(), since: Instant::now(), error, step: Step::Lost };
        held.rest(not_stored);
        if matches!(held.step, Step::Lost) {
            tracing::error!("the store's writer has failed; start the server anew");
        }
        self.held = Some(Box::new(held));
    }

    /// Whoever came in the batch that could not be stored is welcomed like those who come after it, and can read.
    fn welcome_all(&self, turn: &mut Turn) {
        let is_welcome = |effect: &mut Effect| matches!(effect, Effect::Admit { .. });
        let welcomes: Vec<_> = turn.effects.extract_if(.., is_welcome).collect();
        welcomes.into_iter().for_each(|welcome| self.admit(welcome));
    }

    /// Goes on after [`Held::tried`]: tries, rests again, or is over it.
    pub(super) async fn go_on(&mut self, tried: Option<Result<(), Box<NotStored>>>) {
        let (Some(mut held), Some(store)) = (self.held.take(), self.store.clone()) else { return };
        match tried {
            Some(Err(not_stored)) => {
                if held.error != not_stored.error {
                    self.hub.set_read_only(Some(refusal(&not_stored.error)));
                    tracing::debug!(error = %not_stored.error, "still nothing can be stored");
                }
                held.rest(*not_stored);
            }
            Some(Ok(())) if !held.turn.is_to_be_stored() => return self.recover(*held).await,
            None | Some(Ok(())) => {
                let batch: Batch = std::mem::take(&mut held.turn.disk);
                held.step = Step::Trying(Box::pin(async move { store.commit(batch).await }));
            }
        }
        self.held = Some(held);
    }

    async fn recover(&mut self, held: Held) {
        tracing::info!(after = ?held.since.elapsed(), was = %held.error, "storing again; nothing that was confirmed is lost");
        self.hub.set_read_only(None);
        self.sessions.values().for_each(|seated| seated.outbox.hold(0));
        self.carry_out(held.turn);
        let mut turn = self.begin_turn();
        let now = self.clock.now();
        for (room, nick, deed) in held.posts {
            self.hub.post(now, room, nick, deed, &mut turn.effects);
        }
        self.settle(turn).await;
    }

    /// Keeps what files have to tell a room until it can be stored; gives it back if it need not wait.
    pub(super) fn hold_post(&mut self, post: (RoomId, Nick, Deed)) -> Option<(RoomId, Nick, Deed)> {
        let Some(held) = &mut self.held else { return Some(post) };
        match held.posts.len() < POSTS_MAX {
            true => held.posts.push(post),
            false => {
                tracing::warn!(room = post.0.0, deed = ?post.2, "a room is not told of a file: too much waits for the disk");
            }
        }
        None
    }

    /// A session no longer follows a room, so what is held does not let it in again.
    pub(super) fn hold_out(&mut self, session: SessionId, room: RoomId) {
        let Some(held) = &mut self.held else { return };
        for effect in &mut held.turn.effects {
            if let Effect::Enter { to, request, joined, .. } = effect
                && (*to, joined.room) == (session, room)
            {
                *effect = match *request {
                    RequestId(0) => Effect::Exit { session, room },
                    request => {
                        let reply = ServerMessage::Refused(refusal(&held.error));
                        Effect::Reply { to: session, request, reply }
                    }
                };
            }
        }
    }

    /// The last try, and a word on what is lost: only what nobody was told is stored.
    pub(super) async fn give_up(&mut self) {
        let Some(held) = &mut self.held else { return };
        if let Step::Resting(_) = held.step {
            self.go_on(None).await;
        }
        if let Some(held) = &mut self.held
            && let Step::Trying(_) = held.step
        {
            let tried = held.tried().await;
            self.go_on(tried).await;
        }
        if let Some(held) = &self.held {
            tracing::error!(error = %held.error, "the server stops with messages that could not be stored; nobody was told that they are");
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resting(_) => "resting",
            Self::Trying(_) => "trying",
            Self::Lost => "lost",
        })
    }
}

fn refusal(error: &StoreError) -> Refusal {
    Refusal::new(Code::StorageFailed, format!("the server cannot store anything now: {error}"))
        .with_retry_after_ms(RETRY_AFTER_MS)
}
