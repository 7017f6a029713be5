//! Fetches a folder: small files many at a time, the others one by one, a few at a time. Only names that were asked
//! for are written, and each only if it is a name on every system.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::{TryStreamExt as _, stream};
use proto::limits::{PACK_FILE_BYTES_MAX, PACK_FILES_MAX, PACK_PATHS_BYTES_MAX};
use proto::message::{FileEntry, Sort};
use proto::{Code, Refusal, RelPath, Root};
use transfer::tree::Tree;

use super::carry::LARGE_AT_ONCE;
use super::get::Get;
use super::hands::{Hands, is_away};
use super::landing::{FileGoal, Goal, Home, Landing};
use super::local::blocking;
use super::options::GetOptions;
use super::outcome::{Outcome, Place};
use super::progress::{Direction, State};
use super::questions;
use super::report::{Job, Report};
use super::tally::Tally;
use crate::error::ClientError;
use crate::event::RoomKey;

mod parcel;

/// Files of a parcel are at most this many bytes together, unless one alone is more.
const PARCEL_BYTES: u64 = 512 * 1024;

/// Parcels that are stored or under way; one more than may be without an answer.
const PARCELS_AT_ONCE: usize = 5;

/// Fetches a folder.
#[derive(Debug)]
pub(crate) struct GetFolder {
    fetcher: Arc<Fetcher>,
    plan: Option<Arc<Plan>>,
}

/// What all its files have in common.
#[derive(Debug)]
struct Fetcher {
    hands: Hands,
    room: RoomKey,
    path: Option<RelPath>,
    target: PathBuf,
    options: GetOptions,
    tally: Tally,
}

/// What is to be fetched.
#[derive(Debug)]
struct Plan {
    tree: Arc<Tree>,
    small: Vec<Arc<Wanted>>,
    large: Vec<Arc<Wanted>>,
}

/// A file that is to be fetched.
#[derive(Debug)]
struct Wanted {
    /// Its path in the room's tree.
    from: RelPath,
    /// Its path in the folder here.
    to: RelPath,
    size: u64,
    root: Option<Root>,
    is_large: bool,
    is_done: AtomicBool,
}

impl Job for GetFolder {
    async fn run(&mut self, report: &Report) -> Result<Outcome, ClientError> {
        let fetcher = Arc::clone(&self.fetcher);
        let plan = match &self.plan {
            Some(plan) => Arc::clone(plan),
            None => Arc::clone(self.plan.insert(fetcher.make_plan(report).await?)),
        };
        fetcher.tally.follow(report, Arc::clone(&fetcher).fetch(plan)).await?;
        Ok(fetcher.tally.outcome(Place::Here(fetcher.target.clone())))
    }
}

impl GetFolder {
    pub(crate) fn new(
        hands: Hands,
        room: RoomKey,
        path: Option<RelPath>,
        target: PathBuf,
        options: GetOptions,
    ) -> Self {
        let fetcher = Fetcher { hands, room, path, target, options, tally: Tally::default() };
        Self { fetcher: Arc::new(fetcher), plan: None }
    }
}

impl Fetcher {
    async fn make_plan(&self, report: &Report) -> Result<Arc<Plan>, ClientError> {
        let listing = loop {
            self.hands.ready_again(self.room, report).await?;
            report.state(State::Waiting);
            match questions::list(&self.hands, self.room, self.path.as_ref(), true).await {
                Err(error) if is_away(&error) => {}
                listing => break listing?,
            }
        };
        report.state(State::Checking);
        if listing.more {
            let words = format!("there are more than {} files and folders", questions::LISTED_MAX);
            self.tally.skip("", Refusal::new(Code::TooManyEntries, words).into())?;
        }
        if listing.unnamed > 0 {
            let words = format!("{} files and folders have names that cannot be sent", listing.unnamed);
            self.tally.skip("", Refusal::new(Code::BadPath, words).into())?;
        }
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for entry in listing.entries {
            match wanted(self.path.as_ref(), &entry) {
                Ok(wanted) if entry.sort == Sort::Folder => folders.push(wanted.to),
                Ok(wanted) => files.push(Arc::new(wanted)),
                Err(why) => self.tally.skip(&entry.path, why)?,
            }
        }
        report.change(|progress| {
            progress.files_total = u32::try_from(files.len()).unwrap_or(u32::MAX);
            progress.bytes_total = files.iter().map(|wanted| wanted.size).sum();
        });
        let home = Home { folder: self.target.clone(), tree: None };
        let tree = blocking(move |_| make_folders(home, &folders)).await?;
        let (large, small) = files.into_iter().partition(|wanted| wanted.is_large);
        Ok(Arc::new(Plan { tree, small, large }))
    }

    async fn fetch(self: Arc<Self>, plan: Arc<Plan>) -> Result<(), ClientError> {
        let parcels = stream::iter(batches(&plan.small).into_iter().map(Ok));
        let parcels =
            parcels.try_for_each_concurrent(PARCELS_AT_ONCE, |batch| Arc::clone(&self).batch(Arc::clone(&plan), batch));
        let large: Vec<_> = plan.large.iter().filter(|wanted| !wanted.is_done()).cloned().map(Ok).collect();
        let large = stream::iter(large)
            .try_for_each_concurrent(LARGE_AT_ONCE, |wanted| Arc::clone(&self).single(Arc::clone(&plan), wanted));
        tokio::try_join!(parcels, large).map(drop)
    }

    /// Fetches one file by itself.
    async fn single(self: Arc<Self>, plan: Arc<Plan>, wanted: Arc<Wanted>) -> Result<(), ClientError> {
        let home = Home { folder: self.target.clone(), tree: Some(Arc::clone(&plan.tree)) };
        let goal = FileGoal::within(home, Ok(wanted.to.clone()), self.options);
        let landing = Landing::new(Goal::File(Box::new(goal)));
        let get = Get::new(self.hands.clone(), self.room, wanted.from.clone(), Some(wanted.size), landing);
        self.tally.run(wanted.from.as_str(), get, Direction::Get).await?;
        wanted.done();
        Ok(())
    }
}

impl Wanted {
    fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Relaxed)
    }

    fn done(&self) {
        self.is_done.store(true, Ordering::Relaxed);
    }
}

/// What is to be fetched for an entry of the list of `folder`.
fn wanted(folder: Option<&RelPath>, entry: &FileEntry) -> Result<Wanted, ClientError> {
    let bad = |words: String| ClientError::Refused(Refusal::new(Code::BadPath, words));
    let from: RelPath = entry.path.parse().map_err(|error: proto::PathError| bad(error.to_string()))?;
    let to = match folder {
        None => from.clone(),
        Some(folder) if from.is_within(folder) => {
            let rest = from.as_str().get(folder.as_str().len() + 1..).unwrap_or_default();
            rest.parse().map_err(|error: proto::PathError| bad(error.to_string()))?
        }
        // It was no folder that was asked for.
        Some(file) if from == *file && entry.sort != Sort::Folder => {
            from.name().parse().map_err(|error: proto::PathError| bad(error.to_string()))?
        }
        Some(_) => return Err(bad("it was not asked for".to_owned())),
    };
    let is_large = entry.size > PACK_FILE_BYTES_MAX || matches!(entry.sort, Sort::Arriving(_));
    Ok(Wanted { from, to, size: entry.size, root: entry.root, is_large, is_done: AtomicBool::new(false) })
}

/// The folder here, with the folders in it. One that cannot be made is no loss by itself: what should go into it fails.
fn make_folders(mut home: Home, folders: &[RelPath]) -> Result<Arc<Tree>, ClientError> {
    let tree = home.tree()?;
    for path in folders {
        if let Err(error) = tree.make_folder(path)
            && error.refusal().code == Code::NoSpace
        {
            return Err(home.failed(path, error));
        }
    }
    Ok(tree)
}

/// Small files, as many together as go into a parcel.
fn batches(small: &[Arc<Wanted>]) -> Vec<Vec<Arc<Wanted>>> {
    let mut batches: Vec<Vec<Arc<Wanted>>> = Vec::new();
    let (mut bytes, mut paths_bytes) = (0, 0);
    for wanted in small.iter().filter(|wanted| !wanted.is_done()) {
        let path_bytes = wanted.from.as_str().len();
        let fits = |batch: &Vec<Arc<Wanted>>| {
            batch.len() < PACK_FILES_MAX
                && paths_bytes + path_bytes <= PACK_PATHS_BYTES_MAX
                && bytes + wanted.size <= PARCEL_BYTES
        };
        match batches.last_mut().filter(|batch| fits(batch)) {
            Some(batch) => batch.push(Arc::clone(wanted)),
            None => {
                batches.push(vec![Arc::clone(wanted)]);
                (bytes, paths_bytes) = (0, 0);
            }
        }
        bytes += wanted.size;
        paths_bytes += path_bytes;
    }
    batches
}
