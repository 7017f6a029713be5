//! How text becomes tokens.
//!
//! A text falls into spans: words of letters and digits, and runs of a script without spaces. A word falls into parts where
//! its case changes and where letters meet digits; a run becomes its overlapping pairs of characters and, last, its last
//! character alone. All of these are written in the text's order, so that neighbours are neighbours. Behind them come the
//! joined forms: each word that has parts as a whole (`maxconnections`), and words held together by one `_`, `-` or `'`
//! as one (`dont`).
//!
//! Invariant: tokens hold letters, digits and marks only; none holds a space, a quote or the sign of a place.

use super::fold::{Kind, fold, push_lower};

/// A token is cut here; what is looked for is cut alike.
pub(super) const TOKEN_BYTES_MAX: usize = 64;

/// A message's tokens, at most; of a longer one the rest is not found. A text of 16 KiB of Chinese has fewer.
const TOKENS_MAX: usize = 8192;

/// A word that would fall into more parts than this is none that people made (a hash, base64) and stays whole.
const PARTS_MAX: usize = 12;

/// What stands between a span and the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// One sign that makes one identifier of two words.
    Join,
    /// Signs that make one path, address or number of two words.
    Chain,
    /// Anything else.
    Apart,
}

impl Gap {
    fn of(signs: &str) -> Self {
        match signs {
            "" => Self::Apart,
            "_" | "-" | "'" | "’" => Self::Join,
            _ if signs.chars().all(|c| "_-'’.:/\\@".contains(c)) => Self::Chain,
            _ => Self::Apart,
        }
    }
}

/// A word, or a run of a script without spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span<'a> {
    pub(super) text: &'a str,
    pub(super) is_dense: bool,
    pub(super) gap: Gap,
    /// A `*` stands right behind it.
    pub(super) is_starred: bool,
}

/// The spans of a folded text.
pub(super) struct Spans<'a> {
    rest: &'a str,
    after_word: bool,
}

impl<'a> Spans<'a> {
    pub(super) fn of(folded: &'a str) -> Self {
        Self { rest: folded, after_word: false }
    }
}

impl<'a> Iterator for Spans<'a> {
    type Item = Span<'a>;

    fn next(&mut self) -> Option<Span<'a>> {
        let (start, first) = self
            .rest
            .char_indices()
            .map(|(at, c)| (at, Kind::of(c)))
            .find(|&(_, k)| k.is_word() || k == Kind::Dense)?;
        let (signs, from) = self.rest.split_at(start);
        let is_dense = first == Kind::Dense;
        let belongs = |kind: Kind| kind == Kind::Mark || if is_dense { kind == Kind::Dense } else { kind.is_word() };
        let (text, rest) = from.split_at(from.find(|c| !belongs(Kind::of(c))).unwrap_or(from.len()));
        let gap = if self.after_word && !is_dense { Gap::of(signs) } else { Gap::Apart };
        self.rest = rest;
        self.after_word = !is_dense;
        Some(Span { text, is_dense, gap, is_starred: rest.starts_with('*') })
    }
}

/// The parts of a word: cut where its case changes, and where letters meet digits.
pub(super) fn parts(word: &str) -> impl Iterator<Item = &str> + Clone {
    let cut = Parts { rest: word };
    let stays_whole = cut.clone().nth(PARTS_MAX).is_some();
    stays_whole.then_some(word).into_iter().chain(cut.take(if stays_whole { 0 } else { PARTS_MAX }))
}

#[derive(Debug, Clone)]
struct Parts<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (part, rest) = self.rest.split_at(end_of_part(self.rest));
        self.rest = rest;
        (!part.is_empty()).then_some(part)
    }
}

/// `max|Connections`, `HTTP|Server`, `v|2`.
fn end_of_part(word: &str) -> usize {
    let mut before = None;
    let mut capital_behind_capital = None;
    for (at, c) in word.char_indices() {
        let kind = Kind::of(c);
        let is_end = match (before, kind) {
            (None, _) | (_, Kind::Mark) => false,
            (Some(Kind::Upper), Kind::Letter) => {
                if let Some(capital) = capital_behind_capital {
                    return capital;
                }
                false
            }
            (Some(Kind::Letter), Kind::Upper) => true,
            (Some(before), now) => (before == Kind::Digit) != (now == Kind::Digit),
        };
        if is_end {
            return at;
        }
        if kind != Kind::Mark {
            capital_behind_capital = (before == Some(Kind::Upper) && kind == Kind::Upper).then_some(at);
            before = Some(kind);
        }
    }
    word.len()
}

/// The overlapping pairs of characters of a run, and its last character alone.
pub(super) fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let second = run.char_indices().skip(1).map(|(at, _)| at);
    let ends = run.char_indices().skip(2).map(|(at, _)| at).chain([run.len(), run.len()]);
    [0].into_iter().chain(second).zip(ends).filter_map(|(start, end)| run.get(start..end))
}

/// One message as FTS5 is given it: tokens with spaces between. Kept from message to message for its buffers.
#[derive(Debug, Default)]
pub(super) struct Line {
    line: String,
    joined: String,
    /// The words held together so far, and how many.
    run: String,
    run_words: usize,
    tokens: usize,
}

impl Line {
    /// The tokens of a text behind those in `head`.
    pub(super) fn of(&mut self, head: &str, text: &str) -> &str {
        self.line.clear();
        self.line.push_str(head);
        self.joined.clear();
        self.run.clear();
        (self.run_words, self.tokens) = (0, 0);
        let folded = fold(text);
        for span in Spans::of(&folded) {
            if span.gap != Gap::Join {
                self.end_run();
            }
            if span.is_dense {
                pairs(span.text).for_each(|pair| self.push(pair));
            } else {
                self.push_word(span.text);
            }
            if self.tokens >= TOKENS_MAX {
                break;
            }
        }
        self.end_run();
        self.line.push_str(&self.joined);
        &self.line
    }

    fn push(&mut self, part: &str) {
        self.line.push(' ');
        push_lower(&mut self.line, part, TOKEN_BYTES_MAX);
        self.tokens += 1;
    }

    fn push_word(&mut self, word: &str) {
        let before = self.tokens;
        parts(word).for_each(|part| self.push(part));
        if self.tokens - before > 1 {
            self.joined.push(' ');
            push_lower(&mut self.joined, word, TOKEN_BYTES_MAX);
            self.tokens += 1;
        }
        let room = TOKEN_BYTES_MAX.saturating_sub(self.run.len());
        push_lower(&mut self.run, word, room);
        self.run_words += 1;
    }

    fn end_run(&mut self) {
        if self.run_words > 1 {
            self.joined.push(' ');
            self.joined.push_str(&self.run);
            self.tokens += 1;
        }
        self.run.clear();
        self.run_words = 0;
    }
}
