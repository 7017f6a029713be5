//! Student's t: how likely a mean this far from nought is if there is nothing.

/// The two-sided p-value of Student's test that the mean of `values` is nought. 1 for fewer than two values.
///
/// With five blocks the smallest p-value of a sign or rank test is 1/16, which no correction for many comparisons
/// survives; log-ratios of paired trials are near enough to normal for this one.
pub(super) fn p_value_of_mean(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    if values.len() < 2 {
        return 1.0;
    }
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let freedom = count - 1.0;
    let error = (squares / freedom / count).sqrt();
    match () {
        () if mean.abs() < 1e-12 => 1.0,
        () if error <= mean.abs() * 1e-12 => 0.0,
        () => two_sided(mean / error, freedom),
    }
}

/// The two-sided p-value of Welch's test that two sets of values have the same mean. 1 for fewer than two of either.
pub(super) fn p_value_of_difference(one: &[f64], other: &[f64]) -> f64 {
    let (Some((mean, error, freedom)), Some((mean_other, error_other, freedom_other))) = (error(one), error(other))
    else {
        return 1.0;
    };
    let (difference, squares) = (mean - mean_other, error + error_other);
    match () {
        () if difference.abs() < 1e-12 => 1.0,
        () if squares.sqrt() <= difference.abs() * 1e-12 => 0.0,
        () => {
            let shared = squares.powi(2) / (error.powi(2) / freedom + error_other.powi(2) / freedom_other);
            two_sided(difference / squares.sqrt(), shared)
        }
    }
}

/// The mean, the square of its standard error, and the degrees of freedom; `None` for fewer than two values.
fn error(values: &[f64]) -> Option<(f64, f64, f64)> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() >= 2).then(|| (mean, squares / (count - 1.0) / count, count - 1.0))
}

/// The chance that Student's t with `freedom` degrees of freedom lies beyond `t` on either side.
fn two_sided(t: f64, freedom: f64) -> f64 {
    incomplete_beta(freedom / t.mul_add(t, freedom), freedom / 2.0, 0.5)
}

/// The regularised incomplete beta function by its continued fraction (Lentz).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    // The fraction converges fast on this side of the mean only; the other side by symmetry.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp() / a;
    let away_from_nought = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_nought(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..300_u32 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_nought(1.0 + even * d);
        c = away_from_nought(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_nought(1.0 + odd * d);
        c = away_from_nought(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-14 {
            break;
        }
    }
    front * fraction
}

/// The logarithm of the gamma function for positive `x` (Lanczos, g = 7).
fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        // Reflection: a half is the smallest that anybody here asks for.
        return (std::f64::consts::PI / (std::f64::consts::PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let mut series = 0.999_999_999_999_809_9;
    for (place, coefficient) in (1_u32..).zip(COEFFICIENTS) {
        series += coefficient / (x + f64::from(place));
    }
    let t = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + series.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_values_are_those_of_the_tables() {
        // t, degrees of freedom, two-sided p.
        let table = [
            (2.776_445, 4.0, 0.05),
            (4.604_095, 4.0, 0.01),
            (2.364_624, 7.0, 0.05),
            (2.093_024, 19.0, 0.05),
            (12.706_2, 1.0, 0.05),
            (0.740_697, 4.0, 0.5),
            (-2.776_445, 4.0, 0.05),
        ];
        for (t, freedom, want) in table {
            let found = two_sided(t, freedom);
            assert!((found - want).abs() < 1e-5, "t {t}, {freedom} degrees: {found}, not {want}");
        }
    }

    #[test]
    fn gamma_is_right_where_it_is_known() {
        for (x, want) in
            [(1.0, 1.0_f64), (2.0, 1.0), (5.0, 24.0), (0.5, std::f64::consts::PI.sqrt()), (10.0, 362_880.0)]
        {
            assert!((ln_gamma(x) - want.ln()).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn two_means_are_told_apart_as_by_welch() {
        // t = -2.186 with 7.83 degrees of freedom; integrated numerically.
        let (one, other) = ([3.0, 4.0, 1.0, 2.1, 3.2], [5.0, 2.5, 4.4, 6.1, 3.9]);
        let found = p_value_of_difference(&one, &other);
        assert!((found - 0.06101).abs() < 1e-4, "{found}");
        assert!(p_value_of_difference(&[1.0; 3], &[2.0; 3]) < 1e-9);
        assert!((p_value_of_difference(&[1.0], &[2.0; 3]) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_same_value_over_and_over_is_certain() {
        assert!(p_value_of_mean(&[0.5; 5]) < 1e-9);
        assert!((p_value_of_mean(&[0.0; 5]) - 1.0).abs() < 1e-9);
        assert!((p_value_of_mean(&[0.5]) - 1.0).abs() < 1e-9);
    }
}
