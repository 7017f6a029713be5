//! Trees and partials on a real disk: what every verb does with every hostile name, who gets a taken name, what damage
//! costs, and what other programs do meanwhile.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise, wherever it is")]

#[path = "storage/crash.rs"]
mod crash;
#[cfg(target_os = "linux")]
#[path = "storage/full.rs"]
mod full;
#[cfg(target_os = "linux")]
#[path = "storage/hostile.rs"]
mod hostile;
#[cfg(target_os = "linux")]
#[path = "storage/listing.rs"]
mod listing;
#[path = "storage/packs.rs"]
mod packs;
#[path = "storage/partials.rs"]
mod partials;
#[path = "storage/places.rs"]
mod places;
#[path = "storage/sequences.rs"]
mod sequences;
#[path = "storage/support.rs"]
mod support;
