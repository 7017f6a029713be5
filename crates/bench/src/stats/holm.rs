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
