//! Unicode lower case of a stream, however it was cut into reads.
//!
//! Each character is mapped by itself, as `char::to_lowercase` does: Σ always becomes σ, also at the end of a word
//! (where a word ends is not known before the next read, and an answer must not wait for it), and İ becomes i with a
//! combining dot. Bytes that are no UTF-8 pass through as they are.

/// Lower case, one read after the other.
#[derive(Debug, Default)]
pub struct Lower {
    /// The beginning of a character whose rest has not come yet: at most three bytes.
    begun: Vec<u8>,
}

impl Lower {
    /// Appends the lower case of `bytes` to `out`. The beginning of a character at the end of `bytes` is kept back
    /// until the rest comes.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.begun.is_empty() {
            self.begun = lower(bytes, out).to_vec();
        } else {
            let mut joined = std::mem::take(&mut self.begun);
            joined.extend_from_slice(bytes);
            self.begun = lower(&joined, out).to_vec();
        }
    }

    /// Appends what was kept back: nothing more comes.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.begun);
    }

    /// The lower case of `bytes` that stand for themselves.
    pub fn whole(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        let begun = lower(bytes, &mut out);
        out.extend_from_slice(begun);
        out
    }
}

/// Appends the lower case of `bytes` to `out`, and returns the beginning of a character at their end.
fn lower<'a>(bytes: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let mut rest = bytes;
    loop {
        let error = match std::str::from_utf8(rest) {
            Ok(text) => {
                push(text, out);
                return &[];
            }
            Err(error) => error,
        };
        let (text, from_there) = rest.split_at(error.valid_up_to());
        push(std::str::from_utf8(text).unwrap_or_default(), out);
        let Some(bad_bytes) = error.error_len() else { return from_there };
        let (bad, behind) = from_there.split_at(bad_bytes);
        out.extend_from_slice(bad);
        rest = behind;
    }
}

fn push(text: &str, out: &mut Vec<u8>) {
    if text.is_ascii() {
        out.extend(text.bytes().map(|byte| byte.to_ascii_lowercase()));
        return;
    }
    for c in text.chars().flat_map(char::to_lowercase) {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_are_lowered_and_other_bytes_pass() {
        let rows: &[(&[u8], &[u8])] = &[
            (b"Hello, World", b"hello, world"),
            ("ÄÖÜ Здравствуй 你好".as_bytes(), "äöü здравствуй 你好".as_bytes()),
            ("ΟΔΟΣ".as_bytes(), "οδοσ".as_bytes()),
            ("İ".as_bytes(), "i\u{307}".as_bytes()),
            (b"CAF\xc9 X", b"caf\xc9 x"),
            (b"A\xff\xfeB", b"a\xff\xfeb"),
            (b"cut \xe4\xbd", b"cut \xe4\xbd"),
            (b"", b""),
        ];
        for (bytes, expected) in rows {
            assert_eq!(Lower::whole(bytes), *expected, "{}", bytes.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_answer_is_the_same(bytes: Vec<u8>, text in "\\PC*", cuts: Vec<u8>) {
            for bytes in [bytes, text.into_bytes()] {
                let (mut rest, mut out, mut stream) = (bytes.as_slice(), Vec::new(), Lower::default());
                for cut in &cuts {
                    let (now, later) = rest.split_at(usize::from(*cut).min(rest.len()));
                    stream.feed(now, &mut out);
                    rest = later;
                }
                stream.feed(rest, &mut out);
                stream.finish(&mut out);
                prop_assert_eq!(out, Lower::whole(&bytes));
            }
        }
    }
}
