//! What the operator said, as the parts of the server take it.

use std::time::Duration;

use chat::HubLimits;
use proto::limits::TEXT_BYTES_MAX;
use proto::message::WireLimits;
use room_log::store::{Retention, StoreOptions};
use serve::Limits;

use crate::args::Args;
use crate::files::FileLimits;
use crate::hub_owner::LogLimits;
use crate::session::SessionLimits;

/// Members up to which a room is told by name who comes and goes.
const NAMED_PRESENCE_MAX: usize = 64;

/// How long a small change of a big room's count may go untold, in milliseconds.
const CROWD_INTERVAL_MS: u64 = 60_000;

/// Tickets for second connections that are out at a time.
const TICKETS_MAX: usize = 1024;

/// Bytes of events that a room may keep when all of them hold too much.
const ROOM_FLOOR_BYTES: usize = 16 * 1024;

pub(super) fn hub_limits(args: &Args) -> HubLimits {
    HubLimits {
        rooms_max: args.max_rooms as usize,
        rooms_per_member_max: args.max_rooms_per_person as usize,
        grace_ms: args.grace_ms,
        held_max: args.max_held,
        named_presence_max: NAMED_PRESENCE_MAX,
        crowd_interval_ms: CROWD_INTERVAL_MS,
        // Kept places are for those who find what was said meanwhile.
        keep_ms: if args.data_dir.is_some() { days_ms(args.keep_days) } else { 0 },
        kept_max: args.max_kept,
        is_durable: args.data_dir.is_some(),
        tickets_max: if args.data_dir.is_some() { TICKETS_MAX } else { 0 },
    }
}

pub(super) fn log_limits(args: &Args) -> LogLimits {
    LogLimits {
        room_bytes: (args.room_kib as usize).saturating_mul(1024),
        total_bytes: (args.rooms_mib as usize).saturating_mul(1024 * 1024),
        floor_bytes: ROOM_FLOOR_BYTES,
    }
}

pub(super) fn wire_limits(args: &Args) -> WireLimits {
    WireLimits {
        text_bytes: u32::try_from(TEXT_BYTES_MAX).unwrap_or(u32::MAX),
        bulk_bytes: 0,
        rooms: args.max_rooms_per_person,
        idle_ms: u32::try_from(args.idle_ms).unwrap_or(u32::MAX),
        grace_ms: u32::try_from(args.grace_ms).unwrap_or(u32::MAX),
    }
}

pub(super) fn file_limits(args: &Args) -> FileLimits {
    let bytes = |mib: u64| mib.saturating_mul(1024 * 1024);
    FileLimits {
        file_bytes: bytes(args.file_max_mib),
        min_free_bytes: bytes(args.files_min_free_mib),
        total_bytes: bytes(args.files_total_mib),
        room_bytes: bytes(args.files_room_mib),
        person_bytes: bytes(args.files_person_mib),
        upload_idle: Duration::from_millis(args.upload_idle_ms),
        partial_age: Duration::from_secs(u64::from(args.partial_hours) * 3600),
    }
}

pub(super) const fn session_limits(args: &Args) -> SessionLimits {
    SessionLimits {
        handshake_ms: args.handshake_ms,
        idle_ms: args.idle_ms,
        stall_ms: args.stall_ms,
        requests_per_second: args.rate,
    }
}

pub(super) const fn serve_limits(args: &Args) -> Limits {
    Limits {
        max_connections: args.max_connections,
        max_per_address: args.max_per_address,
        workers: args.workers,
        queue: args.queue,
        queue_wait_ms: args.queue_wait_ms,
        handshake_ms: args.handshake_ms,
        idle_ms: args.idle_ms,
        drain_ms: args.drain_ms,
    }
}

pub(super) fn store_options(args: &Args) -> StoreOptions {
    let unless_off = |value: u64| (value != 0).then_some(value);
    StoreOptions {
        durability: args.durability.durability(),
        retention: Retention {
            age_ms: unless_off(days_ms(args.retain_days)),
            events: unless_off(args.retain_events),
            bytes: unless_off(args.retain_mib.saturating_mul(1024 * 1024)),
        },
        readers: args.store_readers.get(),
    }
}

const fn days_ms(days: u32) -> u64 {
    days as u64 * 24 * 3600 * 1000
}
