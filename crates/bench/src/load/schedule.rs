//! Schedules: when sessions begin and what they ask. Pure and seeded: the same seed makes the same schedule, so that
//! every strategy of a block meets the very same arrivals and the very same work.
//!
//! A schedule is made in two steps: the arrivals ([`Schedule::poisson`] and its like), then what each arrival asks
//! ([`Schedule::with_work`], [`Schedule::with_requests`]).

use std::time::Duration;

use super::open::{Request, Schedule, Session};
use crate::stats::SplitMix64;

#[cfg(test)]
mod tests;

/// Sets the chances of one purpose apart from those of another made from the same seed.
const ARRIVALS: u64 = 0x0061_7272_6976_616c;
const WORK: u64 = 0x0000_0000_776f_726b;
const THINK: u64 = 0x0000_0074_6869_6e6b;

/// A request that asks for nothing beyond its answer.
const PLAIN: Request = Request { work: Duration::ZERO, class: 0, think: Duration::ZERO };

/// How long something lasts, drawn anew each time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lasts {
    /// Always the same.
    Fixed(Duration),
    /// Exponentially distributed, with this mean.
    Exponential(Duration),
    /// Mostly short and sometimes long. As work, short is class 0 and long class 1.
    Bimodal {
        /// The usual.
        short: Duration,
        /// The rare.
        long: Duration,
        /// The share of the long, 0 to 1.
        long_share: f64,
    },
}

impl Schedule {
    /// Arrivals that know nothing of each other, `rate_per_s` on average: what many independent people do.
    pub fn poisson(rate_per_s: f64, length: Duration, seed: u64) -> Self {
        Self::steps(&[(rate_per_s, length)], seed)
    }

    /// Poisson arrivals whose rate changes: each step is sessions a second, and for how long.
    pub fn steps(steps: &[(f64, Duration)], seed: u64) -> Self {
        let mut chance = SplitMix64::new(seed ^ ARRIVALS);
        let (mut begins, mut from) = (Vec::new(), Duration::ZERO);
        for (rate_per_s, length) in steps {
            let mut at = 0.0;
            loop {
                at += exponential(&mut chance) / rate_per_s.max(f64::MIN_POSITIVE);
                if at >= length.as_secs_f64() {
                    break;
                }
                begins.push(from + Duration::from_secs_f64(at));
            }
            from += *length;
        }
        Self::beginning(begins, from)
    }

    /// One every `1 / rate_per_s` seconds, the first at once.
    pub fn fixed(rate_per_s: f64, length: Duration) -> Self {
        let count = rate_per_s * length.as_secs_f64();
        let begins = (0_u32..).map(f64::from).take_while(|number| *number < count);
        let begins = begins.map(|number| Duration::from_secs_f64(number / rate_per_s)).collect();
        Self::beginning(begins, length)
    }

    /// Bursts of `burst` sessions at once, the bursts as Poisson arrivals; `rate_per_s` sessions on average.
    pub fn bursty(rate_per_s: f64, burst: usize, length: Duration, seed: u64) -> Self {
        let burst = burst.max(1);
        let bursts = Self::poisson(rate_per_s / burst as f64, length, seed);
        let begins = bursts.sessions.iter().flat_map(|one| std::iter::repeat_n(one.at, burst)).collect();
        Self::beginning(begins, length)
    }

    /// A closed loop: `sessions` that begin at once and ask again and again, the next request after the answer of the
    /// one before, until `length` is over. Finds a ceiling; hides every waiting behind it.
    pub fn closed(sessions: usize, length: Duration) -> Self {
        Self { repeats: true, ..Self::beginning(vec![Duration::ZERO; sessions], length) }
    }

    /// `sessions` that all begin at once, each with one request. Requests that are to follow would have no time.
    pub fn at_once(sessions: usize) -> Self {
        Self::beginning(vec![Duration::ZERO; sessions], Duration::ZERO)
    }

    /// A session of one plain request at each of these times.
    fn beginning(begins: Vec<Duration>, length: Duration) -> Self {
        let session = |at| Session { at, requests: vec![PLAIN] };
        Self { sessions: begins.into_iter().map(session).collect(), length, repeats: false }
    }

    /// The same with `count` requests a session, and a pause before each but the first.
    #[must_use]
    pub fn with_requests(mut self, count: usize, think: Lasts, seed: u64) -> Self {
        let mut chance = SplitMix64::new(seed ^ THINK);
        let repeats = self.repeats;
        for session in &mut self.sessions {
            let first = session.requests.first().copied().unwrap_or(PLAIN);
            let request = |place| {
                // Where requests repeat, the first comes again, and then it has a pause before it too.
                let think = if place == 0 && !repeats { Duration::ZERO } else { think.draw(&mut chance).0 };
                Request { think, ..first }
            };
            session.requests = (0..count.max(1)).map(request).collect();
        }
        self
    }

    /// The same with work drawn for each request.
    #[must_use]
    pub fn with_work(mut self, work: Lasts, seed: u64) -> Self {
        let mut chance = SplitMix64::new(seed ^ WORK);
        for request in self.sessions.iter_mut().flat_map(|session| &mut session.requests) {
            (request.work, request.class) = work.draw(&mut chance);
        }
        self
    }

    /// How many requests it asks for, if every session comes to its end once.
    pub fn requests(&self) -> usize {
        self.sessions.iter().map(|session| session.requests.len()).sum()
    }
}

impl Lasts {
    /// The mean.
    pub fn mean(&self) -> Duration {
        match self {
            Self::Fixed(time) | Self::Exponential(time) => *time,
            Self::Bimodal { short, long, long_share } => {
                short.mul_f64(1.0 - long_share.clamp(0.0, 1.0)) + long.mul_f64(long_share.clamp(0.0, 1.0))
            }
        }
    }

    /// A time and its class.
    fn draw(&self, chance: &mut SplitMix64) -> (Duration, usize) {
        match self {
            Self::Fixed(time) => (*time, 0),
            Self::Exponential(mean) => (mean.mul_f64(exponential(chance)), 0),
            Self::Bimodal { short, long, long_share } => {
                if unit(chance) < *long_share {
                    (*long, 1)
                } else {
                    (*short, 0)
                }
            }
        }
    }
}

/// A number from 0 up to and without 1.
pub(super) fn unit(chance: &mut SplitMix64) -> f64 {
    (chance.next() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Exponentially distributed, with the mean 1.
fn exponential(chance: &mut SplitMix64) -> f64 {
    -(1.0 - unit(chance)).ln()
}
