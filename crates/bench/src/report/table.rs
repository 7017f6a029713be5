//! A table of figures: names to the left, numbers to the right.

use comfy_table::presets::{ASCII_MARKDOWN, NOTHING};
use comfy_table::{CellAlignment, ContentArrangement, TableStyle};
use serde::Serialize;

/// A table. The first column names, the others count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// What it is about.
    pub title: String,
    /// Above the columns.
    pub headers: Vec<&'static str>,
    /// As many cells as headers.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// For a terminal.
    pub fn text(&self) -> String {
        let mut out = format!("{}\n", self.title);
        for line in self.drawn(NOTHING).lines() {
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    /// As Markdown, the title as a line above.
    pub fn markdown(&self) -> String {
        format!("{}\n\n{}", self.title, self.drawn(ASCII_MARKDOWN))
    }

    fn drawn(&self, style: TableStyle) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(style).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(&self.headers).add_rows(&self.rows);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.to_string()
    }
}
