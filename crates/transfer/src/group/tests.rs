//! Groups and roots against `blake3` itself, at every boundary and for any split.

use proptest::prelude::*;

use super::*;

fn bytes(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    blake3::Hasher::new().update(&size.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn hashes_of(bytes: &[u8], from: usize, step: usize) -> Vec<GroupHash> {
    let mut hasher = GroupHasher::new(bytes.len() as u64, from as u64);
    let mut hashes = Vec::new();
    bytes[from..].chunks(step.max(1)).for_each(|chunk| hasher.update(chunk, &mut hashes));
    hashes
}

fn root_of(hashes: &[GroupHash]) -> Root {
    let mut root = RootBuilder::new();
    root.extend(hashes.iter().copied());
    root.finish()
}

const GROUP: usize = 256 * 1024;

#[test]
fn the_root_is_what_b3sum_prints_at_every_boundary() {
    let around = |size: usize| [size.saturating_sub(1), size, size + 1];
    let small = [0, 1, 64, 1023, 1024, 1025, 65536].into_iter();
    for size in small.chain((1..=9).chain([15, 16, 17, 33]).flat_map(|groups| around(groups * GROUP))) {
        let bytes = bytes(size);
        let hashes = hashes_of(&bytes, 0, 1 << 20);
        assert_eq!(hashes.len() as u64, groups_of(size as u64), "{size}");
        assert_eq!(root_of(&hashes), Root(blake3::hash(&bytes).into()), "{size}");
        let mut read = Vec::new();
        assert_eq!(hash_all(&bytes[..], size as u64, &mut read).unwrap(), root_of(&hashes), "{size}");
        assert_eq!(read, hashes);
    }
}

#[test]
fn a_hash_says_where_its_group_stands() {
    let bytes = [bytes(GROUP), bytes(GROUP), bytes(GROUP)].concat();
    let hashes = hashes_of(&bytes, 0, GROUP);
    assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2]);
    for group in 0..3 {
        assert_eq!(hashes_of(&bytes, group * GROUP, GROUP), hashes[group..]);
    }
}

#[test]
fn bytes_beyond_the_size_are_not_looked_at() {
    let mut hashes = Vec::new();
    let mut hasher = GroupHasher::new(3, 0);
    hasher.update(b"abcdef", &mut hashes);
    hasher.update(b"more", &mut hashes);
    assert_eq!((root_of(&hashes), hasher.at()), (Root(blake3::hash(b"abc").into()), 3));
    assert_eq!(hash_all(&b"ab"[..], 3, &mut hashes).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn the_prefix_is_the_hash_of_the_hashes() {
    let hashes = hashes_of(&bytes(3 * GROUP), 0, GROUP);
    let flat: Vec<u8> = hashes[..2].iter().flat_map(|hash| hash.0).collect();
    assert_eq!(prefix_hash(hashes[..2].iter()), Root(blake3::hash(&flat).into()));
}

#[test]
fn a_list_is_read_in_pages() {
    let hashes = hashes_of(&bytes(5 * GROUP), 0, GROUP);
    for (first, max, expected) in [(0, 2, 0..2), (3, 9, 3..5), (5, 1, 5..5), (u64::MAX, 1, 5..5)] {
        let mut page = Vec::new();
        hashes.read(first, max, &mut page).unwrap();
        assert_eq!(page, hashes[expected]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_split_gives_the_same_hashes(size in 0..5 * GROUP, from in 0..6_usize, cuts in proptest::collection::vec(1..GROUP, 1..40)) {
        let bytes = bytes(size);
        let from = (from * GROUP).min(size / GROUP * GROUP);
        let mut hasher = GroupHasher::new(size as u64, from as u64);
        let (mut hashes, mut rest) = (Vec::new(), &bytes[from..]);
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            hasher.update(now, &mut hashes);
            rest = later;
        }
        prop_assert_eq!(&hashes, &hashes_of(&bytes, from, usize::MAX));
        let mut root = RootBuilder::new();
        root.extend(hashes_of(&bytes[..], 0, usize::MAX).into_iter().take(from / GROUP));
        root.extend(hashes);
        prop_assert_eq!(root.finish(), Root(blake3::hash(&bytes).into()));
    }
}
