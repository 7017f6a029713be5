//! Room for files: what is free, what is promised, and what each may have. Refused before bytes move, with the
//! numbers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat::TreeName;
use proto::{Code, Refusal};
use tokio::time::Instant;

use super::limits::FileLimits;
use super::lock;

/// What is used is counted anew before a refusal, if the last count is older than this.
const COUNT_EVERY: Duration = Duration::from_secs(2);

/// The room there is.
#[derive(Debug)]
pub(super) struct Space {
    root: PathBuf,
    limits: FileLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    promised: Sums,
    used: Sums,
    counted: Option<Instant>,
}

/// Bytes by whom and where.
#[derive(Debug, Default)]
pub(super) struct Sums {
    total: u64,
    people: HashMap<String, u64>,
    rooms: HashMap<TreeName, u64>,
}

/// Room that is promised to an upload; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Promise {
    space: Arc<Space>,
    person: String,
    room: TreeName,
    bytes: u64,
}

impl Sums {
    pub(super) fn add(&mut self, person: &str, room: &TreeName, bytes: u64) {
        self.total = self.total.saturating_add(bytes);
        let own = self.people.entry(person.to_owned()).or_default();
        *own = own.saturating_add(bytes);
        let here = self.rooms.entry(room.clone()).or_default();
        *here = here.saturating_add(bytes);
    }

    fn take(&mut self, person: &str, room: &TreeName, bytes: u64) {
        self.total = self.total.saturating_sub(bytes);
        if let Some(own) = self.people.get_mut(person) {
            *own = own.saturating_sub(bytes);
        }
        if let Some(here) = self.rooms.get_mut(room) {
            *here = here.saturating_sub(bytes);
        }
        self.people.retain(|_, bytes| *bytes > 0);
        self.rooms.retain(|_, bytes| *bytes > 0);
    }

    fn of(&self, person: &str, room: &TreeName) -> [u64; 3] {
        let of = |found: Option<&u64>| found.copied().unwrap_or(0);
        [self.total, of(self.rooms.get(room)), of(self.people.get(person))]
    }
}

impl Space {
    pub(super) fn new(root: &Path, limits: FileLimits) -> Arc<Self> {
        Arc::new(Self { root: root.to_owned(), limits, state: Mutex::default() })
    }

    /// Promises `bytes` to an upload, of which `there` are on the disk already. `count` counts what is used, where a
    /// quota needs it.
    pub(super) fn promise(
        self: &Arc<Self>,
        (person, room): (&str, &TreeName),
        (bytes, there): (u64, u64),
        count: impl Fn() -> Sums,
    ) -> Result<Promise, Refusal> {
        if bytes > self.limits.file_bytes {
            let words = format!("the file has {bytes} bytes, and {} are the most here", self.limits.file_bytes);
            return Err(Refusal::new(Code::FileTooLarge, words).with_limit("file_bytes", self.limits.file_bytes));
        }
        let mut state = lock(&self.state);
        if let Err(refusal) = self.check_quotas(&state, person, room, bytes) {
            if state.counted.is_some_and(|at| at.elapsed() < COUNT_EVERY) {
                return Err(refusal);
            }
            state.used = count();
            state.counted = Some(Instant::now());
            self.check_quotas(&state, person, room, bytes)?;
        }
        self.check_free(&state, person, (bytes, there))?;
        state.promised.add(person, room, bytes);
        Ok(Promise { space: Arc::clone(self), person: person.to_owned(), room: room.clone(), bytes })
    }

    /// Notes that a file is there now.
    pub(super) fn stored(&self, person: &str, room: &TreeName, bytes: u64) {
        if self.has_quotas() {
            lock(&self.state).used.add(person, room, bytes);
        }
    }

    /// Notes that something was taken away: what is used is counted anew before the next refusal.
    pub(super) fn removed(&self) {
        lock(&self.state).counted = None;
    }

    /// Whether there is a quota at all.
    pub(super) const fn has_quotas(&self) -> bool {
        self.limits.total_bytes != 0 || self.limits.room_bytes != 0 || self.limits.person_bytes != 0
    }

    /// Checks quotas, for a state that has been counted at least once.
    fn check_quotas(&self, state: &State, person: &str, room: &TreeName, bytes: u64) -> Result<(), Refusal> {
        if !self.has_quotas() {
            return Ok(());
        }
        if state.counted.is_none() {
            return Err(Refusal::new(Code::QuotaFull, "what is used has not been counted"));
        }
        let limits = [
            ("server_bytes", "all files", self.limits.total_bytes),
            ("room_bytes", "the files of this room", self.limits.room_bytes),
            ("person_bytes", "your files", self.limits.person_bytes),
        ];
        let (used, promised) = (state.used.of(person, room), state.promised.of(person, room));
        for ((name, what, max), held) in limits.into_iter().zip(used.iter().zip(promised)) {
            let held = held.0.saturating_add(held.1);
            if max != 0 && held.saturating_add(bytes) > max {
                let words = format!("{what} may have {max} bytes together; they have {held}, and this is {bytes} more");
                return Err(Refusal::new(Code::QuotaFull, words).with_limit(name, max));
            }
        }
        Ok(())
    }

    fn check_free(&self, state: &State, person: &str, (bytes, there): (u64, u64)) -> Result<(), Refusal> {
        let Some(free) = free_bytes(&self.root) else { return Ok(()) };
        let free = free.saturating_sub(self.limits.min_free_bytes);
        // What is there of a part that is resumed is gone from what is free.
        let missing = bytes.saturating_sub(there);
        if missing > free {
            let words = format!("the server's disk has room for {free} more bytes, and this is {missing}");
            return Err(Refusal::new(Code::NoSpace, words).with_limit("free_bytes", free));
        }
        // What one person has been promised is gone from what is free already. The first file may be of any size; many
        // at a time shall leave room for others.
        let own = state.promised.people.get(person).copied().unwrap_or(0);
        let half = free.saturating_add(own).saturating_add(there) / 2;
        if own > 0 && own.saturating_add(bytes) > half {
            let words = format!(
                "one person's unfinished files may have {half} bytes together, half of what is free; they have {own}, \
                 and this is {bytes} more"
            );
            return Err(Refusal::new(Code::NoSpace, words).with_limit("promised_bytes", half));
        }
        Ok(())
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        lock(&self.space.state).promised.take(&self.person, &self.room, self.bytes);
    }
}

/// Bytes that are free on the disk of `path`, for others than root.
#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).inspect_err(|error| tracing::warn!(%error, "cannot see what is free")).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: FileLimits = FileLimits {
        file_bytes: u64::MAX,
        min_free_bytes: 0,
        total_bytes: 0,
        room_bytes: 0,
        person_bytes: 0,
        upload_idle: Duration::from_secs(60),
        partial_age: Duration::from_secs(60),
    };

    #[cfg(unix)]
    #[test]
    fn what_is_there_of_a_part_needs_no_room_again() {
        let outside = tempfile::tempdir().unwrap();
        let (space, room) = (Space::new(outside.path(), LIMITS), TreeName::Room("lobby".parse().unwrap()));
        // Far more than is free; all of it is missing, or nearly nothing.
        let bytes = 1 << 60;
        let promise = |there| space.promise(("ann", &room), (bytes, there), Sums::default).map(drop);
        assert_eq!(promise(0).unwrap_err().code, Code::NoSpace);
        promise(bytes - 1).unwrap();
    }
}
