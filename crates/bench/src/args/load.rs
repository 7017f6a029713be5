//! What `load` takes.

use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{count, seconds};
use crate::load::open::Wire;

const EXAMPLES: &str = "\
Examples:
  bench-client load echo://127.0.0.1:12101 --rate 1000              1000 a second, Poisson, over 10 connections
  bench-client load echo://127.0.0.1:12101 --rate 1000 --fresh      a connection per request
  bench-client load echo://127.0.0.1:12101 --rate 1200 --work 5ms --deadline 100ms --retries 2
                                                                    against echo-server tcp --work asked:sleep
  bench-client load raw://127.0.0.1:7 --connections 50              closed loop: as fast as 50 can
  bench-client load chat://127.0.0.1:12100 --rate 50 --requests 5 --think 300ms --connections 200
                                                                    people who say five things each
  bench-client load echo://127.0.0.1:12101 --rate 500 --json | jq .intended

With --rate the load is open: requests begin when they should, whether the server keeps up or not, and latency counts
from then. Without it the loop is closed: it finds a ceiling, and its latencies hide every waiting.

Exit codes: 0 ok, 1 the client was the limit, requests failed, or the server could not be reached, 2 usage,
130 interrupted.";

/// A server that runs already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadTarget {
    /// As it was typed.
    pub url: String,
    /// What it speaks.
    pub wire: Wire,
    /// Where it listens.
    pub address: SocketAddr,
}

/// How sessions arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Arrivals {
    /// As independent people come: at random.
    Poisson,
    /// One every 1/N seconds.
    Fixed,
    /// Several at once.
    Bursty,
}

/// What `load` takes.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct LoadArguments {
    /// echo://HOST:PORT (framed echo), raw://HOST:PORT (bytes come back) or chat://HOST:PORT (messages to a room).
    #[arg(value_name = "TARGET")]
    pub target: LoadTarget,
    /// Sessions a second, whatever the server does. Without it every connection asks again as soon as it is answered.
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,
    /// How they arrive.
    #[arg(long, value_enum, default_value_t = Arrivals::Poisson, requires = "rate")]
    pub arrivals: Arrivals,
    /// How many arrive at once, if bursty.
    #[arg(long, default_value_t = 20, value_parser = count(1..=10_000))]
    pub burst: usize,
    /// How many connections stand from the beginning; a session takes one that is free.
    #[arg(long, default_value_t = 10, value_parser = count(1..=100_000))]
    pub connections: usize,
    /// A connection of its own for every session.
    #[arg(long, requires = "rate", conflicts_with = "connections")]
    pub fresh: bool,
    /// Requests a session.
    #[arg(long, default_value_t = 1, value_parser = count(1..=10_000))]
    pub requests: usize,
    /// The pause before each request but a session's first, on average (exponentially distributed): 300ms.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time)]
    pub think: Duration,
    /// How long a request is, in bytes.
    #[arg(long, default_value_t = 64, value_parser = count(16..=60_000))]
    pub size: usize,
    /// How long a server of `--work asked:...` shall work for each, on average (exponentially distributed).
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time)]
    pub work: Duration,
    /// How long it is measured, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    pub duration: f64,
    /// What comes before and is not counted, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds)]
    pub warm_up: f64,
    /// A request is given up after this: 100ms.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub deadline: Option<Duration>,
    /// How often a request that was turned away or given up is tried again.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub retries: u32,
    /// The first pause before that; it doubles.
    #[arg(long, value_name = "TIME", default_value = "10ms", value_parser = time)]
    pub retry_pause: Duration,
    /// The room of a chat.
    #[arg(long, default_value = "load")]
    pub room: String,
    /// Decides arrivals, work and pauses.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// One JSON object instead of words.
    #[arg(long)]
    pub json: bool,
}

impl FromStr for LoadTarget {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let form = "write echo://HOST:PORT, raw://HOST:PORT or chat://HOST:PORT";
        let (scheme, rest) = url.split_once("://").ok_or_else(|| format!("no :// in it; {form}"))?;
        let wire = match scheme {
            "echo" => Wire::Framed,
            "raw" => Wire::Raw,
            "chat" => Wire::Chat { room: "load".to_owned() },
            _ => return Err(format!("{scheme} is nothing that can be loaded; {form}")),
        };
        let mut addresses = rest.to_socket_addrs().map_err(|error| format!("{rest}: {error}; {form}"))?;
        let address = addresses.next().ok_or_else(|| format!("{rest} has no address"))?;
        Ok(Self { url: url.to_owned(), wire, address })
    }
}

fn rate(typed: &str) -> Result<f64, String> {
    match typed.parse::<f64>() {
        Ok(rate) if (0.1..=1_000_000.0).contains(&rate) => Ok(rate),
        Ok(_) => Err("between 0.1 and 1000000 a second".to_owned()),
        Err(_) => Err("a number of sessions a second, such as 500".to_owned()),
    }
}

/// `300ms`, `1.5s`, `250us`.
fn time(typed: &str) -> Result<Duration, String> {
    let units = [("ms", 1e-3), ("us", 1e-6), ("s", 1.0)];
    let parsed = units.iter().find_map(|(unit, scale)| {
        let number: f64 = typed.strip_suffix(unit)?.parse().ok()?;
        Some(number * scale)
    });
    match parsed {
        Some(seconds) if (0.0..=600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        Some(_) => Err("between 0s and 600s".to_owned()),
        None => Err("a time with its unit, such as 300ms, 1.5s or 250us".to_owned()),
    }
}
