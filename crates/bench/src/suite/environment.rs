//! `env.json`: what the figures depend on and somebody else would have to know to get them again. What cannot be read
//! is "unknown", never guessed.

mod build;
mod linux;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use crate::machine::Pinning;

/// What the machine and the build say of themselves. To be read before the calling thread is pinned, for a pinned one is
/// told of one core.
pub fn read(pinning: Pinning, seed: u64) -> Value {
    json!({
        "processor": linux::processor(),
        "system": linux::system(),
        "limits": linux::limits(),
        "sysctls": linux::sysctls(),
        "build": build::build(),
        "run": {
            "seed": seed,
            "server_core": or_unknown(pinning.server, "not pinned"),
            "load_core": or_unknown(pinning.load, "not pinned"),
        },
    })
}

/// A value, or a word that says there is none.
fn or_unknown(value: Option<impl Into<Value>>, otherwise: &str) -> Value {
    value.map_or_else(|| Value::from(otherwise), Into::into)
}

/// A value, or "unknown".
fn known(value: Option<impl Into<Value>>) -> Value {
    or_unknown(value, "unknown")
}
