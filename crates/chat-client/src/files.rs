//! Files, as a caller sees them: send, fetch, list, move away.
//!
//! A transfer is a [`Transfer`]: it runs by itself, can be watched and paused, and outlives a broken connection. What
//! is not finished when its handle is dropped can be taken up later, also by another start of the program.
//!
//! Reading order:
//! 1. [`options`], [`progress`], [`outcome`], [`handle`]: what a caller has in hand; `questions`: what is answered at
//!    once.
//! 2. `ask`, `lease`, `line`: how a transfer and the driver's task speak with each other; `hands`: what all transfers of
//!    a client share.
//! 3. `report`: the task of a transfer; `put` and `get`: one file, over all the connections it takes; `carry`: what the
//!    two have in common; `landing`: where the bytes of a fetched file go.
//! 4. `put_folder` and `fetch_folder`: many files; `walk` and `tally` help them.

pub mod handle;
pub mod options;
pub mod outcome;
pub mod progress;

mod questions;

pub(crate) mod ask;
pub(crate) mod lease;
pub(crate) mod line;

pub(crate) mod hands;
mod report;

mod carry;
mod fetch_folder;
mod get;
mod landing;
mod local;
mod put;
mod put_folder;
pub(crate) mod secret;
mod tally;
mod walk;

use std::path::{Path, PathBuf};

use crate::client::Client;
use crate::event::RoomKey;
use fetch_folder::GetFolder;
use get::Get;
use landing::{FileGoal, Goal, Landing, WriterGoal};
use put::{Origin, Put};
use put_folder::PutFolder;

pub use handle::Transfer;
pub use options::{GetOptions, GetTarget, PutOptions};
pub use outcome::{Listing, Outcome, Place, Skipped};
pub use progress::{Direction, Notice, Progress, Stall, State};
pub use proto::path::RelPath;

impl Client {
    /// Sends a file into a room's tree. Begins at once, or when fewer than 16 transfers are under way.
    pub fn put(&self, room: RoomKey, source: impl Into<PathBuf>, options: PutOptions) -> Transfer {
        let name = options.to.to_string();
        let put = Put::new(self.hands.clone(), room, Origin::Path(source.into()), options);
        report::start(name, Direction::Put, put)
    }

    /// Sends a folder with all that is in it: small files many at a time, others as [`Self::put`] does.
    pub fn put_folder(&self, room: RoomKey, source: impl Into<PathBuf>, options: PutOptions) -> Transfer {
        let name = options.to.to_string();
        let put = PutFolder::new(self.hands.clone(), room, source.into(), options);
        report::start(name, Direction::Put, put)
    }

    /// Fetches a file of a room's tree.
    pub fn get(&self, room: RoomKey, path: RelPath, target: GetTarget, options: GetOptions) -> Transfer {
        let goal = match target {
            // A device or a pipe is written to, not put in the place of.
            GetTarget::File(target) if is_no_file(&target) => Goal::Writer(WriterGoal::opening(target)),
            GetTarget::File(target) => Goal::File(Box::new(FileGoal::at(&target, options))),
            GetTarget::Folder(folder) => Goal::File(Box::new(FileGoal::at(&folder.join(path.name()), options))),
            GetTarget::Writer(writer) => Goal::Writer(WriterGoal::new(writer)),
            GetTarget::Nowhere => Goal::Nowhere,
        };
        let name = path.to_string();
        let get = Get::new(self.hands.clone(), room, path, None, Landing::new(goal));
        report::start(name, Direction::Get, get)
    }

    /// Fetches a folder with all that is in it, or the whole tree, into the folder `target`.
    pub fn fetch_folder(
        &self,
        room: RoomKey,
        path: Option<RelPath>,
        target: impl Into<PathBuf>,
        options: GetOptions,
    ) -> Transfer {
        let (name, target) = (path.as_ref().map(RelPath::to_string).unwrap_or_default(), target.into());
        let get = GetFolder::new(self.hands.clone(), room, path, target, options);
        report::start(name, Direction::Get, get)
    }
}

/// Whether something is there that is neither a file nor a folder, such as `/dev/null`.
fn is_no_file(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

#[cfg(test)]
mod tests;
