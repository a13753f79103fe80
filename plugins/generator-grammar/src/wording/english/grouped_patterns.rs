//! Wordings of questions about groups of rows.

/// Group count.
pub const GROUP_COUNT: &[&str] = &[
    "How many {Ss} {c} are there {for_B} each {B}?",
    "How many {Ss} {c} are there per {B}?",
    "For each {B}, how many {Ss} {c} are there?",
    "{ask} the number of {Ss} {c} {for_B} each {B}.",
    "What is the number of {Ss} {c} {for_B} each {B}?",
    "{ask} each {B} and the number of {Ss} {c} {for_B} [that {B}|each].",
    "{ask} [the|all|all the|the different] {Bs} and the [number|count] of {Ss} {c} {for_B} each.",
    "What are the [different |]{Bs} and how many {Ss} {c} are there {for_B} each?",
    "Count the [number of |]{Ss} {c} {for_B} each {B}.",
    "{ask} the {Bs} of {Ss} {c} and the number of {Ss} [for|with] each.",
    "{ask} the [number|count] of {Ss} {c} [by|grouped by] {B}.",
    "How many {Ss} {c} does each {B} have?",
];

/// Group count, the number before the value.
pub const GROUP_COUNT_FIRST: &[&str] = &[
    "How many {Ss} {c} are there {for_B} each {B}?",
    "How many {Ss} {c} are there per {B}?",
    "{ask} the number of {Ss} {c} and the {B} for each {B}.",
    "{ask} the [number|count] of {Ss} {c} {for_B} each {B}, together with the {B}.",
    "What is the number of {Ss} {c} {for_B} each {B}?",
    "How many {Ss} {c} does each {B} have? {give} the number and the {B}.",
    "Count the {Ss} {c} {for_B} each {B}, and [show|give] the {B} as well.",
];

/// Group count ordered.
pub const GROUP_COUNT_ORDERED: &[&str] = &[
    "For each {B}, {find} the {B} and the number of {Ss} {c}, [sorted|ordered] by [that number|the number of {Ss}] {most_first}.",
    "How many {Ss} {c} are there {for_B} each {B}? [Sort|Order] the result by [count|the number of {Ss}] {most_first}.",
    "{ask} the number of {Ss} {c} {for_B} each {B}, sorted by that number {most_first}.",
];

/// Group aggregate.
pub const GROUP_AGGREGATE: &[&str] = &[
    "What {is_agg} the {agg} of [the |]{Ss} {c} {for_B} each {B}?",
    "For each {B}, what {is_agg} the {agg} of [the |]{Ss} {c}?",
    "For each {B}, {find} the {agg} of [the |]{Ss} {c}.",
    "{ask} the {agg} of [the |]{Ss} {c} {for_B} each {B}.",
    "{ask} each {B} and the {agg} of its {Ss} {c}.",
    "{ask} the {Bs} and the {agg} of [the |]{Ss} {c} {for_B} each.",
    "What are the {Bs} and the {agg} of [the |]{Ss} {c} {for_B} each?",
    "{ask} the {agg} of {Ss} {c} [per|by|grouped by] {B}.",
];

/// Group aggregate, the aggregate before the value.
pub const GROUP_AGGREGATE_FIRST: &[&str] = &[
    "What {is_agg} the {agg} of [the |]{Ss} {c} {for_B} each {B}?",
    "{ask} the {agg} of [the |]{Ss} {c} and the {B}, {for_B} each {B}.",
    "{ask} the {agg} of [the |]{Ss} {c} {for_B} each {B}, together with the {B}.",
    "What {is_agg} the {agg} of [the |]{Ss} {c} [per|by] {B}?",
];

/// Group aggregate of groups with a bound.
pub const GROUP_AGGREGATE_HAVING: &[&str] = &[
    "For each {B} with {bound_S} {c}, {find} the {B} and the {agg} of these {Ss}.",
    "For the {Bs} with {bound_S} {c}, what {is_agg} the {agg} of these {Ss} {for_B} each {B}?",
    "{ask} the {Bs} with {bound_S} {c} and the {agg} of these {Ss} for each.",
    "Which {Bs} have {bound_S} {c}, and what {is_agg} the {agg} of these {Ss} {for_B} each {B}?",
];

/// Group having.
pub const GROUP_HAVING: &[&str] = &[
    "Which {Bs} have {bound_S} {c}?",
    "Which {Bs} have {bound_S} {c}?",
    "What are the {Bs} [with|that have] {bound_S} {c}?",
    "What are the {Bs} for which {there_is} {bound_S} {c}?",
    "{ask} the {Bs} [with|that have|having] {bound_S} {c}.",
    "{ask} [all |the |]{Bs} [with|that have] {bound_S} {c}.",
    "{ask} the {Bs} for which {there_is} {bound_S} {c}.",
];

/// Group having average.
pub const GROUP_HAVING_AVERAGE: &[&str] = &[
    "Which {Bs} have an average {M} of {Ss} {cmp}?",
    "{ask} the {Bs} [whose|for which the] average {M} [of {Ss} |]is {cmp}.",
    "What are the {Bs} for which the average {M} of [the |]{Ss} is {cmp}?",
];

/// Most common.
pub const MODAL_VALUE: &[&str] = &[
    "What is the {most_common} {B} [of|among|across|for] [all |all the |the |]{Ss} {c}?",
    "{ask} the {most_common} {B} [of|among|across|for] [all |the |]{Ss} {c}.",
    "Which {B} has the {most_n} {Ss} {c}?",
    "Which {B} has the {most_n} {Ss} {c}?",
    "What is the {B} with the {most_n} {Ss} {c}?",
    "What {B} do the {most} {Ss} {c} have?",
    "{ask} the {B} [with|that has|having|shared by] the {most_n} {Ss} {c}.",
    "{ask} the {B} that is {most_common} among {Ss} {c}.",
    "Which {B} is the {most_common} among [the |all |]{Ss} {c}?",
];

/// Most common count.
pub const MODAL_VALUE_COUNT: &[&str] = &[
    "What is the {most_common} {B} [of|among] [all |the |]{Ss} {c}, and how many [are there|{Ss} have it]?",
    "Which {B} has the {most_n} {Ss} {c}, and how many [are there|does it have]?",
    "{ask} the {B} with the {most_n} {Ss} {c} and [the number of {Ss}|how many there are|their number].",
    "Which {B} has the {most_n} {Ss} {c}? {give} the {B} and the [number|count] of {Ss}.",
    "{ask} the {most_common} {B} [of|among] [the |]{Ss} {c} together with the number of {Ss}.",
];

/// Year count.
pub const YEAR_COUNT: &[&str] = &[
    "How many {Ss} {c} are there for each year of [the |]{B}?",
    "{ask} the number of {Ss} {c} [by|per|for each] year of [the |]{B}.",
    "For each year of [the |]{B}, how many {Ss} {c} are there?",
    "{ask} each year of [the |]{B} and the number of {Ss} {c} in it.",
];

/// Average count.
pub const AVERAGE_COUNT: &[&str] = &[
    "What is the average number of {Ss} per {B}?",
    "On average, how many {Ss} are there [per|for each] {B}?",
    "{ask} the average number of {Ss} [per|for each] {B}.",
    "How many {Ss} does {a_B} have on average?",
];

/// Above average count.
pub const ABOVE_AVERAGE_COUNT: &[&str] = &[
    "Which {Bs} have more {Ss} than the average {B}?",
    "{ask} the {Bs} with an above-average number of {Ss}.",
    "What are the {Bs} [that have|with] more {Ss} than average?",
];

/// Ranked within.
pub const RANKED_WITHIN: &[&str] = &[
    "Rank the {Ss} {c} within each {B} by {M} {from_most} and [show|give|list] their {A} and rank.",
    "{ask} the {A} of [all |the |]{Ss} {c} and their rank by {M} {from_most} within [each|their] {B}.",
];

/// Top within.
pub const TOP_WITHIN: &[&str] = &[
    "For each {B}, {find} the {B} and the {a} of the {S} with the {ext_M}.",
    "Which {S} has the {ext_M} in each {B}? {give} the {B} and the {a}.",
    "{ask} each {B} and the {a} of its {S} with the {ext_M}.",
    "{ask} the {a} of the {S} with the {ext_M} for each {B}, together with the {B}.",
];

/// Beyond own group.
pub const BEYOND_OWN_GROUP: &[&str] = &[
    "{ask} the {A} of [all |the |]{Ss} whose {M} is [above|greater than|higher than] the average {M} of {Ss} with the same {B}.",
    "Which {Ss} have {a_M} above the average of {Ss} with the same {B}? {give} [their|the] {A}.",
];
