//! Any message about files that can be: strategies for each type.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proto::file::{FileVersion, Root, Slot, TransferKey};
use proto::message::{
    Accepted, Announce, Attach, Attached, Checked, Committed, Entries, Fetch, FetchMany, Fetching, FileAnswer,
    FileEntry, FileRequest, List, MakeFolder, Move, Offer, OnConflict, Pack, PackOutcome, Packed, PackedFile, Parcel,
    Placed, Remove, Sort, StalledBy, Stop, Ticket, TransferMessage, Verify,
};
use proto::{ClientMessage, Code, ServerMessage, Token};

use crate::any::{number, number_32, refusal, room, string, wire_limits};

pub(crate) fn root() -> impl Strategy<Value = Root> {
    any::<[u8; 32]>().prop_map(Root)
}

fn version() -> impl Strategy<Value = FileVersion> {
    any::<[u8; 16]>().prop_map(FileVersion)
}

fn slot() -> impl Strategy<Value = Slot> {
    prop_oneof![Just(0), Just(1), any::<u16>()].prop_map(Slot)
}

fn on_conflict() -> impl Strategy<Value = OnConflict> {
    let all = [OnConflict::Rename, OnConflict::Fail, OnConflict::Replace, OnConflict::Same];
    proptest::sample::select(all.to_vec())
}

fn offer() -> impl Strategy<Value = Offer> {
    let file = (room(), string(), number(), number(), any::<[u8; 16]>());
    let wishes = (any::<bool>(), on_conflict(), option::of(root()), any::<bool>());
    (file, wishes).prop_map(|((room, path, size, modified_ms, key), (fresh, on_conflict, root, announce))| Offer {
        room,
        path,
        size,
        modified_ms,
        key: TransferKey(key),
        fresh,
        on_conflict,
        root,
        announce,
    })
}

fn fetch() -> impl Strategy<Value = Fetch> {
    let fields = (room(), string(), option::of(version()), number(), number());
    fields.prop_map(|(room, path, version, from, credit)| Fetch { room, path, version, from, credit })
}

/// Files as they stand in a pack: the path short, the bytes few.
fn packed_files() -> impl Strategy<Value = Vec<PackedFile>> {
    let code = option::of((1..=u16::MAX).prop_map(Code::from_number));
    let file = (code, "[a-z/é]{0,40}", number(), root(), vec(any::<u8>(), 0..60));
    let file = file.prop_map(|(code, path, modified_ms, root, bytes)| PackedFile {
        code,
        path,
        modified_ms,
        root,
        bytes: Bytes::from(bytes),
    });
    vec(file, 0..12)
}

fn request() -> impl Strategy<Value = FileRequest> {
    use FileRequest as R;
    let list = (room(), string(), any::<bool>(), string());
    let moves = (room(), string(), string(), on_conflict());
    let announce = (room(), string(), number_32(), number());
    prop_oneof![
        offer().prop_map(R::Offer),
        fetch().prop_map(R::Fetch),
        (room(), vec(string(), 0..20)).prop_map(|(room, paths)| R::FetchMany(FetchMany { room, paths })),
        (room(), on_conflict(), packed_files()).prop_map(|(room, on_conflict, files)| R::Pack(Pack {
            room,
            on_conflict,
            files
        })),
        list.prop_map(|(room, path, recursive, after)| R::List(List { room, path, recursive, after })),
        (room(), string(), any::<bool>()).prop_map(|(room, path, recursive)| R::Remove(Remove {
            room,
            path,
            recursive
        })),
        moves.prop_map(|(room, from, to, on_conflict)| R::Move(Move { room, from, to, on_conflict })),
        (room(), string()).prop_map(|(room, path)| R::MakeFolder(MakeFolder { room, path })),
        (room(), string()).prop_map(|(room, path)| R::Verify(Verify { room, path })),
        announce.prop_map(|(room, path, files, bytes)| R::Announce(Announce { room, path, files, bytes })),
    ]
}

/// What either side can say within a transfer.
fn within() -> impl Strategy<Value = TransferMessage> {
    use TransferMessage as M;
    let hashes = vec(any::<[u8; 32]>(), 1..5).prop_map(|hashes| Bytes::from(hashes.concat()));
    prop_oneof![
        number().prop_map(|limit| M::Credit { limit }),
        (number(), vec(any::<u8>(), 1..300)).prop_map(|(offset, bytes)| M::Chunk { offset, bytes: Bytes::from(bytes) }),
        (number(), hashes).prop_map(|(first, hashes)| M::Hashes { first, hashes }),
        (number(), root()).prop_map(|(size, root)| M::Finish { size, root }),
        number().prop_map(|from| M::Repair { from }),
        (refusal(), any::<bool>()).prop_map(|(refusal, keep)| M::Stop(Stop { refusal, keep })),
    ]
}

/// Anything a client can say about files.
pub(crate) fn client_message() -> impl Strategy<Value = ClientMessage> {
    use ClientMessage as M;
    let attach = (any::<u16>(), any::<[u8; 16]>());
    prop_oneof![
        6 => (slot(), request()).prop_map(|(slot, request)| M::File(slot, request)),
        4 => (slot(), within()).prop_map(|(slot, message)| M::Transfer(slot, message)),
        1 => slot().prop_map(|slot| M::Transfer(slot, TransferMessage::Taken)),
        1 => Just(M::AskTicket),
        1 => attach.prop_map(|(version, ticket)| M::Attach(Attach { magic: *b"VBTM", version, ticket: Token(ticket) })),
    ]
}

fn entry() -> impl Strategy<Value = FileEntry> {
    let sort = prop_oneof![Just(Sort::File), Just(Sort::Folder), number().prop_map(Sort::Arriving)];
    let fields = (string(), sort, number(), number(), option::of(root()), string());
    fields.prop_map(|(path, sort, size, modified_ms, root, by)| FileEntry { path, sort, size, modified_ms, root, by })
}

fn outcome() -> impl Strategy<Value = PackOutcome> {
    prop_oneof![
        Just(PackOutcome::Stored),
        string().prop_map(PackOutcome::Renamed),
        Just(PackOutcome::Same),
        refusal().prop_map(PackOutcome::Refused),
    ]
}

fn answer() -> impl Strategy<Value = FileAnswer> {
    use FileAnswer as A;
    let accepted = (version(), number(), root(), any::<bool>(), number())
        .prop_map(|(version, from, prefix, restarted, credit)| Accepted { version, from, prefix, restarted, credit });
    let fetching = (version(), number(), number(), option::of(root()), any::<bool>()).prop_map(
        |(version, size, modified_ms, root, arriving)| Fetching { version, size, modified_ms, root, arriving },
    );
    let checked = (number(), root(), option::of(root()), option::of(number()));
    let checked = checked.prop_map(|(size, root, expected, damaged_at)| Checked { size, root, expected, damaged_at });
    prop_oneof![
        accepted.prop_map(A::Accepted),
        fetching.prop_map(A::Fetching),
        (vec(entry(), 0..10), any::<bool>(), number_32()).prop_map(|(entries, more, unnamed)| A::Entries(Entries {
            entries,
            more,
            unnamed
        })),
        string().prop_map(|path| A::Placed(Placed { path })),
        checked.prop_map(A::Checked),
        (any::<[u8; 16]>(), number_32())
            .prop_map(|(ticket, good_ms)| A::Ticket(Ticket { ticket: Token(ticket), good_ms })),
        vec(outcome(), 0..10).prop_map(|outcomes| A::Packed(Packed { outcomes })),
        packed_files().prop_map(|files| A::Parcel(Parcel { files })),
        wire_limits().prop_map(|limits| A::Attached(Attached { limits })),
    ]
}

/// Anything a server can say about files.
pub(crate) fn server_message() -> impl Strategy<Value = ServerMessage> {
    use ServerMessage as M;
    let committed = (string(), number(), root(), version(), any::<bool>())
        .prop_map(|(path, size, root, version, same)| Committed { path, size, root, version, same });
    let own = prop_oneof![
        committed.prop_map(TransferMessage::Committed),
        Just(TransferMessage::Stalled(StalledBy::Sender)),
        Just(TransferMessage::Stalled(StalledBy::ServerDisk)),
    ];
    prop_oneof![
        6 => answer().prop_map(M::File),
        4 => (slot(), within()).prop_map(|(slot, message)| M::Transfer(slot, message)),
        2 => (slot(), own).prop_map(|(slot, message)| M::Transfer(slot, message)),
    ]
}
