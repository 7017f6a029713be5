//! Writes the seeds of the fuzz targets into `corpus/`: the examples of docs/protocol.md, some names, and the hostile
//! paths. So they need not be committed, and never say something else than the document.

#[path = "../../../crates/proto/tests/corpus/hostile.rs"]
mod hostile;

use std::path::Path;

fn main() -> std::io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(here.join("../../docs/protocol.md"))?.replace("\r\n", "\n");
    let seeds = here.join("corpus");
    for target in ["codec", "messages", "names", "paths"] {
        std::fs::create_dir_all(seeds.join(target))?;
    }
    let mut stream = Vec::new();
    for (label, wire) in examples(&document) {
        let name = label.to_lowercase().replace(' ', "-");
        std::fs::write(seeds.join("codec").join(&name), &wire)?;
        if let [_, _, _, _, kind, _, _, _, _, _, _, _, _, _, _, _, body @ ..] = wire.as_slice() {
            std::fs::write(seeds.join("messages").join(&name), [&[*kind], body].concat())?;
        }
        if !label.contains("BodyTooLong") && !label.contains("CutShort") {
            stream.extend(wire);
        }
    }
    std::fs::write(seeds.join("codec/all-in-one-stream"), stream)?;
    for (at, name) in NAMES.iter().enumerate() {
        std::fs::write(seeds.join("names").join(format!("{at:02}")), name)?;
    }
    for (at, (path, _)) in hostile::rows().iter().enumerate() {
        std::fs::write(seeds.join("paths").join(format!("{at:03}")), path)?;
    }
    Ok(())
}

const NAMES: [&str; 24] = [
    "ann",
    "#Rust",
    "李小明",
    "小明abc",
    "Ångström",
    "Владимир",
    "ВОВА",
    "αβγ",
    "नमस्ते",
    "한글",
    "さくら",
    "e\u{301}a",
    "a-b.c_d",
    "p\u{430}ypal",
    "-x",
    "zero\u{200b}width",
    "turn\u{202e}ed",
    "smile😀",
    "two words",
    "İstanbul",
    "ΟΔΟΣ",
    "xxxxxxxxxxxxxxxxxxxxxxxxx",
    "x\u{301}\u{301}\u{301}",
    "hello\nthere\t你好",
];

/// The label and the bytes of each `vector` and `reject` block.
fn examples(document: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open: Option<(String, Vec<u8>)> = None;
    for line in document.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(info), None) if info.starts_with("vector ") => open = Some((info[7..].to_owned(), Vec::new())),
            (Some(info), None) if info.starts_with("reject ") => open = Some((info.to_owned(), Vec::new())),
            (None, Some((_, bytes))) => bytes.extend(hex(line)),
            _ => {}
        }
    }
    found
}

/// The bytes of a line; see the head of docs/protocol.md.
fn hex(line: &str) -> Vec<u8> {
    let line = line.split('#').next().unwrap_or_default();
    let (count, digits) = match line.strip_prefix("repeat ").and_then(|rest| rest.split_once(':')) {
        Some((count, digits)) => (count.trim().parse().expect("a count"), digits),
        None => (1, line),
    };
    let digits: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect::<Vec<_>>().repeat(count)
}
