//! The job that reads and hashes for a source, on a thread that may block.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use proto::limits::{GROUP_BYTES, HASHES_MAX};
use proto::{Code, Refusal, Root};
use tokio::runtime::Handle;

use super::Hashing;
use super::computed::Computed;
use super::desk::{Desk, Work};
use crate::arriving::Wake;
use crate::buffers::Buffers;
use crate::content::Content;
use crate::group::{GroupHash, HashList, RootBuilder, groups_of};

/// What a source and its job share.
pub(super) struct Shared {
    desk: Mutex<Desk>,
    wake: Wake,
    runtime: Handle,
}

/// The job's own state. It is on the desk while no job runs.
pub(super) struct Job {
    content: Arc<dyn Content>,
    size: u64,
    hashes: Hashes,
}

enum Hashes {
    Computed(Box<Computed>),
    Stored { list: Arc<dyn HashList>, root: Option<Root> },
}

/// What a piece of work brought.
enum Brought {
    Rewound,
    Hashes(Vec<GroupHash>),
    Block { bytes: Bytes, hashes: Vec<GroupHash>, root: Option<Root> },
    Root(Root),
}

impl Shared {
    pub(super) fn new(desk: Desk, wake: Wake) -> Arc<Self> {
        Arc::new(Self { desk: Mutex::new(desk), wake, runtime: Handle::current() })
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the job, if there is work and it is not running.
    pub(super) fn start(self: &Arc<Self>, mut desk: MutexGuard<'_, Desk>) {
        if desk.work().is_none() {
            return;
        }
        let Some(job) = desk.idle.take() else { return };
        drop(desk);
        let shared = Arc::clone(self);
        self.runtime.spawn_blocking(move || {
            crate::background::be_modest();
            let _watch = Watch(&shared);
            shared.run(job);
        });
    }

    fn run(&self, mut job: Box<Job>) {
        let mut desk = self.desk();
        while let Some(work) = desk.work() {
            let (epoch, buffers) = (desk.epoch(), Arc::clone(desk.buffers()));
            drop(desk);
            let brought = job.work(work, &buffers);
            desk = self.desk();
            if desk.epoch() == epoch && !desk.is_closed {
                desk.put(brought);
                drop(desk);
                (self.wake)();
                desk = self.desk();
            }
        }
        if !desk.is_closed {
            desk.idle = Some(job);
        }
    }
}

/// Ends the transfer of content that panicked; nobody would hear of it otherwise.
struct Watch<'a>(&'a Shared);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.desk().failed = Some(Refusal::new(Code::StorageFailed, "reading the file failed badly"));
            (self.0.wake)();
        }
    }
}

impl Desk {
    fn put(&mut self, brought: Result<Brought, Refusal>) {
        match brought {
            Ok(Brought::Rewound) => self.rewound(),
            Ok(Brought::Hashes(hashes)) => self.put_hashes(hashes),
            Ok(Brought::Block { bytes, hashes, root }) => {
                self.put_block(bytes);
                // Those of a stored file come by themselves.
                self.put_hashes(hashes);
                self.root = root;
            }
            Ok(Brought::Root(root)) => self.root = Some(root),
            Err(refusal) => self.failed = Some(refusal),
        }
    }
}

impl Job {
    pub(super) fn new(
        content: Arc<dyn Content>,
        size: u64,
        from: u64,
        hashing: Hashing,
        root: Option<Root>,
    ) -> Box<Self> {
        let hashes = match hashing {
            Hashing::Stored(list) => Hashes::Stored { list, root },
            Hashing::Compute { before } => Hashes::Computed(Box::new(Computed::new(size, from, before))),
        };
        Box::new(Self { content, size, hashes })
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    pub(super) const fn is_stored(&self) -> bool {
        matches!(self.hashes, Hashes::Stored { .. })
    }

    fn work(&mut self, work: Work, buffers: &Buffers) -> Result<Brought, Refusal> {
        match work {
            Work::Rewind { to } => self.rewind(to, buffers).map(|()| Brought::Rewound),
            Work::Hashes { first, max } => self.stored_hashes(first, max).map(Brought::Hashes),
            Work::Read { offset, len } => self.read(offset, len, buffers),
            Work::End => self.end().map(Brought::Root),
        }
    }

    fn stored_hashes(&self, first: u64, max: usize) -> Result<Vec<GroupHash>, Refusal> {
        let mut hashes = Vec::new();
        match &self.hashes {
            Hashes::Stored { root: Some(root), .. } if groups_of(self.size) == 1 => hashes.push(GroupHash(root.0)),
            Hashes::Stored { list, .. } => {
                list.read(first, max, &mut hashes).map_err(|error| unreadable(&error))?;
            }
            Hashes::Computed(_) => {}
        }
        if hashes.is_empty() {
            return Err(Refusal::new(Code::StorageFailed, "the list of the file's hashes is too short"));
        }
        hashes.truncate(max);
        Ok(hashes)
    }

    fn read(&mut self, offset: u64, len: usize, buffers: &Buffers) -> Result<Brought, Refusal> {
        let mut buffer = buffers.take(len);
        let room = buffer.get_mut(..len).unwrap_or_default();
        self.fill(offset, room)?;
        let (mut hashes, mut root) = (Vec::new(), None);
        if let Hashes::Computed(computed) = &mut self.hashes {
            hashes = computed.update(room);
            if offset + len as u64 == self.size {
                root = Some(self.end()?);
            }
        }
        Ok(Brought::Block { bytes: buffers.lend(buffer, len), hashes, root })
    }

    fn fill(&self, mut offset: u64, mut room: &mut [u8]) -> Result<(), Refusal> {
        while !room.is_empty() {
            match self.content.read_at(offset, room) {
                Ok(0) => return Err(changed()),
                Ok(read) => {
                    offset += read as u64;
                    room = room.get_mut(read..).unwrap_or_default();
                }
                Err(error) => return Err(unreadable(&error)),
            }
        }
        Ok(())
    }

    fn end(&self) -> Result<Root, Refusal> {
        self.must_be_unchanged()?;
        match &self.hashes {
            Hashes::Computed(computed) => Ok(computed.root()),
            Hashes::Stored { root: Some(root), .. } => Ok(*root),
            Hashes::Stored { .. } => {
                let mut root = RootBuilder::new();
                while root.groups() < groups_of(self.size) {
                    root.extend(self.stored_hashes(root.groups(), HASHES_MAX)?);
                }
                Ok(root.finish())
            }
        }
    }

    /// Goes back to `to`. A file that has changed need not be sent again.
    fn rewind(&mut self, to: u64, buffers: &Buffers) -> Result<(), Refusal> {
        self.must_be_unchanged()?;
        let Hashes::Computed(computed) = &mut self.hashes else { return Ok(()) };
        let mut at = computed.back_to(to / GROUP_BYTES);
        while at < to {
            let len = usize::try_from(to - at).unwrap_or(usize::MAX).min(buffers.block_bytes());
            let mut buffer = buffers.take(len);
            let room = buffer.get_mut(..len).unwrap_or_default();
            self.fill(at, room)?;
            if let Hashes::Computed(computed) = &mut self.hashes {
                computed.update(room);
            }
            buffers.lend(buffer, 0);
            at += len as u64;
        }
        Ok(())
    }

    fn must_be_unchanged(&self) -> Result<(), Refusal> {
        match self.content.unchanged() {
            Ok(true) => Ok(()),
            Ok(false) => Err(changed()),
            Err(error) => Err(unreadable(&error)),
        }
    }
}

/// The file is not what it was when its transfer began.
pub(super) fn changed() -> Refusal {
    Refusal::new(Code::Changed, "the file changed while it was being sent")
}

pub(super) fn unreadable(error: &io::Error) -> Refusal {
    Refusal::new(Code::StorageFailed, format!("the file cannot be read: {error}"))
}
