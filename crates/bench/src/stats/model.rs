//! What queueing theory says, to be drawn under what was measured: where both disagree, the bench or an assumption of
//! the theory is wrong. Times are in the unit of the service time, rates in its inverse.
//!
//! - A pool of workers, or permits, with Poisson arrivals: [`Queue`] (M/M/c exactly; other service times by Allen and
//!   Cunneen's correction, which is exact for one server).
//! - A task for everybody whose work is waiting: nobody queues, [`no_queue_quantile`] (M/G/∞).
//! - Computing on one core where each runs to its end: [`Queue`] with one server (Pollaczek and Khinchine).

#[cfg(test)]
mod tests;

/// A queue in front of some servers, with Poisson arrivals, served in order of arrival.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Queue {
    servers: u32,
    arrivals: f64,
    service: f64,
    variation: f64,
}

impl Queue {
    /// `arrivals` per unit of time, each worked on for `service` on average, whose squared coefficient of variation is
    /// `variation` (1 for exponential times, 0 for equal ones). `None` if a number makes no sense or the load is 1 or
    /// more, where the queue has no end.
    pub fn new(servers: u32, arrivals: f64, service: f64, variation: f64) -> Option<Self> {
        let queue = Self { servers, arrivals, service, variation };
        let is_sound = servers > 0 && arrivals >= 0.0 && service > 0.0 && variation >= 0.0 && variation.is_finite();
        (is_sound && queue.load() < 1.0).then_some(queue)
    }

    /// The share of the servers that is busy.
    pub fn load(&self) -> f64 {
        self.arrivals * self.service / f64::from(self.servers)
    }

    /// The chance that somebody who arrives has to wait (Erlang C).
    pub fn waiting_chance(&self) -> f64 {
        erlang_c(self.servers, self.arrivals * self.service)
    }

    /// How long one waits on average, those who need not included.
    pub fn waiting_mean(&self) -> f64 {
        self.waiting_chance() / self.release()
    }

    /// How long a share `quantile` waits at most.
    pub fn waiting_quantile(&self, quantile: f64) -> f64 {
        let beyond = (1.0 - quantile) / self.waiting_chance();
        if beyond >= 1.0 { 0.0 } else { -beyond.ln() / self.release() }
    }

    /// How long waiting and service take together on average.
    pub fn total_mean(&self) -> f64 {
        self.waiting_mean() + self.service
    }

    /// How long waiting and service take together at most, for a share `quantile`.
    ///
    /// Service times are taken as exponential, or as all equal where their variation is below 0.05; between and above
    /// them only the waiting is corrected.
    pub fn total_quantile(&self, quantile: f64) -> f64 {
        if self.variation < NEARLY_EQUAL {
            return self.service + self.waiting_quantile(quantile);
        }
        let beyond = |time: f64| self.total_beyond(time) - (1.0 - quantile);
        let mut upper = self.service;
        // The tail falls exponentially, so doubling ends soon.
        while beyond(upper) > 0.0 && upper.is_finite() {
            upper *= 2.0;
        }
        bisect(0.0, upper, beyond)
    }

    /// The chance that waiting and exponential service together take longer than `time`.
    fn total_beyond(&self, time: f64) -> f64 {
        let (waits, leaves, served) = (self.waiting_chance(), self.release(), 1.0 / self.service);
        let at_once = (-served * time).exp();
        let difference = leaves - served;
        let after_waiting = if difference.abs() < served * 1e-9 {
            served.mul_add(time, 1.0) * at_once
        } else {
            (leaves * at_once - served * (-leaves * time).exp()) / difference
        };
        (1.0 - waits).mul_add(at_once, waits * after_waiting)
    }

    /// The rate at which the waiting of those who wait comes to its end.
    fn release(&self) -> f64 {
        let idle = f64::from(self.servers) / self.service - self.arrivals;
        // Allen and Cunneen: Poisson arrivals have a variation of 1.
        idle * 2.0 / (1.0 + self.variation)
    }
}

/// Below this squared variation all service times count as equal.
const NEARLY_EQUAL: f64 = 0.05;

/// The chance that somebody who arrives has to wait, with `offered` servers busy on average of `servers` (Erlang C).
/// 1 where the load is 1 or more.
pub fn erlang_c(servers: u32, offered: f64) -> f64 {
    let all = f64::from(servers);
    if offered >= all {
        return 1.0;
    }
    // Erlang B by its recursion, which no factorial can overflow.
    let blocked = (1..=servers).fold(1.0, |blocked, count| {
        let busy = offered * blocked;
        busy / (f64::from(count) + busy)
    });
    blocked / (1.0 - offered / all * (1.0 - blocked))
}

/// How long a share `quantile` takes at most where nobody queues and service is exponential with the mean `service`:
/// a task for everybody, whose work is waiting (M/M/∞).
pub fn no_queue_quantile(service: f64, quantile: f64) -> f64 {
    -service * (1.0 - quantile).ln()
}

/// Where the falling `function` is nought between `lower` and `upper`.
fn bisect(mut lower: f64, mut upper: f64, function: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..100 {
        let middle = f64::midpoint(lower, upper);
        if function(middle) > 0.0 {
            lower = middle;
        } else {
            upper = middle;
        }
    }
    f64::midpoint(lower, upper)
}
