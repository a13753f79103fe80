//! Superlatives, orders and comparisons with averages, groups and absence.

use super::condition::Phrase;
use super::phrase::{Phraser, pick};
use super::scale::scale;
use super::verb::between;
use crate::grammar::{Attribute, Filter, Pattern, Relation};
use crate::random::Draw;
use crate::sql::Aggregate;
use nl2sql_schema::inflect::{is_plural_phrase, with_article};
use nl2sql_schema::{Noun, Role};

impl Phraser<'_> {
    /// "the oldest singer from France", "the 3 singers with the highest age"
    pub fn superlative(&self, count: usize, draw: &mut Draw) -> String {
        let noun = self.noun_of(self.ask.subject);
        self.superlative_of(self.ask.subject, noun, count, &self.ask.filters, draw)
    }

    /// The superlative of rows of `table`, called `noun`, by the attribute the question compares by.
    pub fn superlative_of(
        &self,
        table: usize,
        noun: &Noun,
        count: usize,
        filters: &[Filter],
        draw: &mut Draw,
    ) -> String {
        let Some(by) = self.ask.by else { return noun.one.clone() };
        self.superlative_by((table, noun), (by, self.ask.descending), count, filters, draw)
    }

    /// The superlative of rows of a table, with what they are called, by an attribute; the greatest when `descending`.
    pub fn superlative_by(
        &self,
        (table, noun): (usize, &Noun),
        (by, descending): (Attribute, bool),
        count: usize,
        filters: &[Filter],
        draw: &mut Draw,
    ) -> String {
        let number = usize::from(count > 1);
        let phrases: Vec<Phrase> = filters.iter().map(|filter| self.filter(filter, table, draw)).collect();
        let restriction = self.join(&phrases, number);
        let noun = if count > 1 { &noun.many } else { &noun.one };
        let how_many = if count > 1 {
            format!("{} ", super::value::count(&count.to_string(), draw))
        } else {
            String::new()
        };
        let adjectives = if descending {
            scale(self.column(by)).up
        } else {
            scale(self.column(by)).down
        };
        if let Some((adjectives, _)) = adjectives
            && self.is_only_such(by)
            && draw.chance(0.6)
        {
            let adjective = pick(draw, adjectives);
            return format!("the {how_many}{adjective} {noun} {restriction}");
        }
        if self.column(by).degree {
            let those = match phrases.is_empty() {
                true => String::new(),
                false => format!(" among those {}", self.join(&phrases, 1)),
            };
            return format!(
                "the {how_many}{noun} {}{those}",
                self.whose_degree(by, count, descending, draw)
            );
        }
        let name = self.attribute_name(by, draw);
        let extreme = self.extreme_attribute(by, &name, descending, draw);
        let top = if count > 1 && descending && draw.chance(0.4) {
            "top "
        } else {
            ""
        };
        let has = if count > 1 { "have" } else { "has" };
        let who = self.who(table);
        match draw.below(4) {
            // Behind another clause, or behind what the rows are related to, it would seem to be about what stands between.
            _ if !filters.is_empty() && !is_short(&restriction) => {
                let those = self.join(&phrases, 1);
                format!("the {top}{how_many}{noun} with the {extreme} among those {those}")
            }
            0 => format!("the {top}{how_many}{noun} {restriction} {who} {has} the {extreme}"),
            1 if count == 1 && !extreme.starts_with("most ") => {
                format!(
                    "the {noun} {restriction} whose {name} is the {}",
                    self.extreme_of(by, descending, draw)
                )
            }
            _ => format!("the {top}{how_many}{noun} {restriction} with the {extreme}"),
        }
    }

    /// "whose highest values are the largest": of a name that says a degree itself there is no "largest highest value".
    fn whose_degree(&self, by: Attribute, count: usize, descending: bool, draw: &mut Draw) -> String {
        let noun = &self.column(by).noun;
        let extreme = match (descending, noun.one.starts_with("high"), noun.one.starts_with("low")) {
            (true, true, _) => pick(draw, &["largest", "greatest"]),
            (true, ..) => pick(draw, &["highest", "greatest"]),
            (false, _, true) => "smallest",
            (false, ..) => "lowest",
        };
        if count > 1 {
            format!("whose {} are the {extreme}", noun.many)
        } else {
            format!("whose {} is the {extreme}", noun.one)
        }
    }

    /// "highest age"; "most platforms" for a number of platforms.
    fn extreme_attribute(&self, by: Attribute, name: &str, descending: bool, draw: &mut Draw) -> String {
        if let Some(counted) = name.strip_prefix("number of ")
            && draw.chance(0.6)
        {
            return format!("{} {counted}", if descending { "most" } else { "fewest" });
        }
        format!("{} {name}", self.extreme_of(by, descending, draw))
    }

    /// "is the oldest", "has the highest age"
    pub fn is_superlative(&self, many: bool, draw: &mut Draw) -> String {
        let Some(by) = self.ask.by else { return String::new() };
        let (is, has) = if many { ("are", "have") } else { ("is", "has") };
        let adjectives = if self.ask.descending {
            scale(self.column(by)).up
        } else {
            scale(self.column(by)).down
        };
        if let Some((adjectives, _)) = adjectives
            && self.is_only_such(by)
            && draw.chance(0.6)
        {
            return format!("{is} the {}", pick(draw, adjectives));
        }
        if self.column(by).degree {
            let (one, count) = if many { ("ones", 2) } else { ("one", 1) };
            return format!(
                "{is} the {one} {}",
                self.whose_degree(by, count, self.ask.descending, draw)
            );
        }
        let name = self.attribute_name(by, draw);
        format!(
            "{has} the {}",
            self.extreme_attribute(by, &name, self.ask.descending, draw)
        )
    }

    /// "in ascending order of age"; after "sort" the verb is said already.
    pub fn direction(&self, sorted: bool, draw: &mut Draw) -> String {
        let Some(by) = self.ask.by else { return String::new() };
        let column = self.column(by);
        let name = self.attribute_name(by, draw);
        if self.clashes(by) {
            let order = if self.ask.descending { "descending" } else { "ascending" };
            let whose = &self.noun_of(by.table).one;
            return format!("in {order} order of the {} of the {whose}", column.noun.one);
        }
        let textual = matches!(column.role, Role::Name | Role::Text | Role::Category) && column.textual;
        let options: &[&str] = match (self.ask.descending, textual, sorted) {
            (false, true, false) => &[
                "in alphabetical order of #",
                "sorted by # in alphabetical order",
                "ordered by #",
                "in ascending alphabetical order of #",
                "sorted by #",
                "in ascending order of #",
                "ordered alphabetically by #",
            ],
            (true, true, false) => &[
                "in descending order of #",
                "in reverse alphabetical order of #",
                "sorted by # in descending order",
                "in descending alphabetical order of #",
            ],
            (false, false, false) => &[
                "in ascending order of #",
                "in ascending order of #",
                "sorted by #",
                "ordered by #",
                "in increasing order of #",
                "sorted by # in ascending order",
                "ordered by # ascending",
            ],
            (true, false, false) => &[
                "in descending order of #",
                "in descending order of #",
                "sorted by # in descending order",
                "ordered by # descending",
                "in decreasing order of #",
            ],
            (false, true, true) => &[
                "by # in alphabetical order",
                "by #",
                "alphabetically by #",
                "in ascending order of #",
            ],
            (true, true, true) => &["by # in descending order", "in reverse alphabetical order of #"],
            (false, false, true) => &[
                "by #",
                "by # in ascending order",
                "in ascending order of #",
                "by # ascending",
            ],
            (true, false, true) => &[
                "by # in descending order",
                "in descending order of #",
                "by # descending",
            ],
        };
        if let (Some((up, _)), Some((down, _))) = (scale(column).up, scale(column).down)
            && self.is_only_such(by)
            && draw.chance(0.25)
        {
            let (from, to) = if self.ask.descending { (up, down) } else { (down, up) };
            return format!("from the {} to the {}", pick(draw, from), pick(draw, to));
        }
        let ends = match column.role {
            Role::Date | Role::Year => Some(["earliest", "latest"]),
            Role::Measure if !column.degree => Some(["lowest", "highest"]),
            _ => None,
        };
        if let Some([least, most]) = ends
            && !sorted
            && draw.chance(0.2)
        {
            let (from, to) = if self.ask.descending {
                (most, least)
            } else {
                (least, most)
            };
            return match draw.below(3) {
                0 => format!("sorted by {name} from {from} to {to}"),
                _ => format!("from the {from} to the {to} {name}"),
            };
        }
        pick(draw, options).replace('#', &name)
    }

    /// What the rows are asked for together with has a column that is called alike.
    fn clashes(&self, by: Attribute) -> bool {
        let other = self.ask.other.as_ref().filter(|_| self.ask.pattern == Pattern::Pairs);
        other.is_some_and(|relation| {
            let theirs = &self.schema.tables[relation.to].columns;
            theirs.iter().any(|column| column.noun.one == self.column(by).noun.one)
        })
    }

    /// "older than average", "whose price is above the average"
    pub fn beyond_average(&self, draw: &mut Draw) -> Phrase {
        let (by, up) = (self.ask.by, self.ask.descending);
        let Some(by) = by else {
            return Phrase {
                behind: Default::default(),
                predicate: Default::default(),
                across: None,
            };
        };
        let words = scale(self.column(by));
        let adjective = if up { words.up } else { words.down };
        let average = pick(draw, &["average", "the average", "the average"]);
        let name = self.attribute_name(by, draw);
        let who = self.who(self.ask.subject);
        if let Some((_, comparative)) = adjective
            && comparative.ends_with("er")
            && self.is_only_such(by)
            && draw.chance(0.4)
        {
            let text = format!("{comparative} than {average}");
            return Phrase {
                behind: [format!("{who} is {text}"), format!("{who} are {text}")],
                predicate: [format!("is {text}"), format!("are {text}")],
                across: None,
            };
        }
        let than = if up {
            pick(draw, &["above", "greater than", "higher than"])
        } else {
            pick(draw, &["below", "less than", "lower than"])
        };
        let tail = if average == "the average" && draw.chance(0.4) {
            format!(" {name}")
        } else {
            String::new()
        };
        let thing = with_article(&name);
        let have = format!("{thing} {than} {average}{tail}");
        let behind = if draw.chance(0.5) {
            let is = if is_plural_phrase(&name) { "are" } else { "is" };
            format!("whose {name} {is} {than} {average}{tail}")
        } else {
            format!("with {have}")
        };
        Phrase {
            behind: [behind.clone(), behind],
            predicate: [format!("has {have}"), format!("have {have}")],
            across: None,
        }
    }

    /// Comparisons with every or any row of another kind.
    pub fn beyond_group(&self, slot: &str, draw: &mut Draw) -> String {
        let (Some(by), Some((function, _))) = (self.ask.by, self.ask.aggregates.first()) else {
            return String::new();
        };
        let up = self.ask.descending;
        let name = self.attribute_name(by, draw);
        let than = match (self.column(by).role, up) {
            (Role::Year, true) => "later than",
            (Role::Year, false) => "earlier than",
            (_, true) => pick(draw, &["higher than", "greater than"]),
            (_, false) => pick(draw, &["lower than", "less than"]),
        };
        let all = up == (*function == Aggregate::Maximum);
        let whom = if all {
            pick(draw, &["that of all", "that of every one of the"])
        } else {
            // "any" would be all of them to some.
            "that of at least one of the"
        };
        let extreme = match (*function, self.column(by).role) {
            (Aggregate::Maximum, Role::Year) => "latest",
            (_, Role::Year) => "earliest",
            (Aggregate::Maximum, _) => pick(draw, &["maximum", "highest"]),
            _ => pick(draw, &["minimum", "lowest"]),
        };
        match slot {
            "than_any" => format!("{than} {whom}"),
            "with_than_any" => format!("with {} {than} {whom}", with_article(&name)),
            "than_the" => format!("{than} the {extreme} {name} of"),
            _ => format!("{} {than} the {extreme} {name} of", with_article(&name)),
        }
    }

    /// "without any concerts", "do not have any concerts"; behind what restricts the rows themselves.
    pub fn without(&self, relation: &Relation, predicate: bool, draw: &mut Draw) -> String {
        let lacking = self.lacking(relation, &self.ask.other_filters, draw);
        let own: Vec<Phrase> = self
            .ask
            .filters
            .iter()
            .map(|filter| self.filter(filter, relation.from, draw))
            .collect();
        if own.is_empty() {
            return if predicate {
                lacking.predicate[1].clone()
            } else {
                lacking.behind[1].clone()
            };
        }
        let own = self.join(&own, 1);
        if predicate {
            format!("{own} {}", lacking.predicate[1])
        } else {
            format!("{own} and {} {}", self.who(relation.from), lacking.predicate[1])
        }
    }

    /// "with both concerts in 2014 and concerts in 2015"
    pub fn both(&self, relation: &Relation, predicate: bool, draw: &mut Draw) -> String {
        let noun = self.relation_noun(relation);
        let verb = between(&self.noun_of(relation.from).one, &noun.one);
        let inner = |filters: &[Filter]| match filters.first() {
            Some(Filter::Related(_, inner)) => inner.first().cloned(),
            _ => None,
        };
        let (Some(first), Some(second)) = (inner(&self.ask.filters), inner(&self.ask.other_filters)) else {
            return String::new();
        };
        let names = |filter: &Filter| matches!(filter, Filter::Own(attribute, test) if self.names(relation.to, *attribute, test));
        let objects = if names(&first) && names(&second) {
            let one = self.named_value(&first, draw);
            let other = self.named_value(&second, draw);
            let kind =
                pick(draw, &["# ", "the # ", ""]).replace('#', if draw.chance(0.5) { &noun.one } else { &noun.many });
            format!("both {kind}{one} and {other}")
        } else {
            let one = self.filter(&first, relation.to, draw).behind[1].clone();
            let other = self.filter(&second, relation.to, draw).behind[1].clone();
            format!("both {many} {one} and {many} {other}", many = noun.many)
        };
        let who = self.who(relation.from);
        let verb = if draw.chance(0.6) { verb.many } else { "have" };
        match (predicate, draw.chance(0.3)) {
            (true, _) => format!("{verb} {objects}"),
            (false, true) => format!("with {objects}"),
            (false, false) => format!("{who} {verb} {objects}"),
        }
    }
}

/// The restriction is a place or a name that the noun goes on behind: "from France", "titled Dawn".
fn is_short(restriction: &str) -> bool {
    let first = restriction.split(' ').next().unwrap_or_default();
    let clause = |word: &str| matches!(word, "whose" | "that" | "who" | "with" | "having" | "and" | "or");
    matches!(first, "from" | "in" | "not" | "named" | "called" | "titled") && !restriction.split(' ').any(clause)
}
