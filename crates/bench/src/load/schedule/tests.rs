//! What schedules promise.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

fn every_kind(seed: u64) -> Vec<Schedule> {
    let mixed = Lasts::Bimodal { short: MS, long: 100 * MS, long_share: 0.01 };
    vec![
        Schedule::poisson(1000.0, SECOND, seed),
        Schedule::steps(&[(700.0, SECOND), (2000.0, SECOND), (700.0, SECOND)], seed),
        Schedule::bursty(1000.0, 20, 5 * SECOND, seed),
        Schedule::poisson(1000.0, SECOND, seed).with_work(Lasts::Exponential(10 * MS), seed),
        Schedule::poisson(1000.0, SECOND, seed).with_work(mixed, seed),
        Schedule::poisson(100.0, SECOND, seed)
            .with_requests(5, Lasts::Exponential(20 * MS), seed)
            .with_work(Lasts::Fixed(MS), seed),
    ]
}

#[test]
fn the_same_seed_makes_the_same_schedule_and_another_seed_another() {
    assert_eq!(every_kind(7), every_kind(7));
    for (one, other) in every_kind(7).into_iter().zip(every_kind(8)) {
        assert_ne!(one, other);
    }
}

#[test]
fn sessions_are_in_order_and_within_the_length() {
    let fixed = Schedule::fixed(333.0, SECOND);
    assert_eq!((fixed.sessions.len(), fixed.sessions[0].at), (333, Duration::ZERO));
    let closed = Schedule::closed(3, SECOND);
    for schedule in every_kind(1).into_iter().chain([fixed, closed]) {
        assert!(schedule.sessions.is_sorted_by_key(|session| session.at));
        assert!(schedule.sessions.iter().all(|session| session.at < schedule.length && !session.requests.is_empty()));
    }
}

/// Within five standard deviations of what is expected.
fn near(got: f64, want: f64, deviation: f64) {
    assert!((got - want).abs() < 5.0 * deviation, "{got} is not about {want}");
}

#[test]
fn poisson_arrivals_have_their_rate_and_its_variance() {
    let schedule = Schedule::poisson(1000.0, 100 * SECOND, 3);
    let count = schedule.sessions.len() as f64;
    near(count, 100_000.0, 100_000_f64.sqrt());
    let gaps: Vec<f64> =
        schedule.sessions.windows(2).map(|pair| (pair[1].at - pair[0].at).as_secs_f64() * 1000.0).collect();
    let variance = gaps.iter().map(|gap| (gap - 1.0) * (gap - 1.0)).sum::<f64>() / count;
    // The variance of an exponential is its mean squared; that of its estimate 8 / n.
    near(variance, 1.0, (8.0 / count).sqrt());
}

#[test]
fn steps_change_the_rate_where_they_say() {
    let schedule = Schedule::steps(&[(500.0, 10 * SECOND), (2000.0, 10 * SECOND), (500.0, 10 * SECOND)], 4);
    let within = |from: u32| {
        schedule.sessions.iter().filter(|one| (from * SECOND..(from + 10) * SECOND).contains(&one.at)).count() as f64
    };
    near(within(0), 5000.0, 5000_f64.sqrt());
    near(within(10), 20_000.0, 20_000_f64.sqrt());
    near(within(20), 5000.0, 5000_f64.sqrt());
    assert_eq!(schedule.length, 30 * SECOND);
}

#[test]
fn bursts_come_together() {
    let schedule = Schedule::bursty(1000.0, 20, 10 * SECOND, 5);
    for burst in schedule.sessions.chunks(20) {
        assert!(burst.len() == 20 && burst.iter().all(|one| one.at == burst[0].at));
    }
    near(schedule.sessions.len() as f64, 10_000.0, 20.0 * 500_f64.sqrt());
}

#[test]
fn work_has_its_mean_and_its_classes() {
    let mixed = Lasts::Bimodal { short: MS, long: 100 * MS, long_share: 0.1 };
    let schedule = Schedule::fixed(100_000.0, SECOND).with_work(mixed, 1);
    let requests: Vec<_> = schedule.sessions.iter().flat_map(|session| &session.requests).collect();
    assert!(requests.iter().all(|one| (one.class, one.work) == if one.work > MS { (1, 100 * MS) } else { (0, MS) }));
    near(requests.iter().filter(|one| one.class == 1).count() as f64, 10_000.0, 9000_f64.sqrt());
    assert_eq!(mixed.mean(), Duration::from_micros(10_900));

    let schedule = Schedule::fixed(100_000.0, SECOND).with_work(Lasts::Exponential(10 * MS), 1);
    let total: f64 = schedule.sessions.iter().map(|session| session.requests[0].work.as_secs_f64()).sum();
    near(total / 100_000.0, 0.010, 0.010 / 100_000_f64.sqrt());
}

#[test]
fn sessions_think_before_every_request_but_the_first() {
    let schedule = Schedule::fixed(10.0, SECOND).with_requests(3, Lasts::Fixed(MS), 1);
    assert_eq!(schedule.requests(), 30);
    for session in &schedule.sessions {
        let thinks: Vec<_> = session.requests.iter().map(|one| one.think).collect();
        assert_eq!(thinks, [Duration::ZERO, MS, MS]);
    }
    let closed = Schedule::closed(2, SECOND).with_requests(2, Lasts::Fixed(MS), 1);
    assert!(closed.sessions.iter().flat_map(|session| &session.requests).all(|one| one.think == MS));
}
