//! An offer is accepted: the answer, and where its bytes will go.

use std::io;
use std::sync::Arc;

use chat::Deed;
use proto::limits::GROUP_BYTES;
use proto::message::{Accepted, FileAnswer};
use proto::{Code, Refusal, Root};
use tokio::time::Instant;
use transfer::credit::{WINDOW_BYTES_INITIAL, WINDOW_BYTES_MAX, Window};
use transfer::group::{GroupHash, HashList, PrefixHasher, RootBuilder, groups_of};
use transfer::sink::Sink;

use super::arrival::Lease;
use super::asking::Asking;
use super::desk::Desk;
use super::limits::SENDING_BYTES_MIN;
use super::offer::Offered;
use super::slots::{Beginning, Stall, Upload as Uploading};
use super::upload::{Upload, Wish, committed};

/// Hashes read at once: a page of 128 KiB.
const HASHES_AT_ONCE: usize = 4096;

/// How far an upload is when it begins.
pub(super) struct Start {
    pub(super) from: u64,
    pub(super) hashes: RootBuilder,
    pub(super) prefix: Root,
    pub(super) restarted: bool,
}

impl Offered {
    pub(super) fn accept(self, desk: &Arc<Desk>, lease: Lease, start: Start) {
        let Self { asking, ask, offer, path, .. } = self;
        let wish = Wish { room: ask.room, nick: ask.nick, on_conflict: offer.on_conflict, announce: offer.announce };
        let Start { from, hashes, prefix, restarted } = start;
        let (size, version) = (offer.size, lease.arrival.version);
        let answer = Accepted { version, from, prefix, restarted, credit: size };
        if from == size {
            return commit_at_once(asking, desk, &lease, &wish, answer, hashes.finish());
        }
        let is_told = wish.announce && size >= SENDING_BYTES_MIN && from == 0;
        let told = is_told.then(|| (wish.room, wish.nick.clone()));
        let upload = uploading(&asking, desk, lease, wish, (size, from, hashes));
        let answer = Accepted { credit: upload.sink.limit(), ..answer };
        let (files, slot, turn) = (Arc::downgrade(asking.files()), asking.slot(), upload.turn);
        upload.lease.when_taken(move || {
            if let Some(files) = files.upgrade() {
                files.stop_upload(slot, turn, Refusal::new(Code::Stopped, "the upload goes on elsewhere"));
            }
        });
        if asking.begin(FileAnswer::Accepted(answer), Beginning::Upload(Box::new(upload)))
            && let Some((room, nick)) = told
        {
            desk.post(room, nick, Deed::Sending { path: path.as_str().to_owned(), size });
        }
    }
}

/// Everything is there: it only has to be put in its place.
fn commit_at_once(asking: Asking, desk: &Desk, lease: &Lease, wish: &Wish, answer: Accepted, root: Root) {
    let (files, slot, size) = (Arc::clone(asking.files()), asking.slot(), answer.from);
    if asking.begin(FileAnswer::Accepted(answer), Beginning::Committing) {
        match desk.commit(lease, wish, root) {
            Ok(placement) => files.committed(slot, &committed(placement, size, root)),
            Err(refusal) => files.stop(slot, refusal),
        }
    }
}

fn uploading(
    asking: &Asking,
    desk: &Desk,
    lease: Lease,
    wish: Wish,
    (size, from, hashes): (u64, u64, RootBuilder),
) -> Uploading {
    let (slot, turn, lease) = (asking.slot(), asking.files().next_turn(), Arc::new(lease));
    let files = Arc::downgrade(asking.files());
    let signal = move |signal| {
        if let Some(files) = files.upgrade() {
            files.signal(slot, turn, signal);
        }
    };
    let window = Window::new(WINDOW_BYTES_INITIAL, WINDOW_BYTES_MAX, Some(Arc::clone(&desk.windows)));
    let window = if asking.files().is_attached() { window } else { window.beside_chat() };
    let target = Box::new(Upload { lease: Arc::clone(&lease), wish });
    let sink = Sink::new(size, from, hashes, window, target, Box::new(signal));
    Uploading { sink, lease, turn, mark: (0, Instant::now()), stall: Stall::default() }
}

/// The groups before `from`, and the hash of their hashes.
pub(super) fn before(hashes: &dyn HashList, from: u64, size: u64) -> io::Result<(RootBuilder, Root)> {
    let groups = if from == size { groups_of(size) } else { from / GROUP_BYTES };
    let (mut root, mut prefix) = (RootBuilder::new(), PrefixHasher::new());
    let mut page: Vec<GroupHash> = Vec::new();
    while root.groups() < groups {
        page.clear();
        let wanted = usize::try_from(groups - root.groups()).unwrap_or(HASHES_AT_ONCE).min(HASHES_AT_ONCE);
        hashes.read(root.groups(), wanted, &mut page)?;
        if page.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for hash in &page {
            root.push(*hash);
            prefix.push(hash);
        }
    }
    let prefix = if groups == 0 { Root([0; 32]) } else { prefix.finish() };
    Ok((root, prefix))
}
