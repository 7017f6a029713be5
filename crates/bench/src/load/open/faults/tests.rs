//! A load that did its part has no fault; each rule is broken in turn.

use std::time::Duration;

use super::*;

/// Of a thousand requests, two in a hundred later than the rest.
fn latencies(most_ms: f64, few_ms: f64) -> Latencies {
    let mut latencies = Latencies::new();
    (0..1000).for_each(|at| {
        let ms = if at % 50 == 0 { few_ms } else { most_ms };
        latencies.record(Duration::from_secs_f64(ms / 1000.0));
    });
    latencies
}

fn check(break_it: impl Fn(&mut Evidence<'_>), late_ms: (f64, f64), want: Option<&str>) {
    let lateness = latencies(late_ms.0, late_ms.1);
    let mut evidence = Evidence {
        offered: 1000,
        begun_in_time: 1000,
        lateness: &lateness,
        usual_ms: Some(10.0),
        tail_ms: Some(40.0),
        core_share: Some(0.4),
    };
    break_it(&mut evidence);
    let found = evidence.faults();
    assert!(found.len() == usize::from(want.is_some()), "{late_ms:?}: {found:?}");
    assert!(found.iter().zip(want).all(|(found, want)| found.contains(want)), "{found:?}, not {want:?}");
}

#[test]
fn each_rule_objects_to_what_breaks_it() {
    let on_time = (0.05, 0.05);
    check(|_| (), on_time, None);
    check(|load| load.begun_in_time = 979, on_time, Some("97.9 % of what was offered"));
    check(|load| load.begun_in_time = 980, on_time, None);
    check(|load| load.core_share = Some(0.71), on_time, Some("71.0 % of its core"));
    check(|load| load.core_share = None, on_time, None);
    check(|load| load.offered = 0, on_time, Some("nothing was offered"));
}

#[test]
fn it_may_be_late_by_a_tenth_of_what_is_reported() {
    let reported = |usual_ms: f64, tail_ms: f64| {
        move |load: &mut Evidence<'_>| (load.usual_ms, load.tail_ms) = (Some(usual_ms), Some(tail_ms))
    };
    check(|load| (load.usual_ms, load.tail_ms) = (None, None), (0.05, 0.05), None);
    check(reported(1.0, 2.0), (0.90, 0.95), None);
    check(reported(1.0, 2.0), (1.10, 1.10), Some("1.10 ms at its median, and 1.00 ms may be"));
    check(reported(20.0, 30.0), (1.10, 1.10), None);
    check(reported(10.0, 40.0), (0.05, 4.10), Some("4.10 ms at its 99th percentile, and 4.00 ms may be"));
    check(reported(10.0, 50.0), (0.05, 4.10), None);
    check(|load| load.tail_ms = None, (0.05, 1.10), Some("1.10 ms at its 99th percentile"));
}
