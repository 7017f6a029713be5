//! The two files of a partial: what they are called, and what the disk says of them.

use proto::path::PRIVATE_PREFIX;

use super::PartialId;

pub(super) fn part_name(id: &PartialId) -> String {
    format!("{PRIVATE_PREFIX}-{id}.part")
}

pub(super) fn log_name(id: &PartialId) -> String {
    format!("{PRIVATE_PREFIX}-{id}.log")
}

/// What a small file that has no place yet is called.
pub(super) fn temporary_name(unique: &[u8; 16]) -> String {
    format!("{PRIVATE_PREFIX}-{}.tmp", PartialId(*unique))
}

/// Whether a file is a small one that has no place yet.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.starts_with(PRIVATE_PREFIX) && name.ends_with(".tmp")
}

/// Which partial a file is of, and whether it is its journal.
pub(super) fn parse_name(name: &str) -> Option<(PartialId, bool)> {
    let name = name.strip_prefix(PRIVATE_PREFIX)?.strip_prefix('-')?;
    let (hex, extension) = name.split_once('.')?;
    let is_log = match extension {
        "log" => true,
        "part" => false,
        _ => return None,
    };
    let mut id = [0; 16];
    if hex.len() != 32 || !hex.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, digits) in id.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some((PartialId(id), is_log))
}

#[cfg(unix)]
pub(super) fn bytes_on_disk(metadata: &cap_std::fs::Metadata) -> u64 {
    use cap_std::fs::MetadataExt;
    metadata.blocks().saturating_mul(512)
}

#[cfg(not(unix))]
pub(super) fn bytes_on_disk(metadata: &cap_std::fs::Metadata) -> u64 {
    metadata.len()
}

#[cfg(unix)]
pub(super) fn is_linked(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) > 0
}

#[cfg(not(unix))]
pub(super) fn is_linked(_: &std::fs::Metadata) -> bool {
    true
}
