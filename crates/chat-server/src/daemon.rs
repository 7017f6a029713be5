//! The daemon's life: check what was said, bind, start the hub's owner, serve, drain, stop.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use chat::HubLimits;
use proto::limits::TEXT_BYTES_MAX;
use proto::message::WireLimits;
use serve::{Limits, Listener, Shutdown, ShutdownTrigger};

use crate::args::Args;
use crate::data_dir::DataDir;
use crate::files::{Desk, FileLimits};
use crate::hub_owner::{HubOwner, LogLimits};
use crate::service::ChatService;
use crate::session::{SessionLimits, Surroundings};

/// Members up to which a room is told by name who comes and goes.
const NAMED_PRESENCE_MAX: usize = 64;

/// How long a small change of a big room's count may go untold, in milliseconds.
const CROWD_INTERVAL_MS: u64 = 60_000;

/// Tickets for second connections that are out at a time.
const TICKETS_MAX: usize = 1024;

/// Bytes of events that a room may keep when all of them hold too much.
const ROOM_FLOOR_BYTES: usize = 16 * 1024;

/// Runs the server until it is told to stop, and all is closed.
///
/// # Errors
/// What kept it from starting, in words: an address, the data directory, the signals.
pub async fn run(args: Args) -> anyhow::Result<()> {
    check_addresses(&args.listen, args.insecure)?;
    let data_dir = args.data_dir.as_deref().map(DataDir::take).transpose()?;
    if data_dir.is_some() {
        tracing::warn!("rooms are held in memory in this version: messages do not survive a restart");
    }
    // Each connection is an open file.
    if let Some(open_files) = serve::net::raise_open_files() {
        tracing::debug!(open_files, "the system's limit");
    }
    let listener = Listener::bind(&args.listen, args.backlog)?;
    let addresses = listener.local_addrs().to_vec();
    let (trigger, shutdown) = Shutdown::channel();
    let signals = trigger.clone().on_signals().context("cannot listen for signals")?;

    let (owner, hub) = HubOwner::new(hub_limits(&args), log_limits(&args), wire_limits(&args));
    let desk = match &args.data_dir {
        Some(path) => Some(Desk::open(path, file_limits(&args), &hub).context("cannot open the files")?),
        None => None,
    };
    let owner = desk.iter().cloned().fold(owner, HubOwner::with_files);
    let watch = desk.clone().map(|desk| tokio::spawn(desk.watch_over()));
    // Without its hub the server can only close; the handle is joined below.
    let owner = tokio::spawn(async move {
        let closes = CloseOnDrop(trigger);
        owner.run().await;
        drop(closes);
    });
    let service = ChatService::new(Surroundings { hub, limits: session_limits(&args), files: desk.clone() });
    announce(&addresses)?;
    tracing::info!(strategy = %args.strategy.strategy(), ?addresses, "serving");
    let report = serve::serve(listener, args.strategy.strategy(), serve_limits(&args), service, shutdown).await;
    // The service held the last ways to the hub; with them gone its owner ends by itself.
    owner.await.context("the hub's owner failed")?;
    if let Some(watch) = watch {
        watch.abort();
        // It was told to end; how it did says nothing.
        let _ended: Result<(), _> = watch.await;
    }
    if let Some(desk) = desk {
        tokio::task::spawn_blocking(move || desk.set_all_aside()).await.context("cannot set files aside")?;
    }
    tracing::info!(end = ?report.end, drain_ms = report.drain_ms, "stopped: {}", report.snapshot);
    drop((signals, data_dir));
    Ok(())
}

/// Closes the server when the hub's owner ends, were it by a panic.
struct CloseOnDrop(ShutdownTrigger);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Nothing is encrypted yet, so only loopback is served without ceremony.
fn check_addresses(addresses: &[SocketAddr], insecure: bool) -> anyhow::Result<()> {
    let Some(open) = addresses.iter().find(|address| !address.ip().is_loopback()) else { return Ok(()) };
    if insecure {
        tracing::warn!(%open, "listening beyond loopback without encryption, as --insecure says: anyone on the way can read and change everything");
        return Ok(());
    }
    bail!(
        "{open} is not a loopback address, and nothing is encrypted yet: anyone on the way could read everything \
         (listen on 127.0.0.1 behind an ssh tunnel or VPN, or say --insecure)"
    )
}

/// The first lines on standard output; what starts this server waits for them.
fn announce(addresses: &[SocketAddr]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for address in addresses {
        writeln!(out, "listening on {address}").context("cannot write to standard output")?;
    }
    out.flush().context("cannot write to standard output")
}

fn hub_limits(args: &Args) -> HubLimits {
    HubLimits {
        rooms_max: args.max_rooms as usize,
        rooms_per_member_max: args.max_rooms_per_person as usize,
        grace_ms: args.grace_ms,
        held_max: args.max_held,
        named_presence_max: NAMED_PRESENCE_MAX,
        crowd_interval_ms: CROWD_INTERVAL_MS,
        keep_ms: 0,
        kept_max: 0,
        is_durable: false,
        tickets_max: if args.data_dir.is_some() { TICKETS_MAX } else { 0 },
    }
}

fn log_limits(args: &Args) -> LogLimits {
    LogLimits {
        room_bytes: (args.room_kib as usize).saturating_mul(1024),
        total_bytes: (args.rooms_mib as usize).saturating_mul(1024 * 1024),
        floor_bytes: ROOM_FLOOR_BYTES,
    }
}

fn wire_limits(args: &Args) -> WireLimits {
    WireLimits {
        text_bytes: u32::try_from(TEXT_BYTES_MAX).unwrap_or(u32::MAX),
        bulk_bytes: 0,
        rooms: args.max_rooms_per_person,
        idle_ms: u32::try_from(args.idle_ms).unwrap_or(u32::MAX),
        grace_ms: u32::try_from(args.grace_ms).unwrap_or(u32::MAX),
    }
}

fn file_limits(args: &Args) -> FileLimits {
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

const fn session_limits(args: &Args) -> SessionLimits {
    SessionLimits {
        handshake_ms: args.handshake_ms,
        idle_ms: args.idle_ms,
        stall_ms: args.stall_ms,
        requests_per_second: args.rate,
    }
}

const fn serve_limits(args: &Args) -> Limits {
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
