//! Budgets of topics: shares by ratio that sum to the exact total.

/// Shares `total` among topics by weight: every topic gets at least `minimum` where the total allows, the rest goes by ratio, and what rounding leaves goes
/// to the largest remainders (Hamilton's method), ties to the earlier topic. The shares sum to `total` exactly.
///
/// Topics that cannot have even one sample get 0: the heaviest `total` topics stay, and the caller drops the others.
pub fn share_budget(weights: &[u64], total: u32, minimum: u32) -> Vec<u32> {
    let count = weights.len() as u32;
    if count == 0 {
        return Vec::new();
    }
    if total < count {
        let mut heaviest: Vec<usize> = (0..weights.len()).collect();
        heaviest.sort_by_key(|&index| (std::cmp::Reverse(weights[index]), index));
        let mut shares = vec![0; weights.len()];
        heaviest
            .into_iter()
            .take(total as usize)
            .for_each(|index| shares[index] = 1);
        return shares;
    }
    let floor = minimum.max(1).min(total / count);
    let rest = u128::from(total - floor * count);
    let sum: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    let weight = |index: usize| if sum == 0 { 1 } else { u128::from(weights[index]) };
    let sum = if sum == 0 { u128::from(count) } else { sum };
    let mut shares: Vec<u32> = (0..weights.len())
        .map(|index| floor + (rest * weight(index) / sum) as u32)
        .collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|&index| (std::cmp::Reverse(rest * weight(index) % sum), index));
    let missing = total - shares.iter().sum::<u32>();
    by_remainder
        .into_iter()
        .take(missing as usize)
        .for_each(|index| shares[index] += 1);
    shares
}

#[cfg(test)]
mod tests {
    use super::share_budget;

    #[test]
    fn shares_follow_the_ratio_and_sum_exactly() {
        assert_eq!(share_budget(&[3, 2, 1], 60, 1), [30, 20, 10]);
        assert_eq!(share_budget(&[1, 1, 1], 10, 1), [4, 3, 3]);
        assert_eq!(share_budget(&[0, 0], 5, 1), [3, 2]);
        assert_eq!(
            share_budget(&[u64::MAX, u64::MAX], u32::MAX, 1)
                .iter()
                .map(|&share| u64::from(share))
                .sum::<u64>(),
            u64::from(u32::MAX)
        );
    }

    #[test]
    fn the_minimum_holds_where_the_total_allows() {
        assert_eq!(share_budget(&[100, 1, 1], 30, 8), [14, 8, 8]);
        assert_eq!(share_budget(&[100, 1, 1], 6, 8), [2, 2, 2]);
    }

    #[test]
    fn the_heaviest_topics_stay_when_there_is_too_little_for_all() {
        assert_eq!(share_budget(&[1, 5, 5, 2], 2, 1), [0, 1, 1, 0]);
        assert_eq!(share_budget(&[], 9, 1), Vec::<u32>::new());
        assert_eq!(share_budget(&[4], 0, 1), [0]);
    }
}
