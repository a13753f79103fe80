//! The families of the grammar with their weights, which follow what people ask for.

use super::choose::Chooser;
use super::{Pair, analytic, dated, grouped, joined, nested, plain, related, selfjoin, sets};

/// One kind of query the grammar draws.
pub struct Family {
    /// Name, used as tag and in the option `families`.
    pub name: &'static str,
    /// Share of the draws.
    pub weight: f32,
    /// Draws one; `None` when the tables do not lend themselves to it.
    pub draw: fn(&mut Chooser) -> Option<Pair>,
}

const fn family(name: &'static str, weight: f32, draw: fn(&mut Chooser) -> Option<Pair>) -> Family {
    Family { name, weight, draw }
}

/// Every family. Weights are per mille of a typical set of human questions, a little flattened.
pub const FAMILIES: &[Family] = &[
    family("list", 60.0, plain::list),
    family("lookup", 60.0, plain::lookup),
    family("filter", 90.0, plain::filter),
    family("distinct", 30.0, plain::distinct),
    family("count", 75.0, plain::count),
    family("count-distinct", 25.0, plain::count_distinct),
    family("aggregate", 60.0, plain::aggregate),
    family("order", 55.0, plain::ordered),
    family("superlative", 70.0, plain::top),
    family("top-k", 20.0, plain::top_many),
    family("ties", 8.0, nested::ties),
    family("group-count", 55.0, grouped::count),
    family("group-aggregate", 30.0, grouped::aggregate),
    family("having", 32.0, grouped::having),
    family("having-average", 4.0, grouped::having_average),
    family("most-common", 38.0, grouped::most_common),
    family("above-average", 22.0, nested::beyond_average),
    family("beyond-group", 8.0, nested::beyond_group),
    family("beyond-own-group", 2.0, nested::beyond_own_group),
    family("join-list", 36.0, joined::pairs),
    family("join-filter", 110.0, joined::filter),
    family("join-count", 45.0, joined::count),
    family("join-aggregate", 22.0, joined::aggregate),
    family("join-superlative", 26.0, joined::top),
    family("join-distinct", 10.0, joined::distinct),
    family("join-group-count", 42.0, related::count),
    family("join-group-count-all", 4.0, related::count_all),
    family("join-having", 34.0, related::having),
    family("join-most", 48.0, related::most),
    family("join-group-aggregate", 14.0, related::aggregate),
    family("join-top-aggregate", 12.0, related::top_aggregate),
    family("without", 60.0, related::none),
    family("with-some", 16.0, related::some),
    family("exists", 5.0, related::exists),
    family("intersect", 24.0, sets::both),
    family("join-intersect", 20.0, sets::related_both),
    family("except", 16.0, sets::never),
    family("union", 6.0, sets::together),
    family("shared-keys", 3.0, sets::shared),
    family("self-join", 10.0, selfjoin::pairs),
    family("same-value", 4.0, selfjoin::same_value),
    family("date-function", 8.0, dated::by_year),
    family("text-function", 8.0, dated::text),
    family("window", 8.0, analytic::ranked),
    family("top-within-group", 8.0, analytic::top_within),
    family("cte", 8.0, analytic::average_count),
    family("case", 4.0, analytic::classed),
    family("arithmetic", 6.0, analytic::arithmetic),
];
