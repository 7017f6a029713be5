//! Planted differences over many seeds: what is there is found, what is not is not, and the interval holds the truth as
//! often as it says.

use super::*;
use crate::stats::SplitMix64;

/// A number of the normal distribution with the spread 1, near enough: the sum of twelve even ones.
fn normal(random: &mut SplitMix64) -> f64 {
    (0..12).map(|_| random.below(1 << 20) as f64 / f64::from(1 << 20)).sum::<f64>() - 6.0
}

/// Blocks of a common level, each with a subject `factor` times its reference, both with `spread` on them.
fn blocks(factor: f64, spread: f64, count: usize, seed: u64) -> Vec<(f64, f64)> {
    let mut random = SplitMix64::new(seed);
    let block = |_| {
        // Blocks differ far more among each other than the two within one; pairing takes that out.
        let level = 100.0 * (0.5 * normal(&mut random)).exp();
        let mut shaken = |centre: f64| centre * (spread * normal(&mut random)).exp();
        (shaken(level * factor), shaken(level))
    };
    (0..count).map(block).collect()
}

/// How many of `runs` seeds hold.
fn count(runs: u64, holds: impl Fn(u64) -> bool) -> usize {
    (0..runs).filter(|seed| holds(*seed)).count()
}

#[test]
fn ten_per_cent_is_found_and_nothing_is_equivalent() {
    let check = |factor: f64, margin: f64, want: Verdict| {
        let found = count(60, |seed| {
            let paired = Paired::of(&blocks(factor, 0.02, 8, seed), 1).unwrap();
            paired.verdict(margin) == Some(want)
        });
        assert!(found >= 57, "{factor}: {want:?} in {found} of 60 runs");
    };
    check(1.10, 0.05, Verdict::Faster);
    check(0.90, 0.05, Verdict::Slower);
    check(1.00, 0.05, Verdict::Equivalent);
}

#[test]
fn a_difference_where_there_is_none_is_rare() {
    // 20 blocks, and a margin too narrow for "equivalent": what is left is "faster" or "slower" by chance.
    let wrong = count(200, |seed| {
        let paired = Paired::of(&blocks(1.0, 0.05, 20, seed), 1).unwrap();
        matches!(paired.verdict(0.001), Some(Verdict::Faster | Verdict::Slower))
    });
    assert!(wrong <= 20, "{wrong} of 200");
}

#[test]
fn interval_holds_the_truth_as_often_as_it_says() {
    for (blocks_of_run, least) in [(5, 174), (8, 180), (20, 180)] {
        let held = count(200, |seed| {
            let paired = Paired::of(&blocks(1.3, 0.1, blocks_of_run, 1000 + seed), 1).unwrap();
            paired.low <= 1.3 && 1.3 <= paired.high
        });
        // 95 % of 200 are 190; below `least` would be worse than 90 % (87 % with five blocks) by more than chance.
        assert!(held >= least, "{blocks_of_run} blocks: {held} of 200");
    }
}

#[test]
fn p_values_are_even_where_there_is_nothing() {
    let below = |level: f64| count(400, |seed| Paired::of(&blocks(1.0, 0.1, 6, seed), 1).unwrap().p_value < level);
    let (few, half) = (below(0.05), below(0.5));
    assert!((8..=34).contains(&few) && (160..=240).contains(&half), "{few} below 0.05, {half} below 0.5 of 400");
    assert!(Paired::of(&blocks(1.5, 0.02, 6, 1), 1).unwrap().p_value < 1e-4);
}

#[test]
fn estimates_agree_and_an_outlier_moves_neither_far() {
    let mut pairs = blocks(1.2, 0.01, 9, 3);
    pairs[4].0 *= 50.0;
    let paired = Paired::of(&pairs, 1).unwrap();
    for estimate in [paired.estimate, paired.hodges_lehmann] {
        assert!((estimate / 1.2 - 1.0).abs() < 0.03, "{paired:?}");
    }
    assert!(paired.low <= paired.estimate && paired.estimate <= paired.high, "{paired:?}");
}

#[test]
fn hodges_lehmann_is_the_median_of_pairwise_means() {
    // Means of 1, 2, 10 with themselves and each other: 1, 1.5, 2, 5.5, 6, 10.
    assert_eq!(hodges_lehmann(&[1.0, 2.0, 10.0]), Some(3.75));
    assert_eq!(hodges_lehmann(&[]), None);
}

#[test]
fn noughts_are_findings_and_what_is_no_figure_is_left_out() {
    let of = |pairs: &[(f64, f64)]| Paired::of(pairs, 1);
    let none = of(&[(0.0, 100.0); 6]).unwrap();
    assert!((none.estimate - 1e-6).abs() < 1e-9 && none.verdict(0.1) == Some(Verdict::Slower), "{none:?}");
    let both = of(&[(0.0, 0.0); 6]).unwrap();
    assert!(both.verdict(0.1) == Some(Verdict::Equivalent) && (both.p_value - 1.0).abs() < 1e-9, "{both:?}");
    assert!(of(&[(100.0, 0.0); 6]).unwrap().verdict(0.1) == Some(Verdict::Faster));
    assert_eq!(of(&[(f64::NAN, 1.0), (1.0, -1.0), (f64::INFINITY, 1.0)]), None);
    assert_eq!(of(&[(2.0, 1.0), (f64::NAN, 1.0)]).unwrap().blocks, 1);
    assert_eq!(of(&[(2.0, 1.0); 4]).unwrap().verdict(0.1), None);
}

#[test]
fn an_interval_narrows_with_the_square_root_of_the_blocks() {
    let check = |estimate: f64, half_width: f64, blocks_more: usize| {
        let at = |log: f64| (f64::ln(estimate) + log).exp();
        let (low, high) = (at(-half_width), at(half_width));
        let paired = Paired { blocks: 8, estimate, hodges_lehmann: estimate, low, high, p_value: 0.5 };
        assert_eq!(paired.verdict(0.05), Some(Verdict::Inconclusive { blocks_more }), "{paired:?}");
    };
    // Twice as wide as its distance from 1: four times as many blocks.
    check(0.2_f64.exp(), 0.39999, 24);
    // At 1 it has to get into the margin, whose logarithm is 0.0488.
    check(1.0, 2.0 * 1.05_f64.ln() * 0.9999, 24);
    check(1.0, 3.0, 1000);
}
