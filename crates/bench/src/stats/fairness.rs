//! Whether all got alike.

/// Jain's index of what each got: 1 if all got the same, 1 / n if one of n got everything. `None` of nobody; 1 if
/// nobody got anything.
pub fn jain(got: &[u64]) -> Option<f64> {
    let (sum, squares) = got.iter().fold((0.0, 0.0), |(sum, squares), share| {
        let share = *share as f64;
        (sum + share, share.mul_add(share, squares))
    });
    match got.len() {
        0 => None,
        _ if squares == 0.0 => Some(1.0),
        count => Some(sum * sum / (count as f64 * squares)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_is_one_for_all_alike_and_falls_to_one_of_n() {
        let check = |got: &[u64], want: f64| {
            let found = jain(got).unwrap();
            assert!((found - want).abs() < 1e-12, "{got:?}: {found}, not {want}");
        };
        check(&[5, 5, 5, 5], 1.0);
        check(&[8, 0, 0, 0], 0.25);
        check(&[1, 2, 3], 36.0 / 42.0);
        check(&[0, 0], 1.0);
        check(&[7], 1.0);
        assert_eq!(jain(&[]), None);
    }
}
