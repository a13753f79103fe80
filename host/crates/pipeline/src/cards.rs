//! Table cards: compact text about each table, with the values the privacy policy lets out.

mod pages;
mod searched_values;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nl2sql_catalog::{Card, Database, Table};
use nl2sql_profile::{CardSettings, ValuePolicy};
use serde::{Deserialize, Serialize};

use crate::privacy::{ColumnPolicies, Masking};
use crate::{Failure, Source};

pub use pages::estimate_tokens;
pub use searched_values::{SearchedValues, read_searched_values, values_of};

/// The artifact `cards.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardsArtifact {
    /// Cards in the order of the catalog.
    pub cards: Vec<Card>,
    /// Tables of each page; neighbours by foreign key stand together.
    pub pages: Vec<Vec<String>>,
    /// Values let out, by table and column, already masked.
    pub values: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Values that questions are searched for, where prompts show them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub searched_values: SearchedValues,
    /// Columns by policy: how many were allowed, masked, hashed, dropped.
    pub policies: BTreeMap<String, usize>,
}

impl CardsArtifact {
    /// The catalog with the values filled in.
    pub fn with_values(&self, catalog: &Database) -> Arc<Database> {
        let mut catalog = catalog.clone();
        for table in &mut catalog.tables {
            let Some(values) = self.values.get(&table.qualified_name()) else {
                continue;
            };
            for column in &mut table.columns {
                if let Some(values) = values.get(&column.name) {
                    column.samples.clone_from(values);
                }
            }
        }
        Arc::new(catalog)
    }
}

/// Values of every column that a policy lets out, masked, and the tables that had to go without, one sentence each: a view may be
/// too slow to read, or refer to what is gone. `progress` is told of each table done.
pub(crate) fn sample_values(
    catalog: &Database,
    source: &dyn Source,
    settings: &CardSettings,
    policies: &ColumnPolicies,
    masking: &Masking,
    mut progress: impl FnMut(usize),
) -> Result<(CardsArtifact, Vec<String>), Failure> {
    let mut artifact = CardsArtifact::default();
    let mut notes = Vec::new();
    for (index, table) in catalog.tables.iter().enumerate() {
        let wanted: Vec<_> = table
            .columns
            .iter()
            .map(|column| (column, policies.of(table, column)))
            .inspect(|(_, policy)| *artifact.policies.entry(policy_name(*policy).into()).or_default() += 1)
            .filter(|(_, policy)| *policy != ValuePolicy::Drop)
            .collect();
        if !wanted.is_empty() && settings.values > 0 {
            let columns: Vec<_> = wanted.iter().map(|(column, _)| *column).collect();
            let values = match source.values(table, &columns, settings.values) {
                Ok(values) => values,
                Err(failure) if failure.stops_the_stage() => return Err(failure),
                Err(failure) => {
                    notes.push(format!("no values of {}: {}", table.qualified_name(), failure.message));
                    vec![Vec::new(); columns.len()]
                }
            };
            let kept: BTreeMap<_, _> = wanted
                .iter()
                .zip(values)
                .map(|((column, policy), values)| {
                    let short = values
                        .into_iter()
                        .filter(|value| is_short(value, settings.value_chars))
                        .collect();
                    (column.name.clone(), masking.apply(*policy, short))
                })
                .filter(|(_, values)| !values.is_empty())
                .collect();
            artifact.values.insert(table.qualified_name(), kept);
        }
        progress(index + 1);
    }
    Ok((artifact, notes))
}

impl CardsArtifact {
    /// Cards of a catalog, of whose values none is read.
    pub fn without_values(catalog: &Database, settings: &CardSettings) -> Self {
        let mut artifact = Self::default();
        write_cards(catalog, &mut artifact, settings);
        artifact
    }
}

/// Fills in cards and pages.
pub(crate) fn write_cards(catalog: &Database, artifact: &mut CardsArtifact, settings: &CardSettings) {
    let valued = artifact.with_values(catalog);
    let neighbours = neighbours(catalog);
    let references = text::References::of(catalog);
    artifact.cards = valued
        .tables
        .iter()
        .map(|table| Card {
            table: table.qualified_name(),
            text: text::of(
                &table.with_terms_in_comments(),
                &references,
                settings.shown_values as usize,
            ),
            neighbours: neighbours
                .get(&table.qualified_name())
                .into_iter()
                .flatten()
                .cloned()
                .collect(),
        })
        .collect();
    artifact.pages = pages::paginate(&artifact.cards, settings.page_tokens as usize);
}

/// The cards as a document to read.
pub(crate) fn document(catalog: &Database, artifact: &CardsArtifact) -> String {
    let by_name: BTreeMap<_, _> = artifact.cards.iter().map(|card| (card.table.as_str(), card)).collect();
    let mut out = format!("# {}\n", catalog.name);
    for (number, page) in artifact.pages.iter().enumerate() {
        if artifact.pages.len() > 1 {
            out.push_str(&format!("\n## Page {}\n", number + 1));
        }
        for card in page.iter().filter_map(|name| by_name.get(name.as_str())) {
            out.push_str(&format!("\n{}\n", card.text));
        }
    }
    out
}

fn is_short(value: &str, limit: u32) -> bool {
    !value.trim().is_empty() && value.chars().nth(limit as usize).is_none() && !value.chars().any(char::is_control)
}

fn policy_name(policy: ValuePolicy) -> &'static str {
    match policy {
        ValuePolicy::Allow => "allow",
        ValuePolicy::Mask => "mask",
        ValuePolicy::Hash => "hash",
        ValuePolicy::Drop => "drop",
    }
}

/// Tables one foreign key away, either direction.
fn neighbours(catalog: &Database) -> BTreeMap<String, BTreeSet<String>> {
    let mut map: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for table in &catalog.tables {
        let from = table.qualified_name();
        for key in &table.foreign_keys {
            let to = target_name(table, &key.ref_schema, &key.ref_table);
            if from != to {
                map.entry(from.clone()).or_default().insert(to.clone());
                map.entry(to).or_default().insert(from.clone());
            }
        }
    }
    map
}

/// Qualified name of a foreign key's target.
pub(crate) fn target_name(table: &Table, ref_schema: &Option<String>, ref_table: &str) -> String {
    match ref_schema.as_ref().or(table.schema.as_ref()) {
        Some(schema) => format!("{schema}.{ref_table}"),
        None => ref_table.to_owned(),
    }
}
