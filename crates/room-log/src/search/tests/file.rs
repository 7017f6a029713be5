//! The file: order, pages, rooms and nicks, parts, removal, what is left after a restart, damage.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use super::*;

/// One word that all have, one for every tenth.
fn text(number: u64) -> String {
    format!("common w{number} {}", if number.is_multiple_of(10) { "tenth" } else { "" })
}

/// Messages of these numbers, in rooms 0 to 3 and by ann and bob in turn.
fn fill(index: &mut Index, numbers: Range<u64>) {
    let texts: Vec<(u64, String)> = numbers.clone().map(|number| (number, text(number))).collect();
    let docs: Vec<Doc<'_>> = texts
        .iter()
        .map(|(number, text)| Doc {
            number: *number,
            room: RoomId((number % 4) as u32),
            nick: if number.is_multiple_of(2) { "ann" } else { "bob" },
            text,
        })
        .collect();
    index.add(&docs, numbers.end).unwrap();
}

const ALL: [RoomId; 4] = [RoomId(0), RoomId(1), RoomId(2), RoomId(3)];

fn find(finder: &Finder, words: &str, rooms: &[RoomId], before: u64, count: usize) -> Vec<u64> {
    finder.find(&Query::parse(words, None, rooms).unwrap(), before, count).unwrap()
}

#[test]
fn the_newest_come_first_page_by_page() {
    let place = place();
    let mut index = Index::open_with(&place.path, 15).unwrap();
    fill(&mut index, 1..101);
    let finder = Finder::open(&place.path).unwrap();
    assert_eq!(find(&finder, "tenth", &ALL, 0, 4), [100, 90, 80, 70]);
    assert_eq!(find(&finder, "tenth", &ALL, 70, 4), [60, 50, 40, 30]);
    assert_eq!(find(&finder, "tenth", &ALL, 30, 4), [20, 10]);
    assert_eq!(find(&finder, "tenth", &ALL, 10, 4), []);
    assert_eq!(find(&finder, "ten* com*", &ALL, 31, 4), [30, 20, 10]);
    assert_eq!(find(&finder, "common", &ALL, 0, 1000), (1..101).rev().collect::<Vec<u64>>());
    assert_eq!(find(&finder, "w55", &ALL, u64::MAX, 4), [55]);
    assert_eq!(find(&finder, "common", &ALL, 0, 0), []);
}

#[test]
fn a_search_that_runs_out_of_time_says_where() {
    let place = place();
    let mut index = Index::open_with(&place.path, 20).unwrap();
    fill(&mut index, 1..101);
    let finder = Finder::open(&place.path).unwrap();
    let query = Query::parse("tenth", None, &ALL).unwrap();
    let (mut before, mut all, mut rounds) = (0, Vec::new(), 0);
    loop {
        let hits = finder.find_within(&query, before, 100, Duration::ZERO).unwrap();
        all.extend(hits.numbers);
        rounds += 1;
        let Some(next) = hits.more_before else { break };
        before = next;
    }
    assert_eq!(all, [100, 90, 80, 70, 60, 50, 40, 30, 20, 10]);
    assert_eq!(rounds, 6);
}

#[test]
fn rooms_and_nicks_limit_a_search() {
    let place = place();
    let mut index = Index::open(&place.path).unwrap();
    fill(&mut index, 1..101);
    let finder = Finder::open(&place.path).unwrap();
    let rows: [(&[u32], Option<&str>, &[u64]); 8] = [
        (&[0], None, &[100, 80, 60, 40, 20]),
        (&[2, 2], None, &[90, 70, 50, 30, 10]),
        (&[1, 3], None, &[]),
        (&[0, 9, 1, 5, 6, 7, 8], None, &[100, 80, 60, 40, 20]),
        (&[], None, &[]),
        (&[0], Some("ANN"), &[100, 80, 60, 40, 20]),
        (&[0], Some("bob"), &[]),
        (&[0], Some("an"), &[]),
    ];
    for (rooms, from, numbers) in rows {
        let rooms: Vec<RoomId> = rooms.iter().copied().map(RoomId).collect();
        let query = Query::parse("tenth", from, &rooms).unwrap();
        assert_eq!(finder.find(&query, 0, 50).unwrap(), numbers, "{rooms:?} {from:?}");
    }
}

#[test]
fn an_index_goes_on_where_it_was() {
    let place = place();
    let mut index = Index::open_with(&place.path, 30).unwrap();
    assert_eq!(index.done_to(), 0);
    fill(&mut index, 1..50);
    index.add(&[], 60).unwrap();
    drop(index);
    let mut index = Index::open_with(&place.path, 30).unwrap();
    assert_eq!(index.done_to(), 60);
    // What is in already is passed over.
    fill(&mut index, 40..101);
    assert_eq!(index.done_to(), 101);
    let finder = Finder::open(&place.path).unwrap();
    assert_eq!(find(&finder, "tenth", &ALL, 0, 100), [100, 90, 80, 70, 60, 40, 30, 20, 10]);
}

#[test]
fn a_number_that_does_not_rise_is_passed_over() {
    let place = place();
    let mut index = Index::open(&place.path).unwrap();
    index.add(&[doc(5, "first"), doc(5, "second"), doc(4, "third"), doc(9, "fourth")], 10).unwrap();
    let finder = Finder::open(&place.path).unwrap();
    assert_eq!(finder.find(&query("first"), 0, 9).unwrap(), [5]);
    assert_eq!(finder.find(&query("second"), 0, 9).unwrap(), []);
    assert_eq!(finder.find(&query("third"), 0, 9).unwrap(), []);
    assert_eq!(finder.find(&query("fourth"), 0, 9).unwrap(), [9]);
}

#[test]
fn a_finder_sees_what_is_added_later() {
    let place = place();
    let mut index = Index::open_with(&place.path, 10).unwrap();
    let finder = Finder::open(&place.path).unwrap();
    assert_eq!(find(&finder, "tenth", &ALL, 0, 100), []);
    fill(&mut index, 1..51);
    assert_eq!(find(&finder, "tenth", &ALL, 0, 100), [50, 40, 30, 20, 10]);
    index.begin_anew().unwrap();
    assert_eq!(index.done_to(), 0);
    assert_eq!(find(&finder, "tenth", &ALL, 0, 100), []);
    fill(&mut index, 11..31);
    assert_eq!(find(&finder, "tenth", &ALL, 0, 100), [30, 20]);
}

#[test]
fn what_is_removed_is_not_found() {
    let place = place();
    let mut index = Index::open_with(&place.path, 25).unwrap();
    fill(&mut index, 1..101);
    let finder = Finder::open(&place.path).unwrap();
    for (numbers, left) in [
        (40..41, vec![100, 90, 80, 70, 60, 50, 30, 20, 10]),
        (0..31, vec![100, 90, 80, 70, 60, 50]),
        (55..85, vec![100, 90, 50]),
        (0..u64::MAX, vec![]),
    ] {
        index.remove(numbers).unwrap();
        assert_eq!(find(&finder, "tenth", &ALL, 0, 100), left);
    }
    assert_eq!(index.done_to(), 101);
    fill(&mut index, 101..121);
    assert_eq!(find(&finder, "tenth", &ALL, 0, 100), [120, 110]);
}

#[test]
fn full_parts_are_merged_while_others_fill() {
    let place = place();
    let mut index = Index::open_with(&place.path, 100).unwrap();
    for start in (1..601).step_by(10) {
        fill(&mut index, start..start + 10);
    }
    let connection = rusqlite::Connection::open(&place.path).unwrap();
    let merged: Vec<(i64, i64, bool)> = connection
        .prepare("SELECT first, docs, merged FROM parts ORDER BY first")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(merged, [1, 101, 201, 301, 401, 501].map(|first| (first, 100, first < 501)));
    let finder = Finder::open(&place.path).unwrap();
    assert_eq!(find(&finder, "tenth", &ALL, 0, 100).len(), 60);
}

type Damage = Box<dyn Fn(&Path)>;

#[test]
fn what_is_damaged_or_of_another_version_is_begun_anew() {
    fn garbage(path: &Path) {
        std::fs::write(path, "no database ".repeat(1000)).unwrap();
    }
    fn sql(statements: &'static str) -> impl Fn(&Path) {
        move |path| rusqlite::Connection::open(path).unwrap().execute_batch(statements).unwrap()
    }
    fn cut(path: &Path) {
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(4096 * 3).unwrap();
    }
    let ways: [(&str, Damage); 6] = [
        ("garbage", Box::new(garbage)),
        ("version", Box::new(sql("PRAGMA user_version = 999"))),
        ("old", Box::new(sql("PRAGMA user_version = 0"))),
        ("tables", Box::new(sql("DROP TABLE progress"))),
        ("a part", Box::new(sql("DROP TABLE part_1"))),
        ("cut", Box::new(cut)),
    ];
    for (name, damage) in ways {
        let place = place();
        let mut index = Index::open(&place.path).unwrap();
        fill(&mut index, 1..51);
        drop(index);
        damage(&place.path);
        let mut index = Index::open(&place.path).unwrap();
        assert_eq!(index.done_to(), 0, "{name}");
        fill(&mut index, 1..51);
        let finder = Finder::open(&place.path).unwrap();
        assert_eq!(find(&finder, "tenth", &ALL, 0, 100), [50, 40, 30, 20, 10], "{name}");
    }
}

#[test]
fn damage_that_shows_later_begins_the_index_anew() {
    let place = place();
    let mut index = Index::open(&place.path).unwrap();
    fill(&mut index, 1..51);
    let finder = Finder::open(&place.path).unwrap();
    rusqlite::Connection::open(&place.path).unwrap().execute_batch("UPDATE part_1_data SET block = x'00'").unwrap();
    let text = text(60);
    index.add(&[doc(60, &text)], 61).unwrap_err();
    assert_eq!(index.done_to(), 0);
    fill(&mut index, 1..51);
    assert_eq!(find(&finder, "tenth", &ALL, 0, 100), [50, 40, 30, 20, 10]);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let place = place();
    Index::open(&place.path.join("not/there")).unwrap_err();
    Finder::open(&place.path).unwrap_err();
}
