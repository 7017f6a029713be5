//! A file is offered: refused before its bytes move, or resumed, or begun.

use std::sync::Arc;

use chat::{FileAsk, TreeName};
use proto::message::{Accepted, FileAnswer, Offer, OnConflict, Sort};
use proto::{Code, FileVersion, Refusal, RelPath, Root};
use transfer::group::RootBuilder;
use transfer::partial::{PartialId, PartialNote};
use transfer::sink::{Placement, refusal_of};
use transfer::tree::Found;

use super::accept::{Start, before};
use super::arrival::{Arrival, Begun, Behind};
use super::asking::Asking;
use super::desk::Desk;
use super::limits::RETRY_AFTER_MS;
use super::partials::Entry;
use super::slots::Beginning;
use super::space::Promise;
use super::upload::{committed, is_own};
use super::{person, tree_asks};

/// An offer on its way to its answer.
pub(super) struct Offered {
    pub(super) asking: Asking,
    pub(super) ask: FileAsk,
    pub(super) offer: Offer,
    pub(super) path: RelPath,
    id: PartialId,
}

/// Answers an offer.
pub(super) fn offer(asking: Asking, ask: FileAsk, offer: Offer) {
    let desk = Arc::clone(asking.files().desk());
    let looked = tree_asks::parse(&offer.path).and_then(|path| Ok((desk.look_before(&ask, &offer, &path)?, path)));
    let (found, path) = match looked {
        Ok(looked) => looked,
        Err(refusal) => return asking.refuse(refusal),
    };
    let id = part_id(&ask, &offer, &path);
    let offered = Offered { asking, ask, offer, path, id };
    match found {
        Some(found) => offered.accept_same(&found),
        None => offered.take_up(&desk),
    }
}

impl Desk {
    /// What can be refused before anything comes. If the same bytes are there already, what is there.
    fn look_before(&self, ask: &FileAsk, offer: &Offer, path: &RelPath) -> Result<Option<Found>, Refusal> {
        let Some(tree) = self.trees.tree_if_there(&ask.tree)? else { return Ok(None) };
        let Some(found) = tree.look(path).map_err(|error| error.refusal())? else { return Ok(None) };
        let taken = || Refusal::new(Code::PathTaken, format!("{} is there already", found.path));
        let root = found.receipt.as_ref().map(|receipt| receipt.root);
        let is_folder = found.sort == Sort::Folder;
        let may_be_same =
            !is_folder && found.size == offer.size && (root.is_none() || offer.root.is_none() || root == offer.root);
        match offer.on_conflict {
            OnConflict::Fail => Err(taken()),
            _ if may_be_same && root.is_some() && root == offer.root => Ok(Some(found)),
            OnConflict::Rename => Ok(None),
            OnConflict::Same if !may_be_same => Err(taken()),
            OnConflict::Replace if is_folder => {
                Err(Refusal::new(Code::WrongSort, format!("{} is a folder", found.path)))
            }
            OnConflict::Replace if !may_be_same && !is_own(&found, &ask.nick) => {
                Err(Refusal::new(Code::NotPermitted, format!("{} is not yours to replace", found.path)))
            }
            OnConflict::Same | OnConflict::Replace => Ok(None),
        }
    }

    /// Promises room for a file of `size` bytes, of which `there` are on the disk already.
    pub(super) fn promise(&self, ask: &FileAsk, size: u64, there: u64) -> Result<Promise, Refusal> {
        self.space.promise((&person(ask.nick.as_str()), &ask.tree), (size, there), || self.count_used())
    }
}

impl Offered {
    /// The same bytes are there: nothing is to be sent.
    fn accept_same(self, found: &Found) {
        let Some(receipt) = &found.receipt else { return };
        let (size, slot, files) = (self.offer.size, self.asking.slot(), Arc::clone(self.asking.files()));
        let (root, version) = (receipt.root, receipt.version);
        let prefix = Root([0; 32]);
        let answer = Accepted { version, from: size, prefix, restarted: false, credit: size };
        if self.asking.begin(FileAnswer::Accepted(answer), Beginning::Committing) {
            let placement = Placement { path: found.path.as_str().to_owned(), same: true, version };
            files.committed(slot, &committed(placement, size, root));
        }
    }

    /// Finds what there is of the file already, and goes on from there.
    fn take_up(self, desk: &Arc<Desk>) {
        let is_this = |size, modified_ms| (size, modified_ms) == (self.offer.size, self.offer.modified_ms);
        let mut restarted = false;
        if let Some(arrival) = desk.arrivals.find(&self.id) {
            if !self.offer.fresh && is_this(arrival.size, arrival.modified_ms) {
                return self.go_on(desk, &arrival);
            }
            desk.throw_away(&arrival);
            restarted = !self.offer.fresh;
        }
        let mut entry = match desk.partials.enter(self.id, self.ask.nick.as_str()) {
            Ok(entry) => entry,
            Err(refusal) => return self.asking.refuse(refusal),
        };
        match entry.of {
            Some((size, modified_ms)) if !self.offer.fresh && is_this(size, modified_ms) => self.resume_later(entry),
            Some(_) => {
                entry.clear();
                let restarted = !self.offer.fresh;
                self.begin_new(desk, entry, restarted);
            }
            None => self.begin_new(desk, entry, restarted),
        }
    }

    /// Goes on with a file whose sender has only just gone, or comes over another connection.
    fn go_on(self, desk: &Arc<Desk>, arrival: &Arc<Arrival>) {
        let Some((lease, from)) = arrival.lease(desk) else {
            let words = "this upload is just being put in its place; try again in a moment";
            return self.asking.refuse(Refusal::new(Code::Busy, words).with_retry_after_ms(RETRY_AFTER_MS));
        };
        match before(&*arrival.hashes, from, arrival.size) {
            Ok((hashes, prefix)) => self.accept(desk, lease, Start { from, hashes, prefix, restarted: false }),
            Err(error) => self.asking.refuse(refusal_of(&error)),
        }
    }

    /// Hashes anew what is on disk of the file, which may be long.
    fn resume_later(self, entry: Entry) {
        let Self { asking, ask, offer, path, id } = self;
        asking.resumed_later(move |asking| Self { asking, ask, offer, path, id }.resume(entry));
    }

    fn resume(self, mut entry: Entry) {
        let desk = Arc::clone(self.asking.files().desk());
        let resumed = match entry.folder().resume(&self.id) {
            Ok(Some(resumed)) => resumed,
            Ok(None) => {
                entry.clear();
                return self.begin_new(&desk, entry, false);
            }
            Err(error) => {
                tracing::warn!(%error, "cannot resume an upload");
                return self.asking.refuse(refusal_of(&error));
            }
        };
        let promised = desk.promise(&self.ask, self.offer.size, resumed.verified);
        let promised =
            promised.and_then(|promise| resumed.partial.reserve().map(|()| promise).map_err(|e| refusal_of(&e)));
        match promised {
            Ok(promise) => {
                let prefix = if resumed.verified == 0 { Root([0; 32]) } else { resumed.prefix };
                let start = Start { from: resumed.verified, hashes: resumed.hashes, prefix, restarted: false };
                self.begin(&desk, Behind { partial: resumed.partial, entry, promise }, resumed.note.version, start);
            }
            Err(refusal) => self.asking.refuse(refusal),
        }
    }

    /// Begins with nothing.
    fn begin_new(self, desk: &Arc<Desk>, mut entry: Entry, restarted: bool) {
        let size = self.offer.size;
        let promised = desk.promise(&self.ask, size, 0).and_then(|promise| Ok((promise, desk.new_version()?)));
        let (promise, version) = match promised {
            Ok(promised) => promised,
            Err(refusal) => return self.asking.refuse(refusal),
        };
        let note = PartialNote {
            version,
            size,
            modified_ms: self.offer.modified_ms,
            place: place(&self.ask, &self.path),
            by: self.ask.nick.as_str().to_owned(),
        };
        match entry.folder().create(&self.id, &note, size, true) {
            Ok(partial) => {
                entry.is_of(size, self.offer.modified_ms);
                let start = Start { from: 0, hashes: RootBuilder::new(), prefix: Root([0; 32]), restarted };
                self.begin(desk, Behind { partial, entry, promise }, version, start);
            }
            Err(error) => {
                tracing::warn!(%error, "cannot begin an upload");
                self.asking.refuse(refusal_of(&error));
            }
        }
    }

    /// Lets those who fetch see it, and accepts.
    fn begin(self, desk: &Arc<Desk>, behind: Behind, version: FileVersion, start: Start) {
        let begun = Begun {
            id: self.id,
            tree: self.ask.tree.clone(),
            path: self.path.clone(),
            version,
            size: self.offer.size,
            modified_ms: self.offer.modified_ms,
            by: self.ask.nick.as_str().to_owned(),
        };
        let arrival = Arrival::new(begun, start.from, behind);
        desk.arrivals.add(&arrival);
        if let Some((lease, _)) = arrival.lease(desk) {
            self.accept(desk, lease, start);
        }
    }
}

/// Whose part of what it is: only the same key to the same place finds it again.
fn part_id(ask: &FileAsk, offer: &Offer, path: &RelPath) -> PartialId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&offer.key.0);
    hasher.update(place(ask, path).as_bytes());
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    PartialId(id)
}

fn place(ask: &FileAsk, path: &RelPath) -> String {
    match &ask.tree {
        TreeName::Room(room) => format!("{room}/{path}"),
        TreeName::Direct(room) => format!("direct {room}/{path}"),
    }
}
