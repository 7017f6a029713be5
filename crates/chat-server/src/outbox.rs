//! What a session is owed: answers, and which rooms it follows. The hub's owner puts in, the session's writer takes.
//!
//! Room events are not in here: they stand in the rooms' logs, and the writer reads them there. So an outbox is
//! bounded by what its own session asked and has not been told yet ([`Outbox::has_room`]), whoever else talks; and by
//! one `Joined` for each direct conversation it can be called into.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::task::AtomicWaker;
use proto::{CloseCode, Frame, RequestId, RoomId, Seq};
use room_log::{Cursor, RoomLog};

use crate::files::{Desk, SessionFiles};

/// Answers waiting to be written, in bytes, at which a session reads no further requests.
const REPLY_BYTES_MAX: usize = 64 * 1024;

/// Unanswered requests of chat, or about files, at which a session reads no further requests.
const UNANSWERED_MAX: usize = 1024;

/// The meeting place of one session's writer, its reader, and the hub's owner.
#[derive(Debug, Default)]
pub struct Outbox {
    owed: Mutex<Owed>,
    /// Whether there is something in `owed` to take, so that a writer woken by a log need not lock.
    is_owed: AtomicBool,
    /// Wakes the writer.
    owing: Bell,
    /// Wakes the reader when there is room again.
    relief: Bell,
    /// Rung by whatever the session waits for beside its writer; see [`Outbox::poll_beside`].
    beside: Bell,
    /// Whether a hello was good.
    admitted: AtomicBool,
    /// Whether it is the outbox of a connection that only carries files.
    attached: AtomicBool,
    /// Whether the peer has taken bytes that had to wait for it, since the last look.
    has_progressed: AtomicBool,
    /// Whether the session is gone without having been able to say so.
    abandoned: AtomicBool,
    /// The session's transfers, once it has asked for files.
    files: OnceLock<Arc<SessionFiles>>,
}

#[derive(Debug, Default)]
struct Owed {
    /// Whole frames.
    replies: Vec<u8>,
    follows: Vec<Follow>,
    unanswered: usize,
    /// How many of these wait for a disk that takes nothing.
    held: usize,
    /// Questions about files, which are answered in their own time.
    unanswered_files: usize,
    /// Set once; nothing is taken in behind it.
    closing: Option<CloseCode>,
}

impl Wake for Outbox {
    fn wake(self: Arc<Self>) {
        self.beside.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.beside.ring();
    }
}

/// Wakes the one task that listens. Rung while nobody listens, it is heard by whoever listens next. A few words of
/// memory and of work; a session is woken for every event of its rooms.
#[derive(Debug, Default)]
struct Bell {
    is_rung: AtomicBool,
    listener: AtomicWaker,
}

impl Bell {
    fn ring(&self) {
        // A bell that is rung already has woken its listener.
        if !self.is_rung.swap(true, Ordering::AcqRel) {
            self.listener.wake();
        }
    }

    async fn rung(&self) {
        poll_fn(|task| self.poll_rung(task)).await;
    }

    fn poll_rung(&self, task: &Context<'_>) -> Poll<()> {
        if self.is_rung.swap(false, Ordering::AcqRel) {
            return Poll::Ready(());
        }
        self.listener.register(task.waker());
        // It may have been rung between the look and the registration.
        match self.is_rung.swap(false, Ordering::AcqRel) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl Owed {
    fn settle(&mut self, request: RequestId) {
        if request.0 != 0 {
            self.unanswered = self.unanswered.saturating_sub(1);
        }
    }
}

/// A change in which logs a session follows.
#[derive(Debug)]
pub enum Follow {
    /// From here on; replaces what was followed of the same room.
    Begin {
        /// The room.
        room: RoomId,
        /// Its log.
        log: Arc<RoomLog>,
        /// Where to begin.
        cursor: Cursor,
        /// Whether its events are on disk, too.
        is_stored: bool,
        /// The newest event that there was.
        head: Seq,
    },
    /// No longer.
    End(RoomId),
}

/// What a writer took.
#[derive(Debug, Default)]
pub struct Taken {
    /// Whole frames.
    pub replies: Vec<u8>,
    /// Changes, in order. The `Joined` that belongs to a beginning is in `replies`.
    pub follows: Vec<Follow>,
    /// Whether this is the end: after `replies` the session closes.
    pub closing: bool,
}

impl Outbox {
    /// Puts the answer to `request` in, or, with 0, what nobody asked.
    pub fn answer(&self, request: RequestId, frame: &Frame) {
        let mut owed = self.lock();
        owed.settle(request);
        if owed.closing.is_none() {
            frame.write(&mut owed.replies);
        }
        drop(owed);
        self.owe();
    }

    /// One of the unanswered requests is about files, and let through: its answer is a [`Self::answer_about_files`].
    pub fn is_about_files(&self) {
        let mut owed = self.lock();
        owed.unanswered = owed.unanswered.saturating_sub(1);
        owed.unanswered_files += 1;
        drop(owed);
        self.relief.ring();
    }

    /// Puts the answer to a request about files in; nothing if it goes another way.
    pub fn answer_about_files(&self, frame: Option<&Frame>) {
        let mut owed = self.lock();
        owed.unanswered_files = owed.unanswered_files.saturating_sub(1);
        if let Some(frame) = frame.filter(|_| owed.closing.is_none()) {
            frame.write(&mut owed.replies);
        }
        drop(owed);
        self.owe();
        self.relief.ring();
    }

    /// Puts the answer `Joined` in and lets the session follow the room, as one.
    pub fn enter(&self, request: RequestId, joined: &Frame, follow: Follow) {
        let mut owed = self.lock();
        owed.settle(request);
        if owed.closing.is_none() {
            joined.write(&mut owed.replies);
            owed.follows.push(follow);
        }
        drop(owed);
        self.owe();
    }

    /// Lets the session no longer follow a room.
    pub fn exit(&self, room: RoomId) {
        self.lock().follows.push(Follow::End(room));
        self.owe();
    }

    /// Ends the session as `code`, with `goodbye` behind the answers it is still owed. The first goodbye stands.
    pub fn close(&self, code: CloseCode, goodbye: Option<&Frame>) {
        let mut owed = self.lock();
        if owed.closing.is_none() {
            owed.closing = Some(code);
            if let Some(frame) = goodbye {
                frame.write(&mut owed.replies);
            }
        }
        drop(owed);
        self.owe();
    }

    /// Tells the writer that a log it follows has grown.
    pub fn wake(&self) {
        self.owing.ring();
    }

    /// Takes everything that is owed; `None` if nothing has been put in since.
    pub fn take(&self) -> Option<Taken> {
        if !self.is_owed.swap(false, Ordering::Acquire) {
            return None;
        }
        let mut owed = self.lock();
        let taken = Taken {
            replies: std::mem::take(&mut owed.replies),
            follows: std::mem::take(&mut owed.follows),
            closing: owed.closing.is_some(),
        };
        drop(owed);
        if !taken.replies.is_empty() {
            self.relief.ring();
        }
        Some(taken)
    }

    /// Waits until something is owed, or a log has grown, since the last [`Self::take`].
    pub fn poll_owing(&self, task: &Context<'_>) -> Poll<()> {
        self.owing.poll_rung(task)
    }

    /// Polls `beside`, the part of a session beside its writer, but only when its own waker was called: an outbox is
    /// that waker, and the waker of the whole task is called behind it. A session is woken for every event of its
    /// rooms; without this each event would look at the socket, the timer and the phase again.
    pub fn poll_beside<F: Future>(
        self: &Arc<Self>,
        beside: Pin<&mut F>,
        own_waker: &Waker,
        task: &Context<'_>,
    ) -> Poll<F::Output> {
        match self.beside.poll_rung(task) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                // Rung again from here on, it is heard by the next look; so the bell is listened to before the poll.
                self.beside.listener.register(task.waker());
                beside.poll(&mut Context::from_waker(own_waker))
            }
        }
    }

    /// Counts `requests` as asked and not answered.
    pub fn asked(&self, requests: usize) {
        self.lock().unanswered += requests;
    }

    /// Whether the session may ask more: neither answers nor questions have piled up.
    pub fn has_room(&self) -> bool {
        let owed = self.lock();
        owed.unanswered < UNANSWERED_MAX
            && owed.unanswered_files < UNANSWERED_MAX
            && owed.replies.len() < REPLY_BYTES_MAX
    }

    /// Whether an answer may be put in that nobody waits for urgently.
    pub fn has_room_for_answer(&self) -> bool {
        self.lock().replies.len() < REPLY_BYTES_MAX
    }

    /// The session's transfers, if it has asked for files.
    pub fn files(&self) -> Option<&Arc<SessionFiles>> {
        self.files.get()
    }

    /// The session's transfers.
    pub fn files_of(self: &Arc<Self>, desk: &Arc<Desk>) -> &Arc<SessionFiles> {
        self.files.get_or_init(|| SessionFiles::new(desk, self))
    }

    /// Waits until [`Self::has_room`].
    pub async fn room(&self) {
        while !self.has_room() {
            self.relief.rung().await;
        }
    }

    /// `count` of the unanswered requests wait for a disk that takes nothing. They do not keep the session from asking
    /// what can be answered meanwhile.
    pub fn hold(&self, count: usize) {
        self.lock().held = count;
        self.relief.ring();
    }

    /// Waits until everything asked, but what is held, is answered and on its way. For requests with big answers, one at a time.
    pub async fn settled(&self) {
        while !self.is_settled() {
            self.relief.rung().await;
        }
    }

    fn is_settled(&self) -> bool {
        let owed = self.lock();
        owed.unanswered <= owed.held && owed.replies.is_empty()
    }

    /// As what the session is to end, if it is.
    pub fn closing(&self) -> Option<CloseCode> {
        self.lock().closing
    }

    /// Notes that the peer has taken bytes that had to wait for it.
    pub fn progressed(&self) {
        self.has_progressed.store(true, Ordering::Relaxed);
    }

    /// Whether the peer has done so since this was last asked.
    pub fn take_progress(&self) -> bool {
        self.has_progressed.swap(false, Ordering::Relaxed)
    }

    /// Notes that a hello was good.
    pub fn admit(&self) {
        self.admitted.store(true, Ordering::Release);
    }

    /// Notes that a ticket was good, and that no chat is on the connection.
    pub fn attach(&self) {
        self.attached.store(true, Ordering::Release);
        self.admit();
    }

    /// Whether the connection carries files only.
    pub fn is_attached(&self) -> bool {
        self.attached.load(Ordering::Acquire)
    }

    /// Whether a hello was good.
    pub fn is_admitted(&self) -> bool {
        self.admitted.load(Ordering::Acquire)
    }

    /// Notes that the session is gone, for [`Self::is_abandoned`].
    pub fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
    }

    /// Whether the session is gone.
    pub fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    fn owe(&self) {
        self.is_owed.store(true, Ordering::Release);
        self.owing.ring();
    }

    fn lock(&self) -> MutexGuard<'_, Owed> {
        // Nothing panics while the lock is held; were it so, what is owed would still be whole frames.
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
