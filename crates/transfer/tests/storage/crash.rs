//! A program that is killed at any moment: what is placed is whole, what is found again is right, and nothing stays in
//! the way.

use std::process::{Command, Stdio};
use std::time::Duration;

use proto::message::{OnConflict, PackedFile};
use proto::{RelPath, Root};
use transfer::pack::{Storing, store};
use transfer::partial::{PartialFolder, PartialId};
use transfer::{GroupHash, Tree};

use crate::support::{Place, bytes, hashes_of, names, note, path};

const FOLDER: &str = "VERBATIM_CRASH_TEST";
const GROUP: usize = 256 * 1024;

/// The file `number`: its size and its bytes follow from it.
fn content(number: u8) -> Vec<u8> {
    bytes(usize::from(number % 5) * GROUP + 100 * usize::from(number), number)
}

fn id(number: u8) -> PartialId {
    PartialId([number; 16])
}

/// Sends every file once, as a server would take it, again and again resuming what is there.
fn work(tree: &Tree, partials: &PartialFolder) {
    for number in 0..40 {
        let content = content(number);
        let (size, (hashes, root)) = (content.len() as u64, hashes_of(&content));
        let at: RelPath = format!("large/{number}").parse().unwrap();
        if tree.look(&at).unwrap().is_some() {
            continue;
        }
        let (mut partial, verified) = match partials.resume(&id(number)).unwrap() {
            Some(resumed) => {
                resumed.partial.reserve().unwrap();
                (resumed.partial, resumed.verified)
            }
            None => (partials.create(&id(number), &note(size, "mei"), size, true).unwrap(), 0),
        };
        let from = usize::try_from(transfer::group::groups_of(verified)).unwrap();
        for (group, bytes) in content.chunks(GROUP).enumerate().skip(from) {
            let begin = (group * GROUP) as u64;
            partial.write_at(begin, bytes).unwrap();
            partial.verified(begin + bytes.len() as u64, hashes.get(group..=group).unwrap()).unwrap();
        }
        tree.place(partial.into_ready(root).unwrap(), &at, OnConflict::Same, &|_| false).unwrap();
        let small: Vec<_> = (0..20).map(|file| packed(&format!("small/{number}/{file}"), file)).collect();
        let how = Storing { on_conflict: OnConflict::Same, by: "mei", may_replace: &|_| false };
        store(tree, partials, &small, &how);
    }
}

fn packed(path: &str, seed: u8) -> PackedFile {
    let bytes = bytes(1000, seed);
    let root = Root(blake3::hash(&bytes).into());
    PackedFile { code: None, path: path.to_owned(), modified_ms: 0, root, bytes: bytes.into() }
}

/// Not a test: the program that is killed.
#[test]
#[ignore = "run by another test"]
fn the_program_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(std::path::PathBuf::from) else { return };
    work(&Tree::open(&folder.join("tree")).unwrap(), &PartialFolder::open(&folder.join("partials")).unwrap());
}

#[test]
fn a_program_that_is_killed_at_any_moment_goes_on_where_it_was() {
    let place = Place::in_memory();
    for round in 0..25_u64 {
        let mut program = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "crash::the_program_that_is_killed"])
            .env(FOLDER, place.outside.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // tidy: pace: it is killed at any moment, each round at another
        std::thread::sleep(Duration::from_millis(7 + round * 13 % 60));
        program.kill().unwrap();
        program.wait().unwrap();
        check(&place);
    }
    let partials = PartialFolder::open(&place.outside.path().join("partials")).unwrap();
    work(&place.tree, &partials);
    check(&place);
    assert_eq!(names(&place.path("large")).len(), 40);
    // A journal whose file was placed when the program was killed is left to the sweep.
    for kept in partials.list().unwrap() {
        assert!(partials.remove(&kept.id).unwrap());
    }
    place.check_no_partials();
    place.check_outside();
}

/// What is placed is whole, and what is found again is right.
fn check(place: &Place) {
    for number in (0..40).filter(|number| place.path(&format!("large/{number}")).exists()) {
        assert_eq!(std::fs::read(place.path(&format!("large/{number}"))).unwrap(), content(number));
        let found = place.tree.look(&path(&format!("large/{number}"))).unwrap().unwrap();
        assert!(found.receipt.is_none_or(|receipt| receipt.root == hashes_of(&content(number)).1));
        for file in (0..20).filter(|file| place.path(&format!("small/{number}/{file}")).exists()) {
            assert_eq!(std::fs::read(place.path(&format!("small/{number}/{file}"))).unwrap(), bytes(1000, file));
        }
    }
    for number in 0..40 {
        if let Some(resumed) = place.partials.resume(&id(number)).unwrap() {
            let groups: Vec<GroupHash> = hashes_of(&content(number)).0;
            let groups = groups.into_iter().take(usize::try_from(resumed.hashes.groups()).unwrap()).collect::<Vec<_>>();
            assert_eq!(resumed.prefix, transfer::prefix_hash(groups.iter()));
        }
    }
}
