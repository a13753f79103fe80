//! What fills the slots of English templates.

use super::comparison::amount;
use super::condition::Phrase;
use super::scale::scale;
use super::value;
use crate::grammar::{Ask, Attribute, Filter, Kinship, Pattern, Relation};
use crate::random::Draw;
use crate::sql::Compare;
use nl2sql_schema::inflect::is_plural_phrase;
use nl2sql_schema::{Column, Noun, Schema};

/// The words for one question.
pub struct Phraser<'a> {
    /// What is asked.
    pub ask: &'a Ask,
    /// The schema it is asked of.
    pub schema: &'a Schema,
    /// Tables go by their short nouns.
    pub short: bool,
}

impl Phraser<'_> {
    /// What rows of a table are called in this question.
    pub fn noun_of(&self, table: usize) -> &Noun {
        let table = &self.schema.tables[table];
        if self.short { &table.short } else { &table.noun }
    }

    /// A column of the schema.
    pub fn column(&self, attribute: Attribute) -> &Column {
        &self.schema.tables[attribute.table].columns[attribute.column]
    }

    /// "who" for people, "that" for things.
    pub fn who(&self, table: usize) -> &'static str {
        if self.schema.tables[table].person {
            "who"
        } else {
            "that"
        }
    }

    /// No other column of its table measures the same kind of thing, so that "the oldest" says enough.
    pub fn is_only_such(&self, attribute: Attribute) -> bool {
        let own = scale(self.column(attribute));
        let columns = &self.schema.tables[attribute.table].columns;
        columns.iter().filter(|column| std::ptr::eq(scale(column), own)).count() == 1
    }

    /// "their" for people, "its" for things.
    pub fn its(&self, table: usize) -> &'static str {
        if self.schema.tables[table].person {
            "their"
        } else {
            "its"
        }
    }

    /// What a relation leads to: its role where the referencing column says one, else the noun of the table.
    pub fn relation_noun(&self, relation: &Relation) -> Noun {
        let noun = self.noun_of(relation.to);
        if let (Kinship::Children | Kinship::Counterpart, [hop]) = (relation.kinship, relation.hops.as_slice())
            && let Some(children) = &self.schema.links[hop.link].children
        {
            return children.clone();
        }
        let role = match relation.kinship {
            Kinship::Parent | Kinship::Through | Kinship::Grandparent => relation
                .hops
                .last()
                .and_then(|hop| self.schema.links[hop.link].role.as_deref()),
            _ => None,
        };
        if let (true, Some(verb)) = (relation.from == relation.to, self.reports(relation)) {
            return Noun {
                one: format!("{} {verb}", noun.one),
                many: format!("{} {verb}", noun.many),
            };
        }
        match role {
            Some(role) if relation.is_single() && role.split(' ').count() <= 3 => Noun::new(role),
            Some(role) if relation.from == relation.to && relation.apart => Noun::new(role),
            _ => noun.clone(),
        }
    }

    /// "they report to", where the column by which a row refers to another of its table says so.
    pub fn reports(&self, relation: &Relation) -> Option<String> {
        let [hop] = relation.hops.as_slice() else { return None };
        let verb = self.schema.links[hop.link].phrase.as_deref()?.strip_suffix("s to")?;
        Some(if self.schema.tables[relation.from].person {
            format!("they {verb} to")
        } else {
            format!("it {verb}s to")
        })
    }

    /// The table that connects a table to itself.
    pub fn junction(&self) -> &Noun {
        let across = self.ask.other.as_ref().and_then(|relation| relation.hops.first());
        self.noun_of(across.map_or(self.ask.subject, |hop| hop.table))
    }

    /// What a row is to the row of the junction: "winner", "loser".
    pub fn role_across(&self, relation: &Relation, hop: usize) -> String {
        let link = relation.hops.get(hop).map(|hop| &self.schema.links[hop.link]);
        link.and_then(|link| link.role.clone()).unwrap_or_default()
    }

    pub fn object(&self) -> Noun {
        self.ask
            .other
            .as_ref()
            .map(|relation| self.relation_noun(relation))
            .unwrap_or_default()
    }

    /// The attributes shown of the subject.
    pub fn own_shown(&self) -> &[Attribute] {
        &self.ask.shown[..self.ask.shown.len() - self.ask.theirs]
    }

    /// The attributes shown of what the subject is related to.
    pub fn their_shown(&self) -> &[Attribute] {
        &self.ask.shown[self.ask.shown.len() - self.ask.theirs..]
    }

    /// What a column is called beside its table's noun, now and then with it.
    pub fn attribute_name(&self, attribute: Attribute, draw: &mut Draw) -> String {
        let column = self.column(attribute);
        if draw.chance(0.12) {
            column.full.one.clone()
        } else {
            column.noun.one.clone()
        }
    }

    pub fn name_at(&self, index: usize) -> String {
        self.ask
            .shown
            .get(index)
            .map_or(String::new(), |shown| self.column(*shown).noun.one.clone())
    }

    /// "names and ages"
    pub fn attributes(&self, attributes: &[Attribute], many: bool, draw: &mut Draw) -> String {
        let names: Vec<String> = attributes
            .iter()
            .map(|attribute| {
                let column = self.column(*attribute);
                let noun = if draw.chance(0.12) { &column.full } else { &column.noun };
                if many { noun.many.clone() } else { noun.one.clone() }
            })
            .collect();
        listed(&names, draw)
    }

    /// "singer names", or "names and ages of singers" where there are several.
    pub fn compound(&self, attributes: &[Attribute], draw: &mut Draw) -> String {
        let noun = self.noun_of(self.ask.subject);
        let column = match attributes {
            // What restricts the rows would seem to restrict the names behind which it stands.
            [attribute] if self.ask.filters.is_empty() && !self.column(*attribute).foreign => self.column(*attribute),
            _ => return format!("{} of {}", self.attributes(attributes, true, draw), noun.many),
        };
        let full = &column.full.many;
        let last = noun.one.rsplit(' ').next().unwrap_or(&noun.one);
        if full.starts_with(&noun.one) || full.starts_with(last) {
            return full.clone();
        }
        format!("{} {}", noun.one, column.noun.many)
    }

    pub fn fulls(&self, attributes: &[Attribute]) -> String {
        self.fulls_of(attributes, None)
    }

    /// The same with what the rows are to others, where that is not what they are called: "friend names".
    pub fn fulls_of(&self, attributes: &[Attribute], role: Option<&str>) -> String {
        let names: Vec<String> = attributes
            .iter()
            .map(|attribute| {
                let own = self.noun_of(attribute.table).one.as_str();
                let noun = role.filter(|_| attribute.table == self.ask.subject).unwrap_or(own);
                let column = self.column(*attribute);
                if column.noun.many.contains(" of ") {
                    // The numbers of pages of books, and not book numbers of pages.
                    format!("{} of {}", column.noun.many, self.noun_of(attribute.table).many)
                } else if column.full.many.contains(noun) {
                    column.full.many.clone()
                } else {
                    format!("{noun} {}", column.noun.many)
                }
            })
            .collect();
        names.join(" and ")
    }

    /// People say "what is the name and age" as well as "what are".
    pub fn is_or_are(&self, things: &[Attribute], draw: &mut Draw) -> String {
        // "what are the notes and the phone"
        let plural_first = things
            .first()
            .is_some_and(|thing| is_plural_phrase(&self.column(*thing).noun.one));
        if plural_first && things.len() > 1 {
            "are"
        } else if let [thing] = things {
            if is_plural_phrase(&self.column(*thing).noun.one) {
                "are"
            } else {
                "is"
            }
        } else {
            pick(draw, &["is", "are", "are"])
        }
        .to_owned()
    }

    pub fn by(&self, many: bool, draw: &mut Draw) -> String {
        let Some(by) = self.ask.by else { return String::new() };
        let column = self.column(by);
        if let (Some(relation), true) = (&self.ask.other, by.table != self.ask.subject) {
            return self.owned_attribute(&self.relation_noun(relation), column, many);
        }
        // "each name" would leave open of what, where the rows themselves are not said beside it.
        if column.noun.one == "name" && names_groups(self.ask.pattern) {
            return self.owned_attribute(self.noun_of(by.table), column, many);
        }
        let noun = if draw.chance(0.12) { &column.full } else { &column.noun };
        if many { noun.many.clone() } else { noun.one.clone() }
    }

    /// "customer country" of the customer that an order belongs to.
    fn owned_attribute(&self, owner: &Noun, column: &Column, many: bool) -> String {
        let full = if many { &column.full.many } else { &column.full.one };
        let short = if many { &column.noun.many } else { &column.noun.one };
        if full.starts_with(&owner.one) {
            full.clone()
        } else {
            format!("{} {short}", owner.one)
        }
    }

    pub fn restriction(&self, filters: &[Filter], number: usize, draw: &mut Draw) -> String {
        let phrases: Vec<Phrase> = filters
            .iter()
            .map(|filter| self.filter(filter, filter_subject(filter), draw))
            .collect();
        match filters {
            // "who are from France or have an age above 30": one clause, so that it is clear what the alternatives are.
            [first, _, ..] if self.ask.any && self.ask.pattern != Pattern::Shared => {
                format!(
                    "{} {}",
                    self.who(filter_subject(first)),
                    self.predicate(filters, number, draw)
                )
            }
            _ => self.join(&phrases, number),
        }
    }

    pub fn predicate(&self, filters: &[Filter], number: usize, draw: &mut Draw) -> String {
        let mut phrases: Vec<Phrase> = filters
            .iter()
            .map(|filter| self.filter(filter, filter_subject(filter), draw))
            .collect();
        // Behind other rows it would seem to be said of these.
        phrases.sort_by_key(|phrase| phrase.across.is_some());
        let parts: Vec<&str> = phrases.iter().map(|phrase| phrase.predicate[number].as_str()).collect();
        parts.join(if self.ask.any { " or " } else { " and " })
    }

    pub fn looked_up(&self, draw: &mut Draw) -> String {
        let Some(filter) = self.ask.filters.first() else {
            return String::new();
        };
        let value = self.named_value(filter, draw);
        let noun = &self.noun_of(self.ask.subject).one;
        if let Filter::Own(attribute, _) = filter
            && !self.is_name(*attribute)
        {
            return format!("the {noun} with {} {value}", self.column(*attribute).noun.one);
        }
        if draw.chance(0.35) {
            format!("the {noun} {value}")
        } else {
            value
        }
    }

    pub fn request(&self, draw: &mut Draw) -> String {
        pick(
            draw,
            &[
                "Give",
                "Show",
                "List",
                "Return",
                "Tell me",
                "Find",
                "Give me",
                "Please show",
            ],
        )
        .to_owned()
    }

    pub fn bounded(&self, noun: &Noun, draw: &mut Draw) -> String {
        let Some((operator, number)) = &self.ask.bound else {
            return noun.many.clone();
        };
        let noun = if number == "1" { &noun.one } else { &noun.many };
        format!("{} {noun}", amount(*operator, &value::count(number, draw), draw))
    }

    /// The bound is on one row: "there is exactly 1 ship".
    pub fn bounds_one(&self) -> bool {
        self.ask.bound.as_ref().is_some_and(|(_, number)| number == "1")
    }

    pub fn beyond_bound(&self, draw: &mut Draw) -> String {
        let Some((operator, number)) = &self.ask.bound else {
            return String::new();
        };
        let words: &[&str] = match operator {
            Compare::Greater => &["above", "greater than", "higher than", "more than"],
            _ => &["below", "less than", "under", "lower than"],
        };
        format!("{} {number}", pick(draw, words))
    }
}

/// The question is about groups, which it names by what they share.
fn names_groups(pattern: Pattern) -> bool {
    matches!(
        pattern,
        Pattern::GroupCount
            | Pattern::GroupCountOrdered
            | Pattern::GroupAggregate
            | Pattern::GroupAggregateHaving
            | Pattern::GroupHaving
            | Pattern::GroupHavingAverage
            | Pattern::ModalValue
            | Pattern::ModalValueCount
            | Pattern::Both
            | Pattern::Never
            | Pattern::RankedWithin
            | Pattern::TopWithin
            | Pattern::AverageCount
            | Pattern::AboveAverageCount
            | Pattern::BeyondOwnGroup
    )
}

/// The table whose rows a filter restricts.
fn filter_subject(filter: &Filter) -> usize {
    match filter {
        Filter::Own(attribute, _) => attribute.table,
        Filter::Related(relation, _)
        | Filter::Without(relation, _)
        | Filter::Counted(relation, _)
        | Filter::OfExtreme(relation, ..) => relation.from,
    }
}

/// One of the words, each as likely.
pub fn pick(draw: &mut Draw, words: &[&'static str]) -> &'static str {
    draw.pick(words).copied().unwrap_or_default()
}

/// "a", "a and b", "a, b and c"
pub fn listed(parts: &[String], draw: &mut Draw) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [before @ .., last] => {
            let comma = if draw.chance(0.5) { "," } else { "" };
            format!("{}{comma} and {last}", before.join(", "))
        }
    }
}
