//! Drawing filters with values that are likely to be found.

use super::ask::{Attribute, Filter, Match, Test};
use super::choose::Chooser;
use super::relation::Relation;
use super::values::{made_up, number};
use crate::sql::{Compare, Condition, Literal, Ref, Select};
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
    /// No filter mostly, else one or two of the table's own.
    pub fn maybe_filters(&mut self, table: usize, chance: f32) -> Vec<Filter> {
        let filters = if self.draw.chance(chance) {
            self.filters(table, 0.15)
        } else {
            Vec::new()
        };
        // One row alone is neither sorted nor aggregated.
        let picks_one = filters.iter().any(|filter| self.picks_one(filter));
        if picks_one { Vec::new() } else { filters }
    }

    /// The filter picks one row by its name or key.
    pub fn picks_one(&self, filter: &Filter) -> bool {
        filter.tests().iter().any(|(attribute, test)| {
            let table = self.table(attribute.table);
            let names = table.label == [attribute.column] || table.key == [attribute.column];
            let identifies = names && table.is_unique(attribute.column);
            identifies && matches!(test, Test::Compare(Compare::Equal, _))
        })
    }

    /// One filter, or two with probability `second`.
    pub fn filters(&mut self, table: usize, second: f32) -> Vec<Filter> {
        let Some((first, test)) = self.own_test(table, None) else {
            return Vec::new();
        };
        let mut filters = vec![Filter::Own(first, test)];
        if self.draw.chance(second)
            && let Some((other, test)) = self.own_test(table, Some(first))
        {
            filters.push(Filter::Own(other, test));
        }
        filters
    }

    /// A test of one of the table's columns, other than `except`.
    pub fn own_test(&mut self, table: usize, except: Option<Attribute>) -> Option<(Attribute, Test)> {
        for _ in 0..4 {
            let roles: &[Role] = match self.draw.weighted(&[0.34, 0.3, 0.1, 0.06, 0.14, 0.03, 0.03])? {
                0 => &[Role::Category],
                1 => &[Role::Measure],
                2 => &[Role::Year],
                3 => &[Role::Date],
                4 => &[Role::Name, Role::Name, Role::Text],
                5 => &[Role::Flag],
                _ if self.table(table).label.is_empty() => &[Role::Code, Role::Key],
                _ => &[Role::Code],
            };
            let Some(attribute) = self.column_with(table, roles) else {
                continue;
            };
            if Some(attribute) == except || self.column(attribute).foreign {
                continue;
            }
            if let Some(test) = self.test(attribute) {
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
        if column.nullable && !names && !matches!(column.role, Role::Key | Role::Opaque) && self.draw.chance(0.015) {
            return Some(Test::Null(self.draw.chance(0.6)));
        }
        match column.role {
            Role::Category => self.category_test(column),
            Role::Name | Role::Text => self.text_test(column),
            Role::Measure => self.measure_test(column),
            Role::Year => self.year_test(column),
            Role::Date => self.date_test(column),
            Role::Flag => self.flag_test(column),
            Role::Code | Role::Key => {
                let value = self.value(column)?;
                Some(Test::Compare(Compare::Equal, value))
            }
            Role::Opaque => None,
        }
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

    /// A test of a text of which no value is let out: for a letter that many have, or for a made-up value.
    fn unknown_text_test(&mut self, column: &Column) -> Option<Test> {
        if !column.textual {
            return None;
        }
        if self.invents && self.draw.chance(0.6) {
            let value = self.draw.pick(made_up(&column.full.one))?;
            return Some(Test::Compare(Compare::Equal, Literal::Text((*value).to_owned())));
        }
        let letter = (*self.draw.pick(&["a", "e", "i", "n", "o", "r", "s", "t"])?).to_owned();
        let kind = *self
            .draw
            .pick(&[Match::Contains, Match::Contains, Match::Starts, Match::Ends])?;
        let letter = if kind == Match::Starts {
            letter.to_uppercase()
        } else {
            letter
        };
        Some(Test::Like(kind, letter, false))
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

    fn measure_test(&mut self, column: &Column) -> Option<Test> {
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

    fn year_test(&mut self, column: &Column) -> Option<Test> {
        let value = match self.draw.pick(&column.values) {
            Some(value) => value.trim_end_matches(".0").to_owned(),
            None => (1980 + self.draw.below(40)).to_string(),
        };
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

    fn date_test(&mut self, column: &Column) -> Option<Test> {
        let known = self.draw.pick(&column.values).cloned();
        let date = known.unwrap_or_else(|| {
            format!(
                "{}-{:02}-{:02}",
                2010 + self.draw.below(15),
                1 + self.draw.below(12),
                1 + self.draw.below(28)
            )
        });
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
        let value = if column.boolean {
            Literal::Boolean(yes)
        } else {
            Literal::Number(u8::from(yes).to_string())
        };
        Some(Test::Compare(Compare::Equal, value))
    }

    /// A filter by what the subject is related to.
    pub fn related_filter(&mut self, relation: &Relation) -> Option<Filter> {
        let target = relation.to;
        let mut tests = vec![self.related_test(target)?];
        if self.draw.chance(0.1)
            && let Some(second) = self.own_test(target, Some(tests[0].0))
        {
            tests.push(second);
        }
        Some(Filter::Related(relation.clone(), tests))
    }

    /// A test of a related row: mostly by its name.
    pub fn related_test(&mut self, table: usize) -> Option<(Attribute, Test)> {
        let label = self.table(table).label.clone();
        if let [column] = label.as_slice()
            && self.draw.chance(0.4)
        {
            let attribute = Attribute { table, column: *column };
            if let Some(value) = self.value(self.column(attribute)) {
                return Some((attribute, Test::Compare(Compare::Equal, value)));
            }
        }
        self.own_test(table, None)
    }
}

/// Puts `filters` into WHERE of `select`, whose subject stands at `slot`, joining what they relate to.
pub fn apply(select: &mut Select, slot: usize, filters: &[Filter], any: bool) {
    let mut conditions = Vec::new();
    for filter in filters {
        match filter {
            Filter::Own(attribute, test) => conditions.push(test.condition(Ref::new(slot, attribute.column))),
            Filter::Related(relation, tests) => {
                let end = relation.join(select, slot);
                conditions.extend(
                    tests
                        .iter()
                        .map(|(attribute, test)| test.condition(Ref::new(end, attribute.column))),
                );
            }
        }
    }
    if any && conditions.len() > 1 {
        select.also(Condition::Any(conditions));
    } else {
        for condition in conditions {
            select.also(condition);
        }
    }
}
