//! Sends a folder: small files many at a time, each pack stored at once; the others one by one, a few at a time.

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures::{TryStreamExt as _, stream};
use proto::limits::{PACK_FILE_BYTES_MAX, PACK_FILES_MAX, PACK_PATHS_BYTES_MAX};
use proto::message::{Announce, FileAnswer, FileRequest, Pack, PackOutcome, Packed, PackedFile};
use proto::{RelPath, RoomId, Root};

use super::carry::{LARGE_AT_ONCE, Patience};
use super::hands::{Hands, is_away, out_of_place};
use super::local::{blocking, millis};
use super::options::PutOptions;
use super::outcome::{Outcome, Place};
use super::progress::{Direction, State};
use super::put::{Origin, Put};
use super::questions;
use super::report::{Job, Report};
use super::tally::Tally;
use super::walk::{Item, Top};
use crate::error::{ClientError, Fault};
use crate::event::RoomKey;

/// Files of a pack are at most this many bytes together, unless one alone is more. A chat message may have to wait
/// until one pack is gone.
const PACK_BYTES: u64 = 512 * 1024;

/// Packs that are made ready or are under way; one more than may be without an answer.
const PACKS_AT_ONCE: usize = 5;

/// Sends a folder.
#[derive(Debug)]
pub(crate) struct PutFolder {
    sender: Arc<Sender>,
    plan: Option<Arc<Plan>>,
}

/// What all its files have in common.
#[derive(Debug)]
struct Sender {
    hands: Hands,
    room: RoomKey,
    source: PathBuf,
    options: PutOptions,
    tally: Tally,
}

/// What is to be sent.
#[derive(Debug)]
struct Plan {
    top: Top,
    small: Vec<Arc<Entry>>,
    large: Vec<Arc<Entry>>,
    empty: Vec<RelPath>,
}

#[derive(Debug)]
struct Entry {
    item: Item,
    is_done: AtomicBool,
}

impl Job for PutFolder {
    async fn run(&mut self, report: &Report) -> Result<Outcome, ClientError> {
        let sender = Arc::clone(&self.sender);
        let plan = match &self.plan {
            Some(plan) => Arc::clone(plan),
            None => Arc::clone(self.plan.insert(sender.make_plan(report).await?)),
        };
        sender.tally.follow(report, Arc::clone(&sender).send(plan)).await?;
        let outcome = sender.tally.outcome(Place::Room(sender.options.to.to_string()));
        if sender.options.announce && outcome.files > 0 {
            report.state(State::Finishing);
            sender.announce(&outcome).await?;
        }
        Ok(outcome)
    }
}

impl PutFolder {
    pub(crate) fn new(hands: Hands, room: RoomKey, source: PathBuf, options: PutOptions) -> Self {
        let sender = Sender { hands, room, source, options, tally: Tally::default() };
        Self { sender: Arc::new(sender), plan: None }
    }
}

impl Sender {
    async fn make_plan(&self, report: &Report) -> Result<Arc<Plan>, ClientError> {
        report.state(State::Checking);
        let (source, to) = (self.source.clone(), self.options.to.clone());
        let (top, found) = blocking(move |stop| {
            let top = Top::open(&source)?;
            let found = top.walk(&to, stop)?;
            Ok((top, found))
        })
        .await?;
        found.notices.into_iter().for_each(|notice| report.notice(notice));
        for skipped in found.skipped {
            self.tally.skip(&skipped.path, skipped.why)?;
        }
        report.change(|progress| {
            progress.files_total = u32::try_from(found.files.len()).unwrap_or(u32::MAX);
            progress.bytes_total = found.files.iter().map(|item| item.size).sum();
        });
        let entry = |item| Arc::new(Entry { item, is_done: AtomicBool::new(false) });
        let (small, large): (Vec<_>, Vec<_>) =
            found.files.into_iter().map(entry).partition(|entry| entry.item.size <= PACK_FILE_BYTES_MAX);
        Ok(Arc::new(Plan { top, small, large, empty: found.empty }))
    }

    async fn send(self: Arc<Self>, plan: Arc<Plan>) -> Result<(), ClientError> {
        let packs = stream::iter(batches(&plan.small).into_iter().map(Ok));
        let packs =
            packs.try_for_each_concurrent(PACKS_AT_ONCE, |batch| Arc::clone(&self).pack(Arc::clone(&plan), batch));
        let large: Vec<_> = plan.large.iter().filter(|entry| !entry.is_done()).cloned().map(Ok).collect();
        let large = stream::iter(large);
        let large =
            large.try_for_each_concurrent(LARGE_AT_ONCE, |entry| Arc::clone(&self).single(Arc::clone(&plan), entry));
        tokio::try_join!(packs, large)?;
        let empty: Vec<_> = plan.empty.iter().cloned().map(Ok).collect();
        stream::iter(empty).try_for_each_concurrent(LARGE_AT_ONCE, |path| Arc::clone(&self).folder(path)).await
    }

    /// Sends one file by itself.
    async fn single(self: Arc<Self>, plan: Arc<Plan>, entry: Arc<Entry>) -> Result<(), ClientError> {
        let options = PutOptions { to: entry.item.to.clone(), announce: false, ..self.options.clone() };
        let origin = Origin::In(plan.top.clone(), entry.item.names.clone());
        let put = Put::new(self.hands.clone(), self.room, origin, options);
        self.tally.run(entry.item.to.as_str(), put, Direction::Put).await?;
        entry.done();
        Ok(())
    }

    /// Makes a folder in which there is nothing.
    async fn folder(self: Arc<Self>, path: RelPath) -> Result<(), ClientError> {
        loop {
            self.hands.ready(self.room).await?;
            match questions::make_folder(&self.hands, self.room, &path).await {
                Err(error) if is_away(&error) => {}
                Err(error) => return self.tally.skip(path.as_str(), error),
                Ok(_) => return Ok(()),
            }
        }
    }

    /// Sends some small files at once.
    async fn pack(self: Arc<Self>, plan: Arc<Plan>, batch: Vec<Arc<Entry>>) -> Result<(), ClientError> {
        let _turn = self.hands.pack_turn().await?;
        let (top, items) = (plan.top.clone(), batch.iter().map(|entry| entry.item.clone()).collect::<Vec<_>>());
        let read = blocking(move |_| Ok(items.iter().map(|item| read_small(&top, item)).collect::<Vec<_>>())).await?;
        let (mut entries, mut files, mut grown) = (Vec::new(), Vec::new(), Vec::new());
        for (entry, read) in batch.into_iter().zip(read) {
            match read {
                Ok(Some(file)) => {
                    entries.push(entry);
                    files.push(file);
                }
                Ok(None) => grown.push(entry),
                Err(why) => {
                    self.tally.skip(entry.item.to.as_str(), why)?;
                    entry.done();
                }
            }
        }
        if !files.is_empty() {
            let sizes: Vec<_> = files.iter().map(|file| file.bytes.len() as u64).collect();
            let packed = self.ask_pack(files).await?;
            if packed.outcomes.len() != entries.len() {
                return Err(Fault::OutOfPlace { kind: "Packed".to_owned() }.into());
            }
            for ((entry, size), outcome) in entries.into_iter().zip(sizes).zip(packed.outcomes) {
                match outcome {
                    PackOutcome::Stored => self.tally.done(size, size, false, false),
                    PackOutcome::Renamed(_) => self.tally.done(size, size, false, true),
                    PackOutcome::Same => self.tally.done(size, size, true, false),
                    PackOutcome::Refused(refusal) => self.tally.skip(entry.item.to.as_str(), refusal.into())?,
                }
                entry.done();
            }
        }
        for entry in grown {
            Arc::clone(&self).single(Arc::clone(&plan), entry).await?;
        }
        Ok(())
    }

    /// Sends a pack until it is answered: the same pack twice does no harm.
    async fn ask_pack(&self, files: Vec<PackedFile>) -> Result<Packed, ClientError> {
        let mut patience = Patience::default();
        loop {
            self.hands.ready(self.room).await?;
            let pack = Pack { room: RoomId(0), on_conflict: self.options.on_conflict, files: files.clone() };
            match self.hands.file_question(self.room, FileRequest::Pack(pack)).await {
                Ok(FileAnswer::Packed(packed)) => return Ok(packed),
                Ok(other) => return Err(out_of_place(&other)),
                Err(error) if is_away(&error) => {}
                Err(ClientError::Refused(refusal)) if refusal.retry_after_ms.is_some() => {
                    patience.wait(refusal).await?;
                }
                Err(ClientError::Refused(refusal)) => {
                    return Ok(Packed { outcomes: vec![PackOutcome::Refused(refusal); files.len()] });
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn announce(&self, outcome: &Outcome) -> Result<(), ClientError> {
        let announce =
            Announce { room: RoomId(0), path: self.options.to.to_string(), files: outcome.files, bytes: outcome.size };
        loop {
            self.hands.ready(self.room).await?;
            match self.hands.question(self.room, FileRequest::Announce(announce.clone())).await {
                Err(error) if is_away(&error) => {}
                answer => return answer.map(drop),
            }
        }
    }
}

impl Entry {
    fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Relaxed)
    }

    fn done(&self) {
        self.is_done.store(true, Ordering::Relaxed);
    }
}

/// Small files, as many together as go into a pack.
fn batches(small: &[Arc<Entry>]) -> Vec<Vec<Arc<Entry>>> {
    let mut batches: Vec<Vec<Arc<Entry>>> = Vec::new();
    let (mut bytes, mut paths_bytes) = (0, 0);
    for entry in small.iter().filter(|entry| !entry.is_done()) {
        let path_bytes = entry.item.to.as_str().len();
        let fits = |batch: &Vec<Arc<Entry>>| {
            batch.len() < PACK_FILES_MAX
                && paths_bytes + path_bytes <= PACK_PATHS_BYTES_MAX
                && bytes + entry.item.size <= PACK_BYTES
        };
        match batches.last_mut().filter(|batch| fits(batch)) {
            Some(batch) => batch.push(Arc::clone(entry)),
            None => {
                batches.push(vec![Arc::clone(entry)]);
                (bytes, paths_bytes) = (0, 0);
            }
        }
        bytes += entry.item.size;
        paths_bytes += path_bytes;
    }
    batches
}

/// A small file as it goes into a pack; nothing if it has grown beyond that since.
fn read_small(top: &Top, item: &Item) -> Result<Option<PackedFile>, ClientError> {
    let failed = |error: &std::io::Error| ClientError::local("read", &top.path_of(&item.names), error);
    let mut file = top.open_file(&item.names)?;
    let metadata = file.metadata().map_err(|error| failed(&error))?;
    if !metadata.is_file() {
        return Err(failed(&std::io::Error::other("it is no regular file")));
    }
    // What has grown since the pack was planned could make it too long.
    if metadata.len() > item.size {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    (&mut file).take(item.size + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > item.size {
        return Ok(None);
    }
    let modified_ms = metadata.modified().map_or(0, millis);
    let root = Root(blake3::hash(&bytes).into());
    Ok(Some(PackedFile { code: None, path: item.to.to_string(), modified_ms, root, bytes: Bytes::from(bytes) }))
}
