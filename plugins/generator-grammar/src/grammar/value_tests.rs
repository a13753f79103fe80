//! Drawing tests of one column, with values that are likely to be found or without any.

use super::ask::{Attribute, Match, Test};
use super::choose::Chooser;
use super::values::number;
use crate::sql::{Compare, Literal};
use nl2sql_schema::inflect::is_plural;
use nl2sql_schema::{Column, Role, truth};

const ORDERED: &[Compare] = &[
    Compare::Greater,
    Compare::Greater,
    Compare::Greater,
    Compare::Less,
    Compare::Less,
    Compare::AtLeast,
    Compare::AtMost,
];

impl Chooser<'_> {
    /// A test of one of the table's columns, other than `except`, that several rows may pass: what picks one row is looked up.
    pub fn own_test(&mut self, table: usize, except: Option<Attribute>) -> Option<(Attribute, Test)> {
        for _ in 0..6 {
            let roles: &[Role] = match self.draw.weighted(&[0.34, 0.32, 0.1, 0.06, 0.1, 0.03, 0.02])? {
                0 => &[Role::Category],
                1 => &[Role::Measure],
                2 => &[Role::Year, Role::Ordinal],
                3 => &[Role::Date],
                4 => &[Role::Name, Role::Name, Role::Text],
                5 => &[Role::Flag],
                _ => &[Role::Code],
            };
            let Some(attribute) = self.column_with(table, roles) else {
                continue;
            };
            if Some(attribute) == except || self.column(attribute).foreign {
                continue;
            }
            let Some(test) = self.test(attribute) else { continue };
            let picks = matches!(
                test,
                Test::Compare(Compare::Equal | Compare::NotEqual, _) | Test::Either(..)
            );
            // People seldom ask for a piece of a text.
            let seldom = matches!(test, Test::Like(..)) && !self.draw.chance(0.4);
            let names_it = self.column(attribute).role == Role::Name && self.table(table).label == [attribute.column];
            let looked_up = picks && (names_it || self.identifies(attribute));
            if !seldom && !looked_up {
                return Some((attribute, test));
            }
        }
        None
    }

    /// A test of this attribute.
    pub fn test(&mut self, attribute: Attribute) -> Option<Test> {
        let column = self.column(attribute);
        // Columns declared NULL-able are often full; a null test is only worth asking now and then.
        let names = self.table(attribute.table).label.contains(&attribute.column);
        let nulls = if column.values.is_empty() { 0.04 } else { 0.015 };
        if column.nullable && !names && !matches!(column.role, Role::Key | Role::Opaque) && self.draw.chance(nulls) {
            return Some(Test::Null(self.draw.chance(0.6)));
        }
        let shared = matches!(column.role, Role::Category | Role::Year);
        if shared && self.draw.chance(if column.values.is_empty() { 0.3 } else { 0.02 }) {
            return Some(Test::Modal(self.draw.chance(0.85)));
        }
        match column.role {
            Role::Category => self.category_test(column),
            Role::Name | Role::Text => self.text_test(column),
            Role::Measure => self.measure_test(attribute),
            Role::Ordinal => self.ordinal_test(column),
            Role::Year => self.year_test(column),
            Role::Date => self.date_test(attribute),
            Role::Flag => self.flag_test(column),
            Role::Code | Role::Key => {
                let value = self.value(column)?;
                Some(Test::Compare(Compare::Equal, value))
            }
            Role::Opaque => None,
        }
    }

    /// A comparison that needs no value: with another column, or with the average.
    fn valueless_test(&mut self, attribute: Attribute) -> Option<Test> {
        let operator = *self.draw.pick(&[Compare::Greater, Compare::Greater, Compare::Less])?;
        let others = self.comparable(attribute);
        if !others.is_empty() && self.draw.chance(0.55) {
            return self.draw.pick(&others).map(|other| Test::Column(operator, *other));
        }
        let column = self.column(attribute);
        (column.role == Role::Measure && !column.degree).then_some(Test::Average(operator))
    }

    /// A comparison with a row that its name picks out.
    fn than_row_test(&mut self, attribute: Attribute) -> Option<Test> {
        let [label] = self.table(attribute.table).label[..] else {
            return None;
        };
        let named = Attribute {
            column: label,
            ..attribute
        };
        let known = self
            .table(attribute.table)
            .rows_per_value(label)
            .is_some_and(|rows| rows <= 1.0);
        if !known || label == attribute.column {
            return None;
        }
        let operator = *self.draw.pick(&[Compare::Greater, Compare::Greater, Compare::Less])?;
        let name = self.value(self.column(named))?;
        Some(Test::Than(operator, label, name))
    }

    /// Columns of the same table that hold the same kind of thing: two dates, or quantities called alike.
    fn comparable(&self, attribute: Attribute) -> Vec<usize> {
        let own = self.column(attribute);
        let kind = |column: &Column| kind_of(&column.noun.one).to_owned();
        let alike = |column: &Column| match own.role {
            // Everybody is born before anything else.
            Role::Date if own.noun.one.contains("birth") || column.noun.one.contains("birth") => false,
            Role::Date => column.role == Role::Date && own.dated == column.dated && own.timed == column.timed,
            Role::Measure => column.role == Role::Measure && column.textual == own.textual && kind(column) == kind(own),
            _ => false,
        };
        let columns = &self.table(attribute.table).columns;
        (0..columns.len())
            .filter(|column| *column != attribute.column && alike(&columns[*column]))
            .collect()
    }

    fn category_test(&mut self, column: &Column) -> Option<Test> {
        if column.values.is_empty() {
            return self.unknown_text_test(column);
        }
        let value = self.value(column)?;
        Some(match self.draw.weighted(&[0.72, 0.12, 0.1, 0.06])? {
            0 => Test::Compare(Compare::Equal, value),
            1 if column.values.len() > 1 => Test::Compare(Compare::NotEqual, value),
            2 if column.values.len() > 2 => {
                let other = self.value(column)?;
                if other == value {
                    Test::Compare(Compare::Equal, value)
                } else {
                    Test::Either(value, other)
                }
            }
            3 => self.like(column).unwrap_or(Test::Compare(Compare::Equal, value)),
            _ => Test::Compare(Compare::Equal, value),
        })
    }

    fn text_test(&mut self, column: &Column) -> Option<Test> {
        if column.values.is_empty() {
            return self.unknown_text_test(column);
        }
        if self.draw.chance(0.35)
            && let Some(like) = self.like(column)
        {
            return Some(like);
        }
        let value = self.value(column)?;
        let operator = if self.draw.chance(0.05) {
            Compare::NotEqual
        } else {
            Compare::Equal
        };
        Some(Test::Compare(operator, value))
    }

    /// A test of a text of which no value is let out: for a letter that many have.
    fn unknown_text_test(&mut self, column: &Column) -> Option<Test> {
        if !column.textual || !self.draw.chance(0.4) {
            return None;
        }
        let letter = (*self.draw.pick(&["a", "e", "i", "n", "o", "r", "s", "t"])?).to_owned();
        Some(Test::Like(Match::Contains, letter, false))
    }

    /// A piece of a real value, long enough to mean something.
    fn like(&mut self, column: &Column) -> Option<Test> {
        let value = self.draw.pick(&column.values)?.clone();
        let negated = self.draw.chance(0.06);
        let word = |text: &str| text.chars().all(char::is_alphabetic) && !text.is_empty();
        if !value.is_ascii() {
            let long = value.chars().count() >= 4;
            let piece: String = value.chars().take(if long { 2 } else { 1 }).collect();
            let kind = if long { Match::Contains } else { Match::Starts };
            return word(&piece).then_some(Test::Like(kind, piece, negated));
        }
        let words: Vec<&str> = value.split(' ').filter(|part| word(part)).collect();
        let kind = self.draw.weighted(&[0.6, 0.28, 0.12])?;
        let (kind, piece) = match kind {
            0 => {
                let long: Vec<&str> = words.iter().copied().filter(|part| part.len() > 2).collect();
                match self.draw.pick(&long) {
                    Some(piece) if words.len() > 1 => (Match::Contains, (*piece).to_owned()),
                    _ => (
                        Match::Contains,
                        value.chars().rev().take(1).collect::<String>().to_lowercase(),
                    ),
                }
            }
            1 => (Match::Starts, value.chars().take(1).collect()),
            _ => (Match::Ends, value.chars().rev().take(1).collect()),
        };
        word(&piece).then_some(Test::Like(kind, piece, negated))
    }

    fn measure_test(&mut self, attribute: Attribute) -> Option<Test> {
        let column = self.column(attribute);
        if self.draw.chance(0.04)
            && let Some(test) = self.than_row_test(attribute)
        {
            return Some(test);
        }
        if column.range.is_none() || self.draw.chance(0.04) {
            return self.valueless_test(attribute);
        }
        let kind = self.draw.weighted(&[0.78, 0.1, 0.12])?;
        if kind == 1
            && column.whole
            && let Some(value) = self.value(column)
        {
            return Some(Test::Compare(Compare::Equal, value));
        }
        if kind == 2 {
            let (low, high) = (self.threshold(column, 0.0, 0.5)?, self.threshold(column, 0.5, 1.0)?);
            if low < high {
                return Some(Test::Between(number(low, column), number(high, column)));
            }
        }
        let operator = *self.draw.pick(ORDERED)?;
        let upward = matches!(operator, Compare::Greater | Compare::AtLeast);
        let threshold = if upward {
            self.threshold(column, 0.1, 0.7)?
        } else {
            self.threshold(column, 0.3, 0.9)?
        };
        Some(Test::Compare(operator, number(threshold, column)))
    }

    /// A place in an order: this one, or from one to another.
    fn ordinal_test(&mut self, column: &Column) -> Option<Test> {
        if self.draw.chance(0.7) {
            return self.value(column).map(|value| Test::Compare(Compare::Equal, value));
        }
        let (low, high) = (self.threshold(column, 0.0, 0.5)?, self.threshold(column, 0.5, 1.0)?);
        (low < high).then(|| Test::Between(number(low, column), number(high, column)))
    }

    fn year_test(&mut self, column: &Column) -> Option<Test> {
        let value = self.draw.pick(&column.values)?.trim_end_matches(".0").to_owned();
        let literal = if column.textual {
            Literal::Text(value)
        } else {
            Literal::Number(value)
        };
        let extreme = |literal: &Literal, bound: Option<f64>| matches!((literal, bound), (Literal::Number(text) | Literal::Text(text), Some(bound)) if text.parse() == Ok(bound));
        Some(match self.draw.weighted(&[0.5, 0.22, 0.18, 0.1])? {
            1 if !extreme(&literal, column.range.map(|range| range.1)) => Test::Compare(Compare::Greater, literal),
            2 if !extreme(&literal, column.range.map(|range| range.0)) => Test::Compare(Compare::Less, literal),
            3 => match self.value_pair(column) {
                Some((first, second)) => Test::Either(first, second),
                None => Test::Compare(Compare::Equal, literal),
            },
            _ => Test::Compare(Compare::Equal, literal),
        })
    }

    fn date_test(&mut self, attribute: Attribute) -> Option<Test> {
        let column = self.column(attribute);
        if column.values.is_empty() || self.draw.chance(0.04) {
            return self.valueless_test(attribute);
        }
        let date = self.draw.pick(&column.values)?.clone();
        let year: u32 = date.get(..4)?.parse().ok()?;
        let month: u32 = date.get(5..7)?.parse().ok()?;
        let day = date.get(..10)?.to_owned();
        // With a time of day, "after a day" would hold for the day itself as well.
        let timed = date.len() > 10 || column.timed;
        Some(match self.draw.weighted(&[0.38, 0.12, 0.12, 0.1, 0.1, 0.08, 0.1])? {
            0 => Test::Year(Compare::Equal, year),
            1 => Test::Month(month),
            2 => Test::Year(Compare::Greater, year.saturating_sub(1)),
            3 if !timed => Test::Compare(Compare::Greater, Literal::Text(day)),
            4 => Test::Compare(Compare::Less, Literal::Text(day)),
            5 if !timed => match self.later_day(column, &day) {
                Some(later) => Test::Between(Literal::Text(day), Literal::Text(later)),
                None => Test::Compare(Compare::Equal, Literal::Text(day)),
            },
            _ if !timed => Test::Compare(Compare::Equal, Literal::Text(day)),
            _ => Test::Compare(Compare::AtLeast, Literal::Text(day)),
        })
    }

    fn flag_test(&mut self, column: &Column) -> Option<Test> {
        let yes = self.draw.chance(0.65);
        if let Some(value) = column
            .values
            .iter()
            .find(|value| truth(value) == Some(yes))
            .filter(|_| column.textual)
        {
            return Some(Test::Compare(Compare::Equal, Literal::Text(value.clone())));
        }
        if column.textual && !column.boolean {
            return None;
        }
        let value = if column.boolean {
            Literal::Boolean(yes)
        } else {
            Literal::Number(u8::from(yes).to_string())
        };
        Some(Test::Compare(Compare::Equal, value))
    }
}

/// What a quantity is of, so that two of them can be compared: the units of "units in stock", else the last word of its name.
fn kind_of(name: &str) -> &str {
    let counted = name.strip_prefix("number of ").unwrap_or(name);
    let first = counted.split(' ').next().unwrap_or(counted);
    if is_plural(first) {
        first
    } else {
        name.rsplit(' ').next().unwrap_or(name)
    }
}
