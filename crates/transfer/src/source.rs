//! The sending side of one transfer: bytes, the hashes of their groups behind them, and the end.
//!
//! [`Source::next`] never blocks. What needs a disk or a hash is done by a job on tokio's blocking pool, at most one a
//! source, which reads at most two pieces ahead. A stored file whose bytes are in the page cache needs no job.

use std::fs::File;
use std::sync::{Arc, MutexGuard};

use bytes::{Bytes, BytesMut};
use proto::limits::{GROUP_BYTES, HASHES_MAX};
use proto::message::TransferMessage;
use proto::{Code, Refusal, Root};

use crate::arriving::{Arriving, ArrivingEnd, Reader, Wake};
use crate::buffers::{Buffers, READ_AHEAD_BYTES, Share};
use crate::content::Content;
use crate::group::{HashList, RootBuilder, groups_of};
use crate::sink::{REPAIRS_MAX, UNHASHED_BYTES_MAX};

mod computed;
mod desk;
mod job;

use desk::Desk;
use job::{Job, Shared};

/// Where the hashes of the groups come from.
pub enum Hashing {
    /// From the bytes, as they are read. `before` has the groups before the first byte that is sent.
    Compute {
        /// See above.
        before: RootBuilder,
    },
    /// From a list that was made before.
    Stored(Arc<dyn HashList>),
}

impl std::fmt::Debug for Hashing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self, Self::Stored(_)) { "Stored" } else { "Compute" })
    }
}

/// What a source sends.
pub struct SourceOptions {
    /// The file's size in bytes.
    pub size: u64,
    /// Where to begin: a whole number of groups, or the size.
    pub from: u64,
    /// Bytes before this offset may be sent.
    pub credit: u64,
    /// Where the hashes come from.
    pub hashing: Hashing,
    /// The file's hash, if it is known. If not, it is made of the hashes.
    pub root: Option<Root>,
    /// The progress of a file that is still coming.
    pub arriving: Option<Arc<Arriving>>,
}

impl std::fmt::Debug for SourceOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceOptions")
            .field("size", &self.size)
            .field("from", &self.from)
            .field("credit", &self.credit)
            .finish_non_exhaustive()
    }
}

/// Bytes that stand in a file, for `sendfile`.
#[derive(Debug, Clone)]
pub struct FileRange {
    /// The file.
    pub file: Arc<File>,
    /// Where they begin, in the file and in the transfer.
    pub offset: u64,
    /// How many.
    pub len: usize,
}

/// What a source has for its connection.
#[derive(Debug, Clone)]
pub enum Next {
    /// To be sent: a chunk, hashes or the end.
    Frame(TransferMessage),
    /// To be sent: a chunk of these bytes. Only after [`Source::describe_files`].
    File(FileRange),
    /// Nothing now.
    Wait(Wait),
    /// It cannot go on. Said once.
    Failed(Refusal),
}

/// What a source waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The receiver: it grants no more for now. [`Source::credit`] ends it.
    Credit,
    /// The disk it reads from, or the processor that hashes. The source wakes its owner.
    Disk,
    /// The one who sends the file that is still coming. The source wakes its owner.
    Sender,
    /// Everything is sent. Only a repair can follow.
    Done,
}

/// The sending side of one transfer.
pub struct Source {
    shared: Arc<Shared>,
    content: Arc<dyn Content>,
    size: u64,
    from: u64,
    credit: u64,
    /// The offset of the next byte to be sent.
    position: u64,
    /// The number of the next group whose hash is to be sent.
    hashed: u64,
    repairs: u32,
    stored: bool,
    /// Whether bytes of a stored file are described, not read.
    describes: bool,
    arriving: Option<Reader>,
    share: Share,
    wait: Option<Wait>,
    is_done: bool,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("size", &self.size)
            .field("position", &self.position)
            .field("credit", &self.credit)
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// A source that reads `content`. `wake` is called, from any thread, when [`Self::next`] may have more; it must
    /// not block.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new(content: Arc<dyn Content>, options: SourceOptions, wake: Wake) -> Self {
        let SourceOptions { size, from, credit, hashing, root, arriving } = options;
        let share = Share::of(&Buffers::new(READ_AHEAD_BYTES));
        let stored = matches!(hashing, Hashing::Stored(_));
        let arriving = arriving.map(|arriving| arriving.read(Arc::clone(&wake)));
        let readable = if arriving.is_some() { from } else { size };
        let job = Job::new(Arc::clone(&content), size, from, hashing, root);
        let desk = Desk::new(job, from, readable, Arc::clone(share.buffers()));
        let shared = Shared::new(desk, wake);
        let hashed = groups_of(from);
        Self {
            shared,
            content,
            size,
            from,
            credit,
            position: from,
            hashed,
            repairs: 0,
            stored,
            describes: false,
            arriving,
            share,
            wait: None,
            is_done: false,
        }
    }

    /// The next thing to be sent; a chunk has at most `max_bytes` bytes. Never blocks.
    pub fn next(&mut self, max_bytes: usize) -> Next {
        let next = self.step(max_bytes.max(1)).unwrap_or_else(|refusal| {
            self.is_done = true;
            Next::Failed(refusal)
        });
        self.wait = if let Next::Wait(wait) = &next { Some(*wait) } else { None };
        next
    }

    /// The receiver's credit: bytes before `limit` may be sent. Less than before changes nothing.
    pub fn credit(&mut self, limit: u64) {
        self.credit = self.credit.max(limit);
    }

    /// The receiver found a group damaged: everything from `from` on is sent again.
    ///
    /// # Errors
    /// `Overrun` if there can be no repair at that offset, `Damaged` after as many repairs as allowed.
    pub fn repair(&mut self, from: u64) -> Result<(), Refusal> {
        if !from.is_multiple_of(GROUP_BYTES) || from < self.from || from >= self.position {
            let words = format!("a repair from {from} on was asked for, with {} sent", self.position);
            return Err(Refusal::new(Code::Overrun, words));
        }
        self.repairs += 1;
        if self.repairs > REPAIRS_MAX {
            let words = format!("the bytes from {from} on arrived damaged again after {REPAIRS_MAX} repairs");
            return Err(Refusal::new(Code::Damaged, words));
        }
        self.position = from;
        self.hashed = from / GROUP_BYTES;
        self.is_done = false;
        self.wait = None;
        self.shared.desk().rewind_to(from);
        Ok(())
    }

    /// What it waited for when it was last asked; `None` if it had something.
    pub const fn waits_for(&self) -> Option<Wait> {
        self.wait
    }

    /// The offset of the next byte to be sent.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// The file's hash, once it is known.
    pub fn root(&self) -> Option<Root> {
        self.shared.desk().root
    }

    /// The file's size in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Names bytes of a stored file by their place, where its content has a file, from now on.
    pub const fn describe_files(&mut self) {
        self.describes = true;
    }

    /// Reads ahead out of `buffers` from now on, together with others.
    pub fn share(&mut self, buffers: &Arc<Buffers>) {
        self.share = Share::of(buffers);
        self.shared.desk().use_buffers(buffers);
    }
}

impl Source {
    fn step(&mut self, max_bytes: usize) -> Result<Next, Refusal> {
        if self.is_done {
            return Ok(Next::Wait(Wait::Done));
        }
        let seen = self.arriving.as_ref().map(|reader| reader.look(self.position));
        let shared = Arc::clone(&self.shared);
        let mut desk = shared.desk();
        if let Some(refusal) = desk.failed.take() {
            return Err(refusal);
        }
        if let Some((verified, _)) = seen {
            desk.readable = verified.min(self.size);
        }
        if let Some(frame) = self.due_hashes(&mut desk) {
            self.shared.start(desk);
            return Ok(Next::Frame(frame));
        }
        if self.position < self.size {
            return self.bytes(desk, seen.and_then(|(_, end)| end), max_bytes);
        }
        self.end(desk, seen.and_then(|(_, end)| end))
    }

    /// The hashes of groups whose bytes have been sent, as far as they are at hand.
    fn due_hashes(&mut self, desk: &mut Desk) -> Option<TransferMessage> {
        let sent = if self.position == self.size { groups_of(self.size) } else { self.position / GROUP_BYTES };
        let due = usize::try_from(sent - self.hashed).unwrap_or(HASHES_MAX).min(HASHES_MAX).min(desk.hashes.len());
        if due == 0 {
            return None;
        }
        let mut hashes = BytesMut::with_capacity(due * size_of::<[u8; 32]>());
        desk.hashes.drain(..due).for_each(|hash| hashes.extend_from_slice(&hash.0));
        let first = self.hashed;
        self.hashed += due as u64;
        Some(TransferMessage::Hashes { first, hashes: hashes.freeze() })
    }

    fn bytes(
        &mut self,
        mut desk: MutexGuard<'_, Desk>,
        end: Option<ArrivingEnd>,
        max_bytes: usize,
    ) -> Result<Next, Refusal> {
        if self.position >= desk.readable {
            // The last bytes are of use only with their hashes.
            let wait = match end {
                Some(ArrivingEnd::Broken) if self.hashed == self.position / GROUP_BYTES => return Err(broken()),
                Some(ArrivingEnd::Broken) => Wait::Disk,
                _ => Wait::Sender,
            };
            self.shared.start(desk);
            return Ok(Next::Wait(wait));
        }
        let allowed = self.credit.min(desk.readable).saturating_sub(self.position);
        // Its receiver would take no more bytes before the hashes that are still being read.
        let unhashed = self.position - self.hashed * GROUP_BYTES;
        let allowed = allowed.min((UNHASHED_BYTES_MAX / 2).saturating_sub(unhashed));
        if allowed == 0 {
            self.shared.start(desk);
            let wait = if self.position >= self.credit { Wait::Credit } else { Wait::Disk };
            return Ok(Next::Wait(wait));
        }
        let len = usize::try_from(allowed).unwrap_or(max_bytes).min(max_bytes);
        if let Some(bytes) = desk.take_bytes(len) {
            self.shared.start(desk);
            return Ok(Next::Frame(self.chunk(bytes)));
        }
        if !self.stored || desk.reads_ahead() {
            self.shared.start(desk);
            return Ok(Next::Wait(Wait::Disk));
        }
        let buffers = Arc::clone(desk.buffers());
        self.shared.start(desk);
        if let Some(range) = self.range_now(len)? {
            self.position += range.len as u64;
            return Ok(Next::File(range));
        }
        if let Some(bytes) = self.read_now(&buffers, len)? {
            return Ok(Next::Frame(self.chunk(bytes)));
        }
        let mut desk = self.shared.desk();
        desk.read_ahead_from(self.position);
        self.shared.start(desk);
        Ok(Next::Wait(Wait::Disk))
    }

    /// A part of the file, if parts are wanted and its end is in the page cache, so that nobody waits for a disk.
    fn range_now(&self, len: usize) -> Result<Option<FileRange>, Refusal> {
        let Some(file) = self.content.file().filter(|_| self.describes) else { return Ok(None) };
        let last = self.position + len as u64 - 1;
        match self.content.read_now(last, &mut [0]) {
            Ok(Some(0)) => Err(job::changed()),
            Ok(Some(_)) => Ok(Some(FileRange { file: Arc::clone(file), offset: self.position, len })),
            Ok(None) => Ok(None),
            Err(error) => Err(job::unreadable(&error)),
        }
    }

    /// Bytes that are in the page cache; `None` if they are not.
    fn read_now(&self, buffers: &Buffers, len: usize) -> Result<Option<Bytes>, Refusal> {
        let mut buffer = buffers.take(len);
        let Some(room) = buffer.get_mut(..len) else { return Ok(None) };
        match self.content.read_now(self.position, room) {
            Ok(Some(0)) => Err(job::changed()),
            Ok(Some(read)) => Ok(Some(buffers.lend(buffer, read))),
            Ok(None) => {
                buffers.lend(buffer, 0);
                Ok(None)
            }
            Err(error) => Err(job::unreadable(&error)),
        }
    }

    fn chunk(&mut self, bytes: Bytes) -> TransferMessage {
        let offset = self.position;
        self.position += bytes.len() as u64;
        TransferMessage::Chunk { offset, bytes }
    }

    /// Everything is sent but the end, and perhaps hashes.
    fn end(&mut self, mut desk: MutexGuard<'_, Desk>, end: Option<ArrivingEnd>) -> Result<Next, Refusal> {
        let root = match end {
            _ if self.hashed < groups_of(self.size) => None,
            Some(ArrivingEnd::Done(root)) => Some(root),
            Some(ArrivingEnd::Broken) => return Err(broken()),
            None if self.arriving.is_some() => return Ok(Next::Wait(Wait::Sender)),
            None => {
                desk.is_all_sent = true;
                desk.root
            }
        };
        let Some(root) = root else {
            self.shared.start(desk);
            return Ok(Next::Wait(Wait::Disk));
        };
        self.is_done = true;
        Ok(Next::Frame(TransferMessage::Finish { size: self.size, root }))
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.shared.desk().close();
    }
}

fn broken() -> Refusal {
    Refusal::new(Code::Stopped, "the one who sends the file is gone; what has come can be resumed")
}
