//! Every hostile name through every verb: nothing leaves the tree, and nothing is made that was not asked for.

use proto::message::{
    Announce, Fetch, FetchMany, FileAnswer, FileRequest, List, MakeFolder, Move, OnConflict, Pack, PackOutcome,
    PackedFile, Remove, Verify,
};
use proto::{Code, RoomId, ServerMessage};

use crate::world::{Put, World, code, names_in, refused, root_of};

#[path = "../../../proto/tests/corpus/hostile.rs"]
mod corpus;

const ROOM: RoomId = RoomId(1);

/// Every request that takes one path.
fn verbs(path: &str) -> Vec<FileRequest> {
    let path = path.to_owned();
    let good = "good.txt".to_owned();
    let (room, on_conflict) = (ROOM, OnConflict::Rename);
    vec![
        FileRequest::List(List { room, path: path.clone(), recursive: true, after: String::new() }),
        FileRequest::Remove(Remove { room, path: path.clone(), recursive: true }),
        FileRequest::Move(Move { room, from: path.clone(), to: good.clone(), on_conflict }),
        FileRequest::Move(Move { room, from: good, to: path.clone(), on_conflict }),
        FileRequest::MakeFolder(MakeFolder { room, path: path.clone() }),
        FileRequest::Verify(Verify { room, path: path.clone() }),
        FileRequest::Announce(Announce { room, path, files: 1, bytes: 1 }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_is_refused_by_every_verb() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    ann.put(&Put::new("good.txt", b"good")).await.unwrap();
    for (path, rule) in corpus::rows() {
        // What is longer than a frame may be never comes so far; and an empty path lists the whole tree.
        if rule == "good" || path.len() > 40_000 {
            continue;
        }
        for verb in verbs(&path) {
            if path.is_empty() && matches!(verb, FileRequest::List(_)) {
                continue;
            }
            assert_eq!(refused(&ann.ask(verb.clone()).await), Some(Code::BadPath), "{verb:?}");
        }
        assert_eq!(code(ann.offer(&Put::new(&path, b"x")).await), Some(Code::BadPath), "{path:?}");
        let fetch = Fetch { room: ROOM, path: path.clone(), version: None, from: 0, credit: 9 };
        assert_eq!(code(ann.fetch_from(1, fetch).await), Some(Code::BadPath), "{path:?}");
        if path.len() <= 1024 {
            let file = PackedFile {
                code: None,
                path: path.clone(),
                modified_ms: 0,
                root: root_of(b"x"),
                bytes: bytes::Bytes::from_static(b"x"),
            };
            let pack = FileRequest::Pack(Pack { room: ROOM, on_conflict: OnConflict::Rename, files: vec![file] });
            let ServerMessage::File(FileAnswer::Packed(packed)) = ann.ask(pack).await else { panic!("{path:?}") };
            let outcome = &packed.outcomes[0];
            assert!(matches!(outcome, PackOutcome::Refused(refusal) if refusal.code == Code::BadPath), "{path:?}");
            let many = FileRequest::FetchMany(FetchMany { room: ROOM, paths: vec![path.clone()] });
            let ServerMessage::File(FileAnswer::Parcel(parcel)) = ann.ask(many).await else { panic!("{path:?}") };
            assert_eq!(parcel.files[0].code, Some(Code::BadPath), "{path:?}");
        }
    }
    assert_eq!(names_in(&world.stored("")), ["good.txt"]);
    assert_eq!(names_in(&world.dir.path().join("files/rooms")), ["lobby"]);
    assert_eq!(world.parts(), [""; 0]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_the_tree_leads_nowhere() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    ann.put(&Put::new("good.txt", b"good")).await.unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.txt"), b"secret").unwrap();
    std::os::unix::fs::symlink(outside.path(), world.stored("way")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.txt"), world.stored("link.txt")).unwrap();
    for path in ["way/secret.txt", "link.txt"] {
        assert!(matches!(code(ann.get(1, path).await), Some(Code::NoSuchFile | Code::WrongSort)), "{path}");
        for verb in verbs(path) {
            let answer = ann.ask(verb.clone()).await;
            let moves_in = matches!(&verb, FileRequest::Move(moved) if moved.from == "good.txt");
            assert!(refused(&answer).is_some() || moves_in, "{verb:?}: {answer:?}");
            if moves_in && refused(&answer).is_none() {
                ann.put(&Put { key: 2, ..Put::new("good.txt", b"good") }).await.unwrap();
            }
        }
    }
    let put = Put { key: 3, ..Put::new("way/new.txt", b"x") };
    assert!(ann.put(&put).await.is_err());
    assert_eq!(names_in(outside.path()), ["secret.txt"]);
    assert_eq!(std::fs::read(outside.path().join("secret.txt")).unwrap(), b"secret");
    let listed = ann.listed("").await;
    assert!(listed.iter().all(|entry| !["way", "link.txt"].contains(&entry.path.as_str())), "{listed:?}");
}
