//! Finds the hex examples in `docs/protocol.md`, reads them, and writes them anew when blessed.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A fenced block of the document whose first word is `vector` or `reject`.
pub(crate) struct Block {
    /// What follows the first word: the kind or error, and a word of its own where there are several.
    pub(crate) label: String,
    /// The lines between the fences.
    pub(crate) content: String,
    /// Where the content stands in the document, in bytes.
    place: Range<usize>,
}

/// Where the document is.
fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol.md")
}

/// The whole document, with line feeds only, however it was checked out. The first caller of a run that blesses
/// writes it anew, with what `content` gives for each `vector` block, before anybody reads it.
pub(crate) fn text(content: impl Fn(&Block) -> String) -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let path = path();
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = text.replace("\r\n", "\n");
        if std::env::var_os("VECTORS_BLESS").is_none() {
            return text;
        }
        let blessed = rewritten(&text, &blocks(&text, "vector"), content);
        if blessed != text {
            std::fs::write(&path, &blessed).unwrap();
        }
        blessed
    })
}

/// Every block with the tag `tag`, in the order of the document.
pub(crate) fn blocks(text: &str, tag: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<(String, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let fence = line.trim_end().strip_prefix("```");
        match (fence, open.take()) {
            (Some(""), Some((info, start))) => found.extend(block(text, tag, &info, start..at)),
            (Some(info), None) => open = Some((info.to_owned(), at + line.len())),
            (_, still) => open = still,
        }
        at += line.len();
    }
    assert!(open.is_none(), "a fenced block of the document is not closed");
    found
}

/// `text` with the content of each of `blocks` replaced by what `content` gives for it.
fn rewritten(text: &str, blocks: &[Block], content: impl Fn(&Block) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for block in blocks {
        out.push_str(&text[from..block.place.start]);
        out.push_str(&content(block));
        from = block.place.end;
    }
    out.push_str(&text[from..]);
    out
}

/// The bytes that a block's lines say: hex digits, white space ignored, `#` begins a comment, and
/// `repeat N: HEX` says the same bytes N times.
pub(crate) fn bytes(content: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for line in content.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        match line.strip_prefix("repeat ").and_then(|rest| rest.split_once(':')) {
            Some((count, hex)) => out.extend(unhex(hex).repeat(count.trim().parse().expect("a count"))),
            None => out.extend(unhex(line)),
        }
    }
    out
}

fn unhex(line: &str) -> Vec<u8> {
    let digits: Vec<char> = line.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(digits.len().is_multiple_of(2), "half a byte in the line {line:?}");
    let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16);
    digits.chunks(2).map(|pair| byte(pair).unwrap_or_else(|_| panic!("no hex digits: {line:?}"))).collect()
}

fn block(text: &str, tag: &str, info: &str, place: Range<usize>) -> Option<Block> {
    let (first, label) = info.split_once(' ').unwrap_or((info, ""));
    (first == tag).then(|| Block { label: label.trim().to_owned(), content: text[place.clone()].to_owned(), place })
}
