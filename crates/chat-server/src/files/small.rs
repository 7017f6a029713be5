//! Small files, many at once: packs that come, parcels that go.

use std::collections::{HashMap, VecDeque};
use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use chat::FileAsk;
use proto::limits::PACK_FILE_BYTES_MAX;
use proto::message::{FetchMany, FileAnswer, Pack, PackOutcome, Packed, PackedFile, Parcel};
use proto::{Code, Frame, Refusal, RequestId, Root, ServerMessage};
use transfer::pack::Storing;
use transfer::tree::{Found, Tree};

use super::asking::Asking;
use super::desk::Desk;
use super::limits::{RETRY_AFTER_MS, SMALL_MAX};
use super::person;
use super::places::{Place, Places};
use super::session::too_many;
use super::tree_asks;
use super::upload::is_own;

/// The words of all refusals in one answer to a pack are at most this many bytes.
const WORDS_BYTES_MAX: usize = 16 * 1024;

/// The bytes of packs and parcels that may be in memory.
#[derive(Debug)]
pub(super) struct SmallBudget {
    bytes: usize,
    taken: Places,
}

/// One connection's packs and parcels.
#[derive(Debug, Default)]
pub(super) struct Small {
    in_flight: Places,
    /// Packs whose senders the hub is being asked about.
    packs: HashMap<RequestId, AsidePack>,
    /// Parcels to be written, each one frame.
    parcels: VecDeque<(Bytes, Option<InFlight>)>,
}

/// A pack and its places.
#[derive(Debug)]
pub(super) struct AsidePack {
    pack: Pack,
    _in_flight: InFlight,
}

/// One of a connection's packs and parcels in flight, and its bytes of the budget.
#[derive(Debug)]
pub(super) struct InFlight {
    _place: Place,
    bytes: Place,
}

impl InFlight {
    /// How many bytes it may have.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes.count()
    }
}

impl SmallBudget {
    pub(super) fn new(bytes: usize) -> Self {
        Self { bytes, taken: Places::default() }
    }

    fn take(&self, bytes: usize) -> Result<Place, Refusal> {
        self.taken.take(bytes, self.bytes).ok_or_else(|| {
            Refusal::new(Code::Busy, "too many small files are on their way; try again in a moment")
                .with_limit("small_files_bytes", self.bytes as u64)
                .with_retry_after_ms(RETRY_AFTER_MS)
        })
    }
}

impl Small {
    /// Takes a place for `bytes` in flight.
    pub(super) fn enter(&self, budget: &SmallBudget, bytes: usize) -> Result<InFlight, Refusal> {
        let place = self.in_flight.enter(SMALL_MAX).ok_or_else(|| too_many("packs_and_parcels", SMALL_MAX))?;
        Ok(InFlight { _place: place, bytes: budget.take(bytes)? })
    }

    /// Keeps a pack until the hub has been asked.
    pub(super) fn put_aside(&mut self, budget: &SmallBudget, id: RequestId, pack: Pack) -> Result<(), Refusal> {
        let bytes = pack.files.iter().map(|file| PackedFile::wire_bytes(file.path.len(), file.bytes.len())).sum();
        let in_flight = self.enter(budget, bytes)?;
        if self.packs.contains_key(&id) {
            return Err(Refusal::new(Code::BadFrame, "a pack with this request's id is on its way already"));
        }
        self.packs.insert(id, AsidePack { pack, _in_flight: in_flight });
        Ok(())
    }

    pub(super) fn take_pack(&mut self, id: RequestId) -> Option<AsidePack> {
        self.packs.remove(&id)
    }

    pub(super) fn add_parcel(&mut self, frame: &Frame, in_flight: Option<InFlight>) {
        let mut bytes = Vec::with_capacity(frame.wire_bytes());
        frame.write(&mut bytes);
        self.parcels.push_back((bytes.into(), in_flight));
    }

    /// The next parcel to be written.
    pub(super) fn next_parcel(&mut self) -> Option<Bytes> {
        self.parcels.pop_front().map(|(bytes, _)| bytes)
    }
}

/// Stores a pack.
pub(super) fn pack(asking: Asking, ask: &FileAsk) {
    let desk = Arc::clone(asking.files().desk());
    let Some(aside) = asking.files().take_pack(asking.request()) else {
        return asking.refuse(Refusal::new(Code::BadFrame, "there is no pack of this request"));
    };
    let bytes = aside.pack.files.iter().map(|file| file.bytes.len() as u64).sum();
    let promised = desk.promise(ask, bytes, 0);
    let packed = promised.and_then(|promise| {
        let tree = desk.trees.tree(&ask.tree)?;
        let outcomes = store(&desk, &tree, ask, &aside.pack);
        drop(promise);
        Ok(FileAnswer::Packed(Packed { outcomes }))
    });
    asking.answer_with(packed);
}

fn store(desk: &Desk, tree: &Tree, ask: &FileAsk, pack: &Pack) -> Vec<PackOutcome> {
    let by = ask.nick.as_str();
    let may_replace = |found: &Found| is_own(found, &ask.nick);
    let how = Storing { on_conflict: pack.on_conflict, by, may_replace: &may_replace };
    let mut outcomes = transfer::pack::store(tree, &desk.partials.folder, &pack.files, &how);
    let is_new = |outcome: &PackOutcome| matches!(outcome, PackOutcome::Stored | PackOutcome::Renamed(_));
    let new = pack.files.iter().zip(&outcomes).filter(|(_, outcome)| is_new(outcome));
    let bytes = new.map(|(file, _)| file.bytes.len() as u64).sum();
    desk.space.stored(&person(by), &ask.tree, bytes);
    cut_words(&mut outcomes);
    outcomes
}

/// Takes away the words of refusals if the answer would become too long with them; the codes say enough.
fn cut_words(outcomes: &mut [PackOutcome]) {
    let words =
        |outcome: &PackOutcome| if let PackOutcome::Refused(refusal) = outcome { refusal.words.len() } else { 0 };
    if outcomes.iter().map(words).sum::<usize>() > WORDS_BYTES_MAX {
        for outcome in outcomes {
            if let PackOutcome::Refused(refusal) = outcome {
                *refusal = Refusal::new(refusal.code, "");
            }
        }
    }
}

/// Sends many small files at once, as far as they fit into one frame.
pub(super) fn fetch_many(asking: Asking, ask: &FileAsk, wanted: &FetchMany) {
    let desk = Arc::clone(asking.files().desk());
    let tree = match desk.trees.tree_if_there(&ask.tree) {
        Ok(tree) => tree,
        Err(refusal) => return asking.refuse(refusal),
    };
    // What the paths take is taken first, so that each has its place whatever fits.
    let heads: usize = wanted.paths.iter().map(|path| PackedFile::wire_bytes(path.len(), 0)).sum();
    let mut room = asking.parcel_bytes().saturating_sub(2 + heads);
    let files = wanted
        .paths
        .iter()
        .map(|path| {
            let read = match &tree {
                Some(tree) => read_small(tree, path, room),
                None => Err(Code::NoSuchFile),
            };
            read.inspect(|file| room -= file.bytes.len()).unwrap_or_else(|code| absent(path, code))
        })
        .collect();
    let answer = ServerMessage::File(FileAnswer::Parcel(Parcel { files }));
    let frame = answer.to_frame(asking.request());
    asking.answer_in_lane(&frame);
}

fn absent(path: &str, code: Code) -> PackedFile {
    PackedFile { code: Some(code), path: path.to_owned(), modified_ms: 0, root: Root([0; 32]), bytes: Bytes::new() }
}

/// A small file, if it has room.
fn read_small(tree: &Tree, path: &str, room: usize) -> Result<PackedFile, Code> {
    let parsed = tree_asks::parse(path).map_err(|refusal| refusal.code)?;
    let (file, found) = tree.open_file(&parsed).map_err(|error| error.refusal().code)?;
    if found.size > PACK_FILE_BYTES_MAX {
        return Err(Code::FileTooLarge);
    }
    if found.size > room as u64 {
        return Err(Code::TooManyEntries);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.size).unwrap_or(0));
    file.take(found.size).read_to_end(&mut bytes).map_err(|_| Code::StorageFailed)?;
    // What was cut short meanwhile is another file than the one that was looked at.
    let known = found.receipt.filter(|_| bytes.len() as u64 == found.size);
    let root = known.map_or_else(|| Root(blake3::hash(&bytes).into()), |receipt| receipt.root);
    Ok(PackedFile { code: None, path: path.to_owned(), modified_ms: found.modified_ms, root, bytes: bytes.into() })
}
