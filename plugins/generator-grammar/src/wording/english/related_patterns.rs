//! Wordings of questions about rows and what they are related to.

/// Pairs.
pub const PAIRS: &[&str] = &[
    "What are the {A} of [the |all |]{Ss} and the {OA} of {their_O}?",
    "{ask} the {A} of [the |all |each of the |]{Ss} and the {OA} of {their_O}.",
    "{ask} the {a} of each {S} and the {Oa} of {its_O}.",
    "For each {S}, {find} [the|{its}] {a} and the {Oa} of {its_O}.",
    "{ask} the {A} of [all |the |]{Ss} [along with|together with|as well as] the {OA} of {their_O}.",
    "What is the {a} of each {S} and the {Oa} of {its_O}?",
    "{ask} the {SA} and the {OA_full}.",
    "What are the {A} of {Ss}, and what are the {OA} of {their_O}?",
];

/// Pairs ordered.
pub const PAIRS_ORDERED: &[&str] = &[
    "{ask} the {A} of [the |all |]{Ss} and the {OA} of {their_O}, {dir}.",
    "What are the {A} of [the |]{Ss} and the {OA} of {their_O}, {dir}?",
    "For each {S}, {find} [the|{its}] {a} and the {Oa} of {its_O}. [Sort|Order] the results {dir_only}.",
];

/// Related count.
pub const RELATED_COUNT: &[&str] = &[
    "For each {S} [with|that has] {Os}, {find} [the|{its}] {a} and the number of [{its} |]{Os}.",
    "{ask} the {A} of [all |the |]{Ss} [with|{who} have] {Os} and the number of {Os} {they_have}.",
    "{ask} the {a} of each {S} [with|that has] at least one {O} and the number of [{its} |]{Os}.",
    "How many {Os} does each {S} have? {give} the {a} and the number, leaving out {Ss} [without|that have no] {Os}.",
    "What are the {A} of the {Ss} {who} have {Os}, and how many {Os} does each have?",
    "What {is_a} the {a} of each {S} that has {Os}, and how many {Os} are there for each?",
    "For all {Ss} with at least one {O}, {find} the {a} and how many {Os} [each has|they have].",
    "Count the {Os} of each {S} that has any. {give} the {a} and the number.",
];

/// Related count filtered.
pub const RELATED_COUNT_FILTERED: &[&str] = &[
    "For each {S} [with|that has] {Os} {oc}, {find} the {a} and the number of such {Os}.",
    "{ask} the {A} of the {Ss} [with|{who} have] {Os} {oc}, and the number of such {Os} for each.",
    "How many {Os} {oc} does each {S} have? {give} the {a} and the number for {Ss} with at least one.",
];

/// Related count all.
pub const RELATED_COUNT_ALL: &[&str] = &[
    "For every {S}, including those without any {Os}, {find} [the|{its}] {a} and the number of {Os}.",
    "{ask} the {a} of every {S} and how many {Os} {it_has}, counting [zero|0] for those that have none.",
    "How many {Os} does each {S} have, {Ss} without any {Os} included? {give} the {a} and the number.",
];

/// Related having.
pub const RELATED_HAVING: &[&str] = &[
    "What are the {A} of [all |the |]{Ss} [that|who|which] {verb_p} {bound_O} {oc}?",
    "What are the {A} of [the |]{Ss} with {bound_O} {oc}?",
    "{ask} the {A} of [all |the |]{Ss} [that have|with|having] {bound_O} {oc}.",
    "{ask} the {A} of [all |the |]{Ss} {who} {verb_p} {bound_O} {oc}.",
    "Which {Ss} [have|{verb_p}] {bound_O} {oc}? {give} [their|the] {A}.",
];

/// Related having name.
pub const RELATED_HAVING_NAME: &[&str] = &[
    "Which {Ss} [have|{verb_p}] {bound_O} {oc}?",
    "Which {Ss} [have|{verb_p}] {bound_O} {oc}? {give} [their|the] {A}.",
    "What are the {A} of [the |all |]{Ss} {who} {verb_p} {bound_O} {oc}?",
    "What are the {A} of [the |]{Ss} with {bound_O} {oc}?",
    "{ask} the {A} of [all |the |]{Ss} [with|having|{who} have] {bound_O} {oc}.",
    "{ask} the {A} of [the |]{Ss} {who} {verb_p} {bound_O} {oc}.",
    "What are the {A} of all {Ss} [with|{who} have] {bound_O} {oc}?",
];

/// Related most.
pub const RELATED_TOP_COUNT: &[&str] = &[
    "What is the {a} of the {S} {who} {verb_s} the {most_n} {Os} {oc}?",
    "What is the {a} of the {S} with the {most_n} {Os} {oc}?",
    "{ask} the {a} of the {S} {who} {verb_s} the {most_n} {Os} {oc}.",
    "{ask} the {a} of the {S} [with|that has|having] the {most_n} {Os} {oc}.",
    "Which {S} [has|{verb_s}] the {most_n} {Os} {oc}? {give} [{its}|the] {a}.",
    "{ask} the {a} [for|of] the {S} [with|which has] the {most_n} {Os} {oc}.",
];

/// Related most name.
pub const RELATED_TOP_COUNT_NAME: &[&str] = &[
    "Which {S} [has|{verb_s}] the {most_n} {Os} {oc}?",
    "Which {S} [has|{verb_s}] the {most_n} {Os} {oc}? {give} [{its}|the] {a}.",
    "What is the {a} of the {S} {who} {verb_s} the {most_n} {Os} {oc}?",
    "What is the {a} of the {S} with the {most_n} {Os} {oc}?",
    "{ask} the {a} of the {S} {who} {verb_s} the {most_n} {Os} {oc}.",
    "{ask} the {a} of the {S} [with|that has|having] the {most_n} {Os} {oc}.",
    "What is the {a} of the {S} [with|that has] the {most_n} {Os} {oc}?",
];

/// Related most many.
pub const RELATED_TOP_COUNTS: &[&str] = &[
    "What are the {A} of the {n} {Ss} with the {most_n} {Os} {oc}?",
    "{ask} the {A} of the {n} {Ss} {who} {verb_p} the {most_n} {Os} {oc}.",
    "Which {n} {Ss} have the {most_n} {Os} {oc}? {give} [their|the] {A}.",
];

/// Related aggregate.
pub const RELATED_AGGREGATE: &[&str] = &[
    "For each {S}, {find} [the|{its}] {a} and the {agg} of {its} {Os} {oc}.",
    "What {is_agg} the {agg} of [the |]{Os} {oc} [of|for] each {S}? {give} the {a} [of the {S} |][as well|too].",
    "{ask} the {A} of [the |all |]{Ss} and the {agg} of their {Os} {oc}.",
    "{ask} the {a} of each {S} and the {agg} of {its} {Os} {oc}.",
    "What are the {A} of [the |]{Ss} and the {agg} of their {Os} {oc}?",
];

/// Related top aggregate.
pub const RELATED_TOP_AGGREGATE: &[&str] = &[
    "What is the {a} of the {S} with the {ext_agg} {of_Os}?",
    "{ask} the {a} of the {S} with the {ext_agg} {of_Os}.",
    "Which {S} has the {ext_agg} {of_Os}? {give} [{its}|the] {a}.",
    "{ask} the {a} of the {S} whose {Os} {oc} have the {ext_agg}.",
];

/// Related none.
pub const RELATED_NONE: &[&str] = &[
    "What are the {A} of [all |the |]{Ss} {none}?",
    "What are the {A} of [the |]{Ss} {none}?",
    "{ask} the {A} of [all |the |]{Ss} {none}.",
    "{ask} the {A} of [all |the |]{Ss} {none}.",
    "Which {Ss} {do_none}? {give} [their|the] {A}.",
];

/// Related none name.
pub const RELATED_NONE_NAME: &[&str] = &[
    "What are the {A} of [all |the |]{Ss} {none}?",
    "What are the {A} of [the |]{Ss} {none}?",
    "{ask} the {A} of [all |the |]{Ss} {none}.",
    "{ask} the {A} of [all |the |]{Ss} {none}.",
    "Which {Ss} {do_none}?",
    "Which {Ss} {do_none}? {give} [their|the] {A}.",
];

/// Count related none.
pub const COUNT_RELATED_NONE: &[&str] = &[
    "How many {Ss} {do_none}?",
    "How many {Ss} {do_none}?",
    "Count the number of {Ss} {none}.",
    "What is the number of {Ss} {none}?",
    "{find} the number of {Ss} {none}.",
];

/// Related some.
pub const RELATED_SOME: &[&str] = &[
    "What are the {A} of [all |the |]{Ss} [with|{who} have] [at least one {O} {oc1}|one or more {Os} {oc}]?",
    "{ask} the {A} of [all |the |]{Ss} [with|{who} have] [at least one {O} {oc1}|one or more {Os} {oc}].",
    "Which {Ss} have [at least one {O} {oc1}|any {Os} {oc}]? {give} [their|the] {A}.",
    "{ask} the {A} of [all |the |]{Ss} {who} {verb_p} at least one {O} {oc1}.",
];

/// Related some, where there is at most one.
pub const RELATED_ONE: &[&str] = &[
    "What are the {A} of [all |the |]{Ss} [with|{who} have] {a_O} {oc1}?",
    "{ask} the {A} of [all |the |]{Ss} [with|{who} have] {a_O} {oc1}.",
    "Which {Ss} have {a_O} {oc1}? {give} [their|the] {A}.",
];

/// Count related some, where there is at most one.
pub const COUNT_RELATED_ONE: &[&str] = &[
    "How many {Ss} have {a_O} {oc1}?",
    "{find} the number of {Ss} [with|{who} have] {a_O} {oc1}.",
    "Count the {Ss} [with|{who} have] {a_O} {oc1}.",
];

/// Related exists.
pub const RELATED_EXISTS: &[&str] = &[
    "{ask} the {A} of [all |the |]{Ss} for which [there is|there exists] [{a_O}|at least one {O}] {oc1}.",
    "What are the {A} of [all |the |]{Ss} for which [there exists|there is] {a_O} {oc1}?",
    "For which {Ss} does {a_O} {oc1} exist? {give} [their|the] {A}.",
];

/// Count related some.
pub const COUNT_RELATED_SOME: &[&str] = &[
    "How many [different |distinct |]{Ss} have at least one {O} {oc1}?",
    "{find} the number of [different|distinct] {Ss} [with|{who} have] any {Os} {oc}.",
    "How many [different|distinct] {Ss} {verb_p} {Os} {oc}?",
    "Count the [different|distinct] {Ss} [with|{who} have] {Os} {oc}.",
];

/// Related top.
pub const RELATED_TOP: &[&str] = &[
    "What {is_a} the {a} of the {S} {of_sup_O}?",
    "{ask} the {a} of the {S} {of_sup_O}.",
    "Which {S} {has_sup_O}? {give} [{its}|the] {a}.",
    "{ask} the {a} of the {S} {who} {has_sup_O}.",
    "What {is_a} the {a} of the {S} {who} {has_sup_O}?",
];

/// Related top, where several rows share the related one.
pub const RELATED_TOP_ALL: &[&str] = &[
    "What are the {A} of [all |the |]{Ss} {of_sup_O}?",
    "{ask} the {A} of [all |the |]{Ss} {of_sup_O}.",
    "{ask} the {A} of [all |the |]{Ss} whose {O} {is_sup}.",
    "What are the {A} of [all |the |]{Ss} whose {O} {is_sup}?",
];
