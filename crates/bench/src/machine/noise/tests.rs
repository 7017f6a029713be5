//! The rule is held to rows of numbers, the readings to texts as Linux writes them.

use std::time::{Duration, Instant};

use super::readings::{Clocks, CoreTimes, core_times, own_seconds, pressure_seconds};
use super::*;

const STAT: &str = "cpu  30 2 20 900 10 4 14 20 0 0\n\
                    cpu0 10 1 10 450 5 2 7 15 0 0\n\
                    cpu1 20 1 10 450 5 2 7 5 0 0\n\
                    intr 17\n";

#[test]
fn what_disturbs_is_more_than_the_bounds() {
    let check = |others: Option<f64>, steal, burn, want: Option<&str>| {
        let others_seconds = others.map(|share| 2.0 * share);
        let noise = Noise { others, others_seconds, steal, burn, pressure: Some(1.0) };
        assert_eq!(noise.disturbed().as_deref(), want, "{noise:?}");
    };
    check(Some(0.02), Some(0.01), 1.0, None);
    check(Some(0.20), Some(0.05), 1.4, None);
    check(None, None, 1.0, None);
    check(Some(0.24), Some(0.0), 1.0, Some("others took 24 % of our cores"));
    check(Some(0.0), Some(0.061), 1.0, Some("the host took 6 % of our cores away"));
    check(Some(0.0), Some(0.0), 1.93, Some("the core was 1.9 times as slow as at the start"));
}

#[test]
fn a_trial_too_short_for_the_clocks_is_not_disturbed() {
    let check = |others_seconds, want: bool| {
        let noise =
            Noise { others: Some(0.5), others_seconds: Some(others_seconds), steal: None, burn: 1.0, pressure: None };
        assert_eq!(noise.disturbed().is_some(), want, "{noise:?}");
    };
    check(0.05, false);
    check(0.10, true);
}

#[test]
fn only_what_is_known_stands_in_the_record() {
    let keys = |noise: Noise| noise.figures().map(|(key, _)| key).collect::<Vec<_>>();
    let known =
        Noise { others: Some(0.1), others_seconds: Some(0.1), steal: Some(0.1), burn: 1.0, pressure: Some(0.1) };
    assert_eq!(keys(known), [OTHERS, STEAL, BURN, PRESSURE]);
    assert_eq!(keys(Noise { others: None, others_seconds: None, steal: None, burn: 1.0, pressure: None }), [BURN]);
}

#[test]
fn cores_are_read_as_pinned() {
    let near = |found: Option<CoreTimes>, busy: f64, steal: f64, total: f64| {
        let found = found.unwrap();
        let off = (found.busy - busy).abs() + (found.steal - steal).abs() + (found.total - total).abs();
        assert!(off < 1e-9, "{found:?}");
    };
    near(core_times(STAT, Pinning::NONE), 0.70, 0.20, 10.0);
    near(core_times(STAT, Pinning { server: Some(0), load: Some(1) }), 0.70, 0.20, 10.0);
    near(core_times(STAT, Pinning { server: Some(1), load: Some(1) }), 0.40, 0.05, 5.0);
    assert_eq!(core_times(STAT, Pinning { server: Some(7), load: None }), None);
    assert_eq!(core_times("", Pinning::NONE), None);
}

#[test]
fn processes_and_pressure_are_read() {
    let stat = "7 (a) b) R 1 7 7 0 -1 4 5 6 7 8 110 40 30 20 20 0 9 0 9 9";
    assert!((own_seconds(stat).unwrap() - 2.0).abs() < 1e-9);
    assert_eq!(own_seconds("7 (a) R 1 7"), None);
    let pressure = "some avg10=1.59 avg60=22.58 avg300=16.23 total=4500000\nfull avg10=0.00 total=9\n";
    assert!((pressure_seconds(pressure).unwrap() - 4.5).abs() < 1e-9);
    assert_eq!(pressure_seconds(""), None);
}

#[test]
fn what_is_not_ours_is_others() {
    let at = Instant::now();
    let clocks = |seconds: u64, busy: f64, steal: f64, own: f64| Clocks {
        at: at + Duration::from_secs(seconds),
        cores: Some(CoreTimes { busy, steal, total: 2.0 * seconds as f64 }),
        own_seconds: Some(own),
        pressure_seconds: Some(own),
    };
    let (before, after) = (clocks(0, 5.0, 1.0, 3.0), clocks(10, 20.0, 2.0, 16.0));
    let near = |found: Option<f64>, want: f64| assert!((found.unwrap() - want).abs() < 1e-9, "{found:?}, not {want}");
    near(after.others_since(&before), 0.1);
    near(after.others_seconds_since(&before), 2.0);
    near(after.steal_since(&before), 0.05);
    near(after.pressure_since(&before), 1.0);
    // Ticks are samples: what comes out below nought is nought.
    near(clocks(10, 17.0, 1.0, 16.0).others_since(&before), 0.0);
    assert_eq!(before.others_since(&before), None);
}

#[test]
fn gate_lets_go_where_nobody_asks_it_to_wait() {
    let mut gate = Gate::new(Pinning::NONE);
    let before = gate.before(&Interrupt::default()).unwrap();
    let noise = gate.after(&before);
    assert!(noise.burn > 0.0, "{noise:?}");

    let asked = Interrupt::default();
    asked.ask();
    assert!(matches!(gate.before(&asked), Err(BenchError::Interrupted)));
}
