//! Targets that need no folder: one that keeps nothing, and one that passes on what is verified.

use std::io::{self, Write};

use proto::{FileVersion, Refusal, Root};

use super::{Placement, Target, refusal_of};
use crate::group::GroupHash;

/// Where nothing has a place.
const NO_VERSION: FileVersion = FileVersion([0; 16]);

/// Checks the hashes and keeps nothing: `verify` of a remote file, and measuring.
#[derive(Debug, Clone, Copy)]
pub struct Nowhere;

impl Target for Nowhere {
    fn write(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn verified(&mut self, _: u64, _: &[GroupHash]) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _: Root) -> Result<Placement, Refusal> {
        Ok(Placement { path: String::new(), same: false, version: NO_VERSION })
    }
}

/// Passes bytes on in order once they are verified, never before: for a pipe or a terminal, which takes nothing back.
///
/// Invariant: it holds what is not verified yet, so at most [`super::UNHASHED_BYTES_MAX`].
#[derive(Debug)]
pub struct InOrder<W> {
    out: W,
    /// The offset of the first byte in `unverified`.
    at: u64,
    unverified: Vec<u8>,
}

impl<W: Write + Send + 'static> InOrder<W> {
    /// Writes to `out` what is verified from the offset `from` on.
    pub const fn new(out: W, from: u64) -> Self {
        Self { out, at: from, unverified: Vec::new() }
    }
}

impl<W: Write + Send + 'static> Target for InOrder<W> {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        // Less than what is held after a repair.
        let keep = offset.saturating_sub(self.at);
        self.unverified.truncate(usize::try_from(keep).unwrap_or(usize::MAX));
        self.unverified.extend_from_slice(bytes);
        Ok(())
    }

    fn verified(&mut self, upto: u64, _: &[GroupHash]) -> io::Result<()> {
        let len = usize::try_from(upto.saturating_sub(self.at)).unwrap_or(usize::MAX).min(self.unverified.len());
        self.out.write_all(self.unverified.get(..len).unwrap_or_default())?;
        self.unverified.drain(..len);
        self.at = upto;
        Ok(())
    }

    fn finish(&mut self, _: Root) -> Result<Placement, Refusal> {
        self.out.flush().map_err(|error| refusal_of(&error))?;
        Ok(Placement { path: String::new(), same: false, version: NO_VERSION })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Out(Arc<Mutex<Vec<u8>>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn only_what_is_verified_is_passed_on_and_once() {
        let out = Out::default();
        let mut target = InOrder::new(out.clone(), 4);
        let seen = || String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        target.write(4, b"abc").unwrap();
        target.write(7, b"XYZ").unwrap();
        assert_eq!(seen(), "");
        target.verified(7, &[]).unwrap();
        assert_eq!(seen(), "abc");
        target.write(7, b"def").unwrap();
        target.write(10, b"g").unwrap();
        target.verified(11, &[]).unwrap();
        target.finish(Root([0; 32])).unwrap();
        assert_eq!(seen(), "abcdefg");
    }
}
