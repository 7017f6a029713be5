//! Files for programs and for documentation: CSV, Markdown, and what `write_all` leaves.

use super::fixture;
use crate::suite::report::{csv, markdown, write_all};

/// RFC 4180, strictly: lines of fields.
fn parsed(text: &str) -> Vec<Vec<String>> {
    let mut lines = vec![vec![String::new()]];
    let mut letters = text.chars().peekable();
    let mut is_quoted = false;
    while let Some(letter) = letters.next() {
        let line = lines.last_mut().expect("there is always a line");
        let field = line.last_mut().expect("there is always a field");
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => line.push(String::new()),
            '\r' if !is_quoted => {
                assert_eq!(letters.next(), Some('\n'), "CR comes with LF");
                lines.push(vec![String::new()]);
            }
            letter => field.push(letter),
        }
    }
    assert!(!is_quoted, "a quote was left open");
    lines.pop();
    lines
}

#[test]
fn every_line_of_the_csv_has_as_many_fields_as_the_head_and_names_come_back() {
    for summary in [fixture::summary(), fixture::empty(), fixture::hostile()] {
        let lines = parsed(&csv::csv(&summary));
        let rows: usize = summary.experiments.iter().map(|found| found.rows.len()).sum();
        assert_eq!(lines.len(), rows + 1);
        assert!(lines.iter().all(|line| line.len() == lines[0].len()));
        let arms = summary.experiments.iter().flat_map(|found| &found.rows).map(|row| row.arm.clone());
        for (line, arm) in lines.iter().skip(1).zip(arms) {
            assert!(line[3] == arm || line[3] == format!("'{arm}"), "{:?} was {arm:?}", line[3]);
            assert!(!line[3].starts_with(['=', '+', '-', '@']), "{:?} would be a formula", line[3]);
        }
    }
}

#[test]
fn hostile_names_are_no_markup_in_markdown() {
    let text = markdown::markdown(&fixture::hostile(), &[]);
    for markup in ["<script", "<img", "[x](javascript", "\u{1b}"] {
        assert!(!text.contains(markup), "{markup} got through:\n{text}");
    }
}

#[test]
fn markdown_tables_have_as_many_bars_in_every_line() {
    for summary in [fixture::summary(), fixture::hostile()] {
        let text = markdown::markdown(&summary, &[]);
        let mut bars = None;
        for line in text.lines() {
            let own = line.starts_with('|').then(|| line.replace("\\|", "").matches('|').count());
            assert!(own.is_none() || bars.is_none() || own == bars, "{line}");
            bars = own;
        }
        assert!(!text.lines().any(|line| line.ends_with(' ')), "white space at a line's end");
    }
}

#[test]
fn all_files_of_a_run_are_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let environment = serde_json::json!({ "cpu": "x" });
    let (summary, records) = (fixture::summary(), fixture::records());
    write_all(dir.path(), &summary, &records, &environment).expect("it is writable");
    for name in ["env.json", "summary.json", "summary.schema.json", "summary.csv", "summary.md"] {
        let text = std::fs::read_to_string(dir.path().join(name)).expect(name);
        assert!(text.ends_with('\n'), "{name} ends with a line feed");
    }
    let text = std::fs::read_to_string(dir.path().join("summary.json")).expect("it was written");
    let back: crate::suite::summary::Summary = serde_json::from_str(&text).expect("it is a summary");
    assert_eq!(back.experiments.len(), summary.experiments.len());
    assert_eq!(back.warnings, summary.warnings);
}
