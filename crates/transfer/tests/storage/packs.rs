//! Packs: many small files stored at once.

use bytes::Bytes;
use proto::message::{OnConflict, PackOutcome, PackedFile};
use proto::{Code, Root};
use transfer::Found;
use transfer::pack::{Storing, store};

use crate::support::{Place, bytes, names, own, path};

fn packed(path: &str, bytes: &[u8]) -> PackedFile {
    let root = Root(blake3::hash(bytes).into());
    PackedFile {
        code: None,
        path: path.to_owned(),
        modified_ms: 1_700_000_000_123,
        root,
        bytes: Bytes::copy_from_slice(bytes),
    }
}

fn put(
    place: &Place,
    files: &[PackedFile],
    on_conflict: OnConflict,
    may_replace: &dyn Fn(&Found) -> bool,
) -> Vec<String> {
    let outcomes = store(&place.tree, &place.partials, files, &Storing { on_conflict, by: "mei", may_replace });
    let shown = outcomes.into_iter().map(|outcome| match outcome {
        PackOutcome::Stored => "stored".to_owned(),
        PackOutcome::Renamed(path) => path,
        PackOutcome::Same => "same".to_owned(),
        PackOutcome::Refused(refusal) => format!("{:?}", refusal.code),
    });
    shown.collect()
}

#[test]
fn each_file_of_a_pack_has_its_own_outcome() {
    let place = Place::new();
    place.fill("taken", b"old");
    place.put_by("ana", "hers", b"old", OnConflict::Fail).unwrap();
    place.tree.make_folder(&path("folder")).unwrap();
    let mut damaged = packed("damaged", b"x");
    damaged.root.0[5] ^= 1;
    let absent = PackedFile { code: Some(Code::NoSuchFile), ..packed("absent", b"") };
    let large = packed("large", &bytes(256 * 1024 + 1, 1));
    let files = [
        packed("a/b/new", b"1"),
        packed("taken", b"2"),
        packed("TAKEN", b"old"),
        packed("../out", b"3"),
        damaged,
        absent,
        large,
        packed("folder", b"4"),
        packed("taken/below", b"5"),
        packed("A/B/New", b"6"),
        packed("a/b/new", b"1"),
        packed("empty", b""),
        packed("hers", b"7"),
    ];
    let expected = [
        "stored",
        "taken (1)",
        "same",
        "BadPath",
        "Damaged",
        "NoSuchFile",
        "FileTooLarge",
        "folder (1)",
        "WrongSort",
        "a/b/New (1)",
        "same",
        "stored",
        "hers (1)",
    ];
    let receipts = place.keeps_receipts();
    assert_eq!(put(&place, &files, OnConflict::Rename, &own("mei")), expected);
    place.check_no_partials();
    assert_eq!(names(&place.path("a/b")), ["New (1)", "new"]);
    let found = place.tree.look(&path("a/b/new")).unwrap().unwrap();
    assert_eq!((found.size, found.modified_ms), (1, 1_700_000_000_123));
    // The same again changes nothing.
    let again = put(&place, &files[..3], OnConflict::Rename, &own("mei"));
    assert_eq!(again, ["same", "taken (2)", "same"]);
    if receipts {
        assert_eq!(found.receipt.unwrap().by, "mei");
        let replaced = put(&place, &[packed("taken", b"8"), packed("hers", b"9")], OnConflict::Replace, &own("mei"));
        assert_eq!(replaced, ["stored", "NotPermitted"]);
        assert_eq!(std::fs::read(place.path("taken")).unwrap(), b"8");
    }
    assert_eq!(put(&place, &files[..2], OnConflict::Fail, &own("mei")), ["PathTaken", "PathTaken"]);
    assert_eq!(put(&place, &[], OnConflict::Fail, &own("mei")), [""; 0]);
    place.check_no_partials();
    place.check_outside();
}

/// `cargo test --release -p transfer --test storage -- --ignored --nocapture ten_thousand`
#[test]
#[ignore = "measures"]
fn ten_thousand_small_files() {
    let place = Place::new();
    let content: Vec<_> = (0..10_000)
        .map(|number: u32| {
            let mut content = bytes(4096, 1);
            content[..4].copy_from_slice(&number.to_be_bytes());
            packed(&format!("tree/{}/{number}.bin", number / 400), &content)
        })
        .collect();
    for round in ["new", "same"] {
        let begun = std::time::Instant::now();
        let stored = content.chunks(250).flat_map(|files| put(&place, files, OnConflict::Rename, &own("mei")));
        let expected = if round == "new" { "stored" } else { "same" };
        assert!(stored.into_iter().all(|outcome| outcome == expected));
        println!("{round}: {:?}", begun.elapsed());
    }
}
