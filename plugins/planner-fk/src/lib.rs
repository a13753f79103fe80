//! The offline planner: topics are communities of the foreign-key graph, budgets follow their size.
//!
//! Every table is in a topic and every foreign key that resolves lies inside at least one. The same catalog gives the same plan.

mod community;
mod naming;
mod options;

use nl2sql_planning::share_budget;
use nl2sql_schema::Schema;
use nl2sql_sdk::planner::{Context, PlanRequest, Planner, TopicPlan};
use nl2sql_sdk::types::{PluginError, Topic};

use community::{Community, communities};
use options::Options;

/// The plugin.
pub struct ForeignKeys {
    context: Context,
    options: Options,
}

impl Planner for ForeignKeys {
    fn open(context: Context) -> Result<Self, PluginError> {
        let options: Options = nl2sql_sdk::options::parse(&context.options)?;
        options.check()?;
        Ok(Self { context, options })
    }

    fn plan(&self, request: PlanRequest) -> Result<TopicPlan, PluginError> {
        plan(&self.context, &self.options, &request)
    }
}

nl2sql_sdk::register!(planner: ForeignKeys);

/// Topics for the catalog whose budgets sum to `request.total`.
fn plan(context: &Context, options: &Options, request: &PlanRequest) -> Result<TopicPlan, PluginError> {
    let schema = Schema::new(&context.catalog, &context.extra);
    let mut notes = Vec::new();
    let wanted: Vec<usize> = (0..schema.tables.len())
        .filter(|table| options.views || !schema.tables[*table].view)
        .collect();
    let usable: Vec<usize> = wanted
        .iter()
        .copied()
        .filter(|table| !schema.tables[*table].columns.is_empty())
        .collect();
    let without_columns = wanted.len() - usable.len();
    let views = schema.tables.len() - wanted.len();
    if views > 0 {
        notes.push(format!(
            "{views} views are in no topic; `plan.options.views = true` asks about them as well"
        ));
    }
    if without_columns > 0 {
        notes.push(format!("{without_columns} tables without columns are in no topic"));
    }
    if usable.is_empty() {
        return Err(
            PluginError::new("no-tables", "the catalog has no table with columns to plan topics for").hint(
                if views > 0 {
                    "set `plan.options.views = true` to ask about views"
                } else {
                    "check the include and exclude globs of the profile and run `nl2sql extract` again"
                },
            ),
        );
    }
    note_dangling(context, &schema, &mut notes);
    let communities = communities(&schema, &usable, options.max_tables);
    let weights: Vec<u64> = communities.iter().map(|community| weight(&schema, community)).collect();
    let budgets = share_budget(&weights, request.total, request.minimum);
    note_budgets(request, &budgets, &mut notes);
    let names = naming::names(&schema, &communities, &context.language);
    let topics = communities
        .iter()
        .zip(names)
        .zip(budgets)
        .filter(|(_, budget)| *budget > 0)
        .map(|((community, name), budget)| Topic {
            name,
            reason: naming::reason(&schema, community, &context.language),
            tables: community
                .tables
                .iter()
                .map(|table| schema.tables[*table].qualified.clone())
                .collect(),
            budget,
        })
        .collect();
    Ok(TopicPlan { topics, notes })
}

/// Tables count most, then foreign keys, then columns.
fn weight(schema: &Schema, community: &Community) -> u64 {
    let columns: usize = community
        .tables
        .iter()
        .map(|table| schema.tables[*table].columns.len())
        .sum();
    (4 * community.tables.len() + 3 * community.links + columns) as u64
}

fn note_dangling(context: &Context, schema: &Schema, notes: &mut Vec<String>) {
    let declared: usize = context
        .catalog
        .tables
        .iter()
        .map(|table| table.foreign_keys.len())
        .sum();
    let resolved = schema.links.iter().filter(|link| link.declared).count();
    if declared > resolved {
        notes.push(format!(
            "{} of {declared} foreign keys refer to unknown tables or columns, or repeat another, and are ignored",
            declared - resolved
        ));
    }
}

fn note_budgets(request: &PlanRequest, budgets: &[u32], notes: &mut Vec<String>) {
    let dropped = budgets.iter().filter(|budget| **budget == 0).count();
    if dropped > 0 {
        notes.push(format!(
            "{dropped} of {} topics are left out: a total of {} gives the others one sample each",
            budgets.len(),
            request.total
        ));
    } else if budgets.iter().any(|budget| *budget < request.minimum) {
        notes.push(format!(
            "a total of {} does not allow {} samples for each of {} topics",
            request.total,
            request.minimum,
            budgets.len()
        ));
    }
}

#[cfg(test)]
mod tests;
