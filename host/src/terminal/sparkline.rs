//! A curve in one line of text.

/// Heights of a column.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The values as at most `width` columns, each the mean of what falls into it, from the least to the greatest value.
pub fn sparkline(values: &[f64], width: usize) -> String {
    let columns = width.min(values.len());
    let means: Vec<f64> = (0..columns)
        .map(|column| {
            let part = &values[column * values.len() / columns..(column + 1) * values.len() / columns];
            part.iter().sum::<f64>() / part.len() as f64
        })
        .collect();
    let least = means.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let height = |value: &f64| {
        let share = (value - least) / (greatest - least).max(f64::MIN_POSITIVE);
        HEIGHTS[((share * 7.0).round() as usize).min(7)]
    };
    means.iter().map(height).collect()
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[test]
    fn a_falling_loss_falls_from_the_highest_column_to_the_lowest() {
        assert_eq!(sparkline(&[8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0], 8), "█▇▆▅▄▃▂▁");
    }

    #[test]
    fn many_values_are_averaged_into_the_width() {
        let values: Vec<f64> = (0..100).map(|step| f64::from(step / 50)).collect();
        assert_eq!(sparkline(&values, 4), "▁▁██");
    }

    #[test]
    fn equal_values_and_no_values_are_drawn() {
        assert_eq!(sparkline(&[2.0, 2.0], 8), "▁▁");
        assert_eq!(sparkline(&[], 8), "");
    }
}
