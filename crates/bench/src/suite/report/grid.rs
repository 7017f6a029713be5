//! Text in columns, by the width that a terminal gives it: a name in Chinese takes two columns a character.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Rows of cells under a head. The first column stands left, the others right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Grid {
    /// Above the columns.
    pub(super) head: Vec<String>,
    /// As many cells each as the head has.
    pub(super) rows: Vec<Vec<String>>,
}

impl Grid {
    /// Nothing under `head`.
    pub(super) fn new(head: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { head: head.into_iter().map(clean).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(row.into_iter().map(clean).collect());
    }

    /// How wide each column is.
    pub(super) fn widths(&self) -> Vec<usize> {
        let lines = || std::iter::once(&self.head).chain(&self.rows);
        (0..self.head.len())
            .map(|column| lines().filter_map(|line| line.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
            .collect()
    }

    /// The same without columns that say nothing in any row, but never without the first.
    pub(super) fn without_empty_columns(self) -> Self {
        let says = |column: usize| {
            column == 0 || self.rows.iter().any(|row| row.get(column).is_some_and(|cell| !is_nothing(cell)))
        };
        let kept: Vec<bool> = (0..self.head.len()).map(says).collect();
        let keep = |line: Vec<String>| {
            line.into_iter().zip(&kept).filter(|(_, kept)| **kept).map(|(cell, _)| cell).collect::<Vec<_>>()
        };
        Self { head: keep(self.head), rows: self.rows.into_iter().map(keep).collect() }
    }

    /// Its lines for a terminal, two spaces between columns; the head is the first.
    pub(super) fn lines(&self) -> Vec<String> {
        let widths = self.widths();
        std::iter::once(&self.head)
            .chain(&self.rows)
            .map(|line| {
                let cells = line.iter().zip(&widths).enumerate();
                let cells: Vec<String> = cells.map(|(at, (cell, width))| padded(cell, *width, at > 0)).collect();
                cells.join("  ").trim_end().to_owned()
            })
            .collect()
    }

    /// As Markdown.
    pub(super) fn markdown(&self) -> String {
        let widths = self.widths();
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(at, (cell, width))| padded(&cell.replace('|', "\\|").replace(['\n', '\r'], " "), *width, at > 0))
                .collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = widths.iter().enumerate().map(|(at, width)| {
            let dashes = "-".repeat((*width).max(3) + 1);
            if at > 0 { format!("{dashes}:") } else { format!("{dashes}-") }
        });
        let rule = format!("|{}|\n", rule.collect::<Vec<_>>().join("|"));
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("{}{rule}{rows}", line(&self.head))
    }
}

/// `text` in `width` columns, to the right if `is_number`.
fn padded(text: &str, width: usize, is_number: bool) -> String {
    let space = " ".repeat(width.saturating_sub(text.width()));
    if is_number { format!("{space}{text}") } else { format!("{text}{space}") }
}

/// One line: control characters would move what stands beside them.
fn clean(cell: impl Into<String>) -> String {
    let cell: String = cell.into();
    if cell.contains(char::is_control) { cell.replace(char::is_control, " ") } else { cell }
}

fn is_nothing(cell: &str) -> bool {
    cell.is_empty() || cell == super::words::DASH
}

/// `text` in at most `width` columns, with an ellipsis where something is missing. Control characters are dropped.
pub(super) fn cut(text: &str, width: usize) -> String {
    let text: String = text.chars().filter(|letter| !letter.is_control()).collect();
    if text.width() <= width {
        return text;
    }
    let mut taken = 0;
    let mut out = String::new();
    for letter in text.chars() {
        taken += letter.width().unwrap_or(0);
        if taken + 1 > width {
            break;
        }
        out.push(letter);
    }
    out.push('…');
    out
}

/// `text` over at most `lines` lines of at most `width` columns, broken between words; later lines begin with `indent`.
pub(super) fn wrapped(text: &str, width: usize, lines: usize, indent: &str) -> Vec<String> {
    let mut out: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let room = out.last().map_or(0, |line| width.saturating_sub(line.width()));
        let is_fresh = out.last().is_some_and(|line| line.trim().is_empty());
        let is_last = out.len() == lines.max(1);
        match out.last_mut() {
            Some(line) if is_fresh || is_last || word.width() < room => {
                if !is_fresh {
                    line.push(' ');
                }
                line.push_str(word);
            }
            _ => out.push(format!("{indent}{word}")),
        }
    }
    out.iter().map(|line| cut(line, width)).collect()
}
