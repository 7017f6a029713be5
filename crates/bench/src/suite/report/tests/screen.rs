//! The terminal: at most 40 lines that fit, with columns that stand under each other.

use unicode_width::UnicodeWidthStr;

use super::fixture;
use crate::suite::report::terminal;
use crate::suite::report::terminal::LINES_MAX;

#[test]
fn a_terminal_gets_at_most_forty_lines_that_fit() {
    let summaries = [fixture::summary(), fixture::quick(), fixture::empty(), fixture::hostile()];
    for summary in &summaries {
        for columns in [60, 80, 100, 120, 200] {
            let text = terminal(summary, columns, false);
            assert!(text.lines().count() < LINES_MAX, "{} lines at {columns}:\n{text}", text.lines().count());
            let widest = text.lines().map(UnicodeWidthStr::width).max();
            assert!(widest <= Some(columns), "{widest:?} at {columns}:\n{text}");
            assert!(!text.contains('\u{1b}'), "no colours were asked for");
        }
    }
}

#[test]
fn wide_characters_do_not_shift_the_columns() {
    for columns in [80, 120] {
        let text = terminal(&fixture::chinese(), columns, false);
        let rows: Vec<&str> = text.lines().filter(|line| line.contains(" ms") && line.contains('[')).collect();
        let ends: Vec<usize> =
            rows.iter().filter_map(|line| line.find(']')).zip(&rows).map(|(at, line)| line[..at].width()).collect();
        assert!(ends.len() >= 2 && ends.iter().all(|end| *end == ends[0]), "{ends:?}:\n{text}");
        assert!(rows.iter().any(|line| line.contains('池')), "{text}");
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    let summary = fixture::summary();
    let coloured = terminal(&summary, 100, true);
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    assert_eq!(plain, terminal(&summary, 100, false));
}

#[test]
fn starved_and_invalid_are_said_in_their_own_words() {
    let text = terminal(&fixture::quick(), 120, false);
    for said in ["starved", "680", "invalid trial", "noise grade"] {
        assert!(text.contains(said), "{said} is missing:\n{text}");
    }
}
