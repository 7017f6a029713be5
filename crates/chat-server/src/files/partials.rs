//! The parts of files that are kept: how many, whose, and who may touch one.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use proto::{Code, Refusal};
use transfer::partial::{PartialFolder, PartialId};

use super::limits::{KEPT_MAX, KEPT_PER_PERSON_MAX, RETRY_AFTER_MS};
use super::{lock, person};

/// How long a part is waited for that somebody else touches.
const WAIT: Duration = Duration::from_secs(2);

/// The parts of files that are kept.
#[derive(Debug)]
pub(super) struct Partials {
    pub(super) folder: PartialFolder,
    kept: Mutex<HashMap<PartialId, Kept>>,
    /// Rung when an [`Entry`] is given up.
    given_up: Condvar,
}

#[derive(Debug, Clone)]
struct Kept {
    person: String,
    /// What it is a part of; `None` while nothing is on disk.
    of: Option<(u64, u64)>,
    touched: SystemTime,
    /// Whether somebody has its [`Entry`].
    is_taken: bool,
}

/// The right to touch one part, for one at a time: whoever resumes it, or the sweep.
#[derive(Debug)]
pub(super) struct Entry {
    partials: Arc<Partials>,
    id: PartialId,
    /// Size and time of what it is a part of, if it is on disk.
    pub(super) of: Option<(u64, u64)>,
}

impl Partials {
    /// Those that were kept when the server last stopped.
    pub(super) fn open(folder: PartialFolder) -> std::io::Result<Arc<Self>> {
        let kept = folder.list()?.into_iter().map(|listed| {
            let note = listed.note.as_ref();
            let of = Some(note.map_or((0, 0), |note| (note.size, note.modified_ms)));
            let person = note.map_or_else(String::new, |note| person(&note.by));
            (listed.id, Kept { person, of, touched: listed.modified, is_taken: false })
        });
        let kept = Mutex::new(kept.collect());
        Ok(Arc::new(Self { folder, kept, given_up: Condvar::new() }))
    }

    /// The right to touch part `id`, which need not be there yet. Whoever has it may be about to give it up, so it is
    /// waited for a little. Somebody's oldest part makes place for their newest.
    pub(super) fn enter(self: &Arc<Self>, id: PartialId, by: &str) -> Result<Entry, Refusal> {
        let by = person(by);
        let is_taken = |kept: &mut HashMap<_, Kept>| kept.get(&id).is_some_and(|kept| kept.is_taken);
        let waited = self.given_up.wait_timeout_while(lock(&self.kept), WAIT, is_taken);
        let (mut kept, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let of = match kept.get_mut(&id) {
            Some(kept) if kept.is_taken => return Err(busy()),
            Some(kept) => {
                kept.is_taken = true;
                kept.of
            }
            None => {
                let is_own = |kept: &Kept| kept.person == by;
                self.make_place(&mut kept, is_own, KEPT_PER_PERSON_MAX)?;
                self.make_place(&mut kept, |_| true, KEPT_MAX)?;
                let touched = SystemTime::now();
                kept.insert(id, Kept { person: by, of: None, touched, is_taken: true });
                None
            }
        };
        drop(kept);
        Ok(Entry { partials: Arc::clone(self), id, of })
    }

    /// Removes what nobody has touched for `age`.
    pub(super) fn sweep(self: &Arc<Self>, age: Duration) -> usize {
        let now = SystemTime::now();
        let is_old = |kept: &Kept| now.duration_since(kept.touched).is_ok_and(|since| since > age);
        let old: Vec<_> = {
            let mut kept = lock(&self.kept);
            let old = kept.iter_mut().filter(|(_, kept)| !kept.is_taken && is_old(kept));
            old.map(|(id, kept)| {
                kept.is_taken = true;
                Entry { partials: Arc::clone(self), id: *id, of: kept.of }
            })
            .collect()
        };
        let count = old.len();
        old.into_iter().for_each(Entry::remove);
        count
    }

    /// Removes the oldest that nobody touches, if there are `max` of such.
    fn make_place(
        &self,
        kept: &mut HashMap<PartialId, Kept>,
        counts: impl Fn(&Kept) -> bool,
        max: usize,
    ) -> Result<(), Refusal> {
        if kept.values().filter(|kept| counts(kept)).count() < max {
            return Ok(());
        }
        let free = kept.iter().filter(|(_, kept)| counts(kept) && !kept.is_taken);
        let Some(oldest) = free.min_by_key(|(_, kept)| kept.touched).map(|(id, _)| *id) else {
            let words = format!("{max} unfinished uploads are the most; let one end first");
            return Err(Refusal::new(Code::TooManyTransfers, words).with_limit("unfinished_uploads", max as u64));
        };
        kept.remove(&oldest);
        self.delete(&oldest);
        Ok(())
    }

    fn delete(&self, id: &PartialId) {
        if let Err(error) = self.folder.remove(id) {
            tracing::warn!(%error, "cannot remove a part of a file");
        }
    }
}

impl Entry {
    /// Notes what is on disk now.
    pub(super) fn is_of(&mut self, size: u64, modified_ms: u64) {
        self.of = Some((size, modified_ms));
    }

    /// Removes the part from the disk, and goes on as if it had never been.
    pub(super) fn clear(&mut self) {
        self.partials.delete(&self.id);
        self.of = None;
    }

    /// Notes that it has become a file, or is gone another way.
    pub(super) fn forget(&mut self) {
        self.of = None;
    }

    /// Removes it.
    pub(super) fn remove(mut self) {
        self.clear();
    }

    pub(super) fn folder(&self) -> &PartialFolder {
        &self.partials.folder
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut kept = lock(&self.partials.kept);
        match self.of {
            None => drop(kept.remove(&self.id)),
            Some(of) => {
                if let Some(kept) = kept.get_mut(&self.id) {
                    kept.of = Some(of);
                    kept.touched = SystemTime::now();
                    kept.is_taken = false;
                }
            }
        }
        drop(kept);
        self.partials.given_up.notify_all();
    }
}

fn busy() -> Refusal {
    Refusal::new(Code::Busy, "this upload is just being looked at for another connection; try again in a moment")
        .with_retry_after_ms(RETRY_AFTER_MS)
}
