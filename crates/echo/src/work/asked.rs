//! How long a request asks to be worked on, as its body says it.

use std::time::Duration;

use super::LONGEST;

/// The request's number, and the time.
const BYTES: usize = 16;

/// Why a request that is to say how long it takes cannot be worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAsk {
    /// It does not say.
    #[error(
        "{bytes} bytes do not say how long the work takes (8 bytes for a number, then 8 for nanoseconds, the lowest first)"
    )]
    TooShort {
        /// How long its body is.
        bytes: usize,
    },
    /// Longer than anything may take.
    #[error("{0:?} of work are too long; at most {LONGEST:?} are allowed")]
    TooLong(Duration),
}

pub(super) fn time(body: &[u8]) -> Result<Duration, BadAsk> {
    let Some((_, time)) = body.first_chunk::<BYTES>().and_then(|head| head.split_last_chunk::<8>()) else {
        return Err(BadAsk::TooShort { bytes: body.len() });
    };
    let time = Duration::from_nanos(u64::from_le_bytes(*time));
    if time <= LONGEST { Ok(time) } else { Err(BadAsk::TooLong(time)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_stands_behind_the_number() {
        let body = |ns: u64, more: &[u8]| [&7_u64.to_le_bytes(), &ns.to_le_bytes(), more].concat();
        let too_long = Duration::from_nanos(60_000_000_001);
        let rows = [
            (body(0, b""), Ok(Duration::ZERO)),
            (body(10_000_000, b"and more"), Ok(Duration::from_millis(10))),
            (body(60_000_000_000, b""), Ok(LONGEST)),
            (body(60_000_000_001, b""), Err(BadAsk::TooLong(too_long))),
            (body(0, b"")[..15].to_vec(), Err(BadAsk::TooShort { bytes: 15 })),
            (Vec::new(), Err(BadAsk::TooShort { bytes: 0 })),
        ];
        for (body, expected) in rows {
            assert_eq!(time(&body), expected, "{}", body.escape_ascii());
        }
    }
}
