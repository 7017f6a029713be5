//! What was built, from what, by what.

use serde_json::{Map, Value, json};

use super::known;

/// The lock file this program was built with. The servers that `cargo xtask bench` measures are built with it too.
const LOCK: &str = include_str!("../../../../../Cargo.lock");

/// Whose version may move a figure.
const CRATES: [&str; 8] = ["bincode", "bytes", "hdrhistogram", "mio", "rustix", "serde_json", "socket2", "tokio"];

/// What the builder (`cargo xtask bench`) tells in the environment is there only if it did.
pub(super) fn build() -> Value {
    let versions: Map<String, Value> =
        CRATES.iter().map(|name| ((*name).to_owned(), known(version_of(LOCK, name)))).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "profile": if cfg!(debug_assertions) { "debug" } else { "release" },
        "target": format!("{}-{}", std::env::consts::ARCH, target()),
        // None of our programs sets another one.
        "allocator": format!("the system's ({})", target()),
        "rustc": known(told("BENCH_RUSTC")),
        "git_commit": known(told("BENCH_GIT_COMMIT")),
        "git_dirty": known(told("BENCH_GIT_DIRTY").and_then(|dirty| dirty.parse::<bool>().ok())),
        "cargo_lock_blake3": blake3::hash(LOCK.as_bytes()).to_hex().as_str(),
        "crates": versions,
    })
}

fn told(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

const fn target() -> &'static str {
    match () {
        () if cfg!(all(target_os = "linux", target_env = "gnu")) => "linux-gnu",
        () if cfg!(all(target_os = "linux", target_env = "musl")) => "linux-musl",
        () => std::env::consts::OS,
    }
}

/// The version of a package in a lock file; several are joined.
pub(super) fn version_of(lock: &str, name: &str) -> Option<String> {
    let wanted = format!("name = \"{name}\"");
    let mut lines = lock.lines();
    let mut versions = Vec::new();
    while let Some(line) = lines.next() {
        if line == wanted {
            versions.extend(lines.next().and_then(|next| next.strip_prefix("version = \"")?.strip_suffix('"')));
        }
    }
    (!versions.is_empty()).then(|| versions.join(", "))
}
