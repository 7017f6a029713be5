//! Partials: what is found again, what damage costs, who may remove what.

use std::io;
use std::path::PathBuf;

use proptest::prelude::*;
use proto::limits::GROUP_BYTES;
use transfer::group::prefix_hash;
use transfer::partial::{HashFolder, PartialFolder, PartialId};

use crate::support::{Place, bytes, hashes_of, names, next_id, note, path, whole};

const GROUP: usize = 256 * 1024;

fn index(at: u64) -> usize {
    at.try_into().unwrap()
}

fn file(place: &Place, id: &PartialId, extension: &str) -> PathBuf {
    place.outside.path().join(format!("partials/.verbatim-{id}.{extension}"))
}

/// Flips one bit.
fn damage(file: &PathBuf, at: u64) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[index(at)] ^= 4;
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn what_is_found_again_is_the_verified_beginning() {
    let place = Place::new();
    let content = bytes(3 * GROUP + 1000, 1);
    let (hashes, root) = hashes_of(&content);
    let id = next_id();
    let mut partial =
        place.partials.create(&id, &note(content.len() as u64, "mei"), content.len() as u64, true).unwrap();
    partial.write_at(0, &content[..2 * GROUP + 77]).unwrap();
    assert_eq!(partial.verified(GROUP_BYTES, &hashes[..2]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    partial.verified(GROUP_BYTES, &hashes[..1]).unwrap();
    partial.verified(2 * GROUP_BYTES, &hashes[1..2]).unwrap();
    assert_eq!(partial.write_at(content.len() as u64, b"x").unwrap_err().kind(), io::ErrorKind::InvalidInput);
    assert_eq!(place.partials.resume(&id).unwrap_err().kind(), io::ErrorKind::ResourceBusy);
    assert_eq!(place.partials.create(&id, partial.note(), 5, false).unwrap_err().kind(), io::ErrorKind::ResourceBusy);
    assert!(!place.partials.remove(&id).unwrap());
    drop(partial);

    let resumed = place.partials.resume(&id).unwrap().unwrap();
    assert_eq!(resumed.note, note(content.len() as u64, "mei"));
    assert_eq!((resumed.verified, resumed.hashes.groups()), (2 * GROUP_BYTES, 2));
    assert_eq!(resumed.prefix, prefix_hash(hashes[..2].iter()));
    let mut partial = resumed.partial;
    let (live, mut read) = (partial.hashes(), Vec::new());
    partial.write_at(2 * GROUP_BYTES, &content[2 * GROUP..]).unwrap();
    partial.verified(content.len() as u64, &hashes[2..]).unwrap();
    live.read(1, 9, &mut read).unwrap();
    assert_eq!(read, hashes[1..]);
    let mut builder = resumed.hashes;
    builder.extend(hashes[2..].iter().copied());
    assert_eq!(builder.finish(), root);

    let placed = place.tree.place(partial.into_ready(root).unwrap(), &path("a"), Default::default(), &|_| false);
    let placed = placed.unwrap();
    assert_eq!(std::fs::read(place.path("a")).unwrap(), content);
    let lists = HashFolder::open(&place.outside.path().join("partials/hashes")).unwrap();
    placed.journal.unwrap().keep_in(&lists, placed.version).unwrap();
    assert_eq!(names(&place.outside.path().join("partials")), ["hashes"]);
    let list = lists.find(placed.version, content.len() as u64, root).unwrap().unwrap();
    read.clear();
    list.read(0, 100, &mut read).unwrap();
    assert_eq!(read, hashes);
    let stored = place.outside.path().join("partials/hashes").join("03".repeat(16));
    damage(&stored, std::fs::metadata(&stored).unwrap().len() - 40);
    assert!(lists.find(placed.version, content.len() as u64, root).unwrap().is_none());
    assert!(lists.find(placed.version, content.len() as u64, root).unwrap().is_none());
}

#[test]
fn a_partial_that_is_whole_is_found_whole() {
    let place = Place::new();
    for size in [0, 1, GROUP - 1, GROUP, GROUP + 1, 2 * GROUP] {
        let id = next_id();
        let content = bytes(size, 9);
        drop(whole(&place.partials, &id, &content, "mei"));
        let resumed = place.partials.resume(&id).unwrap().unwrap();
        assert_eq!(resumed.verified, size as u64);
        let root = resumed.hashes.finish();
        assert_eq!(root, hashes_of(&content).1);
        place
            .tree
            .place(resumed.partial.into_ready(root).unwrap(), &path("x"), Default::default(), &|_| false)
            .unwrap();
    }
    place.check_no_partials();
}

#[test]
fn damage_costs_only_the_groups_from_there_on() {
    let content = bytes(4 * GROUP, 2);
    let header = {
        let place = Place::new();
        let id = next_id();
        drop(whole(&place.partials, &id, &content, "mei"));
        std::fs::metadata(file(&place, &id, "log")).unwrap().len() - 4 * 32
    };
    let group = GROUP_BYTES;
    let rows: &[(&str, u64, Option<u64>)] = &[
        ("part", 0, Some(0)),
        ("part", group - 1, Some(0)),
        ("part", group, Some(1)),
        ("part", 4 * group - 1, Some(3)),
        ("log", header, Some(0)),
        ("log", header + 32, Some(1)),
        ("log", header + 4 * 32 - 1, Some(3)),
        ("log", 0, None),
        ("log", 8, None),
        ("log", 24, None),
        ("log", 40, None),
        ("log", 48, None),
        ("log", 56, None),
        ("log", 58, None),
        ("log", 61, None),
        ("log", header - 1, None),
    ];
    for (extension, at, expected) in rows {
        let place = Place::new();
        let id = next_id();
        drop(whole(&place.partials, &id, &content, "mei"));
        damage(&file(&place, &id, extension), *at);
        let resumed = place.partials.resume(&id).unwrap();
        assert_eq!(resumed.map(|resumed| resumed.verified), expected.map(|groups| groups * group), "{extension} {at}");
    }
}

#[test]
fn what_was_cut_off_costs_only_what_was_cut_off() {
    let content = bytes(4 * GROUP, 2);
    let rows: &[(&str, i64, Option<u64>)] = &[
        ("part", -1, Some(3)),
        ("part", -(GROUP as i64), Some(3)),
        ("part", -(GROUP as i64) - 1, Some(2)),
        ("part", -4 * GROUP as i64, Some(0)),
        ("log", -1, Some(3)),
        ("log", -32, Some(3)),
        ("log", -33, Some(2)),
        ("log", -4 * 32, Some(0)),
        ("log", -4 * 32 - 1, None),
    ];
    for (extension, by, expected) in rows {
        let place = Place::new();
        let id = next_id();
        drop(whole(&place.partials, &id, &content, "mei"));
        let cut = std::fs::File::options().write(true).open(file(&place, &id, extension)).unwrap();
        cut.set_len(cut.metadata().unwrap().len().checked_add_signed(*by).unwrap()).unwrap();
        let resumed = place.partials.resume(&id).unwrap();
        assert_eq!(resumed.map(|resumed| resumed.verified), expected.map(|groups| groups * GROUP_BYTES), "{by}");
    }
}

#[test]
fn half_a_partial_is_none_and_is_cleared_away() {
    for gone in ["part", "log"] {
        let place = Place::new();
        let id = next_id();
        drop(whole(&place.partials, &id, &bytes(GROUP, 2), "mei"));
        std::fs::remove_file(file(&place, &id, gone)).unwrap();
        assert!(place.partials.resume(&id).unwrap().is_none(), "{gone}");
        drop(PartialFolder::open(file(&place, &id, "part").parent().unwrap()).unwrap());
        for left in ["part", "log"] {
            assert!(!file(&place, &id, left).exists(), "{left} is left without {gone}");
        }
    }
}

#[test]
fn room_is_reserved_and_given_back() {
    let place = Place::new();
    let (size, id) = (64 * GROUP_BYTES, next_id());
    let mut partial = place.partials.create(&id, &note(size, "mei"), size, true).unwrap();
    let used = || place.partials.list().unwrap()[0].bytes;
    let reserves = used() >= size;
    assert!(reserves || cfg!(not(target_os = "linux")));
    let content = bytes(2 * GROUP, 1);
    partial.write_at(0, &content).unwrap();
    partial.write_at(3 * GROUP_BYTES, &content).unwrap();
    partial.verified(2 * GROUP_BYTES, &hashes_of(&bytes(64 * GROUP, 1)).0[..2]).unwrap();
    partial.set_aside().unwrap();
    assert!(used() < 3 * GROUP_BYTES, "{}", used());
    let kept = place.partials.list().unwrap().remove(0);
    assert_eq!((kept.id, kept.note.unwrap().by.as_str()), (id, "mei"));
    let resumed = place.partials.resume(&id).unwrap().unwrap();
    assert_eq!(resumed.verified, 2 * GROUP_BYTES);
    resumed.partial.reserve().unwrap();
    assert!(!reserves || used() >= size);
    drop(resumed);
    assert!(place.partials.remove(&id).unwrap());
    assert!(place.partials.remove(&id).unwrap());
    place.check_no_partials();
}

#[test]
fn who_reads_a_part_keeps_nobody_from_going_on_with_it_or_removing_it() {
    let place = Place::new();
    let (size, content) = (4 * GROUP_BYTES, bytes(4 * GROUP, 1));
    let (hashes, _) = hashes_of(&content);
    let id = next_id();
    let mut partial = place.partials.create(&id, &note(size, "mei"), size, false).unwrap();
    partial.write_at(0, &content[..GROUP]).unwrap();
    partial.verified(GROUP_BYTES, &hashes[..1]).unwrap();
    let reading = (partial.data(), partial.hashes());
    partial.set_aside().unwrap();
    let resumed = place.partials.resume(&id).unwrap().unwrap();
    assert_eq!(resumed.verified, GROUP_BYTES);
    assert!(!place.partials.remove(&id).unwrap(), "it is in use");
    let still_reading = resumed.partial.hashes();
    drop(resumed);
    assert!(place.partials.remove(&id).unwrap());
    drop((reading, still_reading));
    place.check_no_partials();
}

#[test]
fn more_than_the_disk_has_is_refused_and_leaves_nothing() {
    let place = Place::new();
    let size = 1 << 45;
    match place.partials.create(&next_id(), &note(size, "mei"), size, true) {
        Err(error) => {
            assert!(matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge), "{error:?}");
            place.check_no_partials();
        }
        Ok(partial) => partial.discard().unwrap(),
    }
    place.check_no_partials();
}

#[test]
fn a_sweep_and_a_resume_do_not_meet() {
    let place = Place::new();
    let content = bytes(2 * GROUP, 5);
    let id = next_id();
    let partials = &place.partials;
    std::thread::scope(|scope| {
        let resumer = scope.spawn(|| {
            let mut whole_again = 0;
            for _ in 0..300 {
                match partials.resume(&id) {
                    Ok(Some(resumed)) => {
                        // While it is held nobody takes it away.
                        assert_eq!(resumed.verified, content.len() as u64);
                        assert_eq!(names(&place.outside.path().join("partials")).len(), 2);
                        whole_again += 1;
                    }
                    Ok(None) => {
                        match partials.create(&id, &note(content.len() as u64, "mei"), content.len() as u64, false) {
                            Ok(mut partial) => {
                                partial.write_at(0, &content).unwrap();
                                partial.verified(content.len() as u64, &hashes_of(&content).0).unwrap();
                            }
                            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ResourceBusy),
                        }
                    }
                    Err(error) => assert_eq!(error.kind(), io::ErrorKind::ResourceBusy),
                }
            }
            whole_again
        });
        scope.spawn(|| (0..300).for_each(|_| assert!(matches!(partials.remove(&id), Ok(true | false)))));
        resumer.join().unwrap();
    });
}

#[test]
fn opening_clears_what_was_left_but_keeps_partials() {
    let place = Place::new();
    let id = next_id();
    drop(whole(&place.partials, &id, b"abc", "mei"));
    let folder = place.outside.path().join("partials");
    std::fs::write(folder.join(".verbatim-0123.tmp"), b"x").unwrap();
    std::fs::write(folder.join("other"), b"x").unwrap();
    PartialFolder::open(&folder).unwrap();
    assert_eq!(names(&folder), [&format!(".verbatim-{id}.log"), &format!(".verbatim-{id}.part"), "other"]);
    assert_eq!(place.partials.list().unwrap().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_is_damaged_what_is_found_is_right(
        size in 0..5 * GROUP,
        verified in 0..6_usize,
        flips in proptest::collection::vec((any::<bool>(), any::<proptest::sample::Index>()), 0..3),
    ) {
        let place = Place::new();
        let content = bytes(size, 7);
        let (hashes, _) = hashes_of(&content);
        let groups = verified.min(hashes.len());
        let upto = (groups * GROUP).min(size);
        let id = next_id();
        let mut partial = place.partials.create(&id, &note(size as u64, ""), size as u64, true).unwrap();
        partial.write_at(0, &content[..upto]).unwrap();
        partial.verified(upto as u64, &hashes[..groups]).unwrap();
        drop(partial);
        for (is_log, at) in &flips {
            let file = file(&place, &id, if *is_log { "log" } else { "part" });
            let len = std::fs::metadata(&file).unwrap().len();
            if len > 0 {
                damage(&file, at.index(index(len)) as u64);
            }
        }
        if let Some(resumed) = place.partials.resume(&id).unwrap() {
            let there = std::fs::read(file(&place, &id, "part")).unwrap();
            prop_assert_eq!(&there[..], &content[..index(resumed.verified)]);
            prop_assert_eq!(resumed.prefix, prefix_hash(hashes[..index(resumed.hashes.groups())].iter()));
            prop_assert!(!flips.is_empty() || resumed.verified == upto as u64);
        } else {
            prop_assert!(!flips.is_empty());
        }
    }
}
