//! Packs and parcels.

use bytes::Bytes;
use chat_server::files::FileLimits;
use proto::message::{FetchMany, FileAnswer, FileRequest, OnConflict, Pack, PackOutcome, PackedFile, Parcel};
use proto::{ClientMessage, Code, RoomId, ServerMessage, Slot};

use crate::world::{Client, FILES, Put, World, noise, refused, root_of};

fn packed(path: &str, bytes: &[u8]) -> PackedFile {
    let (root, bytes) = (root_of(bytes), Bytes::copy_from_slice(bytes));
    PackedFile { code: None, path: path.into(), modified_ms: 1_700_000_000_000, root, bytes }
}

fn pack(files: Vec<PackedFile>, on_conflict: OnConflict) -> FileRequest {
    FileRequest::Pack(Pack { room: RoomId(1), on_conflict, files })
}

async fn outcomes(client: &mut Client, request: FileRequest) -> Vec<PackOutcome> {
    match client.ask(request).await {
        ServerMessage::File(FileAnswer::Packed(packed)) => packed.outcomes,
        other => panic!("{other:?}"),
    }
}

async fn parcel(client: &mut Client, paths: &[&str]) -> Parcel {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    match client.ask(FileRequest::FetchMany(FetchMany { room: RoomId(1), paths })).await {
        ServerMessage::File(FileAnswer::Parcel(parcel)) => parcel,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_files_go_and_come_at_once() {
    let mut world = World::new();
    let (mut ann, mut bob) = (world.member("ann").await, world.member("bob").await);
    let files: Vec<_> = (0..200).map(|at| packed(&format!("d/{at}.txt"), &noise(at * 7, at as u64))).collect();
    let stored = outcomes(&mut ann, pack(files.clone(), OnConflict::Rename)).await;
    assert!(stored.iter().all(|outcome| *outcome == PackOutcome::Stored), "{stored:?}");
    let again = outcomes(&mut bob, pack(files.clone(), OnConflict::Rename)).await;
    assert!(again.iter().all(|outcome| *outcome == PackOutcome::Same), "{again:?}");
    let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
    let came = parcel(&mut bob, &paths).await;
    assert!(came.files == files);
    assert_eq!(bob.listed("").await.len(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_of_a_pack_has_its_own_outcome() {
    let mut world = World::new();
    let (mut ann, mut bob) = (world.member("ann").await, world.member("bob").await);
    ann.put(&Put::new("taken.txt", b"ann's")).await.unwrap();
    let damaged = PackedFile { root: root_of(b"another"), ..packed("damaged.txt", b"one") };
    let files = vec![packed("new.txt", b"new"), packed("taken.txt", b"bob's"), damaged, packed("a/../b", b"x")];
    let rows = [
        (OnConflict::Rename, PackOutcome::Renamed("taken (1).txt".into())),
        (OnConflict::Fail, PackOutcome::Refused(proto::Refusal::new(Code::PathTaken, ""))),
        (OnConflict::Replace, PackOutcome::Refused(proto::Refusal::new(Code::NotPermitted, ""))),
    ];
    for (on_conflict, expected) in rows {
        let outcomes = outcomes(&mut bob, pack(files.clone(), on_conflict)).await;
        let code = |outcome: &PackOutcome| match outcome {
            PackOutcome::Refused(refusal) => Some(refusal.code),
            _ => None,
        };
        assert_eq!(code(&outcomes[1]), code(&expected), "{on_conflict:?}");
        if code(&expected).is_none() {
            assert_eq!(outcomes[1], expected);
        }
        assert_eq!(code(&outcomes[2]), Some(Code::Damaged));
        assert_eq!(code(&outcomes[3]), Some(Code::BadPath));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_says_of_each_file_why_it_is_not_there() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let big = noise(300_000, 1);
    ann.put(&Put::new("big.bin", &big)).await.unwrap();
    for at in 0..5_u8 {
        let path = format!("{at}.bin");
        ann.put(&Put { key: at + 2, ..Put::new(&path, &big[..250_000]) }).await.unwrap();
    }
    let paths = ["big.bin", "none.txt", "../x", "0.bin", "1.bin", "2.bin", "3.bin", "4.bin"];
    let came: Vec<_> = parcel(&mut ann, &paths).await.files.iter().map(|file| file.code).collect();
    let too_many = Some(Code::TooManyEntries);
    let [large, none, bad] = [Code::FileTooLarge, Code::NoSuchFile, Code::BadPath].map(Some);
    assert_eq!(came, [large, none, bad, None, None, None, None, too_many]);
}

#[tokio::test(flavor = "multi_thread")]
async fn packs_without_room_are_refused_as_a_whole() {
    let mut world = World::within(FileLimits { room_bytes: 1000, ..FILES });
    let mut ann = world.member("ann").await;
    let files = vec![packed("one", &noise(600, 1)), packed("two", &noise(600, 2))];
    assert_eq!(refused(&ann.ask(pack(files, OnConflict::Rename)).await), Some(Code::QuotaFull));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_packs_are_on_their_way() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let mut eve = world.connect();
    eve.hello("eve").await;
    // Refused packs give their place back, over and over.
    for _ in 0..20 {
        let refusal = eve.ask(pack(vec![packed("x", b"x")], OnConflict::Rename)).await;
        assert_eq!(refused(&refusal), Some(Code::NotInRoom));
    }
    let mut ids = Vec::new();
    for at in 0..40 {
        let files = (0..100).map(|n| packed(&format!("{at}/{n}"), &noise(5_000, at * 1000 + n))).collect();
        ids.push(ann.send(ClientMessage::File(Slot(0), pack(files, OnConflict::Rename))).await);
    }
    let mut taken = 0;
    for id in ids {
        match ann.answer_to(id).await {
            ServerMessage::File(FileAnswer::Packed(_)) => taken += 1,
            ServerMessage::Refused(refusal) => assert_eq!(refusal.code, Code::TooManyTransfers),
            other => panic!("{other:?}"),
        }
    }
    assert!((4..=40).contains(&taken), "{taken}");
    let more = outcomes(&mut ann, pack(vec![packed("y", b"y")], OnConflict::Rename)).await;
    assert_eq!(more, [PackOutcome::Stored]);
}
