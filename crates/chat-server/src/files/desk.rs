//! What all sessions share of files: the trees, what is arriving, the parts that are kept, and the room there is.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, Weak};

use chat::{Deed, TreeName};
use proto::codec::Spares;
use proto::limits::BULK_BYTES_MAX;
use proto::{Code, FileVersion, Nick, Refusal, RoomId};
use tokio::sync::Notify;
use transfer::buffers::Buffers;
use transfer::credit::WindowBudget;
use transfer::lanes::Lanes;
use transfer::partial::{HashFolder, PartialFolder};

use super::arrival::Arrival;
use super::arrivals::Arrivals;
use super::limits::{FileLimits, READ_AHEAD_BYTES, SMALL_BYTES_MAX, WINDOWS_BYTES};
use super::line::Line;
use super::partials::Partials;
use super::session::SessionFiles;
use super::small::SmallBudget;
use super::space::{Space, Sums};
use super::trees::Trees;
use super::{lock, person};
use crate::hub_owner::{HubPort, ToHub, WeakHubPort};

/// What all sessions share of files.
#[derive(Debug)]
pub struct Desk {
    pub(super) limits: FileLimits,
    pub(super) trees: Trees,
    pub(super) arrivals: Arrivals,
    pub(super) partials: Arc<Partials>,
    pub(super) hashes: HashFolder,
    pub(super) space: Arc<Space>,
    pub(super) windows: Arc<WindowBudget>,
    pub(super) small_budget: SmallBudget,
    pub(super) line: Arc<Line>,
    pub(super) resumes: Arc<Line>,
    /// What all sessions read ahead into.
    buffers: Arc<Buffers>,
    /// What all sessions read from their connections into.
    read_buffers: Spares,
    hub: WeakHubPort,
    /// Those that time is to look at.
    pub(super) sessions: Mutex<Vec<Weak<SessionFiles>>>,
    /// Tells whoever watches that there is something to watch.
    pub(super) came: Notify,
}

impl Desk {
    /// The files under the data directory `root`, with those of the direct conversations there are. What happens to
    /// them is told to rooms by way of `hub`.
    ///
    /// # Errors
    /// What the disk says.
    pub fn open(root: &Path, limits: FileLimits, hub: &HubPort, directs: &HashSet<RoomId>) -> io::Result<Arc<Self>> {
        let root = root.join("files");
        Ok(Arc::new(Self {
            limits,
            trees: Trees::open(&root, directs)?,
            arrivals: Arrivals::default(),
            partials: Partials::open(PartialFolder::open(&root.join(".partial"))?)?,
            hashes: HashFolder::open(&root.join(".hashes"))?,
            space: Space::new(&root, limits),
            windows: WindowBudget::new(WINDOWS_BYTES),
            small_budget: SmallBudget::new(SMALL_BYTES_MAX),
            line: Arc::default(),
            resumes: Arc::default(),
            buffers: Buffers::new(READ_AHEAD_BYTES),
            read_buffers: Spares::default(),
            hub: hub.downgrade(),
            sessions: Mutex::default(),
            came: Notify::new(),
        }))
    }

    /// What connections read into.
    pub(crate) fn read_buffers(&self) -> Spares {
        self.read_buffers.clone()
    }

    /// A room is no more. If it was a direct conversation nobody can reach its files any more, so they go.
    pub(crate) fn forget(self: &Arc<Self>, room: RoomId) {
        let desk = Arc::clone(self);
        // Not by the hub itself, which must not wait while somebody opens a tree. The runtime joins it when it stops.
        drop(tokio::task::spawn_blocking(move || {
            let arriving = desk.arrivals.take_all_of(&TreeName::Direct(room));
            let folder = desk.trees.forget_direct(room);
            arriving.iter().for_each(|arrival| desk.throw_away(arrival));
            if let Some(Err(error)) = folder.map(std::fs::remove_dir_all) {
                tracing::warn!(%error, "cannot remove the files of a conversation that has ended");
            }
        }));
    }

    /// Tells a room of something. Waits while the hub is behind.
    pub(super) fn post(&self, room: RoomId, nick: Nick, deed: Deed) {
        if let Some(hub) = self.hub.upgrade() {
            hub.send_blocking(ToHub::Posted { room, nick, deed });
        }
    }

    /// Throws away what has come of a file.
    pub(super) fn throw_away(&self, arrival: &Arc<Arrival>) {
        self.arrivals.remove(arrival);
        arrival.progress.broken();
        if let Some(behind) = arrival.take_behind() {
            behind.throw_away();
        }
    }

    /// The same behind the caller's back, unless somebody goes on with it meanwhile.
    pub(super) fn throw_away_later(self: &Arc<Self>, arrival: &Arc<Arrival>) {
        let (desk, arrival) = (Arc::clone(self), Arc::clone(arrival));
        let work = move || {
            if let Some(behind) = arrival.take_behind_if_unwanted() {
                desk.arrivals.remove(&arrival);
                arrival.progress.broken();
                behind.throw_away();
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(work)),
            Err(_) => work(),
        }
    }

    /// Lets go of every file that is arriving; what has come is kept. For the end of the server.
    pub fn set_all_aside(&self) {
        for arrival in self.arrivals.all() {
            self.arrivals.remove(&arrival);
            if let Some(behind) = arrival.take_behind() {
                behind.set_aside();
            }
        }
    }

    /// Lanes for one connection.
    pub(super) fn lanes(&self) -> Lanes {
        Lanes::new(BULK_BYTES_MAX).reading_ahead_in(Arc::clone(&self.buffers))
    }

    /// Lets time look at a session's transfers.
    pub(super) fn watch(&self, files: &Arc<SessionFiles>) {
        let mut sessions = lock(&self.sessions);
        if sessions.len() == sessions.capacity() {
            // Time may not look at them for long.
            sessions.retain(|files| files.strong_count() > 0);
        }
        sessions.push(Arc::downgrade(files));
    }

    /// Names a new content.
    pub(super) fn new_version(&self) -> Result<FileVersion, Refusal> {
        let mut bytes = [0; 16];
        match getrandom::fill(&mut bytes) {
            Ok(()) => Ok(FileVersion(bytes)),
            Err(error) => {
                tracing::error!(%error, "no random bytes");
                Err(Refusal::new(Code::Busy, "the server has no random numbers; try later"))
            }
        }
    }

    /// Counts what is in all rooms, by whom and where.
    pub(super) fn count_used(&self) -> Sums {
        let mut sums = Sums::default();
        for room in self.trees.rooms().unwrap_or_default() {
            if let Err(refusal) = self.count_room(&room, &mut sums) {
                tracing::warn!(%refusal, ?room, "cannot count a room's files");
            }
        }
        sums
    }

    fn count_room(&self, room: &TreeName, sums: &mut Sums) -> Result<(), Refusal> {
        let Some(tree) = self.trees.tree_if_there(room)? else { return Ok(()) };
        let mut after = String::new();
        loop {
            let page = tree.list(None, true, &after, usize::MAX).map_err(|error| error.refusal())?;
            page.entries.iter().for_each(|entry| sums.add(&person(&entry.by), room, entry.size));
            match page.entries.last() {
                Some(last) if page.more => after.clone_from(&last.path),
                _ => return Ok(()),
            }
        }
    }
}
