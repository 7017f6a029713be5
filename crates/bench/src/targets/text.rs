//! The text of a message, and the books about which messages have come.

/// Bytes of a tag, the sequence number at the start of every text.
pub(super) const TAG_BYTES: usize = 8;

/// The tags of the messages under way: eight hex digits, kept as one word so that a check is one comparison.
#[derive(Debug)]
pub struct Tags {
    /// Invariant: its length is a power of two and larger than the window, so no tag under way is overwritten.
    ring: Vec<u64>,
}

/// One receiver's books while it reads.
#[derive(Debug)]
pub struct Ledger<'a> {
    /// How many messages have come, all in order.
    pub got: u64,
    /// How often the server said that it is behind.
    pub behind: u64,
    /// What is to come.
    pub tags: &'a Tags,
    /// What to send back, such as the answer to a ping.
    pub answers: &'a mut Vec<u8>,
}

/// A message as it is sent, with the places that change from one to the next.
#[derive(Debug, Clone)]
pub struct Template {
    /// The bytes of one message.
    pub bytes: Vec<u8>,
    /// Where its text begins.
    pub text_at: usize,
    /// Where eight-byte big-endian numbers stand that have to be new in each message.
    pub numbers_at: Vec<usize>,
}

impl Tags {
    /// Books for at most `window` messages under way.
    pub fn new(window: usize) -> Self {
        Self { ring: vec![0; (window + 1).next_power_of_two()] }
    }

    /// Enters message `seq` and returns its tag.
    pub fn enter(&mut self, seq: u64) -> [u8; TAG_BYTES] {
        let tag = tag(seq);
        let place = self.place(seq);
        if let Some(entry) = self.ring.get_mut(place) {
            *entry = u64::from_ne_bytes(tag);
        }
        tag
    }

    fn of(&self, seq: u64) -> Option<u64> {
        self.ring.get(self.place(seq)).copied()
    }

    const fn place(&self, seq: u64) -> usize {
        let mask = self.ring.len() as u64 - 1;
        #[expect(clippy::cast_possible_truncation, reason = "masked to less than the ring's length, which is a usize")]
        let place = (seq & mask) as usize;
        place
    }
}

impl Ledger<'_> {
    /// Books the message whose text begins `text`: it has to be the next.
    ///
    /// # Errors
    /// Which was to come and which came.
    #[inline]
    pub fn book(&mut self, text: &[u8]) -> Result<(), String> {
        let tag = text.first_chunk::<TAG_BYTES>().map(|tag| u64::from_ne_bytes(*tag));
        if tag.is_none() || tag != self.tags.of(self.got) {
            return Err(self.wrong(text));
        }
        self.got += 1;
        Ok(())
    }

    /// Books the messages at the start of `bytes` that are `message_bytes` long and begin with `prefix`, and returns
    /// what is behind them.
    ///
    /// # Errors
    /// As [`Ledger::book`].
    #[inline]
    pub fn book_alike<'a>(&mut self, bytes: &'a [u8], prefix: &[u8], message_bytes: usize) -> Result<&'a [u8], String> {
        let mut rest = bytes;
        while let Some((message, behind)) = rest.split_at_checked(message_bytes) {
            let Some(text) = message.strip_prefix(prefix) else { break };
            self.book(text)?;
            rest = behind;
        }
        Ok(rest)
    }

    #[cold]
    fn wrong(&self, text: &[u8]) -> String {
        let came = text.get(..TAG_BYTES).unwrap_or(text).escape_ascii();
        format!("message {:08x} was to come, but {came} came", self.got)
    }
}

impl Template {
    /// Appends message `seq` to `out`.
    pub fn write(&self, seq: u64, tag: [u8; TAG_BYTES], out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let mut patch = |at: usize, with: [u8; 8]| {
            if let Some(place) = out.get_mut(start + at..start + at + with.len()) {
                place.copy_from_slice(&with);
            }
        };
        patch(self.text_at, tag);
        for at in &self.numbers_at {
            // Request number 0 means unasked and the greeting has used the first few.
            patch(*at, (seq + 16).to_be_bytes());
        }
    }
}

/// A text of `text_bytes` bytes with room for the tag; the same for every server.
pub fn message_text(text_bytes: usize) -> Vec<u8> {
    (0..text_bytes).map(|at| b"abcdefghijklmnopqrstuvwxyz"[at % 26]).collect()
}

/// The tag of message `seq`.
pub fn tag(seq: u64) -> [u8; TAG_BYTES] {
    std::array::from_fn(|place| {
        let nibble = (seq >> (4 * (TAG_BYTES - 1 - place))) & 0xf;
        b"0123456789abcdef"[nibble as usize % 16]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_hex_numbers() {
        assert_eq!(&tag(0), b"00000000");
        assert_eq!(&tag(0x1f2e_3d4c), b"1f2e3d4c");
    }

    #[test]
    fn a_lost_doubled_or_swapped_message_is_found() {
        let check = |order: &[u64], want: bool| {
            let mut tags = Tags::new(10);
            for seq in 0..10 {
                tags.enter(seq);
            }
            let mut answers = Vec::new();
            let mut ledger = Ledger { got: 0, behind: 0, tags: &tags, answers: &mut answers };
            let all = order.iter().try_for_each(|seq| ledger.book(&tag(*seq)));
            assert_eq!(all.is_ok(), want, "{order:?}: {all:?}");
        };
        check(&[0, 1, 2, 3], true);
        check(&[0, 2], false);
        check(&[0, 0], false);
        check(&[1, 0], false);
    }

    #[test]
    fn a_short_text_is_no_message() {
        let tags = Tags::new(1);
        let mut answers = Vec::new();
        assert!(Ledger { got: 0, behind: 0, tags: &tags, answers: &mut answers }.book(b"0000").is_err());
    }

    #[test]
    fn template_patches_tag_and_numbers() {
        let template = Template { bytes: b"........Xtexttext!".to_vec(), text_at: 9, numbers_at: vec![0] };
        let mut out = b"before".to_vec();
        template.write(1, tag(1), &mut out);
        assert_eq!(out, b"before\0\0\0\0\0\0\0\x11X00000001!");
    }
}
