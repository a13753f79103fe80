//! Drawing values that the profile lets out.

use super::choose::Chooser;
use crate::sql::Literal;
use nl2sql_schema::Column;

impl Chooser<'_> {
    /// A round number at a share of the way through the values.
    pub fn threshold(&mut self, column: &Column, from: f64, to: f64) -> Option<f64> {
        let share = from + (to - from) * self.draw.below(1000) as f64 / 1000.0;
        let (low, high) = column.range?;
        if low >= high {
            return None;
        }
        let mut sorted: Vec<f64> = column.values.iter().filter_map(|value| value.parse().ok()).collect();
        sorted.sort_by(f64::total_cmp);
        let exact = *sorted.get(((sorted.len() - 1) as f64 * share).round() as usize)?;
        let rounded = round(exact, high - low);
        let whole = if column.whole { exact.trunc() } else { exact };
        let inside = rounded > low && rounded < high;
        Some(if inside && self.draw.chance(0.6) {
            rounded
        } else {
            whole
        })
    }

    /// Two different values of the column.
    pub fn value_pair(&mut self, column: &Column) -> Option<(Literal, Literal)> {
        let (first, second) = (self.value(column)?, self.value(column)?);
        (first != second).then_some((first, second))
    }

    /// A day of the column after `day`.
    pub fn later_day(&mut self, column: &Column, day: &str) -> Option<String> {
        let later = self.draw.pick(&column.values)?.get(..10)?;
        (later > day).then(|| later.to_owned())
    }

    /// A real value of the column, frequent ones more often.
    pub fn value(&mut self, column: &Column) -> Option<Literal> {
        let count = column.values.len();
        let first = self.draw.below(count);
        let index = if self.draw.chance(0.3) {
            self.draw.below(first + 1)
        } else {
            first
        };
        column.values.get(index).map(|value| literal(column, value))
    }

    /// One of the column's most frequent values.
    pub fn frequent_value(&mut self, column: &Column) -> Option<Literal> {
        let most = column.values.len().min(4 + self.draw.below(4));
        let value = column.values.get(self.draw.below(most))?;
        Some(literal(column, value))
    }
}

fn literal(column: &Column, value: &str) -> Literal {
    if !column.textual && value.parse::<f64>().is_ok() {
        Literal::Number(value.strip_suffix(".0").unwrap_or(value).to_owned())
    } else {
        Literal::Text(value.to_owned())
    }
}

/// A number of the column in SQL.
pub fn number(value: f64, column: &Column) -> Literal {
    let text = if column.whole || value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    Literal::Number(text)
}

/// To the size of step people would use across `span`.
fn round(value: f64, span: f64) -> f64 {
    let step = 10_f64.powf((span / 4.0).log10().floor()).max(1e-9);
    (value / step).round() * step
}
