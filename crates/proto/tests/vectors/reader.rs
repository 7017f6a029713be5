//! A second reader of control bodies, written from the text of `docs/protocol.md` without bincode. If it reads every
//! example, the document says enough. It notes what it read, which becomes the comments of the examples.

use std::ops::Range;

/// A body that cannot be read, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) &'static str);

/// What was read in one go: words for it, and its bytes; those of a length before it are shown apart.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) words: String,
    pub(crate) length: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// Reads a body from its beginning to its end.
pub(crate) struct Reader<'a> {
    body: &'a [u8],
    at: usize,
    pub(crate) notes: Vec<Note>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0, notes: Vec::new() }
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), Unreadable> {
        if self.left() == 0 { Ok(()) } else { Err(Unreadable("bytes are left over")) }
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.body.len() - self.at
    }

    /// Takes `count` bytes as they are.
    pub(crate) fn raw(&mut self, name: &str, count: usize) -> Result<&'a [u8], Unreadable> {
        let from = self.at;
        let bytes = self.take(count)?;
        self.note(format!("{name}: {count} bytes"), from..from);
        Ok(bytes)
    }

    /// Takes the magic bytes and a token alike: an array has no length before it.
    pub(crate) fn array<const N: usize>(&mut self, name: &str) -> Result<[u8; N], Unreadable> {
        let mut array = [0; N];
        array.copy_from_slice(self.raw(name, N)?);
        Ok(array)
    }

    pub(crate) fn u16(&mut self, name: &str) -> Result<u16, Unreadable> {
        u16::try_from(self.number(name, 2)?).map_err(|_| Unreadable("a number is too big"))
    }

    pub(crate) fn u32(&mut self, name: &str) -> Result<u32, Unreadable> {
        u32::try_from(self.number(name, 4)?).map_err(|_| Unreadable("a number is too big"))
    }

    pub(crate) fn u64(&mut self, name: &str) -> Result<u64, Unreadable> {
        self.number(name, 8)
    }

    pub(crate) fn bool(&mut self, name: &str) -> Result<bool, Unreadable> {
        let from = self.at;
        let flag = match self.take(1)? {
            [0] => false,
            [1] => true,
            _ => return Err(Unreadable("a flag is neither 0 nor 1")),
        };
        self.note(format!("{name}: {flag}"), from..from);
        Ok(flag)
    }

    pub(crate) fn string(&mut self, name: &str) -> Result<String, Unreadable> {
        let from = self.at;
        let count = self.varint(8)?;
        let middle = self.at;
        let bytes = self.take(usize::try_from(count).map_err(|_| Unreadable("a length is too big"))?)?;
        let text = std::str::from_utf8(bytes).map_err(|_| Unreadable("a string is not UTF-8"))?;
        let shown = if text.len() <= 64 { format!("{text:?}") } else { format!("{} bytes", text.len()) };
        self.note(format!("{name}: {shown}"), from..middle);
        Ok(text.to_owned())
    }

    /// Takes the tag of an option: whether something follows.
    pub(crate) fn option(&mut self, name: &str) -> Result<bool, Unreadable> {
        let from = self.at;
        let (is_there, words) = match self.take(1)? {
            [0] => (false, "none"),
            [1] => (true, "present"),
            _ => return Err(Unreadable("the tag of an option is neither 0 nor 1")),
        };
        self.note(format!("{name}: {words}"), from..from);
        Ok(is_there)
    }

    /// Takes the variant of an enum, one of `variants`.
    pub(crate) fn variant(&mut self, name: &str, variants: &[&str]) -> Result<usize, Unreadable> {
        let from = self.at;
        let number = usize::try_from(self.varint(4)?).map_err(|_| Unreadable("a variant is unknown"))?;
        let variant = variants.get(number).ok_or(Unreadable("a variant is unknown"))?;
        self.note(format!("{name}: {variant}"), from..from);
        Ok(number)
    }

    /// Takes a list: its length, then each entry by `entry`.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        mut entry: impl FnMut(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<Vec<T>, Unreadable> {
        let from = self.at;
        let count = self.varint(8)?;
        self.note(format!("{name}: {count} entries"), from..from);
        (0..count).map(|_| entry(self)).collect()
    }

    /// Takes a fixed big-endian number, as `Say` and `Event` have them.
    pub(crate) fn fixed(&mut self, name: &str, bytes: usize) -> Result<u64, Unreadable> {
        let from = self.at;
        let number = self.take(bytes)?.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
        self.note(format!("{name}: {number}"), from..from);
        Ok(number)
    }

    /// Takes `count` bytes of UTF-8 without a length before them; all that is left if `None`.
    pub(crate) fn plain_text(&mut self, name: &str, count: Option<usize>) -> Result<String, Unreadable> {
        let from = self.at;
        let bytes = self.take(count.unwrap_or(self.body.len() - from))?;
        let text = std::str::from_utf8(bytes).map_err(|_| Unreadable("a string is not UTF-8"))?;
        self.note(format!("{name}: {text:?}"), from..from);
        Ok(text.to_owned())
    }

    /// Takes the header of a frame that stands in the body: the length of its body, its kind, its id.
    pub(crate) fn header(&mut self) -> Result<(usize, u8, u64), Unreadable> {
        let from = self.at;
        let mut number = |bytes| Ok(self.take(bytes)?.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)));
        let (len, kind, _flags_and_slot, id) = (number(4)?, number(1)?, number(3)?, number(8)?);
        self.note(format!("header: len {len}, kind {kind}, id {id}"), from..from);
        let too_big = |_| Unreadable("a number is too big");
        Ok((usize::try_from(len).map_err(too_big)?, u8::try_from(kind).map_err(too_big)?, id))
    }

    /// Reads the next `count` bytes, and no further, by `read`, which leaves none of them.
    pub(crate) fn part<T>(
        &mut self,
        count: usize,
        read: impl FnOnce(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<T, Unreadable> {
        let whole = self.body;
        let end = self.at.checked_add(count).ok_or(Unreadable("a length is too big"))?;
        self.body = whole.get(..end).ok_or(Unreadable("it ends too early"))?;
        let read = read(self).and_then(|part| self.end().map(|()| part));
        self.body = whole;
        read
    }

    /// What is left, not taken.
    pub(crate) fn ahead(&self) -> &'a [u8] {
        &self.body[self.at..]
    }

    /// Takes all that is left.
    pub(crate) fn rest(&mut self, name: &str) -> Result<&'a [u8], Unreadable> {
        self.raw(name, self.left())
    }

    fn number(&mut self, name: &str, width: usize) -> Result<u64, Unreadable> {
        let from = self.at;
        let number = self.varint(width)?;
        self.note(format!("{name}: {number}"), from..from);
        Ok(number)
    }

    /// Takes a varint of a field that is `width_max` bytes wide.
    fn varint(&mut self, width_max: usize) -> Result<u64, Unreadable> {
        let width = match self.take(1)? {
            [small] if *small <= 250 => return Ok(u64::from(*small)),
            [251] => 2,
            [252] => 4,
            [253] => 8,
            _ => return Err(Unreadable("no number begins with 254 or 255")),
        };
        if width > width_max {
            return Err(Unreadable("a number is too big"));
        }
        Ok(self.take(width)?.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Unreadable> {
        let end = self.at.checked_add(count).ok_or(Unreadable("a length is too big"))?;
        let bytes = self.body.get(self.at..end).ok_or(Unreadable("it ends too early"))?;
        self.at = end;
        Ok(bytes)
    }

    /// Notes what was read since `length`, the bytes of a length before it.
    fn note(&mut self, words: String, length: Range<usize>) {
        let value = length.end..self.at;
        self.notes.push(Note { words, length, value });
    }
}
