//! The models are held to tables, to closed formulas and to a simulation.

use super::*;
use crate::stats::SplitMix64;

/// Workers and load, the service time being 5 ms; P(wait), mean wait, wait p99, wait p99.9, in milliseconds.
type ErlangRow = (u32, f64, f64, f64, f64, f64);

#[test]
fn erlang_c_is_the_published_table() {
    let table: [ErlangRow; 7] = [
        (8, 0.80, 0.458, 1.43, 11.9, 19.1),
        (8, 0.95, 0.844, 10.6, 55.5, 84.2),
        (32, 0.70, 0.038, 0.02, 0.70, 1.89),
        (32, 0.90, 0.458, 0.72, 5.98, 9.57),
        (32, 0.95, 0.696, 2.17, 13.3, 20.5),
        (32, 0.98, 0.870, 6.80, 34.9, 52.9),
        (128, 0.90, 0.169, 0.07, 1.10, 2.00),
    ];
    for (servers, load, chance, mean, p99, p999) in table {
        let queue = Queue::new(servers, load * f64::from(servers) / 5.0, 5.0, 1.0).unwrap();
        let near = |found: f64, want: f64| {
            // The table has three digits, and two behind the point where it is small.
            assert!((found - want).abs() <= (want * 0.006).max(0.0051), "{servers} at {load}: {found}, not {want}");
        };
        near(queue.waiting_chance(), chance);
        near(queue.waiting_mean(), mean);
        near(queue.waiting_quantile(0.99), p99);
        near(queue.waiting_quantile(0.999), p999);
    }
}

#[test]
fn one_server_is_the_textbook() {
    let near =
        |found: f64, want: f64| assert!((found - want).abs() < 1e-9 * want.abs().max(1.0), "{found}, not {want}");
    for load in [0.1, 0.5, 0.9] {
        // M/M/1: the time inside is exponential with the mean S / (1 - load).
        let queue = Queue::new(1, load, 1.0, 1.0).unwrap();
        near(queue.waiting_chance(), load);
        near(queue.total_mean(), 1.0 / (1.0 - load));
        near(queue.total_quantile(0.99), -(0.01_f64.ln()) / (1.0 - load));
        // Pollaczek and Khinchine: equal times wait half as long, a variation of 3 twice as long.
        near(Queue::new(1, load, 1.0, 0.0).unwrap().waiting_mean(), queue.waiting_mean() / 2.0);
        near(Queue::new(1, load, 1.0, 3.0).unwrap().waiting_mean(), queue.waiting_mean() * 2.0);
    }
    near(no_queue_quantile(5.0, 0.99), 5.0 * 100.0_f64.ln());
}

#[test]
fn total_quantile_is_the_published_simulation() {
    // Pool of 32, 5 ms: 22.8, 24.0 and 50.1 ms by simulation, 22.9 ms without a queue; long runs scatter by some per cent.
    for (load, want) in [(0.7, 22.8), (0.9, 24.0), (0.98, 50.1)] {
        let found = Queue::new(32, load * 32.0 / 5.0, 5.0, 1.0).unwrap().total_quantile(0.99);
        assert!((found / want - 1.0).abs() < 0.2, "{load}: {found}, not {want}");
    }
    assert!((no_queue_quantile(5.0, 0.99) - 22.9).abs() < 0.2);
}

/// The times inside of `count` arrivals in front of `servers` servers, in order of arrival; service by `draw`.
fn simulated(servers: usize, arrivals: f64, count: usize, draw: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut random = SplitMix64::new(11);
    let mut uniform = move || (random.below(1 << 30) as f64 + 0.5) / (1 << 30) as f64;
    let mut free = vec![0.0_f64; servers];
    let mut now = 0.0;
    let mut times: Vec<f64> = (0..count)
        .map(|_| {
            now -= uniform().ln() / arrivals;
            let first = free.iter_mut().min_by(|one, other| one.total_cmp(other)).unwrap();
            *first = first.max(now) + draw(uniform());
            *first - now
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

#[test]
fn models_agree_with_a_simulation() {
    let exponential = |uniform: f64| -uniform.ln();
    let equal = |_: f64| 1.0;
    let check = |servers: u32, load: f64, variation: f64, draw: fn(f64) -> f64, most: f64| {
        let arrivals = load * f64::from(servers);
        let times = simulated(usize::try_from(servers).unwrap(), arrivals, 200_000, draw);
        let queue = Queue::new(servers, arrivals, 1.0, variation).unwrap();
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        let off = |found: f64, model: f64| {
            assert!((found / model - 1.0).abs() < most, "{servers} at {load}, {variation}: {found}, model {model}")
        };
        off(mean, queue.total_mean());
        off(times[times.len() * 99 / 100], queue.total_quantile(0.99));
    };
    check(8, 0.5, 1.0, exponential, 0.03);
    check(8, 0.8, 1.0, exponential, 0.05);
    check(8, 0.9, 1.0, exponential, 0.10);
    // For equal times the tail is an approximation.
    check(1, 0.7, 0.0, equal, 0.08);
    check(8, 0.8, 0.0, equal, 0.10);
}

#[test]
fn what_has_no_end_has_no_model() {
    assert_eq!(Queue::new(8, 8.0, 1.0, 1.0), None);
    assert_eq!(Queue::new(0, 0.1, 1.0, 1.0), None);
    assert_eq!(Queue::new(8, f64::NAN, 1.0, 1.0), None);
    assert!((erlang_c(4, 9.0) - 1.0).abs() < 1e-12);
    assert!(erlang_c(4, 0.0).abs() < 1e-12);
}
