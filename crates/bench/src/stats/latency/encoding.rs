//! A histogram as text, without loss: hdrhistogram's V2 with deflate, in base64, as every HdrHistogram tool reads it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};

use super::Latencies;

/// Why a text is not a histogram of ours.
#[derive(Debug, thiserror::Error)]
pub enum EncodingError {
    /// It is not base64.
    #[error("not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// What stands in it is no histogram.
    #[error("not a histogram: {0}")]
    Histogram(#[from] hdrhistogram::serialization::DeserializeError),
    /// It holds values that a histogram of ours cannot.
    #[error("a histogram with other bounds: {0}")]
    Bounds(#[from] hdrhistogram::AdditionError),
}

impl Latencies {
    /// All samples as text; [`Latencies::decoded`] reads it.
    ///
    /// # Panics
    /// Never: it writes to memory, and all counts fit the format.
    pub fn encoded(&self) -> String {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.histogram, &mut bytes)
            .expect("a histogram of ours can be written to memory");
        STANDARD.encode(bytes)
    }

    /// What [`Latencies::encoded`] wrote.
    ///
    /// # Errors
    /// [`EncodingError`] says what is wrong with the text.
    pub fn decoded(text: &str) -> Result<Self, EncodingError> {
        let bytes = STANDARD.decode(text)?;
        let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice())?;
        let mut latencies = Self::new();
        latencies.histogram.add(&histogram)?;
        Ok(latencies)
    }
}
