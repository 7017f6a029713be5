//! A target in memory that watches what it is told, and files to send.

use std::io;
use std::sync::{Arc, Condvar, Mutex};

use bytes::Bytes;
use proto::limits::GROUP_BYTES;
use proto::{FileVersion, Refusal, Root};
use transfer::group::{GroupHash, GroupHasher, RootBuilder};
use transfer::sink::{Placement, Target};

pub(crate) const GROUP: usize = GROUP_BYTES as usize;

/// What a [`Memory`] was told.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) bytes: Vec<u8>,
    pub(crate) verified: u64,
    pub(crate) hashes: Vec<GroupHash>,
    pub(crate) finished: Option<Root>,
    pub(crate) dropped: bool,
    /// Bytes written altogether.
    pub(crate) written: u64,
}

/// Opens and closes: a disk that may be slow.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    shut: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(crate) fn shut(&self) {
        *self.shut.lock().unwrap() = true;
    }

    pub(crate) fn open(&self) {
        *self.shut.lock().unwrap() = false;
        self.opened.notify_all();
    }

    fn pass(&self) {
        drop(self.opened.wait_while(self.shut.lock().unwrap(), |shut| *shut).unwrap());
    }
}

/// A target that keeps everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    pub(crate) seen: Arc<Mutex<Seen>>,
    pub(crate) gate: Arc<Gate>,
    /// A write that reaches this offset fails so.
    pub(crate) fails: Option<(u64, io::ErrorKind)>,
}

impl Memory {
    pub(crate) fn starting_with(bytes: &[u8]) -> Self {
        let seen = Seen { bytes: bytes.to_vec(), verified: bytes.len() as u64, ..Seen::default() };
        Self { seen: Arc::new(Mutex::new(seen)), gate: Arc::default(), fails: None }
    }

    pub(crate) fn failing_at(offset: u64, kind: io::ErrorKind) -> Self {
        Self { seen: Arc::default(), gate: Arc::default(), fails: Some((offset, kind)) }
    }
}

impl Target for Memory {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.gate.pass();
        let mut seen = self.seen.lock().unwrap();
        let (start, end) = (offset as usize, offset as usize + bytes.len());
        if let Some((at, kind)) = self.fails.filter(|(at, _)| end as u64 > *at) {
            return Err(io::Error::new(kind, format!("it fails at {at}")));
        }
        assert!(offset >= seen.verified && start <= seen.bytes.len(), "a write at {offset}");
        let len = seen.bytes.len().max(end);
        seen.bytes.resize(len, 0);
        seen.bytes[start..end].copy_from_slice(bytes);
        seen.written += bytes.len() as u64;
        Ok(())
    }

    fn verified(&mut self, upto: u64, hashes: &[GroupHash]) -> io::Result<()> {
        let mut seen = self.seen.lock().unwrap();
        assert!(upto > seen.verified && !hashes.is_empty());
        seen.verified = upto;
        seen.hashes.extend_from_slice(hashes);
        Ok(())
    }

    fn finish(&mut self, root: Root) -> Result<Placement, Refusal> {
        self.seen.lock().unwrap().finished = Some(root);
        Ok(Placement { path: "in memory".into(), same: false, version: FileVersion([7; 16]) })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.seen.lock().unwrap().dropped = true;
    }
}

/// Bytes that are nowhere alike.
pub(crate) fn file(size: usize) -> Bytes {
    let mut bytes = vec![0; size];
    blake3::Hasher::new().update(&size.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes.into()
}

pub(crate) fn hashes_of(bytes: &[u8]) -> Vec<GroupHash> {
    let mut hashes = Vec::new();
    GroupHasher::new(bytes.len() as u64, 0).update(bytes, &mut hashes);
    hashes
}

pub(crate) fn root_of(bytes: &[u8]) -> Root {
    Root(blake3::hash(bytes).into())
}

pub(crate) fn before(bytes: &[u8], from: usize) -> RootBuilder {
    let mut root = RootBuilder::new();
    root.extend(hashes_of(bytes).into_iter().take(from.div_ceil(GROUP)));
    root
}
