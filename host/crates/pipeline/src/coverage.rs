//! The coverage ledger: which tables, columns, foreign keys and features the accepted samples use.

use std::collections::{BTreeMap, BTreeSet};

use nl2sql_catalog::{Analysis, Database, Difficulty, Plan, Sample, Table, TableSource};
use serde::{Deserialize, Serialize};

use crate::cards::target_name;

/// Uses of each item, items never used included with 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Items used at least once.
    pub covered: usize,
    /// All items.
    pub total: usize,
    /// Samples that use each item.
    pub uses: BTreeMap<String, u64>,
}

/// The artifact `coverage.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Accepted samples.
    pub samples: usize,
    /// Tables and views.
    pub tables: Ledger,
    /// Columns as `table.column`.
    pub columns: Ledger,
    /// Foreign keys as `table(columns) -> table(columns)`.
    pub foreign_keys: Ledger,
    /// SQL features; only the ones used.
    pub features: BTreeMap<String, u64>,
    /// Measured hardness in Spider's four levels.
    pub hardness: BTreeMap<String, u64>,
    /// Languages of the questions.
    pub languages: BTreeMap<String, u64>,
    /// Topics: accepted pairs and budget.
    pub topics: BTreeMap<String, (u64, u32)>,
}

/// What is measured about one accepted sample: a line of `analysis.jsonl`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleFacts {
    /// Id of the sample.
    pub sample: String,
    /// Normal form with literals replaced.
    pub template: String,
    /// Spider's hardness.
    pub hardness: String,
    /// SQL features.
    pub features: Vec<String>,
    /// Tables used, qualified.
    pub tables: Vec<String>,
}

impl Coverage {
    /// An empty ledger over a catalog and a plan.
    pub(crate) fn new(catalog: &Database, plan: &Plan) -> Self {
        let mut coverage = Self::default();
        for table in &catalog.tables {
            let name = table.qualified_name();
            for column in &table.columns {
                coverage.columns.uses.insert(format!("{name}.{}", column.name), 0);
            }
            for key in foreign_keys(table) {
                coverage.foreign_keys.uses.insert(key.label, 0);
            }
            coverage.tables.uses.insert(name, 0);
        }
        for level in Difficulty::ALL {
            coverage.hardness.insert(level.name().into(), 0);
        }
        for topic in &plan.topics {
            coverage.topics.insert(topic.name.clone(), (0, topic.budget));
        }
        coverage
    }

    /// Counts one accepted sample.
    pub(crate) fn add(&mut self, catalog: &Database, sample: &Sample, analysis: &Analysis) {
        self.samples += 1;
        let used = Used::of(catalog, analysis);
        for name in &used.tables {
            increment(&mut self.tables.uses, name);
        }
        for (table, column) in &used.columns {
            increment(&mut self.columns.uses, &format!("{table}.{column}"));
        }
        for table in catalog
            .tables
            .iter()
            .filter(|table| used.tables.contains(&table.qualified_name()))
        {
            for key in foreign_keys(table).filter(|key| used.joins(key)) {
                increment(&mut self.foreign_keys.uses, &key.label);
            }
        }
        for feature in &analysis.features {
            *self.features.entry(feature.clone()).or_default() += 1;
        }
        *self.hardness.entry(analysis.hardness.clone()).or_default() += 1;
        *self.languages.entry(sample.language.clone()).or_default() += 1;
        self.topics.entry(sample.topic.clone()).or_default().0 += 1;
    }

    /// Counts what is covered.
    pub(crate) fn finish(&mut self) {
        for ledger in [&mut self.tables, &mut self.columns, &mut self.foreign_keys] {
            ledger.total = ledger.uses.len();
            ledger.covered = ledger.uses.values().filter(|uses| **uses > 0).count();
        }
    }

    /// `tables 4/4, columns 20/21, foreign keys 3/3, features 17`.
    pub fn headline(&self) -> String {
        format!(
            "tables {}/{}, columns {}/{}, foreign keys {}/{}, features {}",
            self.tables.covered,
            self.tables.total,
            self.columns.covered,
            self.columns.total,
            self.foreign_keys.covered,
            self.foreign_keys.total,
            self.features.len()
        )
    }

    /// `easy 24%, medium 41%, hard 20%, extra 15%`.
    pub fn hardness_mix(&self) -> String {
        let total = self.samples.max(1) as f64;
        let share = |level: Difficulty| {
            let uses = self.hardness.get(level.name()).copied().unwrap_or_default();
            format!("{} {:.0}%", level.name(), uses as f64 * 100.0 / total)
        };
        Difficulty::ALL.map(share).join(", ")
    }

    /// Items of a ledger that nothing uses.
    pub fn missing(ledger: &Ledger) -> Vec<String> {
        ledger
            .uses
            .iter()
            .filter(|(_, uses)| **uses == 0)
            .map(|(name, _)| name.clone())
            .collect()
    }
}

fn increment(uses: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(count) = uses.get_mut(name) {
        *count += 1;
    }
}

/// Tables and columns of the catalog that one statement uses.
struct Used {
    tables: BTreeSet<String>,
    /// How often each table occurs in FROM.
    occurrences: BTreeMap<String, usize>,
    columns: BTreeSet<(String, String)>,
}

impl Used {
    fn of(catalog: &Database, analysis: &Analysis) -> Self {
        let names: Vec<Option<String>> = analysis.tables.iter().map(|used| qualified(catalog, used)).collect();
        let mut columns = BTreeSet::new();
        for column in &analysis.columns {
            let table = column
                .table
                .and_then(|index| names.get(index as usize))
                .and_then(Option::as_ref);
            match table {
                Some(table) if column.name == "*" => {
                    let all = catalog.table(table).into_iter().flat_map(|table| &table.columns);
                    columns.extend(all.map(|column| (table.clone(), column.name.clone())));
                }
                Some(table) => {
                    columns.insert((table.clone(), column.name.clone()));
                }
                None if column.name == "*" => {
                    for table in names.iter().flatten().filter_map(|name| catalog.table(name)) {
                        let name = table.qualified_name();
                        columns.extend(table.columns.iter().map(|column| (name.clone(), column.name.clone())));
                    }
                }
                None => {}
            }
        }
        let mut occurrences = BTreeMap::new();
        for name in names.iter().flatten() {
            *occurrences.entry(name.clone()).or_default() += 1;
        }
        Self {
            tables: names.into_iter().flatten().collect(),
            occurrences,
            columns,
        }
    }

    /// Whether the statement uses both ends of a key; a key of a table to itself needs the table twice.
    fn joins(&self, key: &KeyEnds) -> bool {
        let has = |table: &str, columns: &[String]| {
            columns
                .iter()
                .all(|column| self.columns.contains(&(table.to_owned(), column.clone())))
        };
        let both = self.tables.contains(&key.to) && has(&key.from, &key.columns) && has(&key.to, &key.ref_columns);
        both && (key.from != key.to || self.occurrences.get(&key.from).is_some_and(|count| *count > 1))
    }
}

fn qualified(catalog: &Database, used: &nl2sql_catalog::TableUse) -> Option<String> {
    if used.source != TableSource::Catalog {
        return None;
    }
    let found = catalog.tables.iter().find(|table| {
        table.name == used.name && (used.schema.is_none() || table.schema.is_none() || table.schema == used.schema)
    })?;
    Some(found.qualified_name())
}

/// Both ends of a foreign key.
struct KeyEnds {
    label: String,
    from: String,
    columns: Vec<String>,
    to: String,
    ref_columns: Vec<String>,
}

fn foreign_keys(table: &Table) -> impl Iterator<Item = KeyEnds> {
    let from = table.qualified_name();
    table.foreign_keys.iter().map(move |key| {
        let to = target_name(table, &key.ref_schema, &key.ref_table);
        KeyEnds {
            label: format!(
                "{from}({}) -> {to}({})",
                key.columns.join(", "),
                key.ref_columns.join(", ")
            ),
            from: from.clone(),
            columns: key.columns.clone(),
            to,
            ref_columns: key.ref_columns.clone(),
        }
    })
}

impl SampleFacts {
    pub(crate) fn new(catalog: &Database, sample: &Sample, template: String, analysis: &Analysis) -> Self {
        let tables: BTreeSet<_> = analysis
            .tables
            .iter()
            .filter_map(|used| qualified(catalog, used))
            .collect();
        Self {
            sample: sample.id.clone(),
            template,
            hardness: analysis.hardness.clone(),
            features: analysis.features.clone(),
            tables: tables.into_iter().collect(),
        }
    }
}
