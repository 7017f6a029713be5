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
fn sound() -> Evidence<'static> {
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
        in_server: (1000, 10.0),
        server: Some(ServerStats { requests: 1000, in_system_seconds: 10.1, is_final: true, ..ServerStats::default() }),
        complaint: None,
    }
}

#[test]
fn a_sound_trial_has_nothing_against_it() {
    assert_eq!(sound().objections(), [""; 0]);
}

#[test]
fn each_rule_objects_to_what_breaks_it() {
    let check = |break_it: &dyn Fn(&mut Evidence<'_>), want: &[&str]| {
        let mut evidence = sound();
        break_it(&mut evidence);
        let found = evidence.objections();
        let all = found.len() == want.len() && found.iter().zip(want).all(|(found, want)| found.contains(want));
        assert!(all, "{found:?}, not {want:?}");
    };
    check(&|trial| trial.counts.ok = 899, &["1000 requests were offered and 999 are accounted for"]);
    check(
        &|trial| {
            (trial.counts.failed, trial.counts.ok) = (15, 890);
            trial.complaint = Some("the echo differs");
        },
        &["15 of 1000 requests failed (the first: the echo differs)"],
    );
}

#[test]
fn little_is_asked_where_all_answers_are_there() {
    let check = |stamped: u64, by_server: f64, left: u64, is_final: bool, objects: bool| {
        let mut evidence = sound();
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
