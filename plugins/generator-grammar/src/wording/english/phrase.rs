//! What fills the slots of English templates.

use super::condition::{Phrase, amount};
use super::scale::scale;
use super::value;
use super::verb::{between, is_place};
use crate::grammar::{Ask, Attribute, Filter, Kinship, Pattern, Relation, Test};
use crate::random::Draw;
use nl2sql_schema::{Column, Noun, Role, Schema};
use crate::sql::{Aggregate, Compare};

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
    /// The text of a slot.
    pub fn slot(&self, name: &str, draw: &mut Draw) -> String {
        let ask = self.ask;
        let noun = self.noun_of(ask.subject);
        match name {
            "S" => noun.one.clone(),
            "Ss" => noun.many.clone(),
            "O" => self.object().one,
            "Os" => self.object().many,
            "A" => self.attributes(&self.own_shown(), true, draw),
            "a" => self.attributes(&self.own_shown(), false, draw),
            "SA" => self.compound(&self.own_shown(), draw),
            "OA" => self.attributes(&self.their_shown(), true, draw),
            "Oa" => self.attributes(&self.their_shown(), false, draw),
            "OA_full" => self.fulls(&self.their_shown()),
            "Alone1" => self.fulls(&ask.shown[..1]),
            "Alone2" => self.fulls(&ask.shown[1..]),
            "A1" => self.name_at(0),
            "A2" => self.name_at(1),
            "B" => self.by(false, draw),
            "Bs" => self.by(true, draw),
            "SB" => ask.by.map_or(String::new(), |by| self.compound(&[by], draw)),
            "c" => self.restriction(&ask.filters, 1, draw),
            "c1" => self.restriction(&ask.filters, 0, draw),
            "p" => self.predicate(&ask.filters, 1, draw),
            "p1" => self.predicate(&ask.filters, 0, draw),
            "oc" => self.restriction(&ask.other_filters, 1, draw),
            "oc1" => self.restriction(&ask.other_filters, 0, draw),
            "v" => self.looked_up(draw),
            "n" => value::count(&ask.limit.to_string(), draw),
            "bn" => ask.bound.as_ref().map_or(String::new(), |bound| bound.1.clone()),
            "bound_S" => self.bounded(noun, draw),
            "bound_O" => self.bounded(&self.object(), draw),
            "cmp" => self.beyond_bound(draw),
            "who" => self.who(ask.subject).to_owned(),
            "ask" => imperative(draw).to_owned(),
            "give" => self.request(draw),
            "find" => pick(draw, &["find", "show", "list", "give", "return"]).to_owned(),
            "is_a" => self.is_or_are(ask.shown.len(), draw),
            "is_agg" => self.is_or_are(ask.aggregates.len(), draw),
            "sort" => pick(draw, &["Sort", "Order", "Sort"]).to_owned(),
            _ => self.aggregate_slot(name, draw),
        }
    }

    /// Slots about aggregates and extremes.
    fn aggregate_slot(&self, name: &str, draw: &mut Draw) -> String {
        let ask = self.ask;
        match name {
            "agg" => self.aggregates(&ask.aggregates, draw),
            "how_agg" => self.how(draw),
            "M" => ask.aggregates.first().map_or(String::new(), |(_, of)| self.attribute_name(*of, draw)),
            "ext_M" => ask.aggregates.first().map_or(String::new(), |(_, of)| {
                format!("{} {}", self.extreme(*of, draw), self.attribute_name(*of, draw))
            }),
            "ext_agg" => self.extreme_aggregate(draw),
            "of_Os" => {
                let many = self.object().many;
                pick(draw, &["of its #", "of #", "across its #", "over all its #"]).replace('#', &many)
            }
            "most_common" => {
                let words: &[&str] =
                    if ask.descending { &["most common", "most frequent", "most common"] } else { &["least common", "least frequent"] };
                pick(draw, words).to_owned()
            }
            "most" => if ask.descending { "most" } else { "fewest" }.to_owned(),
            "most_n" => {
                let words: &[&str] = if ask.descending {
                    &["most", "most", "largest number of", "greatest number of", "highest number of"]
                } else {
                    &["fewest", "least number of", "smallest number of", "lowest number of"]
                };
                pick(draw, words).to_owned()
            }
            "most_first" => {
                let words: &[&str] = if ask.descending {
                    &["in descending order", "from most to least", "in decreasing order"]
                } else {
                    &["in ascending order", "from least to most", "in increasing order"]
                };
                pick(draw, words).to_owned()
            }
            "from_most" => {
                let words: &[&str] = if ask.descending {
                    &["from highest to lowest", "in descending order", "with the highest first"]
                } else {
                    &["from lowest to highest", "in ascending order", "with the lowest first"]
                };
                pick(draw, words).to_owned()
            }
            "longest" => if ask.descending { "longest" } else { "shortest" }.to_owned(),
            _ => self.order_slot(name, draw),
        }
    }

    /// Slots about sorting and superlatives.
    fn order_slot(&self, name: &str, draw: &mut Draw) -> String {
        match name {
            "sup" => self.superlative(1, draw),
            "sup_n" => self.superlative(self.ask.limit as usize, draw),
            "is_sup" => self.is_superlative(false, draw),
            "are_sup" => self.is_superlative(true, draw),
            "ext" => self.ask.by.map_or(String::new(), |by| self.extreme(by, draw)),
            "B_dir" => {
                let by = self.by(false, draw);
                if self.ask.descending { by } else { format!("lowest {by}") }
            }
            "dir" => self.direction(false, draw),
            "dir_only" => self.direction(true, draw),
            "for_B" => self.ask.by.map_or("for", |by| group_preposition(self.column(by), draw)).to_owned(),
            "beyond_avg" => self.beyond_average(draw).behind[1].clone(),
            "is_beyond_avg" => self.beyond_average(draw).predicate[1].clone(),
            "than_any" | "than_the" | "with_than_any" | "than_the_a" => self.beyond_group(name, draw),
            _ => self.relation_slot(name, draw),
        }
    }

    /// Slots about relations.
    fn relation_slot(&self, name: &str, draw: &mut Draw) -> String {
        let Some(relation) = &self.ask.other else { return String::new() };
        let object = self.object();
        let verb = between(&self.noun_of(relation.from).one, &object.one);
        match name {
            "verb_p" => verb.many.to_owned(),
            "verb_s" => verb.one.to_owned(),
            "they_have" => {
                let text = pick(draw, &["they #", "they have", "each has", "for each", "of each", "each ?"]);
                text.replace('#', verb.many).replace('?', verb.one)
            }
            "it_has" => pick(draw, &["it has", "it ?", "for it"]).replace('?', verb.one),
            "their_O" if relation.is_single() => format!("their {}", object.many),
            "their_O" => pick(draw, &["their #", "the # they ?"]).replace('#', &object.many).replace('?', verb.many),
            "its_O" if relation.is_single() => format!("its {}", object.one),
            "its_O" => pick(draw, &["each of its #", "its #", "each # it ?"])
                .replace("each #", &format!("each {}", object.one))
                .replace('#', &object.many)
                .replace('?', verb.one),
            "none" => self.without(relation, false, draw),
            "do_none" => self.without(relation, true, draw),
            "both" => self.both(relation, false, draw),
            "do_both" => self.both(relation, true, draw),
            "of_sup_O" => {
                let superlative = self.superlative_of(relation.to, &object, 1, &[], draw);
                let preposition = match (relation.is_single(), is_place(&object.one)) {
                    (true, true) => "in",
                    (true, false) => pick(draw, &["of", "of", "with"]),
                    (false, _) => "with",
                };
                format!("{preposition} {superlative}")
            }
            "has_sup_O" => {
                let superlative = self.superlative_of(relation.to, &object, 1, &[], draw);
                let has = match (relation.is_single(), is_place(&object.one)) {
                    (true, true) => "is in",
                    (true, false) => pick(draw, &["has", "belongs to"]),
                    (false, _) => pick(draw, &["has", verb.one]),
                };
                format!("{has} {superlative}")
            }
            "role" => object.one,
            "roles" => object.many,
            "role_of" => pick(draw, &["its #", "the # it refers to"]).replace('#', &object.one),
            _ => String::new(),
        }
    }

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
        if self.schema.tables[table].person { "who" } else { "that" }
    }

    /// What a relation leads to: its role where the referencing column says one, else the noun of the table.
    pub fn relation_noun(&self, relation: &Relation) -> Noun {
        let noun = self.noun_of(relation.to);
        let role = match relation.kinship {
            Kinship::Parent | Kinship::Through => relation.hops.last().and_then(|hop| self.schema.links[hop.link].role.as_deref()),
            _ => None,
        };
        if relation.from == relation.to && relation.kinship == Kinship::Through {
            let junction = &self.schema.tables[relation.hops[0].table].noun;
            return junction.clone();
        }
        match role {
            Some(role) if relation.kinship == Kinship::Parent && role.split(' ').count() <= 3 => Noun::new(role),
            _ => noun.clone(),
        }
    }

    fn object(&self) -> Noun {
        self.ask.other.as_ref().map(|relation| self.relation_noun(relation)).unwrap_or_default()
    }

    fn own_shown(&self) -> Vec<Attribute> {
        let theirs = self.their_shown().len();
        let own = self.ask.shown.len() - theirs;
        self.ask.shown[..own].to_vec()
    }

    /// In questions about pairs, the attributes of the related rows come last.
    fn their_shown(&self) -> Vec<Attribute> {
        match (&self.ask.other, self.ask.pattern) {
            (Some(relation), Pattern::Pairs) => {
                self.ask.shown.iter().filter(|shown| shown.table == relation.to).copied().collect()
            }
            _ => Vec::new(),
        }
    }

    /// What a column is called beside its table's noun, now and then with it.
    pub fn attribute_name(&self, attribute: Attribute, draw: &mut Draw) -> String {
        let column = self.column(attribute);
        if draw.chance(0.12) { column.full.one.clone() } else { column.noun.one.clone() }
    }

    fn name_at(&self, index: usize) -> String {
        self.ask.shown.get(index).map_or(String::new(), |shown| self.column(*shown).noun.one.clone())
    }

    /// "names and ages"
    fn attributes(&self, attributes: &[Attribute], many: bool, draw: &mut Draw) -> String {
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
    fn compound(&self, attributes: &[Attribute], draw: &mut Draw) -> String {
        let noun = self.noun_of(self.ask.subject);
        let column = match attributes {
            [attribute] => self.column(*attribute),
            _ => return format!("{} of {}", self.attributes(attributes, true, draw), noun.many),
        };
        let full = &column.full.many;
        if full.starts_with(&noun.one) || noun.one.split(' ').any(|word| full.starts_with(word)) {
            return full.clone();
        }
        format!("{} {}", noun.one, column.noun.many)
    }

    fn fulls(&self, attributes: &[Attribute]) -> String {
        let names: Vec<String> = attributes
            .iter()
            .map(|attribute| {
                let noun = &self.noun_of(attribute.table).one;
                let column = self.column(*attribute);
                if column.full.many.contains(noun.as_str()) { column.full.many.clone() } else { format!("{noun} {}", column.noun.many) }
            })
            .collect();
        names.join(" and ")
    }

    /// People say "what is the name and age" as well as "what are".
    fn is_or_are(&self, things: usize, draw: &mut Draw) -> String {
        if things == 1 { "is" } else { pick(draw, &["is", "are", "are"]) }.to_owned()
    }

    fn by(&self, many: bool, draw: &mut Draw) -> String {
        let Some(by) = self.ask.by else { return String::new() };
        let column = self.column(by);
        let noun = if draw.chance(0.12) { &column.full } else { &column.noun };
        if many { noun.many.clone() } else { noun.one.clone() }
    }

    fn restriction(&self, filters: &[Filter], number: usize, draw: &mut Draw) -> String {
        let phrases: Vec<Phrase> = filters.iter().map(|filter| self.filter(filter, filter_subject(filter), draw)).collect();
        self.join(&phrases, number, self.ask.any && self.ask.pattern != Pattern::Shared)
    }

    fn predicate(&self, filters: &[Filter], number: usize, draw: &mut Draw) -> String {
        let parts: Vec<String> = filters
            .iter()
            .map(|filter| self.filter(filter, filter_subject(filter), draw).predicate[number].clone())
            .collect();
        parts.join(if self.ask.any { " or " } else { " and " })
    }

    fn looked_up(&self, draw: &mut Draw) -> String {
        let tests: Vec<(Attribute, Test)> =
            self.ask.filters.first().map(Filter::tests).unwrap_or_default().into_iter().map(|(a, t)| (a, t.clone())).collect();
        let value = self.named_value(&tests, draw);
        let noun = &self.noun_of(self.ask.subject).one;
        let keyed = tests.first().is_some_and(|(attribute, _)| self.column(*attribute).role != Role::Name);
        if keyed {
            let id = tests.first().map_or(String::new(), |(attribute, _)| self.column(*attribute).noun.one.clone());
            return format!("the {noun} with {id} {value}");
        }
        if draw.chance(0.35) { format!("the {noun} {value}") } else { value }
    }

    fn request(&self, draw: &mut Draw) -> String {
        pick(draw, &["Give", "Show", "List", "Return", "Tell me", "Find", "Give me", "Please show"]).to_owned()
    }

    fn bounded(&self, noun: &Noun, draw: &mut Draw) -> String {
        let Some((operator, number)) = &self.ask.bound else { return noun.many.clone() };
        let noun = if number == "1" { &noun.one } else { &noun.many };
        format!("{} {noun}", amount(*operator, &value::count(number, draw), draw))
    }

    fn beyond_bound(&self, draw: &mut Draw) -> String {
        let Some((operator, number)) = &self.ask.bound else { return String::new() };
        let words: &[&str] = match operator {
            Compare::Greater => &["above", "over", "greater than", "higher than", "more than"],
            _ => &["below", "less than", "under", "lower than"],
        };
        format!("{} {number}", pick(draw, words))
    }

    fn aggregates(&self, aggregates: &[(Aggregate, Attribute)], draw: &mut Draw) -> String {
        let same = aggregates.windows(2).all(|pair| pair[0].1 == pair[1].1);
        let words: Vec<String> = aggregates.iter().map(|(function, of)| self.function(*function, *of, draw)).collect();
        match aggregates.first() {
            Some((_, of)) if same => {
                let name = self.attribute_name(*of, draw);
                let doubled = ["average", "total", "maximum", "minimum", "highest", "lowest"].iter().any(|word| name.starts_with(word));
                let of = if doubled { "of the " } else { "" };
                format!("{} {of}{name}", listed(&words, draw))
            }
            _ => {
                let each: Vec<String> = words
                    .iter()
                    .zip(aggregates)
                    .map(|(word, (_, of))| format!("{word} {}", self.attribute_name(*of, draw)))
                    .collect();
                listed(&each, draw)
            }
        }
    }

    fn function(&self, function: Aggregate, of: Attribute, draw: &mut Draw) -> String {
        let scale = scale(self.column(of));
        match function {
            Aggregate::Average => pick(draw, &["average", "average", "average", "mean"]).to_owned(),
            Aggregate::Sum => "total".to_owned(),
            Aggregate::Maximum if draw.chance(0.6) && scale.how.is_some() => "maximum".to_owned(),
            Aggregate::Minimum if draw.chance(0.6) && scale.how.is_some() => "minimum".to_owned(),
            Aggregate::Maximum => pick(draw, scale.most).to_owned(),
            Aggregate::Minimum => pick(draw, scale.least).to_owned(),
            Aggregate::Count | Aggregate::CountDistinct => "number of".to_owned(),
        }
    }

    fn how(&self, draw: &mut Draw) -> String {
        let noun = &self.noun_of(self.ask.subject).many;
        let restriction = self.restriction(&self.ask.filters, 1, draw);
        match self.ask.aggregates.as_slice() {
            [(Aggregate::Average, of)] if scale(self.column(*of)).how.is_some() => {
                let how = scale(self.column(*of)).how.unwrap_or_default();
                let start = if draw.chance(0.5) { "On average, how" } else { "How" };
                let end = if start == "How" { " on average" } else { "" };
                format!("{start} {how} are the {noun} {restriction}{end}?")
            }
            aggregates => format!("What is the {} of {noun} {restriction}?", self.aggregates(aggregates, draw)),
        }
    }

    fn extreme_aggregate(&self, draw: &mut Draw) -> String {
        let Some((function, of)) = self.ask.aggregates.first() else { return String::new() };
        let extreme = if self.ask.descending { pick(draw, &["highest", "largest", "greatest"]) } else { pick(draw, &["lowest", "smallest"]) };
        format!("{extreme} {} {}", self.function(*function, *of, draw), self.attribute_name(*of, draw))
    }

    /// "highest", "latest", "smallest"
    pub fn extreme(&self, of: Attribute, draw: &mut Draw) -> String {
        let scale = scale(self.column(of));
        pick(draw, if self.ask.descending { scale.most } else { scale.least }).to_owned()
    }
}

/// The table whose rows a filter restricts.
fn filter_subject(filter: &Filter) -> usize {
    match filter {
        Filter::Own(attribute, _) => attribute.table,
        Filter::Related(relation, _) => relation.from,
    }
}

fn imperative(draw: &mut Draw) -> &'static str {
    pick(
        draw,
        &[
            "Find", "Find", "Find", "Show", "Show", "Show", "List", "List", "List", "Return", "Return", "Give", "Give me",
            "Tell me", "Please show", "Show me", "Display", "Get",
        ],
    )
}

fn group_preposition(column: &Column, draw: &mut Draw) -> &'static str {
    let name = column.noun.one.as_str();
    if matches!(column.role, Role::Year | Role::Date) {
        pick(draw, &["in", "for"])
    } else if ["country", "city", "state", "region", "location", "continent", "county"].iter().any(|place| name.ends_with(place)) {
        pick(draw, &["in", "from", "for"])
    } else {
        pick(draw, &["for", "for", "of", "in", "with"])
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

