//! The sixteen bytes before every body, laid out by hand.
//!
//! ```text
//!  0       4      5       6        8                16
//!  | len   | kind | flags | slot   | id             |
//!  | u32   | u8   | u8    | u16    | u64            |   big-endian
//! ```
//!
//! `len` counts the body only. `id` is a request id, a room sequence number or a file offset, as the kind says.
//! `slot` is 0 for chat and a transfer's number otherwise.

use bytes::{Buf, BufMut};

use crate::limits::{BULK_BYTES_MAX, CONTROL_BYTES_MAX, HEADER_BYTES};

/// A receiver that does not know the kind may skip the frame. Every other flag bit is sent as 0 and ignored.
pub const FLAG_SKIPPABLE: u8 = 0b0000_0001;

/// The first kind number of bulk frames, whose bodies may be longer than control bodies.
pub const BULK_KIND_FIRST: u8 = 128;

/// A frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Length of the body in bytes, the header not counted.
    pub len: u32,
    /// What the body is; [`crate::Kind`] names the known numbers.
    pub kind: u8,
    /// See [`FLAG_SKIPPABLE`].
    pub flags: u8,
    /// Transfer number, 0 for chat.
    pub slot: u16,
    /// Request id, room sequence number or file offset.
    pub id: u64,
}

impl Header {
    /// Reads a header from exactly its sixteen bytes. Cannot fail: every value is a header.
    pub fn read(bytes: &[u8; HEADER_BYTES]) -> Self {
        let mut rest: &[u8] = bytes;
        Self {
            len: rest.get_u32(),
            kind: rest.get_u8(),
            flags: rest.get_u8(),
            slot: rest.get_u16(),
            id: rest.get_u64(),
        }
    }

    /// Appends the sixteen bytes to `out`.
    pub fn write(&self, out: &mut impl BufMut) {
        out.put_u32(self.len);
        out.put_u8(self.kind);
        out.put_u8(self.flags);
        out.put_u16(self.slot);
        out.put_u64(self.id);
    }

    /// Whether a receiver that does not know the kind may skip the frame.
    pub const fn is_skippable(&self) -> bool {
        self.flags & FLAG_SKIPPABLE != 0
    }

    /// The longest body a frame of this header's kind may have, in bytes, when bulk frames are capped at `bulk_bytes_max`.
    pub const fn body_bytes_max(&self, bulk_bytes_max: usize) -> usize {
        if self.kind < BULK_KIND_FIRST {
            CONTROL_BYTES_MAX
        } else if bulk_bytes_max < BULK_BYTES_MAX {
            bulk_bytes_max
        } else {
            BULK_BYTES_MAX
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_laid_out_big_endian_in_the_order_of_the_picture() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
        let header = Header { len: 0x0102_0304, kind: 5, flags: 6, slot: 0x0708, id: 0x090A_0B0C_0D0E_0F10 };
        let mut written = Vec::new();
        header.write(&mut written);
        assert_eq!(written, bytes);
        assert_eq!(Header::read(&bytes), header);
    }

    #[test]
    fn only_the_lowest_flag_makes_a_frame_skippable() {
        for (flags, is_skippable) in [(0, false), (1, true), (0b1111_1110, false), (0xFF, true)] {
            let header = Header { len: 0, kind: 99, flags, slot: 0, id: 0 };
            assert_eq!(header.is_skippable(), is_skippable, "{flags:#b}");
        }
    }
}
