//! The statistics are held to planted truths.

use std::time::Duration;

use super::*;

/// Pairs of a reference of about 100 and a subject of `factor` times that, each with up to `noise` (a share) on it.
fn planted(factor: f64, noise: f64, blocks: usize, seed: u64) -> Vec<(f64, f64)> {
    let mut random = SplitMix64::new(seed);
    let mut shaken = move || 100.0 * (1.0 + noise * (random.below(2001) as f64 / 1000.0 - 1.0));
    (0..blocks).map(|_| (factor * shaken(), shaken())).collect()
}

#[test]
fn verdict_follows_the_planted_difference() {
    let check = |factor: f64, noise: f64, blocks: usize, want: fn(&Verdict) -> bool| {
        for seed in 0..20 {
            let ratio = Ratio::of(&planted(factor, noise, blocks, seed), 0.05, 7).unwrap();
            assert!(want(&ratio.verdict), "factor {factor}, noise {noise}, seed {seed}: {ratio:?}");
            assert!(ratio.low <= ratio.estimate && ratio.estimate <= ratio.high, "{ratio:?}");
        }
    };
    check(1.10, 0.02, 8, |verdict| *verdict == Verdict::Faster);
    check(0.90, 0.02, 8, |verdict| *verdict == Verdict::Slower);
    check(1.00, 0.02, 8, |verdict| *verdict == Verdict::Equivalent);
    check(3.00, 0.20, 8, |verdict| *verdict == Verdict::Faster);
    check(1.00, 0.02, 4, |verdict| *verdict == Verdict::Inconclusive { blocks_more: 1 });
}

#[test]
fn wide_interval_is_inconclusive_and_asks_for_more() {
    let pairs = [(80.0, 100.0), (130.0, 100.0), (95.0, 100.0), (120.0, 100.0), (85.0, 100.0), (101.0, 100.0)];
    let ratio = Ratio::of(&pairs, 0.05, 1).unwrap();
    match ratio.verdict {
        Verdict::Inconclusive { blocks_more } => assert!((10..1000).contains(&blocks_more), "{ratio:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn goal_needs_the_whole_interval() {
    let check = |factor: f64, noise: f64, blocks: usize, want: GoalState| {
        let ratio = Ratio::of(&planted(factor, noise, blocks, 3), 0.05, 7).unwrap();
        assert_eq!(ratio.goal(0.95).state, want, "{ratio:?}");
    };
    check(1.00, 0.01, 8, GoalState::Met);
    check(0.90, 0.01, 8, GoalState::Missed);
    check(0.95, 0.05, 8, GoalState::NotShown);
    check(2.00, 0.01, 3, GoalState::NotShown);
}

#[test]
fn pairs_without_a_ratio_are_left_out() {
    assert_eq!(Ratio::of(&[], 0.05, 1), None);
    assert_eq!(Ratio::of(&[(0.0, 1.0), (1.0, 0.0)], 0.05, 1), None);
    assert_eq!(Ratio::of(&[(0.0, 1.0), (2.0, 1.0)], 0.05, 1).unwrap().blocks, 1);
}

#[test]
fn same_seed_same_answer() {
    let pairs = planted(1.02, 0.1, 9, 5);
    assert_eq!(Ratio::of(&pairs, 0.05, 42), Ratio::of(&pairs, 0.05, 42));
    assert_eq!(SplitMix64::new(9).shuffled(50), SplitMix64::new(9).shuffled(50));
    assert_ne!(SplitMix64::new(9).shuffled(50), SplitMix64::new(10).shuffled(50));
}

#[test]
fn shuffle_is_a_permutation() {
    for count in [0, 1, 2, 7, 100] {
        let mut order = SplitMix64::new(3).shuffled(count);
        order.sort_unstable();
        assert_eq!(order, (0..count).collect::<Vec<_>>());
    }
}

#[test]
fn generator_gives_the_published_numbers() {
    // The first outputs for seed 1234567, as in the reference implementation's test vector.
    let mut random = SplitMix64::new(1_234_567);
    assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
}

#[test]
fn median_of_even_and_odd() {
    assert_eq!(median(&[]), None);
    assert_eq!(median(&[3.0]), Some(3.0));
    assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), Some(3.0));
}

#[test]
fn regression_is_exact_on_a_line() {
    let points: Vec<Point> = (1..=5).map(|n| f64::from(n) * 1000.0).map(|x| Point { x, y: 5e6 + 2048.0 * x }).collect();
    let line = Line::through(&points).unwrap();
    assert!((line.slope - 2048.0).abs() < 1e-6, "{line:?}");
    assert!((line.intercept - 5e6).abs() < 1e-2, "{line:?}");
    assert!((line.r_squared - 1.0).abs() < 1e-9, "{line:?}");
}

#[test]
fn regression_says_when_there_is_no_line() {
    let at = |x: f64, y: f64| Point { x, y };
    assert_eq!(Line::through(&[]), None);
    assert_eq!(Line::through(&[at(1.0, 1.0)]), None);
    assert_eq!(Line::through(&[at(1.0, 1.0), at(1.0, 2.0)]), None);
    let cross = Line::through(&[at(0.0, 0.0), at(0.0, 2.0), at(2.0, 0.0), at(2.0, 2.0)]).unwrap();
    assert!(cross.r_squared < 1e-9, "{cross:?}");
}

#[test]
fn percentiles_are_right_and_only_given_when_carried() {
    let of = |count: u64| {
        let mut latencies = Latencies::new();
        for micros in 1..=count {
            latencies.record(Duration::from_micros(micros));
        }
        latencies.percentiles()
    };
    let near = |value: Option<f64>, want: f64| {
        let value = value.unwrap();
        assert!((value - want).abs() <= want / 500.0, "{value} is not {want}");
    };
    let all = of(10_000);
    near(all.p50_us, 5_000.0);
    near(all.p99_us, 9_900.0);
    near(all.p999_us, 9_990.0);
    near(all.max_us, 10_000.0);
    assert_eq!((of(9).p50_us, of(567).p99_us, of(5_688).p999_us), (None, None, None));
    assert!(of(10).p50_us.is_some() && of(568).p99_us.is_some() && of(5_689).p999_us.is_some());
    assert_eq!(of(0).max_us, None);
}

#[test]
fn a_latency_beyond_the_histogram_counts_as_the_longest() {
    let mut latencies = Latencies::new();
    latencies.record(Duration::from_secs(3600));
    assert_eq!(latencies.len(), 1);
    assert!(latencies.percentiles().max_us.unwrap() >= 59_000_000.0);
}

#[test]
fn a_histogram_goes_to_text_and_back_without_loss() {
    let mut latencies = Latencies::new();
    let mut random = SplitMix64::new(4);
    for _ in 0..2_000 {
        latencies.record(Duration::from_nanos(random.next() >> 30));
    }
    let text = latencies.encoded();
    let back = Latencies::decoded(&text).unwrap();
    assert_eq!(back.spread(), latencies.spread());
    assert_eq!(back.encoded(), text);
    assert!(text.is_ascii() && text.len() < 4_000, "{} bytes", text.len());
    let empty = Latencies::decoded(&Latencies::new().encoded()).unwrap();
    assert!(empty.is_empty());
    for wrong in ["", "not base64!", "AAAA", &text[..text.len() / 2]] {
        assert!(Latencies::decoded(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn merged_histograms_are_one() {
    let mut all = Latencies::new();
    let mut parts = [Latencies::new(), Latencies::new()];
    for micros in 1..=10_000 {
        all.record(Duration::from_micros(micros));
        parts[usize::from(micros % 3 == 0)].record(Duration::from_micros(micros));
    }
    let [mut one, other] = parts;
    one.merge(&other);
    assert_eq!(one.spread(), all.spread());
}

#[test]
fn a_quantile_is_withheld_below_its_samples() {
    let of = |count: u64| {
        let mut latencies = Latencies::new();
        (1..=count).for_each(|millis| latencies.record(Duration::from_millis(millis)));
        latencies
    };
    let check =
        |count, quantile, want: bool| assert_eq!(of(count).value_at(quantile).is_some(), want, "{count}, {quantile}");
    for (quantile, least) in [(0.5, 10), (0.9, 56), (0.95, 113), (0.99, 568), (0.999, 5_689)] {
        check(least, quantile, true);
        check(least - 1, quantile, false);
    }
    let thousand = of(1000);
    assert!((thousand.value_at(0.9).unwrap() - 900.0).abs() < 1.0);
    let last = thousand.spectrum().last().unwrap();
    assert!((0.99..0.995).contains(&last.quantile), "{last:?}");
    assert!(thousand.spectrum().zip(thousand.spectrum().skip(1)).all(|(one, next)| one.latency_ms <= next.latency_ms));
    assert_eq!(of(5).spectrum().count(), 0);
}
