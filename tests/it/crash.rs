//! Pull the plug on a busy server, at any moment, in any part of a commit: what was confirmed is there, what anybody saw is
//! there, in one order for all, without a gap and without a double.
//!
//! A round starts the server on the same data directory, lets people talk until it is killed (`kill -9` at a random moment, or
//! an abort at a fail point within a commit), starts it again, lets everybody come back with token and cursors, and reads all of
//! it. `VERBATIM_CRASH_ROUNDS` sets the rounds, `VERBATIM_CRASH_SEED` the seed; `cargo xtask crash --rounds 10000` sets both.

mod actor;
mod ledger;

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::dice::Dice;
use crate::matrix::STRATEGIES;
use crate::server::Server;
use actor::{Actor, Stop};
use ledger::Ledger;

/// Rounds when nobody says how many: what fits into CI.
const ROUNDS: u64 = 200;

/// Where they talk.
const ROOMS: [&str; 2] = ["lobby", "tea"];

/// The longest a server lives before it is killed, in milliseconds.
const LIFE_MS_MAX: u64 = 150;

/// Where a server may abort by itself, and after how many passages at most.
const FAIL_POINTS: [(&str, u64); 4] =
    [("mid-batch", 40), ("before-commit", 40), ("after-commit", 40), ("before-append", 40)];

/// Rounds within which a server that confirms before it commits must be caught.
const CAUGHT_WITHIN: u64 = 40;

#[test]
fn whatever_was_confirmed_or_seen_is_there_after_the_plug_was_pulled() {
    let rounds = number("VERBATIM_CRASH_ROUNDS").unwrap_or(ROUNDS);
    let seed = number("VERBATIM_CRASH_SEED").unwrap_or(20_261_124);
    let mut scene = Scene::new(seed, None);
    let started = Instant::now();
    for round in 0..rounds {
        scene.play(round).unwrap_or_else(|why| panic!("round {round}, seed {seed}: {why}"));
        if round % 100 == 99 {
            println!(
                "{} rounds, {} events, {:.0} s",
                round + 1,
                scene.ledger.events(),
                started.elapsed().as_secs_f64()
            );
        }
    }
    let Kills { by_signal, by_fail_point, held_out } = scene.kills;
    println!(
        "{rounds} rounds, seed {seed}: {} events, {} confirmed; killed {by_signal} times from outside, {by_fail_point} times \
         within a commit; {held_out} ended before their fail point",
        scene.ledger.events(),
        scene.ledger.confirmed()
    );
    assert!(scene.ledger.confirmed() > rounds, "hardly anything was said");
    assert!(rounds < 20 || (by_signal > 0 && by_fail_point > 0), "some way to die never came");
}

#[test]
fn a_server_that_confirms_before_it_commits_is_caught() {
    let mut scene = Scene::new(7, Some("confirm-early"));
    let caught = (0..CAUGHT_WITHIN).find_map(|round| scene.play(round).err());
    assert!(caught.is_some(), "{CAUGHT_WITHIN} rounds and nothing was missed");
}

/// How the servers of all rounds died.
#[derive(Debug, Default)]
struct Kills {
    by_signal: u64,
    by_fail_point: u64,
    held_out: u64,
}

/// A data directory, those who talk, and what they know.
struct Scene {
    root: tempfile::TempDir,
    address: SocketAddr,
    fault: Option<&'static str>,
    dice: Dice,
    actors: Vec<Actor>,
    ledger: Ledger,
    kills: Kills,
}

impl Scene {
    fn new(seed: u64, fault: Option<&'static str>) -> Self {
        // Free now; only this test starts servers on it.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let talkers = ["ann", "bob", "李小明"].map(|nick| Actor::new(nick, &ROOMS, true));
        let readers = ["eve"].map(|nick| Actor::new(nick, &ROOMS, false));
        Self {
            root: tempfile::tempdir().unwrap(),
            address,
            fault,
            dice: Dice::new(seed),
            actors: talkers.into_iter().chain(readers).collect(),
            ledger: Ledger::default(),
            kills: Kills::default(),
        }
    }

    fn start(&self, round: u64, variables: &[(&str, &str)]) -> Server {
        let (_, strategy) = STRATEGIES[usize::try_from(round).unwrap_or(0) % STRATEGIES.len()];
        let data = self.root.path().to_str().unwrap();
        // A small ring, so that whoever was away is served from disk, too.
        let rest = ["--data-dir", data, "--rate", "0", "--room-kib", "16", "--grace-ms", "600000"];
        Server::start_in(self.address, &[strategy, &rest].concat(), variables)
    }

    /// One life of a server, its end, and what is found behind it.
    fn play(&mut self, round: u64) -> Result<(), String> {
        self.live_and_die(round)?;
        let server = self.start(round + 1, &[]);
        for actor in &mut self.actors {
            actor.come_back(self.address, &self.ledger)?;
        }
        let heads = self.ledger.check(self.address, &ROOMS)?;
        for actor in &mut self.actors {
            actor.read_to(&heads, &self.ledger)?;
        }
        server.kill();
        Ok(())
    }

    fn live_and_die(&mut self, round: u64) -> Result<(), String> {
        let life = Duration::from_millis(5 + self.dice.below(LIFE_MS_MAX));
        let by_itself = (self.fault.is_some() || self.dice.below(2) == 0).then(|| {
            let (point, most) = match self.fault {
                // There it loses what it has confirmed, if anybody listened.
                Some(_) => FAIL_POINTS[1],
                None => FAIL_POINTS[usize::try_from(self.dice.below(FAIL_POINTS.len() as u64)).unwrap_or(0)],
            };
            format!("{point}:{}", 1 + self.dice.below(most))
        });
        let mut variables: Vec<_> = by_itself.iter().map(|point| ("VERBATIM_FAIL_POINT", point.as_str())).collect();
        variables.extend(self.fault.map(|fault| ("VERBATIM_FAULT", fault)));
        let mut server = self.start(round, &variables);
        let is_over = AtomicBool::new(false);
        let (address, ledger) = (self.address, &self.ledger);
        let talked: Result<(), String> = std::thread::scope(|scope| {
            let running: Vec<_> = self
                .actors
                .iter_mut()
                .map(|actor| scope.spawn(|| actor.live(address, ledger, Stop(&is_over))))
                .collect();
            let started = Instant::now();
            // One that is to die by itself lives longer, to come to its fail point.
            let most = if by_itself.is_some() { life + Duration::from_millis(LIFE_MS_MAX) } else { life };
            while started.elapsed() < most && !server.has_ended() {
                std::thread::park_timeout(Duration::from_millis(1));
            }
            match (server.has_ended(), by_itself.is_some()) {
                (true, true) => self.kills.by_fail_point += 1,
                (true, false) => return Err(format!("the server ended by itself: {}", server.ended().stderr)),
                (false, true) => self.kills.held_out += 1,
                (false, false) => self.kills.by_signal += 1,
            }
            server.kill();
            is_over.store(true, Ordering::Relaxed);
            running.into_iter().try_for_each(|one| one.join().unwrap_or_else(|_| Err("somebody panicked".to_owned())))
        });
        talked
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
