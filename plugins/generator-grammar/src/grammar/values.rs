//! Drawing values: real ones where the profile lets them out, plausible ones elsewhere.

use super::choose::Chooser;
use crate::sql::Literal;
use nl2sql_schema::Column;

impl Chooser<'_> {
    /// A round number at a share of the way through the values; a plausible one where no value is known.
    pub fn threshold(&mut self, column: &Column, from: f64, to: f64) -> Option<f64> {
        let share = from + (to - from) * self.draw.below(1000) as f64 / 1000.0;
        let Some((low, high)) = column.range else {
            let (low, high) = plausible(&column.full.one);
            return Some((low + (high - low) * share).round());
        };
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

/// Values to stand in for those that are not let out, told from what the column is called.
pub fn made_up(words: &str) -> &'static [&'static str] {
    let last = words.rsplit(' ').next().unwrap_or(words);
    match last {
        "country" | "nation" | "nationality" => &["France", "Japan", "Brazil", "Canada", "Kenya"],
        "city" | "town" | "hometown" | "location" => &["Paris", "Lima", "Osaka", "Oslo", "Nairobi"],
        "gender" | "sex" => &["F", "M"],
        "name" => &["Alpha", "Smith", "Green", "North", "Lee"],
        "email" => &["someone@example.com", "office@example.org"],
        "status" => &["active", "open", "closed", "pending"],
        "language" => &["English", "French", "Chinese", "Spanish"],
        "color" | "colour" => &["red", "blue", "green", "black"],
        _ => &["A", "B", "C", "X", "standard", "other"],
    }
}

/// To the size of step people would use across `span`.
fn round(value: f64, span: f64) -> f64 {
    let step = 10_f64.powf((span / 4.0).log10().floor()).max(1e-9);
    (value / step).round() * step
}

/// A range to draw thresholds from when no value is let out, told from what the column counts.
fn plausible(words: &str) -> (f64, f64) {
    let about = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if about(&["age"]) {
        (18.0, 70.0)
    } else if about(&["percent", "rate", "score", "share"]) {
        (5.0, 95.0)
    } else if about(&["price", "cost", "fee", "amount", "total", "balance"]) {
        (10.0, 1000.0)
    } else if about(&["salary", "population", "capacity", "budget", "revenue", "income"]) {
        (1000.0, 100_000.0)
    } else {
        (1.0, 100.0)
    }
}
