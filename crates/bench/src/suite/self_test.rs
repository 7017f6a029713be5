//! Can the suite be caught lying? What is planted has to be found, on real servers: a stall, a slowdown and none, a
//! load that cannot keep up, a strategy that starves. Nothing here says anything about speed, so it passes on a loaded
//! machine.

mod planted;

use std::path::Path;
use std::time::Duration;

use super::experiments::bout;
use super::lab::{Ground, Prepared};
use super::record::Counts;
use super::spec::Preset;
use super::validity::objections;
use crate::child::RunningServer;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::load::open::{self, Carrier, OpenCount, OpenPlan, Schedule};
use crate::load::schedule::Lasts;
use crate::machine::Pinning;
use crate::targets::echo::EchoServer;

/// What a check found; the error says what is wrong.
pub type Outcome = Result<(), String>;

/// How long the server stalls.
const STALL: Duration = Duration::from_millis(500);

/// The corrected p99 has to be above this, and the uncorrected below.
const STALL_SHOWS_MS: f64 = 200.0;

/// Runs all of them; each with what it shows.
///
/// # Errors
/// [`BenchError::Interrupted`], and what makes going on pointless, such as a server that is not built.
pub fn run(
    bin_dir: &Path,
    pinning: Pinning,
    interrupt: &Interrupt,
) -> Result<Vec<(&'static str, Outcome)>, BenchError> {
    let ground = Ground {
        preset: Preset::Ci,
        pinning,
        bin_dir: bin_dir.to_owned(),
        interrupt,
        seed: 1,
        prepared: Prepared::new(),
    };
    Ok(vec![
        ("the same seed gives the same arrivals and the same work", seed_decides()),
        ("a stall of 500 ms shows in the corrected p99 and not in the other", stall(&ground)?),
        ("a planted slowdown of 10 % is found, and none is equivalent", planted::slowdown(&ground)?),
        ("a load that cannot keep up makes a trial invalid", throttled(&ground)?),
        ("a strategy that starves is reported as starving, and another is not", starvation(&ground)?),
    ])
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn seed_decides() -> Outcome {
    let drawn = |seed| {
        let times = Lasts::Exponential(Duration::from_millis(5));
        Schedule::poisson(500.0, Duration::from_secs(2), seed).with_work(times, seed)
    };
    ensure(drawn(1) == drawn(1) && drawn(1) != drawn(2), || "it does not".to_owned())
}

/// One connection, so that while the server stalls one request is on its way and all others wait for the connection:
/// what a tool that times from the send never sees.
fn stall(ground: &Ground<'_>) -> Result<Outcome, BenchError> {
    let schedule = Schedule::fixed(400.0, Duration::from_millis(1700));
    let plan = OpenPlan { carrier: Carrier::Kept(1), warm_up: Duration::ZERO, ..bout::plan(schedule) };
    let server = RunningServer::start(&EchoServer::new("spawn").command(&ground.bin_dir), ground.pinning)?;
    let plan = OpenPlan { address: server.address(), ..plan };
    let count = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(STALL);
            server.pause();
            std::thread::sleep(STALL);
            server.resume();
        });
        open::run(plan, ground.interrupt)
    })?;
    let (corrected, uncorrected) = (count.intended.value_at(0.99), count.sent.value_at(0.99));
    let shows = corrected.is_some_and(|p99| p99 > STALL_SHOWS_MS);
    let hides = uncorrected.is_some_and(|p99| p99 < STALL_SHOWS_MS);
    Ok(ensure(shows && hides, || format!("corrected {corrected:?} ms, uncorrected {uncorrected:?} ms")))
}

/// A pause of 3 ms before every send cannot make a thousand sends a second.
fn throttled(ground: &Ground<'_>) -> Result<Outcome, BenchError> {
    let schedule = Schedule::fixed(1000.0, Duration::from_millis(600));
    let plan = OpenPlan { handicap: Duration::from_millis(3), carrier: Carrier::Kept(8), ..bout::plan(schedule) };
    let bout = bout::run(ground, &bout::server("spawn", 8, 100, "none"), plan)?;
    let objections = objections(&bout.count, &bout.stats);
    Ok(ensure(!objections.is_empty(), || "nobody objects".to_owned()))
}

/// Six connections that stay, on two workers.
fn starvation(ground: &Ground<'_>) -> Result<Outcome, BenchError> {
    let count = |strategy: &str| -> Result<OpenCount, BenchError> {
        let schedule = Schedule::fixed(300.0, Duration::from_millis(600));
        let plan = OpenPlan {
            carrier: Carrier::Kept(6),
            warm_up: Duration::ZERO,
            drain: Duration::from_millis(200),
            ..bout::plan(schedule)
        };
        Ok(bout::run(ground, &bout::server(strategy, 2, 100, "sleep:fix:1ms"), plan)?.count)
    };
    let (pool, per_request) = (count("pool")?.counts, count("pool-request")?.counts);
    let Counts { starved, .. } = pool;
    let holds = starved > 0 && per_request.starved == 0;
    Ok(ensure(holds, || format!("pool {starved} starved, pool-request {}", per_request.starved)))
}
