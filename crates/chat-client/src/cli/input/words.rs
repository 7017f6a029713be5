//! What follows a command that takes names: words, or one name with spaces. Pure.

/// What followed a command: whole, and as words. A name with spaces need not be quoted if there is something of that
/// name, which is for others to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    whole: String,
    words: Vec<String>,
}

impl Named {
    /// `typed` is not blank.
    pub(super) fn new(typed: &str) -> Self {
        Self { whole: typed.to_owned(), words: split(typed) }
    }

    /// The names: one if `is_there` says so of the whole, otherwise each word.
    pub(crate) fn resolve(self, is_there: impl Fn(&str) -> bool) -> Vec<String> {
        if self.words.len() > 1 && is_there(&self.whole) { vec![self.whole] } else { self.words }
    }
}

/// Splits at white space outside of quotes. A quote that is not closed goes to the end; `\` is a letter like others,
/// as paths on Windows have it.
pub(super) fn split(typed: &str) -> Vec<String> {
    scan(typed).into_iter().map(|(_, word)| word).filter(|word| !word.is_empty()).collect()
}

/// The word that is being typed at the end, and where it begins: an empty one behind white space.
pub(crate) fn last_word(typed: &str) -> (usize, String) {
    // A letter more shows whether the end belongs to the last word.
    let (start, mut word) = scan(&format!("{typed}x")).pop().unwrap_or_default();
    word.pop();
    (start, word)
}

/// The words and where each begins, quotes included.
fn scan(typed: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    let mut word: Option<(usize, String)> = None;
    let mut quote = None;
    for (at, c) in typed.char_indices() {
        let is_quote = quote == Some(c)
            || quote.is_none() && matches!(c, '"' | '\'') && opens_quote(word.as_ref().map(|(_, word)| word.as_str()));
        if is_quote {
            quote = if quote.is_none() { Some(c) } else { None };
            word.get_or_insert_with(|| (at, String::new()));
        } else if quote.is_none() && c.is_whitespace() {
            words.extend(word.take());
        } else {
            word.get_or_insert_with(|| (at, String::new())).1.push(c);
        }
    }
    words.extend(word);
    words
}

/// Whether a quote here begins a quoted part: only where a word or a name in a path begins, so that the apostrophe
/// of `ann's.txt` is one.
fn opens_quote(word: Option<&str>) -> bool {
    word.is_none_or(|word| word.is_empty() || word.ends_with(['/', '\\']))
}

/// `name` as it can be typed as one word.
pub(crate) fn quoted(name: &str) -> String {
    let is_plain = !name.is_empty() && split(name) == [name];
    match (is_plain, name.contains('"')) {
        (true, _) => name.to_owned(),
        (false, false) => format!("\"{name}\""),
        (false, true) => format!("'{name}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_and_quotes_hold_them_together() {
        let rows: &[(&str, &[&str])] = &[
            ("", &[]),
            ("a.txt", &["a.txt"]),
            (" a  b\tc ", &["a", "b", "c"]),
            ("\"my report.pdf\" b", &["my report.pdf", "b"]),
            ("'a \"b\" c'", &["a \"b\" c"]),
            ("ann's.txt bob's.txt", &["ann's.txt", "bob's.txt"]),
            (r"C:\files\a.txt", &[r"C:\files\a.txt"]),
            ("docs/\"my report.pdf\"", &["docs/my report.pdf"]),
            ("\"never closed", &["never closed"]),
            ("年报\u{3000}二", &["年报", "二"]),
        ];
        for (typed, words) in rows {
            assert_eq!(split(typed), *words, "{typed}");
        }
    }

    #[test]
    fn the_last_word_is_known_by_where_it_begins() {
        let rows = [
            ("", 0, ""),
            ("a", 0, "a"),
            ("a b", 2, "b"),
            ("a ", 2, ""),
            ("a \"my re", 2, "my re"),
            ("docs/\"my re", 0, "docs/my re"),
            ("年 报", 4, "报"),
        ];
        for (typed, start, word) in rows {
            assert_eq!(last_word(typed), (start, word.to_owned()), "{typed}");
        }
    }

    #[test]
    fn a_quoted_name_is_read_back_as_it_was() {
        for name in ["a.txt", "my report.pdf", "ann's.txt", "'tis", "say \"hi\".txt", "年报 二", r"C:\a b"] {
            assert_eq!(split(&quoted(name)), [name], "{}", quoted(name));
        }
    }

    #[test]
    fn a_name_with_spaces_needs_no_quotes_if_there_is_such_a_thing() {
        let names = |typed| Named::new(typed).resolve(|name| name == "my report.pdf");
        assert_eq!(names("my report.pdf"), ["my report.pdf"]);
        assert_eq!(names("my other.pdf"), ["my", "other.pdf"]);
        assert_eq!(names("a"), ["a"]);
    }
}
