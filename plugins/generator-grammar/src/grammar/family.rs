//! The families of the grammar with their weights, which follow what people ask for.

use super::choose::Chooser;
use super::{Pair, analytic, dated, grouped, joined, nested, plain, related, rowsets, selfjoin, sets};

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

/// Every family. Weights follow the shares of clauses in questions that people wrote (Spider's training questions); families whose SQL is
/// seldom new, or of a level of which little is wanted, weigh more than their share.
pub const FAMILIES: &[Family] = &[
    family("list", 60.0, plain::list),
    family("lookup", 60.0, plain::lookup),
    family("filter", 80.0, plain::filter),
    family("distinct", 24.0, plain::distinct),
    family("count", 65.0, plain::count),
    family("count-distinct", 25.0, plain::count_distinct),
    family("aggregate", 60.0, plain::aggregate),
    family("order", 80.0, plain::ordered),
    family("superlative", 150.0, plain::top),
    family("top-k", 26.0, plain::top_many),
    family("ties", 8.0, nested::ties),
    family("group-count", 70.0, grouped::count),
    family("group-aggregate", 38.0, grouped::aggregate),
    family("having", 24.0, grouped::having),
    family("having-average", 5.0, grouped::having_average),
    family("group-aggregate-having", 7.0, grouped::aggregate_having),
    family("join-group", 58.0, grouped::by_related),
    family("most-common", 75.0, grouped::most_common),
    family("above-average", 22.0, nested::beyond_average),
    family("beyond-group", 8.0, nested::beyond_group),
    family("beyond-own-group", 2.0, nested::beyond_own_group),
    family("join-list", 48.0, joined::pairs),
    family("join-filter", 112.0, joined::filter),
    family("join-count", 45.0, joined::count),
    family("join-aggregate", 22.0, joined::aggregate),
    family("join-superlative", 30.0, joined::top),
    family("superlative-related", 46.0, joined::superlative),
    family("join-distinct", 10.0, joined::distinct),
    family("join-group-count", 42.0, related::count),
    family("join-group-count-all", 4.0, related::count_all),
    family("join-having", 24.0, related::having),
    family("join-most", 95.0, related::most),
    family("join-group-aggregate", 14.0, related::aggregate),
    family("join-top-aggregate", 12.0, related::top_aggregate),
    family("without", 62.0, related::none),
    family("with-some", 16.0, related::some),
    family("exists", 5.0, related::exists),
    family("intersect", 60.0, sets::both),
    family("join-intersect", 60.0, sets::related_both),
    family("except", 48.0, sets::never),
    family("union", 9.0, sets::together),
    family("rows-combined", 58.0, rowsets::rows),
    family("rows-combined-count", 8.0, rowsets::count),
    family("shared-keys", 3.0, sets::shared),
    family("self-join", 14.0, selfjoin::pairs),
    family("same-value", 4.0, selfjoin::same_value),
    family("date-function", 8.0, dated::by_year),
    family("text-function", 8.0, dated::text),
    family("window", 30.0, analytic::ranked),
    family("top-within-group", 18.0, analytic::top_within),
    family("cte", 8.0, analytic::average_count),
    family("case", 36.0, analytic::classed),
    family("arithmetic", 6.0, analytic::arithmetic),
];
