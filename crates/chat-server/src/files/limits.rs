//! The bounds of everything about files.

use std::time::Duration;

/// What an operator says of files. No default: the operator chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLimits {
    /// The largest file, in bytes.
    pub file_bytes: u64,
    /// Bytes that must remain free on the disk.
    pub min_free_bytes: u64,
    /// Bytes of files on the server; 0 for no bound.
    pub total_bytes: u64,
    /// Bytes of files in one room; 0 for no bound.
    pub room_bytes: u64,
    /// Bytes of files of one person; 0 for no bound.
    pub person_bytes: u64,
    /// Within this an upload must bring 64 KiB (`UPLOAD_BYTES_MIN`) while it has credit.
    pub upload_idle: Duration,
    /// Parts of files that nobody goes on with are removed after this.
    pub partial_age: Duration,
}

/// See [`FileLimits::upload_idle`].
pub(super) const UPLOAD_BYTES_MIN: u64 = 64 * 1024;

/// Transfers under way on one connection.
pub(super) const TRANSFERS_MAX: usize = 64;

/// Parts of one person's files that are kept to be resumed; the oldest makes place.
pub(super) const KEPT_PER_PERSON_MAX: usize = 64;

/// Parts of files that are kept in all.
pub(super) const KEPT_MAX: usize = 4096;

/// Packs and parcels in flight on one connection, each.
pub(super) const SMALL_MAX: usize = 4;

/// A parcel is at most as long as this many other frames, in bytes …
pub(super) const PARCEL_FRAMES: usize = 16;
/// … but may have this many bytes: a file and the paths of all.
pub(super) const PARCEL_BYTES_MIN: usize = 384 * 1024;

/// Bytes of packs and parcels in memory, for all connections.
pub(super) const SMALL_BYTES_MAX: usize = 24 * 1024 * 1024;

/// Bytes that all downloads together may read ahead.
pub(super) const READ_AHEAD_BYTES: usize = 24 * 1024 * 1024;

/// Bytes that senders may be ahead of the disk, for all uploads.
pub(super) const WINDOWS_BYTES: u64 = 48 * 1024 * 1024;

/// How long an upload whose sender is gone stays open for those who read it.
pub(super) const HELD: Duration = Duration::from_secs(60);

/// A file of this size is told of when it begins to come, not only when it is there, in bytes.
pub(super) const SENDING_BYTES_MIN: u64 = 8 * 1024 * 1024;

/// After this long without progress a receiver is told who holds it up.
pub(super) const STALLED_AFTER: Duration = Duration::from_secs(1);

/// Bytes of files that one connection may send to transfers that are not there. What was on its way when a transfer
/// ended is no fault: each adds [`STRAY_BYTES_PER_END`], the largest credit there can be.
pub(super) const STRAY_BYTES: u64 = 1024 * 1024;
/// See [`STRAY_BYTES`].
pub(super) const STRAY_BYTES_PER_END: u64 = 16 * 1024 * 1024;
/// See [`STRAY_BYTES`]; more do not pile up.
pub(super) const STRAY_BYTES_MAX: u64 = TRANSFERS_MAX as u64 * STRAY_BYTES_PER_END;

/// Long jobs at a time, and how many may wait.
pub(super) const LONG_JOBS: usize = 2;
/// See [`LONG_JOBS`].
pub(super) const LONG_WAITING_MAX: usize = 64;
/// Long jobs of one connection.
pub(super) const LONG_PER_SESSION_MAX: usize = 4;

/// When somebody who found something full may try again, in milliseconds.
pub(super) const RETRY_AFTER_MS: u32 = 200;
