//! How many rows a typed line takes on the screen, counted as rustyline counts them.

use rustyline::GraphemeClusterMode;
use unicode_segmentation::UnicodeSegmentation as _;

/// Columns between two tab stops, as rustyline has them.
const TAB_COLUMNS: usize = 8;

/// The rows of `prompt` and `line` on a screen of `columns`.
pub(super) fn rows(prompt: &str, line: &str, columns: usize, mode: GraphemeClusterMode) -> usize {
    let columns = columns.max(1);
    let (mut row, mut column) = (0, 0);
    for part in [prompt, line] {
        for cluster in part.graphemes(true) {
            if cluster == "\n" {
                (row, column) = (row + 1, 0);
                continue;
            }
            let width = match cluster {
                "\t" => TAB_COLUMNS - column % TAB_COLUMNS,
                _ => usize::from(mode.width(cluster)),
            };
            column += width;
            if column > columns {
                (row, column) = (row + 1, width);
            }
        }
        // Behind the last column the cursor stands on the next row.
        if column == columns {
            (row, column) = (row + 1, 0);
        }
    }
    row + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_as_they_wrap() {
        let rows_of = [
            ("> ", "", 10, 1),
            ("> ", "1234567", 10, 1),
            ("> ", "12345678", 10, 2),
            ("> ", "123456789", 10, 2),
            ("> ", "你好世界", 10, 2),
            ("> ", "a你好世界", 10, 2),
            ("> ", "one\ntwo", 10, 2),
            ("> ", "one\n", 10, 2),
            ("> ", "\ta", 10, 1),
            ("", "e\u{301}e\u{301}", 3, 1),
            ("1234567890", "", 10, 2),
        ];
        for (prompt, line, columns, expected) in rows_of {
            assert_eq!(rows(prompt, line, columns, GraphemeClusterMode::WcWidth), expected, "{prompt}{line}");
        }
    }
}
