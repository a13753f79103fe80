//! Checks what a planner answers.

use std::collections::BTreeSet;

use nl2sql_catalog::{Database, Plan};

use crate::Failure;

/// Refuses a plan that generation could not follow, and says what a sound one still leaves out.
pub(crate) fn check(plan: &mut Plan, catalog: &Database, planner: &str, total: u32) -> Result<(), Failure> {
    let fail = |message: String| {
        Err(Failure::new(planner, "bad-plan", message)
            .with_hint("Choose another planner with --set plan.planner=..., or report this to its author"))
    };
    if plan.topics.is_empty() {
        return fail("it planned no topic".into());
    }
    let mut names = BTreeSet::new();
    for topic in &plan.topics {
        if !names.insert(topic.name.as_str()) {
            return fail(format!("two topics are called `{}`", topic.name));
        }
        if let Some(unknown) = topic.tables.iter().find(|name| catalog.table(name).is_none()) {
            return fail(format!(
                "topic `{}` names the table `{unknown}`, which is not in the catalog",
                topic.name
            ));
        }
        if topic.tables.is_empty() {
            return fail(format!("topic `{}` names no table", topic.name));
        }
    }
    if plan.total() != u64::from(total) {
        return fail(format!("its budgets sum to {} instead of {total}", plan.total()));
    }
    let planned: BTreeSet<_> = plan.topics.iter().flat_map(|topic| &topic.tables).collect();
    let left_out: Vec<_> = catalog
        .tables
        .iter()
        .filter(|table| !planned.contains(&table.qualified_name()) && !planned.contains(&table.name))
        .map(nl2sql_catalog::Table::qualified_name)
        .collect();
    if !left_out.is_empty() {
        let names = crate::catalog_repair::listed(&left_out);
        plan.notes.push(format!(
            "no topic covers {}: {names}",
            crate::summary::count(left_out.len(), "table")
        ));
    }
    Ok(())
}
