//! Files, as a caller sees them: send, fetch, list, move away.
//!
//! A transfer is a [`Transfer`]: it runs by itself, can be watched and paused, and outlives a broken connection. What
//! is not finished when its handle is dropped can be taken up later, also by another start of the program.

pub mod options;
pub mod outcome;
pub mod progress;
pub mod transfer;

use std::path::PathBuf;

use proto::message::{Checked, OnConflict};

use crate::client::Client;
use crate::error::ClientError;
use crate::event::RoomKey;

pub use options::{GetOptions, GetTarget, PutOptions};
pub use outcome::{Listing, Outcome, Place, Skipped};
pub use progress::{Direction, Notice, Progress, Stall, State};
pub use proto::path::RelPath;
pub use transfer::Transfer;

impl Client {
    /// Sends a file into a room's tree. Begins at once, or when fewer than 16 transfers are under way.
    pub fn put(&self, room: RoomKey, source: impl Into<PathBuf>, options: PutOptions) -> Transfer {
        drop((room, source.into(), options));
        Transfer::failed(ClientError::Closed)
    }

    /// Sends a folder with all that is in it: small files many at a time, others as [`Self::put`] does.
    pub fn put_folder(&self, room: RoomKey, source: impl Into<PathBuf>, options: PutOptions) -> Transfer {
        drop((room, source.into(), options));
        Transfer::failed(ClientError::Closed)
    }

    /// Fetches a file of a room's tree.
    pub fn get(&self, room: RoomKey, path: RelPath, target: GetTarget, options: GetOptions) -> Transfer {
        drop((room, path, target, options));
        Transfer::failed(ClientError::Closed)
    }

    /// Fetches a folder with all that is in it, or the whole tree, into the folder `target`.
    pub fn get_folder(
        &self,
        room: RoomKey,
        path: Option<RelPath>,
        target: impl Into<PathBuf>,
        options: GetOptions,
    ) -> Transfer {
        drop((room, path, target.into(), options));
        Transfer::failed(ClientError::Closed)
    }

    /// The files and folders in `path`, or the file there; with `None`, in the whole tree. At most 100 000 entries
    /// are taken, however many pages the server goes on sending; [`Listing::more`] says if there were others.
    ///
    /// # Errors
    /// Refused with `NoSuchFile` if nothing is there.
    pub async fn list(&self, room: RoomKey, path: Option<&RelPath>, recursive: bool) -> Result<Listing, ClientError> {
        let _ = (room, path, recursive);
        std::future::ready(Err(ClientError::Closed)).await
    }

    /// Takes a file or folder away; a folder that is not empty only if `recursive`.
    ///
    /// # Errors
    /// Refused with `NoSuchFile`, `NotPermitted` or `WrongSort`.
    pub async fn remove(&self, room: RoomKey, path: &RelPath, recursive: bool) -> Result<(), ClientError> {
        let _ = (room, path, recursive);
        std::future::ready(Err(ClientError::Closed)).await
    }

    /// Gives a file or folder another path; a folder that is there takes it in. The answer is where it stands now.
    ///
    /// # Errors
    /// Refused with `NoSuchFile`, `NotPermitted` or `PathTaken`.
    pub async fn move_to(
        &self,
        room: RoomKey,
        from: &RelPath,
        to: &RelPath,
        on_conflict: OnConflict,
    ) -> Result<String, ClientError> {
        let _ = (room, from, to, on_conflict);
        std::future::ready(Err(ClientError::Closed)).await
    }

    /// Makes a folder, and those above it. The answer is where it stands.
    ///
    /// # Errors
    /// Refused with `PathTaken` or `WrongSort` if a file is there.
    pub async fn make_folder(&self, room: RoomKey, path: &RelPath) -> Result<String, ClientError> {
        let _ = (room, path);
        std::future::ready(Err(ClientError::Closed)).await
    }

    /// Has the server read a stored file anew; [`Checked::damaged_at`] says whether it is still what it was.
    ///
    /// # Errors
    /// Refused with `NoSuchFile`.
    pub async fn verify(&self, room: RoomKey, path: &RelPath) -> Result<Checked, ClientError> {
        let _ = (room, path);
        std::future::ready(Err(ClientError::Closed)).await
    }
}
