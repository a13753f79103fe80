//! Drawing filters with values that are likely to be found.

use super::ask::{Attribute, Filter, Match, Test};
use super::choose::Chooser;
use super::grouped::count_bound;
use super::referring::{as_many_refer, belongs_to_extreme, none_refers};
use super::related::expected_per_row;
use super::relation::{Kinship, Relation};
use super::values::number;
use crate::sql::{Compare, Condition, Literal, Select};
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

    /// The filter picks one row by a value that no other has.
    pub fn picks_one(&self, filter: &Filter) -> bool {
        matches!(filter, Filter::Own(attribute, Test::Compare(Compare::Equal, _)) if self.identifies(*attribute))
    }

    /// Hardly two rows share a value: a key, a declared or seen unique column, or a text whose values are too many to be known.
    pub fn identifies(&self, attribute: Attribute) -> bool {
        let table = self.table(attribute.table);
        let column = self.column(attribute);
        let unknown = table.rows_per_value(attribute.column).is_none();
        let texts = matches!(column.role, Role::Name | Role::Text | Role::Code | Role::Key);
        table.key == [attribute.column] || (table.is_unique(attribute.column) && (!unknown || texts))
    }

    /// One filter, or two with probability `second`.
    pub fn filters(&mut self, table: usize, second: f32) -> Vec<Filter> {
        if self.draw.chance(0.12)
            && let Some(filter) = self.relational_filter(table)
        {
            let own = if self.draw.chance(second) {
                self.own_test(table, None)
            } else {
                None
            };
            return own
                .map(|(of, test)| Filter::Own(of, test))
                .into_iter()
                .chain([filter])
                .collect();
        }
        let Some((first, test)) = self.own_test(table, None) else {
            return self.relational_filter(table).into_iter().collect();
        };
        let mut filters = vec![Filter::Own(first, test)];
        if self.draw.chance(second)
            && let Some((other, test)) = self.own_test(table, Some(first))
        {
            filters.push(Filter::Own(other, test));
        }
        filters
    }

    /// A filter by what rows are related to, which repeats none of them: what they lack, how many they have, what they belong to.
    pub fn relational_filter(&mut self, table: usize) -> Option<Filter> {
        let schema = self.schema;
        // Nobody asks for the rows of a junction by what they connect.
        if schema.tables[table].junction {
            return None;
        }
        let plain = |relation: &Relation| relation.hops.iter().all(|hop| hop.columns.len() == 1);
        let named = |relation: &Relation| {
            relation.from == table
                && relation.apart
                && plain(relation)
                && (!schema.tables[relation.to].junction || relation.names_children(schema))
        };
        match self.draw.weighted(&[0.36, 0.3, 0.2, 0.14])? {
            0 => {
                let relation = self.relation(|relation| named(relation) && !relation.is_single())?;
                let inner = if self.draw.chance(0.4) {
                    self.own_test(relation.to, None)
                } else {
                    None
                };
                let inner = inner.map(|(of, test)| Filter::Own(of, test)).into_iter().collect();
                Some(Filter::Without(relation, inner))
            }
            1 => {
                let counted = |relation: &Relation| matches!(relation.kinship, Kinship::Children | Kinship::Through);
                let relation = self.relation(|relation| named(relation) && counted(relation))?;
                let expected = expected_per_row(self, &relation);
                let bound = count_bound(self, expected);
                // Rows without any related row are in no group, so an upper bound would leave them out.
                let lower = !matches!(bound.0, Compare::Less | Compare::AtMost);
                lower.then_some(Filter::Counted(relation, bound))
            }
            2 => {
                let relation = self.relation(|relation| {
                    named(relation) && relation.kinship == Kinship::Parent && relation.from != relation.to
                })?;
                let by = self.sortable(relation.to)?;
                Some(Filter::OfExtreme(relation, by, self.draw.chance(0.65)))
            }
            _ => {
                let relation = self.relation(|relation| named(relation) && relation.is_single())?;
                self.related_filter(&relation)
            }
        }
    }

    /// A test of one of the table's columns, other than `except`, that several rows may pass: what picks one row is looked up.
    pub fn own_test(&mut self, table: usize, except: Option<Attribute>) -> Option<(Attribute, Test)> {
        for _ in 0..6 {
            let roles: &[Role] = match self.draw.weighted(&[0.34, 0.32, 0.1, 0.06, 0.1, 0.03, 0.02])? {
                0 => &[Role::Category],
                1 => &[Role::Measure],
                2 => &[Role::Year],
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
            let looked_up = picks && self.identifies(attribute);
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
        (self.column(attribute).role == Role::Measure).then_some(Test::Average(operator))
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

    /// A filter by what the subject is related to, now and then by what that is related to in turn.
    pub fn related_filter(&mut self, relation: &Relation) -> Option<Filter> {
        let target = relation.to;
        if self.draw.chance(0.28)
            && let Some(further) = self.further(relation)
            && let Some((attribute, test)) = self.related_test(further.to)
        {
            let inner = Filter::Related(further, vec![Filter::Own(attribute, test)]);
            return Some(Filter::Related(relation.clone(), vec![inner]));
        }
        let (first, test) = self.related_test(target)?;
        let mut inner = vec![Filter::Own(first, test)];
        if self.draw.chance(0.1)
            && let Some((other, test)) = self.own_test(target, Some(first))
        {
            inner.push(Filter::Own(other, test));
        }
        Some(Filter::Related(relation.clone(), inner))
    }

    /// A way on from the end of a relation to tables that it has not touched; to one row where the relation itself leads to one.
    fn further(&mut self, relation: &Relation) -> Option<Relation> {
        let schema = self.schema;
        let room = self.max_joins.saturating_sub(relation.hops.len());
        let single = relation.is_single();
        let tables: Vec<usize> = relation.tables().collect();
        self.relation(|next| {
            next.from == tables[tables.len() - 1]
                && next.apart
                && next.hops.len() <= room
                && (next.is_single() || !single)
                && !schema.tables[next.to].junction
                && next.hops.iter().all(|hop| !tables.contains(&hop.table))
        })
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
    let mut conditions: Vec<Condition> = filters.iter().map(|filter| condition(select, slot, filter)).collect();
    if any && conditions.len() > 1 {
        select.also(Condition::Any(conditions));
    } else {
        for condition in conditions.drain(..) {
            match condition {
                Condition::All(parts) => parts.into_iter().for_each(|part| select.also(part)),
                part => select.also(part),
            }
        }
    }
}

/// The condition of one filter, with the joins that it needs. Filters are drawn over single columns, so that none is lost.
fn condition(select: &mut Select, slot: usize, filter: &Filter) -> Condition {
    let everything = || Condition::All(Vec::new());
    match filter {
        Filter::Without(relation, inner) => none_refers(relation, inner, slot, false).unwrap_or_else(everything),
        Filter::Counted(relation, bound) => as_many_refer(relation, bound, slot).unwrap_or_else(everything),
        Filter::OfExtreme(relation, by, descending) => {
            belongs_to_extreme(relation, *by, *descending, slot).unwrap_or_else(everything)
        }
        Filter::Own(attribute, test) => test.condition(*attribute, slot),
        Filter::Related(relation, inner) => {
            let end = relation.join(select, slot);
            let mut parts: Vec<Condition> = inner.iter().map(|filter| condition(select, end, filter)).collect();
            if parts.len() == 1 {
                parts.remove(0)
            } else {
                Condition::All(parts)
            }
        }
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
