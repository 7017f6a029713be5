//! The daemon's life: check what was said, bind, start the hub's owner, serve, drain, stop.

mod limits;

use std::collections::HashSet;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, bail};
use room_log::Store;
use room_log::store::rows::{Stored, StoredRoom, Title};
use serve::{Listener, Shutdown, ShutdownTrigger};

use crate::args::Args;
use crate::data_dir::DataDir;
use crate::files::Desk;
use crate::hub_owner::HubOwner;
use crate::service::ChatService;
use crate::session::Surroundings;
use limits::{file_limits, hub_limits, log_limits, serve_limits, session_limits, store_options, wire_limits};

/// Runs the server until it is told to stop, and all is closed.
///
/// # Errors
/// What kept it from starting, in words: an address, the data directory, the signals.
pub async fn run(args: Args) -> anyhow::Result<()> {
    check_addresses(&args.listen, args.insecure)?;
    survive_full_files()?;
    let data_dir = args.data_dir.as_deref().map(DataDir::take).transpose()?;
    let opened = open_store(&args).await?;
    // Each connection is an open file.
    if let Some(open_files) = serve::net::raise_open_files() {
        tracing::debug!(open_files, "the system's limit");
    }
    let listener = Listener::bind(&args.listen, args.backlog)?;
    let addresses = listener.local_addrs().to_vec();
    let (trigger, shutdown) = Shutdown::channel();
    let signals = trigger.clone().on_signals().context("cannot listen for signals")?;

    let (mut owner, hub) = HubOwner::new(hub_limits(&args), log_limits(&args), wire_limits(&args));
    let mut store = None;
    let mut directs = HashSet::new();
    if let Some((opened, stored)) = opened {
        let is_direct = |room: &&StoredRoom| matches!(room.room.title, Title::Direct(..));
        directs.extend(stored.rooms.iter().filter(is_direct).map(|room| room.room.id));
        let opened = store.insert(Arc::new(opened));
        owner = owner.with_store(hub_limits(&args), Arc::clone(opened), stored)?;
    }
    let desk = match &args.data_dir {
        Some(path) => Some(Desk::open(path, file_limits(&args), &hub, &directs).context("cannot open the files")?),
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
    let service = ChatService::new(Surroundings {
        hub,
        limits: session_limits(&args),
        files: desk.clone(),
        store: store.clone(),
    });
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
    close_store(store).await?;
    tracing::info!(end = ?report.end, drain_ms = report.drain_ms, "stopped: {}", report.snapshot);
    drop((signals, data_dir));
    Ok(())
}

/// A file that may not grow (`ulimit -f`) is an error of the write, which is told in words, and not the end of the server.
#[cfg(unix)]
fn survive_full_files() -> anyhow::Result<()> {
    let kind = tokio::signal::unix::SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    // Once caught it stays caught; nobody listens.
    tokio::signal::unix::signal(kind).map(drop).context("cannot catch SIGXFSZ")
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix, where it can fail")]
const fn survive_full_files() -> anyhow::Result<()> {
    Ok(())
}

/// Opens the store of the data directory, if there is one.
async fn open_store(args: &Args) -> anyhow::Result<Option<(Store, Stored)>> {
    let Some(path) = args.data_dir.clone() else {
        tracing::info!("no --data-dir: rooms, and what is said in them, end with this server");
        return Ok(None);
    };
    let options = store_options(args);
    let opened = tokio::task::spawn_blocking(move || Store::open(&path, options)).await;
    let (store, stored) = opened.context("the store failed")??;
    tracing::info!(path = %store.path().display(), rooms = stored.rooms.len(), people = stored.people.len(), "the store is open");
    Ok(Some((store, stored)))
}

/// Nobody uses the store any more: what it was handed is on disk when this returns.
async fn close_store(store: Option<Arc<Store>>) -> anyhow::Result<()> {
    let closed = tokio::task::spawn_blocking(|| store.and_then(Arc::into_inner).map(Store::close)).await;
    closed.context("cannot close the store").map(drop)
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
