//! Transfers against a scripted server, over in-memory connections, with real files.

use std::fs;
use std::path::Path;

use proto::limits::GROUP_BYTES;
use proto::message::{
    Accepted, Committed, Entries, Fetch, Fetching, FileAnswer, FileRequest, Offer, OnConflict, Stop, TransferMessage,
};
use proto::{ClientMessage, Code, FileVersion, Refusal, Root, ServerMessage, Slot};
use transfer::group::{GroupHash, hash_all, prefix_hash};

use super::*;
use crate::client::Events;
use crate::error::ClientError;
use crate::fake::{Server, join, options, start, start_with_second};
use crate::options::{Options, Reconnect};

mod folder;
mod get;
mod hostile;
mod put;
mod second;

const GROUP: usize = 256 * 1024;

/// A client in a room, its folder, and the servers of its connections.
struct Stage<const N: usize> {
    folder: tempfile::TempDir,
    client: Client,
    room: RoomKey,
    servers: [Server; N],
    _events: Events,
}

async fn stage<const N: usize>() -> Stage<N> {
    stage_in(tempfile::tempdir().unwrap()).await
}

async fn stage_in<const N: usize>(folder: tempfile::TempDir) -> Stage<N> {
    let options = Options { state_folder: Some(folder.path().join("state")), ..options(Reconnect::BackOff) };
    let (client, mut events, mut servers) = start::<N>(options);
    servers[0].welcomes(false).await;
    events.online(|_, _| {}).await.unwrap();
    let room = join(&client, &mut servers[0]).await;
    Stage { folder, client, room, servers, _events: events }
}

/// Bytes that are not alike anywhere.
fn bytes(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    bytes
}

fn root(bytes: &[u8]) -> Root {
    Root(blake3::hash(bytes).into())
}

fn hashes(bytes: &[u8]) -> Vec<GroupHash> {
    let mut hashes = Vec::new();
    hash_all(bytes, bytes.len() as u64, &mut hashes).unwrap();
    hashes
}

fn path(path: &str) -> RelPath {
    path.parse().unwrap()
}

/// What is in a folder, but for what is the program's own state.
fn names(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(name).filter(|name| name != "state").collect();
    names.sort();
    names
}

const VERSION: FileVersion = FileVersion([5; 16]);

impl Server {
    async fn answers(&mut self, id: proto::RequestId, answer: FileAnswer) {
        self.says(id, ServerMessage::File(answer)).await;
    }

    async fn within(&mut self, slot: Slot, message: TransferMessage) {
        self.says(proto::RequestId(0), ServerMessage::Transfer(slot, message)).await;
    }

    /// Says that nothing is there, and takes the offer.
    async fn takes_offer(&mut self) -> (proto::RequestId, Slot, Offer) {
        loop {
            match self.hears().await {
                (id, ClientMessage::File(_, FileRequest::List(_))) => self.has_nothing(id).await,
                (id, ClientMessage::File(slot, FileRequest::Offer(offer))) => return (id, slot, offer),
                other => panic!("{other:?}"),
            }
        }
    }

    async fn has_nothing(&mut self, id: proto::RequestId) {
        self.says(id, ServerMessage::Refused(Refusal::new(Code::NoSuchFile, "nothing is there"))).await;
    }

    async fn accepts(&mut self, id: proto::RequestId, from: u64, prefix: Root) {
        let accepted = Accepted { version: VERSION, from, prefix, restarted: false, credit: from + 100_000 };
        self.answers(id, FileAnswer::Accepted(accepted)).await;
    }

    /// Takes the bytes of a file up to `upto`, or to its end, and grants what it takes. Checks every hash.
    async fn takes(&mut self, slot: Slot, taken: &mut Vec<u8>, upto: usize) -> Option<Root> {
        while taken.len() < upto {
            match self.hears().await.1 {
                ClientMessage::Transfer(which, TransferMessage::Chunk { offset, bytes }) if which == slot => {
                    assert_eq!(offset, taken.len() as u64);
                    taken.extend_from_slice(&bytes);
                    let limit = taken.len() as u64 + 100_000;
                    self.within(slot, TransferMessage::Credit { limit }).await;
                }
                ClientMessage::Transfer(_, TransferMessage::Hashes { first, hashes: said }) => {
                    let first = usize::try_from(first).unwrap();
                    for (at, said) in said.chunks(32).enumerate() {
                        let at = first + at;
                        assert!(taken.len() >= (at * GROUP + 1).min(upto));
                        assert_eq!(said.len(), 32);
                    }
                }
                ClientMessage::Transfer(_, TransferMessage::Finish { size, root }) => {
                    assert_eq!(size, taken.len() as u64);
                    return Some(root);
                }
                other => panic!("{other:?}"),
            }
        }
        None
    }

    async fn commits(&mut self, slot: Slot, path: &str, bytes: &[u8]) {
        let (size, root, version) = (bytes.len() as u64, root(bytes), VERSION);
        let committed = Committed { path: path.to_owned(), size, root, version, same: false };
        self.within(slot, TransferMessage::Committed(committed)).await;
    }

    /// Takes the fetch; says that it has no list of what is there.
    async fn takes_fetch(&mut self) -> (proto::RequestId, Slot, Fetch) {
        loop {
            match self.hears().await {
                (id, ClientMessage::File(_, FileRequest::List(_))) => self.has_nothing(id).await,
                (id, ClientMessage::File(slot, FileRequest::Fetch(fetch))) => return (id, slot, fetch),
                other => panic!("{other:?}"),
            }
        }
    }

    async fn begins(&mut self, id: proto::RequestId, size: usize) {
        let fetching =
            Fetching { version: VERSION, size: size as u64, modified_ms: 1_000_000, root: None, arriving: false };
        self.answers(id, FileAnswer::Fetching(fetching)).await;
    }

    async fn chunk(&mut self, slot: Slot, file: &[u8], from: usize, to: usize) {
        let (offset, bytes) = (from as u64, file[from..to].to_vec().into());
        self.within(slot, TransferMessage::Chunk { offset, bytes }).await;
    }

    /// Sends the hashes of the groups `first..end`.
    async fn hashes(&mut self, slot: Slot, file: &[u8], first: usize, end: usize) {
        let hashes: Vec<u8> = hashes(file)[first..end].iter().flat_map(|hash| hash.0).collect();
        self.within(slot, TransferMessage::Hashes { first: first as u64, hashes: hashes.into() }).await;
    }

    async fn finishes(&mut self, slot: Slot, file: &[u8]) {
        self.within(slot, TransferMessage::Finish { size: file.len() as u64, root: root(file) }).await;
    }

    /// The next thing in a transfer that is not credit.
    async fn hears_within(&mut self) -> (Slot, TransferMessage) {
        loop {
            match self.hears().await.1 {
                ClientMessage::Transfer(_, TransferMessage::Credit { .. }) => {}
                ClientMessage::Transfer(slot, message) => return (slot, message),
                other => panic!("{other:?}"),
            }
        }
    }
}
