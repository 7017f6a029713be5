//! A sound trial has nothing against it; each rule is broken in turn.

use std::time::Duration;

use super::*;

/// Latencies of so many milliseconds each.
fn latencies(count: usize, ms: impl Fn(usize) -> f64) -> Latencies {
    let mut latencies = Latencies::new();
    (0..count).for_each(|at| latencies.record(Duration::from_secs_f64(ms(at) / 1000.0)));
    latencies
}

/// A trial of a thousand requests, each 10 ms in the server.
fn sound(lateness: &Latencies) -> Evidence<'_> {
    Evidence {
        counts: Counts {
            offered: 1000,
            ok: 900,
            shed: 40,
            refused: 20,
            timed_out: 30,
            failed: 5,
            in_flight: 5,
            starved: 7,
        },
        begun_in_time: 1000,
        lateness,
        usual_ms: Some(10.0),
        tail_ms: Some(40.0),
        load_share: Some(0.4),
        in_server: (1000, 10.0),
        server: Some(ServerStats { requests: 1000, in_system_seconds: 10.1, is_final: true, ..ServerStats::default() }),
        complaint: None,
    }
}

#[test]
fn a_sound_trial_has_nothing_against_it() {
    let lateness = latencies(1000, |_| 0.05);
    assert_eq!(sound(&lateness).objections(), [""; 0]);
}

#[test]
fn each_rule_objects_to_what_breaks_it() {
    let lateness = latencies(1000, |_| 0.05);
    let check = |break_it: &dyn Fn(&mut Evidence<'_>), want: &[&str]| {
        let mut evidence = sound(&lateness);
        break_it(&mut evidence);
        let found = evidence.objections();
        let all = found.len() == want.len() && found.iter().zip(want).all(|(found, want)| found.contains(want));
        assert!(all, "{found:?}, not {want:?}");
    };
    check(&|trial| trial.counts.ok = 899, &["1000 requests were offered and 999 are accounted for"]);
    check(&|trial| trial.begun_in_time = 979, &["97.9 % of what was offered"]);
    check(&|trial| trial.begun_in_time = 980, &[]);
    check(&|trial| trial.load_share = Some(0.71), &["71.0 % of its core"]);
    check(&|trial| trial.load_share = None, &[]);
    check(
        &|trial| {
            (trial.counts.failed, trial.counts.ok) = (15, 890);
            trial.complaint = Some("the echo differs");
        },
        &["15 of 1000 requests failed (the first: the echo differs)"],
    );
    check(&|trial| trial.counts = Counts::default(), &["nothing was offered"]);
}

#[test]
fn the_load_may_be_late_by_a_tenth_of_what_is_reported() {
    let check = |late: (f64, f64), reported: Option<(f64, f64)>, want: Option<&str>| {
        let lateness = latencies(1000, |at| if at % 50 == 0 { late.1 } else { late.0 });
        let mut trial = sound(&lateness);
        (trial.usual_ms, trial.tail_ms) = reported.unzip();
        let found = trial.objections();
        assert!(found.len() == usize::from(want.is_some()), "{late:?}, {reported:?}: {found:?}");
        assert!(found.iter().zip(want).all(|(found, want)| found.contains(want)), "{found:?}, not {want:?}");
    };
    check((0.05, 0.05), None, None);
    check((0.90, 3.90), Some((1.0, 2.0)), None);
    check((1.10, 1.10), Some((1.0, 2.0)), Some("1.10 ms at its median, and 1.00 ms may be"));
    check((1.10, 1.10), Some((20.0, 30.0)), None);
    check((0.05, 4.10), Some((10.0, 40.0)), Some("4.10 ms at its 99th percentile, and 4.00 ms may be"));
    check((0.05, 4.10), Some((10.0, 50.0)), None);
    check((0.05, 4.10), None, Some("4.10 ms at its 99th percentile"));
}

#[test]
fn little_is_asked_where_all_answers_are_there() {
    let lateness = latencies(1000, |_| 0.05);
    let check = |stamped: u64, by_server: f64, left: u64, is_final: bool, objects: bool| {
        let mut evidence = sound(&lateness);
        evidence.in_server.0 = stamped;
        let server = evidence.server.as_mut().unwrap();
        (server.in_system_seconds, server.in_system, server.is_final) = (by_server, left, is_final);
        let found = evidence.objections();
        assert_eq!(found.iter().any(|text| text.contains("Little")), objects, "{stamped}, {by_server}: {found:?}");
    };
    check(1000, 10.0, 0, true, false);
    check(1000, 10.3, 0, true, true);
    check(1000, 9.7, 0, true, true);
    check(989, 20.0, 0, true, false);
    check(1000, 20.0, 3, true, false);
    check(1000, 20.0, 0, false, false);
    check(0, 0.0, 0, true, false);
}

#[test]
fn timers_of_the_kernel_are_named() {
    let spread = |at: usize| 1.0 + at as f64 * 0.05;
    assert_eq!(kernel_timers(&latencies(1000, spread)), [""; 0]);
    let retried = latencies(1000, |at| if at % 20 == 0 { 1000.0 + at as f64 * 0.01 } else { spread(at) });
    let found = kernel_timers(&retried);
    assert!(found.len() == 1 && found[0].contains("behind 1000 ms"), "{found:?}");
    let delayed = latencies(1000, |at| if at % 20 == 0 { 40.5 } else { 1.0 });
    assert!(kernel_timers(&delayed)[0].contains("behind 40 ms"));
    // A queue that is full holds everybody for as long; that is no timer.
    let full = latencies(1000, |at| if at % 20 == 0 { at as f64 * 0.03 } else { 40.5 });
    assert_eq!(kernel_timers(&full), [""; 0]);
    assert_eq!(kernel_timers(&latencies(3, |_| 1000.5)), [""; 0]);
}
