//! Search: what is found, by pages, and what it says while the index is behind.

use std::fs;

use super::*;

/// The texts of what was found.
fn texts(found: &Found) -> Vec<String> {
    let text = |event: RoomEvent| match event.what {
        proto::What::Said(text) => text,
        proto::What::File { path, .. } | proto::What::Folder { path, .. } => path,
        other => panic!("{other:?}"),
    };
    events(std::slice::from_ref(&found.frames)).into_iter().map(text).collect()
}

#[test]
fn what_was_said_is_found_at_once_newest_first_in_the_rooms_asked_for() {
    let scene = Scene::new();
    scene.commit(
        &[room(1), room(2), room(3)],
        &[said(1, 1, &["红色的 apple", "green apple"]), said(2, 1, &["an apple"])],
    );
    scene.commit(&[], &[said(1, 3, &["apple pie"]), said(3, 1, &["secret apple"])]);
    for scene in [scene].map(Scene::reopened) {
        for (rooms, words, expected) in [
            (vec![1, 2], "apple", vec!["apple pie", "an apple", "green apple", "红色的 apple"]),
            (vec![2], "apple", vec!["an apple"]),
            (vec![1], "appl*", vec!["apple pie", "green apple", "红色的 apple"]),
            (vec![1], "红色", vec!["红色的 apple"]),
            (vec![1], "apple green", vec!["green apple"]),
            (vec![], "apple", vec![]),
            (vec![4], "apple", vec![]),
            (vec![1], "secret", vec![]),
        ] {
            let found = scene.search(&rooms, words);
            assert_eq!(texts(&found), expected, "{words} in {rooms:?}");
            assert_eq!((found.more, found.unindexed, found.wordless), (false, false, false), "{words} in {rooms:?}");
        }
        assert!(scene.search(&[1], " … ").wordless);
    }
}

#[test]
fn files_are_found_by_their_names_and_comings_are_not() {
    let scene = Scene::new();
    let mut bytes = Vec::new();
    let root = proto::Root([b'a'; 32]);
    let rests = [
        Rest::Joined,
        Rest::File { path: "docs/annual-report.pdf", size: 3, root },
        Rest::Folder { path: "annual", files: 1, bytes: 1 },
        Rest::Sending { path: "annual", size: 3 },
        Rest::Topic("annual"),
        Rest::Renamed("annual"),
    ];
    for (seq, rest) in (1..).zip(rests) {
        write(Seq(seq), RoomId(1), 0, "annual", rest, &mut bytes);
    }
    let segment = Segment::new(Seq(1), Seq(6), bytes.into());
    scene.commit(&[room(1)], &[Events { segment, ..some(1, 1, 1) }]);
    assert_eq!(texts(&scene.search(&[1], "annual")), ["annual", "docs/annual-report.pdf"]);
}

#[test]
fn pages_follow_one_another_without_a_gap_or_a_double() {
    let scene = Scene::new();
    let words: Vec<_> = (1..=50).map(|n| format!("word {n}")).collect();
    let borrowed: Vec<_> = words.iter().map(String::as_str).collect();
    scene.commit(&[room(1)], &[said(1, 1, &borrowed)]);
    for (count, bytes_max) in [(7, usize::MAX), (1, usize::MAX), (100, 200), (100, 0), (50, usize::MAX), (49, 4000)] {
        let (mut before, mut all) = (0, Vec::new());
        loop {
            let found = scene.search_page(&[1], "word", before, count, bytes_max);
            let page = seqs(std::slice::from_ref(&found.frames));
            assert!(page.len() <= usize::from(count) && (page.len() == 1 || found.frames.len() <= bytes_max));
            all.extend(page);
            before = found.next;
            if !found.more {
                break;
            }
        }
        assert_eq!(all, (1..=50).rev().collect::<Vec<_>>(), "{count}, {bytes_max} bytes");
    }
}

#[test]
fn an_index_that_is_lost_or_damaged_is_made_again() {
    let scene = Scene::new();
    scene.commit(&[room(1)], &[said(1, 1, &["one bird", "two birds"])]);
    assert_eq!(texts(&scene.search(&[1], "bird*")), ["two birds", "one bird"]);
    let Scene { folder, store, .. } = scene;
    store.close();
    let file = folder.path().join("search.db");
    for damage in [None, Some(b"garbage".repeat(1000))] {
        fs::remove_file(&file).unwrap();
        damage.iter().for_each(|bytes| fs::write(&file, bytes).unwrap());
        let (store, _) = Store::open(folder.path(), PLAIN).unwrap();
        let ask = || SearchAsk {
            rooms: vec![RoomId(1)],
            words: "bird".into(),
            from: Some("Ann".into()),
            before: 0,
            count: 9,
            bytes_max: 999,
        };
        let found = block_on(store.search(ask())).unwrap();
        assert_eq!((texts(&found), found.unindexed), (vec!["one bird".to_owned()], false), "{damage:?}");
        store.close();
    }
}

#[test]
fn without_an_index_a_search_says_so_and_everything_else_works() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("search.db/in the way")).unwrap();
    let scene = Scene::at(folder, PLAIN);
    scene.commit(&[room(1)], &[said(1, 1, &["bird"])]);
    let found = scene.search(&[1], "bird");
    assert_eq!((found.frames.len(), found.more, found.unindexed), (0, false, true));
    assert_eq!(seqs(&scene.frames(1, 1, 0).bytes), [1]);
}

#[test]
fn an_index_of_another_store_is_not_believed() {
    let scene = Scene::new();
    scene.commit(&[room(1)], &[said(1, 1, &["bird", "cat", "dog"])]);
    assert_eq!(texts(&scene.search(&[1], "bird")), ["bird"]);
    let Scene { folder, store, .. } = scene;
    store.close();
    fs::remove_file(folder.path().join(FILE)).unwrap();
    let scene = Scene::at(folder, PLAIN);
    scene.commit(&[room(1)], &[said(1, 1, &["cow"])]);
    assert_eq!(texts(&scene.search(&[1], "bird")), [""; 0]);
    assert_eq!(texts(&scene.search(&[1], "cow")), ["cow"]);
}
