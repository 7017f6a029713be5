//! What people write: a message, a topic. UTF-8 without control characters, bounded in bytes.

use bytes::Bytes;

use crate::limits::{TEXT_BYTES_MAX, TOPIC_BYTES_MAX};

/// Why some bytes are not a [`Text`] or a [`Topic`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing, or nothing but white space.
    #[error("a message cannot be empty")]
    Empty,
    /// Longer than the limit.
    #[error("{len} bytes are too many; at most {max} are allowed")]
    TooLong {
        /// Bytes it has.
        len: usize,
        /// Bytes it may have.
        max: usize,
    },
    /// Not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// A control character other than a line feed or a tab.
    #[error("the control character U+{:04X} is not allowed", *.0 as u32)]
    Control(char),
}

/// A chat message: one or more lines of UTF-8. Line feed and tab are its only control characters.
///
/// Invariant: the bytes are UTF-8, not blank, at most [`TEXT_BYTES_MAX`], and shared, not copied, when cloned.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text(Bytes);

impl Text {
    /// Takes the bytes of a message as they came.
    ///
    /// # Errors
    /// [`TextError`] names the rule that was broken.
    pub fn parse(bytes: Bytes) -> Result<Self, TextError> {
        let text = check(&bytes, TEXT_BYTES_MAX, |c| c == '\n' || c == '\t')?;
        if text.chars().all(char::is_whitespace) {
            return Err(TextError::Empty);
        }
        Ok(Self(bytes))
    }

    /// The message. Checks its bytes again, so keep the result rather than asking twice.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The message's bytes.
    pub const fn bytes(&self) -> &Bytes {
        &self.0
    }
}

impl std::str::FromStr for Text {
    type Err = TextError;

    /// Takes what a person typed: `\r\n` becomes `\n`, as terminals and files on Windows end lines with it.
    fn from_str(typed: &str) -> Result<Self, TextError> {
        Self::parse(Bytes::from(typed.replace("\r\n", "\n")))
    }
}

/// A room's topic: one line of UTF-8, maybe empty.
///
/// Invariant: no control character, at most [`TOPIC_BYTES_MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Topic(String);

impl Topic {
    /// The topic.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Topic {
    type Err = TextError;

    fn from_str(topic: &str) -> Result<Self, TextError> {
        let trimmed = topic.trim();
        check(trimmed.as_bytes(), TOPIC_BYTES_MAX, |_| false)?;
        Ok(Self(trimmed.to_owned()))
    }
}

fn check(bytes: &[u8], max: usize, allowed_control: impl Fn(char) -> bool) -> Result<&str, TextError> {
    if bytes.len() > max {
        return Err(TextError::TooLong { len: bytes.len(), max });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| TextError::NotUtf8)?;
    match text.chars().find(|&c| c.is_control() && !allowed_control(c)) {
        Some(control) => Err(TextError::Control(control)),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_takes_what_people_write_and_names_the_rule_it_breaks() {
        let long = "x".repeat(TEXT_BYTES_MAX);
        let too_long = "x".repeat(TEXT_BYTES_MAX + 1);
        let rows: &[(&[u8], Result<(), TextError>)] = &[
            ("你好,世界".as_bytes(), Ok(())),
            (b"two\nlines\tand a tab", Ok(())),
            (long.as_bytes(), Ok(())),
            (too_long.as_bytes(), Err(TextError::TooLong { len: TEXT_BYTES_MAX + 1, max: TEXT_BYTES_MAX })),
            (b"", Err(TextError::Empty)),
            (b" \n\t ", Err(TextError::Empty)),
            ("\u{3000}\u{a0}\n".as_bytes(), Err(TextError::Empty)),
            (b"bell\x07", Err(TextError::Control('\u{7}'))),
            (b"esc\x1b[2J", Err(TextError::Control('\u{1b}'))),
            ("c1\u{9b}2J".as_bytes(), Err(TextError::Control('\u{9b}'))),
            (b"cr\rhere", Err(TextError::Control('\r'))),
            (b"\xe4\xbd", Err(TextError::NotUtf8)),
        ];
        for (bytes, expected) in rows {
            let parsed = Text::parse(Bytes::copy_from_slice(bytes)).map(|_| ());
            assert_eq!(&parsed, expected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_topic_is_one_trimmed_line() {
        assert_eq!("  tea at five ".parse::<Topic>().unwrap().as_str(), "tea at five");
        assert_eq!("".parse::<Topic>(), Ok(Topic::default()));
        assert_eq!("a\nb".parse::<Topic>(), Err(TextError::Control('\n')));
        assert_eq!(
            "x".repeat(TOPIC_BYTES_MAX + 1).parse::<Topic>(),
            Err(TextError::TooLong { len: TOPIC_BYTES_MAX + 1, max: TOPIC_BYTES_MAX })
        );
    }
}
