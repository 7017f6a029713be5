//! Work that must not hold up a chat: on a machine whose cores are all busy, the thread that hashes and writes a file
//! lets the thread that serves a connection go first.

use std::cell::Cell;

/// How much less a thread for files weighs, as `nice` counts: about a third of another's share when all are busy.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

thread_local! {
    static IS_MODEST: Cell<bool> = const { Cell::new(false) };
}

/// Makes the calling thread a modest one, for good. On Linux a thread has a weight of its own; elsewhere nothing
/// happens, and nothing but speed is lost.
pub(crate) fn be_modest() {
    if IS_MODEST.replace(true) {
        return;
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "a thread for files weighs as much as any");
    }
}
