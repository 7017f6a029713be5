//! The servers: TCP on any strategy, and UDP.

mod backlog;
mod clock;
mod framed;
mod framed_blocking;
mod frames;
mod interrupts;
mod journal;
mod occupancy;
mod options;
mod raw;
mod raw_blocking;
mod service;
mod stats;
mod udp;
mod watch;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serve::{Listener, Shutdown, Signals, serve};

use crate::failure::Failure;
use crate::work::Workload;
use clock::Clock;
use occupancy::Occupancy;
use service::EchoService;
use stats::{Sources, Stats};
use watch::Watch;

pub use options::{Command, ServerOptions, TcpOptions, UdpOptions, Wire};

/// Runs the server that was asked for, until a signal stops it.
///
/// # Errors
/// When it cannot listen or cannot announce where it does.
pub async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Tcp(options) => tcp(options).await,
        Command::Udp(options) => udp::run(options).await,
    }
}

async fn tcp(options: TcpOptions) -> Result<(), Failure> {
    serve::net::raise_open_files();
    let workload =
        Workload::new(options.work, options.seed).map_err(Failure::io("cannot start a thread for --work"))?;
    let workload = Arc::new(workload);
    let listener = Listener::bind(&[options.listen], options.backlog)?;
    let (shutdown, _signals) = until_signalled()?;
    for address in listener.local_addrs() {
        announce(*address)?;
    }
    let (watch, stats) = watched(&options, &listener, &workload)?;
    let service = EchoService {
        wire: options.wire,
        reply: options.answers.reply(),
        once: options.once,
        quiet: Duration::from_millis(options.quiet_ms),
        workload: Arc::clone(&workload),
        watch,
    };
    tracing::info!(strategy = %options.strategy(), work = %options.work, "serving");
    let report = serve(listener, options.strategy(), options.limits(), service, shutdown).await;
    if let Some(stats) = stats {
        stats.finish();
    }
    tracing::info!("{report}");
    if let Some(time) = workload.service_time() {
        tracing::info!("service time: {time}");
    }
    Ok(())
}

/// Who wants to know of each request, and the lines on stdout, which begin here.
fn watched(
    options: &TcpOptions,
    listener: &Listener,
    workload: &Arc<Workload>,
) -> Result<(Watch, Option<Stats>), Failure> {
    let mut watch = Watch { stamps: options.stamps.then(Clock::new), occupancy: None };
    let Some(every_ms) = options.stats_every_ms else { return Ok((watch, None)) };
    let occupancy = Arc::new(Occupancy::new());
    watch.occupancy = Some(Arc::clone(&occupancy));
    let sources = Sources {
        counters: listener.counters(),
        occupancy,
        workload: Arc::clone(workload),
        address: listener.local_addrs().first().copied().unwrap_or(options.listen),
    };
    let stats = Stats::start(Duration::from_millis(every_ms), sources)?;
    Ok((watch, Some(stats)))
}

/// What SIGINT and SIGTERM stop.
fn until_signalled() -> Result<(Shutdown, Signals), Failure> {
    let (trigger, shutdown) = Shutdown::channel();
    let signals = trigger.on_signals().map_err(Failure::io("cannot catch signals"))?;
    Ok((shutdown, signals))
}

/// The first line on stdout, for people and for programs that started us with port 0.
fn announce(address: SocketAddr) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    writeln!(out, "listening on {address}").and_then(|()| out.flush()).map_err(Failure::io("cannot write to stdout"))
}
