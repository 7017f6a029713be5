//! Many comparisons at once: one in twenty differs by chance, so the run as a whole asks for more.

/// Which of the hypotheses with these p-values may be rejected so that, over all of them together, the chance of
/// even one wrong rejection stays below `level` (Holm 1979). In the order of `p_values`.
pub fn holm(p_values: &[f64], level: f64) -> Vec<bool> {
    let mut order: Vec<(usize, f64)> = p_values.iter().copied().enumerate().collect();
    order.sort_by(|one, other| one.1.total_cmp(&other.1));
    let mut rejected = vec![false; p_values.len()];
    let left = (1..=p_values.len()).rev();
    for ((place, p_value), left) in order.into_iter().zip(left) {
        // The first that fails stops all that follow, whatever their own bound would be. Not a number fails too.
        if p_value.is_nan() || p_value > level / left as f64 {
            break;
        }
        if let Some(flag) = rejected.get_mut(place) {
            *flag = true;
        }
    }
    rejected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejections_are_those_worked_out_by_hand() {
        let check = |p_values: &[f64], want: &[bool]| assert_eq!(holm(p_values, 0.05), want, "{p_values:?}");
        // Bounds 0.0125, 0.0167, 0.025, 0.05: the third in order, 0.03, fails and stops all behind it.
        check(&[0.01, 0.04, 0.03, 0.005], &[true, false, false, true]);
        check(&[0.01, 0.015, 0.02, 0.04], &[true, true, true, true]);
        check(&[0.02, 0.02, 0.02, 0.02], &[false, false, false, false]);
        check(&[0.012, 0.9, 0.012], &[true, false, true]);
        check(&[0.05], &[true]);
        check(&[f64::NAN, 0.001], &[false, true]);
        check(&[], &[]);
    }
}
