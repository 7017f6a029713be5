//! Control bodies in bincode 2, serde mode. The only module that may name bincode; `docs/decisions/0001` says why
//! and how to leave it.
//!
//! Rules for every type that passes here: no recursion, no zero-sized elements, no `usize`, no maps.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::DecodeError;
use crate::limits::CONTROL_BYTES_MAX;

/// bincode counts the size of each primitive in memory, not its bytes on the wire; eight times the cap lets every
/// body within the cap through (the worst is a list of rooms: 20 bytes counted for 3 on the wire). A lying length
/// makes a string allocate at most this much, and a list at most the 1 MiB that serde allows itself; both are freed
/// before [`decode`] returns. Decision 0001 has the measurements.
const LIMIT: usize = 8 * CONTROL_BYTES_MAX;

const CONFIG: Configuration<LittleEndian, Varint, Limit<LIMIT>> = bincode::config::standard().with_limit::<LIMIT>();

/// The body of a control message.
///
/// Takes values whose strings and lists are within [`crate::limits`]; such a value always encodes.
pub(crate) fn encode<T: Serialize>(message: &T) -> Bytes {
    let mut body = Vec::with_capacity(64);
    let written = bincode::serde::encode_into_std_write(message, &mut body, CONFIG);
    debug_assert!(written.is_ok(), "a wire type must always encode: {written:?}");
    Bytes::from(body)
}

/// The message in `body`, which must hold exactly it.
pub(crate) fn decode<T: DeserializeOwned>(kind: &'static str, body: &[u8]) -> Result<T, DecodeError> {
    let (message, used) = bincode::serde::decode_from_slice::<T, _>(body, CONFIG)
        .map_err(|error| DecodeError::BadBody { kind, why: reason(&error) })?;
    match body.len() - used {
        0 => Ok(message),
        extra => Err(DecodeError::TrailingBytes { kind, extra }),
    }
}

fn reason(error: &bincode::error::DecodeError) -> &'static str {
    use bincode::error::DecodeError as Bad;
    match error {
        Bad::UnexpectedEnd { .. } => "it ends too early",
        Bad::LimitExceeded => "a length in it is beyond the limit",
        Bad::UnexpectedVariant { .. } => "a tag in it is unknown",
        Bad::Utf8 { .. } => "a string in it is not UTF-8",
        Bad::InvalidBooleanValue(_) => "a flag in it is neither 0 nor 1",
        Bad::InvalidIntegerType { .. } | Bad::OutsideUsizeRange(_) => "a number in it does not fit its field",
        _ => "a field in it has no such value",
    }
}
