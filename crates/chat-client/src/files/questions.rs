//! What is asked about files and answered at once. Fails while there is no connection, as other requests do.

use proto::limits::LIST_ENTRIES_MAX;
use proto::message::{Checked, FileAnswer, FileRequest, List, MakeFolder, Move, OnConflict, Remove, Verify};
use proto::{RelPath, RoomId};

use super::ask::Answer;
use super::hands::{Hands, out_of_place};
use super::outcome::Listing;
use crate::client::Client;
use crate::error::{ClientError, Fault};
use crate::event::RoomKey;

/// Entries of a list that are taken, however many pages the server goes on sending.
pub(crate) const LISTED_MAX: usize = 100_000;

impl Client {
    /// The files and folders in `path`, or the file there; with `None`, in the whole tree. At most 100 000 entries
    /// are taken, however many pages the server goes on sending; [`Listing::more`] says if there were others.
    ///
    /// # Errors
    /// Refused with `NoSuchFile` if nothing is there.
    pub async fn list(&self, room: RoomKey, path: Option<&RelPath>, recursive: bool) -> Result<Listing, ClientError> {
        list(&self.hands, room, path, recursive).await
    }

    /// Takes a file or folder away; a folder that is not empty only if `recursive`.
    ///
    /// # Errors
    /// Refused with `NoSuchFile`, `NotPermitted` or `WrongSort`.
    pub async fn remove(&self, room: RoomKey, path: &RelPath, recursive: bool) -> Result<(), ClientError> {
        let remove = Remove { room: RoomId(0), path: path.to_string(), recursive };
        match self.hands.question(room, FileRequest::Remove(remove)).await? {
            Answer::Done => Ok(()),
            Answer::File(other) => Err(out_of_place(&other)),
        }
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
        let (from, to) = (from.to_string(), to.to_string());
        placed(&self.hands, room, FileRequest::Move(Move { room: RoomId(0), from, to, on_conflict })).await
    }

    /// Makes a folder, and those above it. The answer is where it stands.
    ///
    /// # Errors
    /// Refused with `PathTaken` or `WrongSort` if a file is there.
    pub async fn make_folder(&self, room: RoomKey, path: &RelPath) -> Result<String, ClientError> {
        make_folder(&self.hands, room, path).await
    }

    /// Has the server read a stored file anew; [`Checked::damaged_at`] says whether it is still what it was.
    ///
    /// # Errors
    /// Refused with `NoSuchFile`.
    pub async fn verify(&self, room: RoomKey, path: &RelPath) -> Result<Checked, ClientError> {
        let verify = Verify { room: RoomId(0), path: path.to_string() };
        match self.hands.file_question(room, FileRequest::Verify(verify)).await? {
            FileAnswer::Checked(checked) => Ok(checked),
            other => Err(out_of_place(&other)),
        }
    }
}

/// See [`Client::make_folder`].
pub(super) async fn make_folder(hands: &Hands, room: RoomKey, path: &RelPath) -> Result<String, ClientError> {
    placed(hands, room, FileRequest::MakeFolder(MakeFolder { room: RoomId(0), path: path.to_string() })).await
}

async fn placed(hands: &Hands, room: RoomKey, request: FileRequest) -> Result<String, ClientError> {
    match hands.file_question(room, request).await? {
        FileAnswer::Placed(placed) => Ok(placed.path),
        other => Err(out_of_place(&other)),
    }
}

/// See [`Client::list`].
pub(super) async fn list(
    hands: &Hands,
    room: RoomKey,
    path: Option<&RelPath>,
    recursive: bool,
) -> Result<Listing, ClientError> {
    let mut listing = Listing::default();
    let mut after = String::new();
    loop {
        let path = path.map(RelPath::to_string).unwrap_or_default();
        let list = List { room: RoomId(0), path, recursive, after };
        let page = match hands.file_question(room, FileRequest::List(list)).await? {
            FileAnswer::Entries(page) => page,
            other => return Err(out_of_place(&other)),
        };
        let last = page.entries.last().map(|entry| entry.path.clone());
        listing.entries.extend(page.entries);
        listing.unnamed = listing.unnamed.saturating_add(page.unnamed);
        match last {
            Some(last) if page.more && listing.entries.len() + LIST_ENTRIES_MAX <= LISTED_MAX => after = last,
            // A page that says there is more and brings nothing would be asked for again and again.
            None if page.more => return Err(Fault::OutOfPlace { kind: "Entries".to_owned() }.into()),
            _ => {
                listing.more = page.more;
                return Ok(listing);
            }
        }
    }
}
