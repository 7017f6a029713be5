//! What is said of a file besides its bytes: its root, its version, the key of its transfer.

use serde::{Deserialize, Serialize};

/// The BLAKE3 hash of a whole file: what `b3sum` prints.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Root(pub [u8; 32]);

impl std::fmt::Display for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Root({self})")
    }
}

impl std::str::FromStr for Root {
    type Err = NotARoot;

    /// Reads the 64 hexadecimal digits that `b3sum` prints.
    fn from_str(text: &str) -> Result<Self, NotARoot> {
        let mut root = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(NotARoot);
        }
        for (byte, digits) in root.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| NotARoot)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NotARoot)?;
        }
        Ok(Self(root))
    }
}

/// A text is no root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a BLAKE3 hash is 64 hexadecimal digits")]
pub struct NotARoot;

/// Which content a path of a room's tree had: another content is another version. Known before the root is, so that
/// a part of a file that was still coming can be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileVersion(pub [u8; 16]);

/// The sender's number for one file it sends to one place: the same again is the same upload, to be resumed. Secret:
/// whoever has it can go on with the upload.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TransferKey(pub [u8; 16]);

impl std::fmt::Debug for TransferKey {
    /// A key is a secret; logs do not show it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TransferKey(…)")
    }
}

/// A transfer's number on one connection, chosen by the client; 0 is chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u16);

impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_shown_and_read_as_b3sum_prints_it() {
        let shown = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
        let root: Root = shown.parse().unwrap();
        assert_eq!(root.0[0], 0xaf);
        assert_eq!(root.to_string(), shown);
        for bad in ["", "af", &shown[1..], &shown.replace('a', "g"), &format!("{}é", &shown[2..])] {
            assert_eq!(bad.parse::<Root>(), Err(NotARoot), "{bad}");
        }
    }
}
