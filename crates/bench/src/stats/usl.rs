//! How throughput grows and falls with concurrency: Gunther's universal scalability law,
//! `lambda N / (1 + sigma (N - 1) + kappa N (N - 1))`.

use serde::Serialize;

use super::Point;

/// A fitted law.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Usl {
    /// Throughput of one alone.
    pub lambda: f64,
    /// Contention: the share of the work that is one at a time.
    pub sigma: f64,
    /// Crosstalk: what each costs every other.
    pub kappa: f64,
    /// The share of the throughput's variation that the law explains; far below 1, it is not to be quoted.
    pub r_squared: f64,
}

impl Usl {
    /// The law that comes closest to `points` (`x` concurrency, `y` throughput). `None` with fewer than four different
    /// x, or if no such law has a throughput above nought.
    ///
    /// `x / y` is a parabola in `x`, fitted by least squares with each point weighted so that relative errors of the
    /// throughput count alike; a parameter that would come out below nought is held at nought.
    pub fn through(points: &[Point]) -> Option<Self> {
        let usable: Vec<Point> = points.iter().copied().filter(|point| point.x >= 1.0 && point.y > 0.0).collect();
        let mut different: Vec<f64> = usable.iter().map(|point| point.x).collect();
        different.sort_by(f64::total_cmp);
        different.dedup();
        if different.len() < 4 {
            return None;
        }
        // x / y = (1 + sigma (x - 1) + kappa x (x - 1)) / lambda: linear in 1, x - 1 and x (x - 1).
        let terms: [fn(f64) -> f64; 3] = [|_| 1.0, |x| x - 1.0, |x| x * (x - 1.0)];
        let with = |sigma: bool, kappa: bool| fit(&usable, terms, [true, sigma, kappa]);
        let is_possible = |found: &[f64; 3]| found[0] > 0.0 && found.iter().all(|coefficient| *coefficient >= 0.0);
        let candidates = [with(true, true), with(true, false), with(false, true), with(false, false)];
        let all = candidates.into_iter().flatten().filter(is_possible).map(|[first, second, third]| Self {
            lambda: 1.0 / first,
            sigma: second / first,
            kappa: third / first,
            r_squared: 0.0,
        });
        let best = all.min_by(|one, other| one.misfit(&usable).total_cmp(&other.misfit(&usable)))?;
        Some(Self { r_squared: best.explained(&usable), ..best })
    }

    /// The throughput at a concurrency.
    pub fn at(&self, concurrency: f64) -> f64 {
        let others = concurrency - 1.0;
        self.lambda * concurrency / (1.0 + self.sigma * others + self.kappa * concurrency * others)
    }

    /// The concurrency with the most throughput; `None` where it never falls.
    pub fn peak(&self) -> Option<f64> {
        (self.kappa > 0.0).then(|| ((1.0 - self.sigma).max(0.0) / self.kappa).sqrt().max(1.0))
    }

    /// The sum of squared relative errors.
    fn misfit(&self, points: &[Point]) -> f64 {
        points.iter().map(|point| (self.at(point.x) / point.y - 1.0).powi(2)).sum()
    }

    fn explained(&self, points: &[Point]) -> f64 {
        let mean = points.iter().map(|point| point.y).sum::<f64>() / points.len() as f64;
        let total: f64 = points.iter().map(|point| (point.y - mean).powi(2)).sum();
        let left: f64 = points.iter().map(|point| (point.y - self.at(point.x)).powi(2)).sum();
        if total > 0.0 { (1.0 - left / total).max(0.0) } else { 1.0 }
    }
}

/// Least squares of `x / y` on the terms that are in use, each point weighted by `y / x` squared; the others are nought.
fn fit(points: &[Point], terms: [fn(f64) -> f64; 3], used: [bool; 3]) -> Option<[f64; 3]> {
    // The normal equations; a term that is not in use has the equation "it is nought".
    let mut rows = [[0.0; 4]; 3];
    for (place, row) in rows.iter_mut().enumerate() {
        for point in points {
            let weight = (point.y / point.x).powi(2);
            let values = terms.map(|term| term(point.x));
            let own = values[place] * weight;
            for (cell, value) in row.iter_mut().zip(values) {
                *cell += own * value;
            }
            row[3] += own * point.x / point.y;
        }
    }
    for place in (0..3).filter(|place| !used[*place]) {
        for row in &mut rows {
            row[place] = 0.0;
        }
        rows[place] = [0.0; 4];
        rows[place][place] = 1.0;
    }
    solve(rows)
}

/// Three equations by Gauss and Jordan with pivoting; `None` if they have no single solution.
fn solve(mut rows: [[f64; 4]; 3]) -> Option<[f64; 3]> {
    for place in 0..3 {
        let pivot = (place..3).max_by(|one, other| rows[*one][place].abs().total_cmp(&rows[*other][place].abs()))?;
        rows.swap(place, pivot);
        if rows[place][place].abs() < 1e-30 {
            return None;
        }
        let lead = rows[place].map(|cell| cell / rows[place][place]);
        for (other, row) in rows.iter_mut().enumerate() {
            let factor = if other == place { 0.0 } else { row[place] };
            for (cell, leading) in row.iter_mut().zip(lead) {
                *cell -= factor * leading;
            }
        }
        rows[place] = lead;
    }
    Some(rows.map(|row| row[3]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::SplitMix64;

    /// Points of a law, each with up to `noise` (a share) on it.
    fn points(law: &Usl, noise: f64, seed: u64) -> Vec<Point> {
        let mut random = SplitMix64::new(seed);
        [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]
            .map(|x| Point { x, y: law.at(x) * (1.0 + noise * (random.below(2001) as f64 / 1000.0 - 1.0)) })
            .to_vec()
    }

    #[test]
    fn a_planted_law_is_found() {
        for (lambda, sigma, kappa) in [(200.0, 0.05, 0.0005), (1000.0, 0.0, 0.001), (50.0, 0.2, 0.0), (10.0, 0.0, 0.0)]
        {
            let law = Usl { lambda, sigma, kappa, r_squared: 1.0 };
            let found = Usl::through(&points(&law, 0.0, 1)).unwrap();
            let off = (found.lambda / lambda - 1.0).abs() + (found.sigma - sigma).abs() + (found.kappa - kappa).abs();
            assert!(off < 1e-6 && found.r_squared > 0.999_999, "{found:?}, not {law:?}");
        }
    }

    #[test]
    fn noise_moves_the_peak_a_little() {
        let law = Usl { lambda: 200.0, sigma: 0.02, kappa: 0.001, r_squared: 1.0 };
        let peak = law.peak().unwrap();
        assert!((peak - 31.3).abs() < 0.1, "{peak}");
        for seed in 0..20 {
            let found = Usl::through(&points(&law, 0.05, seed)).unwrap();
            assert!((found.peak().unwrap() / peak - 1.0).abs() < 0.25, "seed {seed}: {found:?}");
            assert!(found.r_squared > 0.9 && found.sigma >= 0.0 && found.kappa >= 0.0, "seed {seed}: {found:?}");
        }
    }

    #[test]
    fn too_few_points_have_no_law() {
        let law = Usl { lambda: 200.0, sigma: 0.02, kappa: 0.001, r_squared: 1.0 };
        assert_eq!(Usl::through(&points(&law, 0.0, 1)[..3]), None);
        assert_eq!(Usl::through(&[]), None);
        assert_eq!(Usl { kappa: 0.0, ..law }.peak(), None);
    }
}
