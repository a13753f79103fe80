//! Table cards, business topics and the plan that gives each topic its budget.

use serde::{Deserialize, Serialize};

/// A table in compact text for a model: an entry of `cards.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Qualified name of the table.
    pub table: String,
    /// The card itself.
    pub text: String,
    /// Qualified names of the tables one foreign key away, either direction, sorted.
    pub neighbours: Vec<String>,
}

/// A business topic over related tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Short name, unique in the plan.
    pub name: String,
    /// Why these tables belong together.
    pub reason: String,
    /// Qualified names of its tables.
    pub tables: Vec<String>,
    /// How many accepted samples it is to get.
    pub budget: u32,
}

/// All topics with their budgets: the artifact `plan.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Topics in the order they are generated.
    pub topics: Vec<Topic>,
    /// What the planner adjusted and why, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Plan {
    /// Sum of all budgets.
    pub fn total(&self) -> u64 {
        self.topics.iter().map(|topic| u64::from(topic.budget)).sum()
    }
}
