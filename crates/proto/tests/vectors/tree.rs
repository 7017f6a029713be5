//! The worked example of the document's chapter on hashes: what it prints is what BLAKE3 says.

use blake3::hazmat::{ChainingValue, HasherExt as _, Mode, merge_subtrees_non_root, merge_subtrees_root};
use proto::file::Root;
use proto::limits::GROUP_BYTES;

use crate::protocol;

/// The bytes of the example: two whole groups and three bytes.
fn content() -> Vec<u8> {
    (0..2 * GROUP_BYTES + 3).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

/// The hash of the group of this number.
fn group(content: &[u8], number: usize) -> ChainingValue {
    let size = usize::try_from(GROUP_BYTES).unwrap();
    let bytes = &content[number * size..content.len().min((number + 1) * size)];
    blake3::Hasher::new().set_input_offset((number * size) as u64).update(bytes).finalize_non_root()
}

#[test]
fn the_worked_example_of_hashes_is_true() {
    let content = content();
    let [zero, one, two] = [0, 1, 2].map(|number| group(&content, number));
    let both = merge_subtrees_non_root(&zero, &one, Mode::Hash);
    let root = merge_subtrees_root(&both, &two, Mode::Hash);
    assert_eq!(root, blake3::hash(&content), "the merged root is the plain hash");
    let rows = [
        ("group 0", zero),
        ("group 1", one),
        ("group 2", two),
        ("groups 0 and 1 merged", both),
        ("root", *root.as_bytes()),
        ("prefix of groups 0 and 1", *blake3::hash(&[zero, one].concat()).as_bytes()),
        ("root of `hello\\n`", *blake3::hash(b"hello\n").as_bytes()),
        ("root of no bytes", *blake3::hash(b"").as_bytes()),
    ];
    let rows: Vec<_> = rows.into_iter().map(|(name, hash)| format!("| {name} | `{}` |", Root(hash))).collect();
    let has_row = |row: &String| protocol().lines().any(|line| line == row);
    assert!(rows.iter().all(has_row), "the document must have these rows:\n{}", rows.join("\n"));
}
