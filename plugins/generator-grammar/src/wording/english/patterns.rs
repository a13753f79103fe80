//! The wordings of each kind of question. A template twice in a list is twice as likely.

use super::grouped_patterns::{
    ABOVE_AVERAGE_COUNT, AVERAGE_COUNT, BEYOND_OWN_GROUP, GROUP_AGGREGATE, GROUP_AGGREGATE_FIRST,
    GROUP_AGGREGATE_HAVING, GROUP_COUNT, GROUP_COUNT_FIRST, GROUP_COUNT_ORDERED, GROUP_HAVING, GROUP_HAVING_AVERAGE,
    MODAL_VALUE, MODAL_VALUE_COUNT, RANKED_WITHIN, TOP_WITHIN, YEAR_COUNT,
};
use super::related_patterns::{
    COUNT_RELATED_NONE, COUNT_RELATED_ONE, COUNT_RELATED_SOME, PAIRS, PAIRS_ORDERED, RELATED_AGGREGATE, RELATED_COUNT,
    RELATED_COUNT_ALL, RELATED_COUNT_FILTERED, RELATED_EXISTS, RELATED_HAVING, RELATED_HAVING_NAME, RELATED_NONE,
    RELATED_NONE_NAME, RELATED_ONE, RELATED_SOME, RELATED_TOP, RELATED_TOP_AGGREGATE, RELATED_TOP_ALL,
    RELATED_TOP_COUNT, RELATED_TOP_COUNT_NAME, RELATED_TOP_COUNTS,
};
use crate::grammar::{Ask, Filter, Pattern, Relation};
use nl2sql_schema::Schema;

/// The templates that suit `ask`.
pub fn templates(ask: &Ask, schema: &Schema) -> &'static [&'static str] {
    let label = &schema.tables[ask.subject].label;
    let names_only = ask
        .shown
        .iter()
        .all(|shown| shown.table == ask.subject && label.contains(&shown.column));
    let person = schema.tables[ask.subject].person;
    match ask.pattern {
        Pattern::List if ask.filters.is_empty() => LIST,
        Pattern::List if ask.filters.len() == 1 && is_owned_count(ask) => LIST_FILTERED,
        Pattern::List if names_only && person => NAMES_OF_PEOPLE,
        Pattern::List if names_only => NAMES_FILTERED,
        Pattern::List => LIST_FILTERED,
        Pattern::Lookup => LOOKUP,
        Pattern::Distinct => DISTINCT,
        Pattern::Count if ask.filters.is_empty() => COUNT,
        Pattern::Count => COUNT_FILTERED,
        Pattern::CountDistinct => COUNT_DISTINCT,
        Pattern::Aggregate => AGGREGATE,
        Pattern::Ordered => ORDERED,
        Pattern::Top if names_only => TOP_NAME,
        Pattern::Top => TOP,
        Pattern::TopMany if ask.descending && ask.filters.is_empty() => TOP_MANY,
        Pattern::TopMany if ask.descending => TOP_MANY_FILTERED,
        Pattern::TopMany => BOTTOM_MANY,
        Pattern::Ties => TIES,
        Pattern::GroupCount if ask.swapped => GROUP_COUNT_FIRST,
        Pattern::GroupCount => GROUP_COUNT,
        Pattern::GroupCountOrdered => GROUP_COUNT_ORDERED,
        Pattern::GroupAggregate if ask.swapped => GROUP_AGGREGATE_FIRST,
        Pattern::GroupAggregate => GROUP_AGGREGATE,
        Pattern::GroupAggregateHaving => GROUP_AGGREGATE_HAVING,
        Pattern::RowsBoth => ROWS_BOTH,
        Pattern::RowsEither => ROWS_EITHER,
        Pattern::RowsExcept => ROWS_EXCEPT,
        Pattern::CountRowsBoth => COUNT_ROWS_BOTH,
        Pattern::CountRowsEither => COUNT_ROWS_EITHER,
        Pattern::CountRowsExcept => COUNT_ROWS_EXCEPT,
        Pattern::GroupHaving => GROUP_HAVING,
        Pattern::GroupHavingAverage => GROUP_HAVING_AVERAGE,
        Pattern::ModalValue => MODAL_VALUE,
        Pattern::ModalValueCount => MODAL_VALUE_COUNT,
        Pattern::BeyondAverage => BEYOND_AVERAGE,
        Pattern::CountBeyondAverage => COUNT_BEYOND_AVERAGE,
        Pattern::BeyondGroup => BEYOND_GROUP,
        Pattern::BeyondOwnGroup => BEYOND_OWN_GROUP,
        Pattern::Pairs if ask.by.is_some() => PAIRS_ORDERED,
        Pattern::Pairs => PAIRS,
        Pattern::RelatedCount if !ask.other_filters.is_empty() => RELATED_COUNT_FILTERED,
        Pattern::RelatedCount => RELATED_COUNT,
        Pattern::RelatedCountAll => RELATED_COUNT_ALL,
        Pattern::RelatedHaving if names_only => RELATED_HAVING_NAME,
        Pattern::RelatedHaving => RELATED_HAVING,
        Pattern::RelatedTopCount if ask.limit > 1 => RELATED_TOP_COUNTS,
        Pattern::RelatedTopCount if names_only => RELATED_TOP_COUNT_NAME,
        Pattern::RelatedTopCount => RELATED_TOP_COUNT,
        Pattern::RelatedAggregate => RELATED_AGGREGATE,
        Pattern::RelatedTopAggregate => RELATED_TOP_AGGREGATE,
        Pattern::RelatedNone if names_only => RELATED_NONE_NAME,
        Pattern::RelatedNone => RELATED_NONE,
        Pattern::CountRelatedNone => COUNT_RELATED_NONE,
        Pattern::RelatedSome if is_single(ask) => RELATED_ONE,
        Pattern::RelatedSome => RELATED_SOME,
        Pattern::RelatedExists => RELATED_EXISTS,
        Pattern::CountRelatedSome if is_single(ask) => COUNT_RELATED_ONE,
        Pattern::CountRelatedSome => COUNT_RELATED_SOME,
        Pattern::RelatedTop if ask.limit == 0 => RELATED_TOP_ALL,
        Pattern::RelatedTop => RELATED_TOP,
        Pattern::Both => BOTH,
        Pattern::RelatedBoth => RELATED_BOTH,
        Pattern::Never => NEVER,
        Pattern::Together => TOGETHER,
        Pattern::Shared if ask.any => SHARED_EXCEPT,
        Pattern::Shared => SHARED,
        Pattern::MaxTextLength => MAX_TEXT_LENGTH,
        Pattern::TextLength => TEXT_LENGTH,
        Pattern::UpperCase => UPPER_CASE,
        Pattern::YearCount => YEAR_COUNT,
        Pattern::Ranked => RANKED,
        Pattern::RankedWithin => RANKED_WITHIN,
        Pattern::TopWithin => TOP_WITHIN,
        Pattern::AverageCount => AVERAGE_COUNT,
        Pattern::AboveAverageCount => ABOVE_AVERAGE_COUNT,
        Pattern::Classed => CLASSED,
        Pattern::Spread => SPREAD,
        Pattern::SelfPairs if ask.other.as_ref().is_some_and(|other| other.hops.len() > 1) => SELF_PAIRS_ACROSS,
        Pattern::SelfPairs => SELF_PAIRS,
        Pattern::SameValue => SAME_VALUE,
        Pattern::ProductSum => PRODUCT_SUM,
    }
}

/// What the subject is related to is one row.
fn is_single(ask: &Ask) -> bool {
    ask.other.as_ref().is_some_and(Relation::is_single)
}

/// The one filter goes across a relation, and the question reads best with it behind the noun.
fn is_owned_count(ask: &Ask) -> bool {
    matches!(ask.filters.first(), Some(Filter::Related(..))) && ask.shown.len() > 2
}

const LIST: &[&str] = &[
    "What are the {A} of [all |all the |the |]{Ss}?",
    "What are the {A} of [all |all the |the |]{Ss}?",
    "What {is_a} the {a} of [each|every] {S}?",
    "{ask} the {A} of [all |all the |the |]{Ss}.",
    "{ask} the {A} of [all |all the |the |]{Ss}.",
    "{ask} the {a} of [each|every] {S}.",
    "{ask} [all|all the|the] {SA}.",
    "{ask} the {A} [for|of] all {Ss}.",
    "For [each|every] {S}, [show|list|give|return] [{its}|the] {a}.",
];

const LIST_FILTERED: &[&str] = &[
    "What are the {A} of [all |the |all the |]{Ss} {c}?",
    "What are the {A} of [the |]{Ss} {c}?",
    "What {is_a} the {a} of [each|every] {S} {c1}?",
    "{ask} the {A} of [all |the |all the |]{Ss} {c}.",
    "{ask} the {A} of [the |]{Ss} {c}.",
    "{ask} the {A} [for|of] [the |all |]{Ss} {c}.",
    "Which {Ss} {p}? {give} [their|the] {A}.",
    "What are the {A} [for|of] {Ss} {c}?",
    "{ask} the {a} [for|of] [each|every] {S} {c1}.",
];

const NAMES_FILTERED: &[&str] = &[
    "What are the {A} of [all |the |all the |]{Ss} {c}?",
    "What are the {A} of [the |]{Ss} {c}?",
    "{ask} the {A} of [all |the |all the |]{Ss} {c}.",
    "{ask} the {A} of [the |]{Ss} {c}.",
    "Which {Ss} {p}?",
    "Which {Ss} {p}? {give} [their|the] {A}.",
    "{ask} the {a} of [each|every] {S} {c1}.",
];

const NAMES_OF_PEOPLE: &[&str] = &[
    "What are the {A} of [all |the |all the |]{Ss} {c}?",
    "What are the {A} of [the |]{Ss} {c}?",
    "{ask} the {A} of [all |the |all the |]{Ss} {c}.",
    "{ask} the {A} of [the |]{Ss} {c}.",
    "Which {Ss} {p}?",
    "Which {Ss} {p}? {give} [their|the] {A}.",
    "Who are the {Ss} {c}?",
    "Who are the {Ss} {c}? {give} [their|the] {A}.",
    "{ask} the {a} of [each|every] {S} {c1}.",
];

const LOOKUP: &[&str] = &[
    "What {is_a} the {a} of the {S} {c1}?",
    "What {is_a} the {a} of {v}?",
    "What {is_a} the {a} of {v}?",
    "What {is_a} the {a} of the {S} {c1}?",
    "{ask} the {a} of {v}.",
    "{ask} the {a} of the {S} {c1}.",
    "{ask} the {a} [for|of] {v}.",
    "What {is_a} the {a} for {v}?",
    "What {a} does {v} have?",
];

const DISTINCT: &[&str] = &[
    "What are the [different|distinct|unique] {A} of [all |the |all the |]{Ss} {c}?",
    "What are [all |]the [different|distinct|unique] {A} of {Ss} {c}?",
    "What are all the [different|distinct] {A} [of|across|among] [the |]{Ss} {c}?",
    "{ask} [all |all the |the ][different|distinct|unique] {A} of [all |the |]{Ss} {c}.",
    "{ask} the [different|distinct|unique] {A} [of|across|among] [the |]{Ss} {c}.",
    "{ask} [all |the |][different|distinct|unique] {SA} {c}.",
    "{ask} the {A} of [the |]{Ss} {c}, without [repetition|duplicates].",
    "[Which|What] [different|distinct] {A} do [the |]{Ss} {c} have?",
];

const COUNT: &[&str] = &[
    "How many {Ss} are there [in total|]?",
    "How many {Ss} do we have?",
    "Count the [total |]number of {Ss}.",
    "What is the total number of {Ss}?",
    "{ask} the number of {Ss}.",
    "How many {Ss} [exist|are recorded] in [the database|total]?",
];

const COUNT_FILTERED: &[&str] = &[
    "How many {Ss} {p}?",
    "How many {Ss} {p}?",
    "How many {Ss} {c} are there?",
    "How many {Ss} {c} are there?",
    "How many {Ss} {p}?",
    "What is the [total |]number of {Ss} {c}?",
    "[Find|Return|Show|Give|Tell me] the [total |]number of {Ss} {c}.",
    "Find the number of {Ss} {c}.",
    "Count the number of {Ss} {c}.",
    "Count the {Ss} {c}.",
    "How many {Ss} {c} do we have?",
];

const COUNT_DISTINCT: &[&str] = &[
    "How many [different|distinct|unique] {Bs} [are there|exist] [among|for] [the |all |]{Ss} {c}?",
    "How many [different|distinct|unique] {Bs} do [the |]{Ss} {c} have?",
    "[Find|Return|Show] the number of [different|distinct|unique] {Bs} [of|for|among] [the |all |]{Ss} {c}.",
    "Count the [different|distinct|unique] {Bs} [of|for|among] [the |]{Ss} {c}.",
    "What is the number of [different|distinct] {Bs} [of|among|across] [all |the |]{Ss} {c}?",
    "How many [different|distinct] {Bs} [are there|can be found] among [the |]{Ss} {c}?",
];

const AGGREGATE: &[&str] = &[
    "What {is_agg} the {agg} of [all |all the |the |]{Ss} {c}?",
    "What {is_agg} the {agg} of [the |all |]{Ss} {c}?",
    "What {is_agg} the {agg} [for|across|among] [all |all the |the |]{Ss} {c}?",
    "{ask} the {agg} of [all |all the |the |]{Ss} {c}.",
    "{ask} the {agg} [for|across|of] [all |the |]{Ss} {c}.",
    "[Compute|Calculate|Find] the {agg} of [all |the |]{Ss} {c}.",
    "{how_agg}",
];

const ORDERED: &[&str] = &[
    "{ask} the {A} of [all |all the |the |]{Ss} {c} {dir}.",
    "{ask} the {A} of [all |the |]{Ss} {c} {dir}.",
    "{ask} the {a} [of|for] each {S} {c1}, {dir}.",
    "What are the {A} of [all |the |all the |]{Ss} {c} {dir}?",
    "What are the {A} of [the |]{Ss} {c}, {dir}?",
    "{ask} [all |the |all the |]{SA} {c} {dir}.",
    "{sort} [all |all the |the ]{Ss} {c} {dir_only} and [list|show|give|return] their {A}.",
    "{ask} the {A} of [the |]{Ss} {c}, and [sort|order] [them|the results] {dir_only}.",
];

const TOP: &[&str] = &[
    "What {is_a} the {a} of {sup}?",
    "What {is_a} the {a} of {sup}?",
    "{ask} the {a} of {sup}.",
    "{ask} the {a} of {sup}.",
    "Which {S} {c1} {is_sup}? {give} [{its}|the] {a}.",
    "{ask} the {a} [for|of] {sup}.",
];

const TOP_NAME: &[&str] = &[
    "What {is_a} the {a} of {sup}?",
    "What {is_a} the {a} of {sup}?",
    "{ask} the {a} of {sup}.",
    "{ask} the {a} of {sup}.",
    "Which {S} {c1} {is_sup}?",
    "Which {S} {c1} {is_sup}? {give} [{its}|the] {a}.",
    "{who_is} {sup}?",
];

const TOP_MANY: &[&str] = &[
    "What are the {A} of {sup_n}?",
    "{ask} the {A} of {sup_n}.",
    "{ask} the {A} of {sup_n}.",
    "Which {n} {Ss} {are_sup}? {give} [their|the] {A}.",
    "What are the {A} of the top {n} {Ss} by {B}?",
    "{ask} the {A} of the top {n} {Ss} [by|in terms of|ranked by] {B}.",
];

const TOP_MANY_FILTERED: &[&str] = &[
    "What are the {A} of {sup_n}?",
    "{ask} the {A} of {sup_n}.",
    "{ask} the {A} of {sup_n}.",
    "Which {n} {Ss} {c} {are_sup}? {give} [their|the] {A}.",
    "What are the {A} of the top {n} by {B} among [the |all ]{Ss} {c}?",
    "{ask} the {A} of the top {n} [by|in terms of] {B} among [the |all ]{Ss} {c}.",
];

const BOTTOM_MANY: &[&str] = &[
    "What are the {A} of {sup_n}?",
    "{ask} the {A} of {sup_n}.",
    "{ask} the {A} of {sup_n}.",
    "Which {n} {Ss} {c} {are_sup}? {give} [their|the] {A}.",
];

const TIES: &[&str] = &[
    "{ask} the {A} of [all|every one of the] {Ss} whose {B} [equals|is equal to|matches] the {ext} {B}.",
    "What are the {A} of all {Ss} [that have|sharing|that share] the {ext} {B}, [including ties|ties included]?",
    "{ask} the {A} of all {Ss} [having|tied for|that share] the {ext} {B} [of all|among all].",
    "Which {Ss} [all have|share] the {ext} {B}? {give} the {A} of all of them.",
];

const BEYOND_AVERAGE: &[&str] = &[
    "What are the {A} of [all |the |]{Ss} {beyond_avg}?",
    "{ask} the {A} of [all |the |]{Ss} {beyond_avg}.",
    "{ask} the {A} of [all |the |]{Ss} {beyond_avg}.",
    "Which {Ss} {is_beyond_avg}? {give} [their|the] {A}.",
    "{ask} the {A} [for|of] {Ss} {beyond_avg}.",
];

const COUNT_BEYOND_AVERAGE: &[&str] = &[
    "How many {Ss} {is_beyond_avg}?",
    "{find} the number of {Ss} {beyond_avg}.",
    "What is the number of {Ss} {beyond_avg}?",
    "Count the [number of |]{Ss} {beyond_avg}.",
];

const BEYOND_GROUP: &[&str] = &[
    "{ask} the {A} of [all |the |]{Ss} whose {B} is {than_any} {Ss} {oc}.",
    "What are the {A} of [all |the |]{Ss} {with_than_any} {Ss} {oc}?",
    "{ask} the {A} of [the |]{Ss} whose {B} is {than_the} {Ss} {oc}.",
    "Which {Ss} have {than_the_a} {Ss} {oc}? {give} [their|the] {A}.",
    "What are the {A} of {Ss} whose {B} is {than_the} {Ss} {oc}?",
];

const BOTH: &[&str] = &[
    "Which {Bs} have both {Ss} {c} and {Ss} {oc}?",
    "{ask} the {Bs} [that have|with|shared by] both {Ss} {c} and {Ss} {oc}.",
    "What are the {Bs} [that have|shared by] both {Ss} {c} and {Ss} {oc}?",
    "{ask} the {Bs} [shared by|common to] {Ss} {c} and {Ss} {oc}.",
];

const RELATED_BOTH: &[&str] = &[
    "What are the {A} of [the |]{Ss} {both}?",
    "{ask} the {A} of [all |the |]{Ss} {both}.",
    "{ask} the {A} of [the |]{Ss} {both}.",
    "Which {Ss} {do_both}? {give} [their|the] {A}.",
    "What are the {A} of all {Ss} {both}?",
];

const ROWS_BOTH: &[&str] = &[
    "What are the {A} of [the |all |]{Ss} {who} {p} and also {op}?",
    "Which {Ss} {p} and also {op}? {give} [their|the] {A}.",
    "{ask} the {A} of [the |all |]{Ss} {who} {p} and also {op}.",
    "{ask} the {A} of all {Ss} {who} both {p} and {op}.",
];

const ROWS_EITHER: &[&str] = &[
    "What are the {A} of [the |all |]{Ss} {who} {p} or {op}?",
    "Which {Ss} either {p} or {op}? {give} [their|the] {A}.",
    "{ask} the {A} of [the |all |]{Ss} {who} either {p} or {op}.",
    "{ask} the {A} of [the |all |]{Ss} {c}, as well as of those {oc}.",
];

const ROWS_EXCEPT: &[&str] = &[
    "What are the {A} of [the |all |]{Ss} {c}, except those {oc}?",
    "{ask} the {A} of [the |all |]{Ss} {c}, leaving out those {oc}.",
    "{ask} the {A} of [the |all |]{Ss} {who} {p}, but not of those {who} {op}.",
    "Which {Ss} {p}, not counting those {oc}? {give} [their|the] {A}.",
];

const COUNT_ROWS_BOTH: &[&str] = &[
    "How many {Ss} {p} and also {op}?",
    "{ask} the number of {Ss} {who} {p} and also {op}.",
    "Count the {Ss} {who} both {p} and {op}.",
];

const COUNT_ROWS_EITHER: &[&str] = &[
    "How many {Ss} {p} or {op}?",
    "{ask} the number of {Ss} {who} either {p} or {op}.",
    "Count the {Ss} {who} {p} or {op}.",
];

const COUNT_ROWS_EXCEPT: &[&str] = &[
    "How many {Ss} {p}, not counting those {oc}?",
    "{ask} the number of {Ss} {c}, except those {oc}.",
    "Count the {Ss} {c}, leaving out those {oc}.",
];

const NEVER: &[&str] = &[
    "Which {Bs} [do not have|have no|don't have] {Ss} {c}?",
    "{ask} the {Bs} [without|that do not have|with no] {Ss} {c}.",
    "What are the {Bs} [without|that do not have|that have no] {Ss} {c}?",
    "{ask} [all |the |]{Bs} except [for |]those [that have|having|with] {Ss} {c}.",
    "{ask} the {Bs} [for which|where] there are no {Ss} {c}.",
];

const TOGETHER: &[&str] = &[
    "{ask} [all |]the {Alone1} and the {Alone2} [together |]in [one|a single] list.",
    "What are all the {Alone1} and {Alone2} [combined|taken together]?",
    "{ask} a [single|combined] list of all {Alone1} and {Alone2}.",
];

const SHARED: &[&str] = &[
    "{ask} the {A} of [all |the |]{Ss} {cand} have {Os} {oc}.",
    "What are the {A} of [the |]{Ss} {cand} have {Os} {oc}?",
];

const SHARED_EXCEPT: &[&str] = &[
    "{ask} the {A} of [all |the |]{Ss} {candnot} have [any |]{Os} {oc}.",
    "What are the {A} of [the |]{Ss} {candnot} have [any |]{Os} {oc}?",
];

const MAX_TEXT_LENGTH: &[&str] = &[
    "What is the {longest} {B} [of|among] [all |the |]{Ss} {c}?",
    "{ask} the {longest} {B} of [all |the |any of the |]{Ss} {c}.",
];

const TEXT_LENGTH: &[&str] = &[
    "How many characters does the {B} of each {S} {c1} have? {give} the {B} and [its|the] length.",
    "{ask} the {Bs} of [all |the |]{Ss} {c} and [their lengths|the number of characters in each].",
    "What are the {Bs} of [the |]{Ss} {c} and how long is each {B}?",
];

const UPPER_CASE: &[&str] = &[
    "{ask} in [upper case|capital letters] the {Bs} of [all |the |]{Ss} {c}.",
    "What are the {Bs} of [the |]{Ss} {c}, written in [upper case|capital letters]?",
];

const RANKED: &[&str] = &[
    "Rank [all |the |]{Ss} {c} by {M} {from_most} and [show|give|list] their {A} and rank.",
    "{ask} the {A} of [all |the |]{Ss} {c} and their rank by {M} {from_most}.",
    "What is the rank of each {S} {c1} by {M} {from_most}? {give} the {a} and the rank.",
];

const CLASSED: &[&str] = &[
    "{ask} the {A} of [all |the |]{Ss} {c} and whether their {B} is high (above {bn}) or low.",
    "For each {S} {c1}, {find} [the|{its}] {a} and 'high' if the {B} is above {bn}, otherwise 'low'.",
    "{ask} the {a} of [each|every] {S} {c1}, labelled 'high' if {its} {B} is [above|over|more than] {bn} and 'low' otherwise.",
];

const SPREAD: &[&str] = &[
    "What is the difference between the [maximum|highest|largest] and [the |]minimum {B} of [all |the |]{Ss} {c}?",
    "{ask} the difference between the [largest|highest] and [the |][smallest|lowest] {B} of [all |the |]{Ss} {c}.",
    "By how much does the [highest|maximum] {B} of [the |]{Ss} {c} exceed the [lowest|minimum]?",
];

const SELF_PAIRS: &[&str] = &[
    "{ask} the {a} of each {S} and the {a} of {role_of}.",
    "For each {S}, {find} [the|{its}] {a} and the {a} of {role_of}.",
];

const SELF_PAIRS_ACROSS: &[&str] = &[
    "For each {junction}, {find} the {a} of the {first_role} and the {a} of the {second_role}.",
    "{ask} the {a} of the {first_role} and the {a} of the {second_role} of each {junction}.",
    "What are the {A} of the {first_role} and the {second_role} in each {junction}?",
];

const SAME_VALUE: &[&str] = &[
    "{ask} [all |]pairs of {Ss} [that have|with|who share] the same {B}.",
    "Which pairs of {Ss} [have|share] the same {B}? {give} [their|the] {A}.",
    "What are the {A} of the pairs of {Ss} with the same {B}?",
];

const PRODUCT_SUM: &[&str] = &[
    "What is the total [value|amount] ({A1} times {A2}) of [all |the |]{Ss} {c}?",
    "{ask} the [sum|total] of {A1} multiplied by {A2} [over|for|of] [all |the |]{Ss} {c}.",
    "How much is the total of {A1} times {A2} [for|over] {Ss} {c}?",
];
