//! The coverage ledger: which tables, columns, foreign keys and features the accepted samples use.

use std::collections::BTreeMap;

use nl2sql_catalog::{Analysis, Database, Difficulty, Plan, Sample, Verdict};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalog_index::{CatalogIndex, Used};
use crate::{Dialect, Failure};

/// Uses of each item, items never used included with 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ledger {
    /// Items used at least once.
    pub covered: usize,
    /// All items.
    pub total: usize,
    /// Samples that use each item.
    pub uses: BTreeMap<String, u64>,
}

/// The artifact `coverage.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// Families of questions, as the generator tags them.
    pub families: BTreeMap<String, u64>,
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
    pub(crate) fn new(catalog: &CatalogIndex<'_>, plan: &Plan) -> Self {
        let mut coverage = Self::default();
        for (name, table) in catalog.tables() {
            for column in &table.columns {
                coverage.columns.uses.insert(format!("{name}.{}", column.name), 0);
            }
            coverage.tables.uses.insert(name.to_owned(), 0);
        }
        for label in catalog.foreign_keys() {
            coverage.foreign_keys.uses.insert(label.to_owned(), 0);
        }
        for level in Difficulty::ALL {
            coverage.hardness.insert(level.name().into(), 0);
        }
        for topic in &plan.topics {
            coverage.topics.insert(topic.name.clone(), (0, topic.budget));
        }
        coverage
    }

    /// Counts one accepted sample that uses `used` of the catalog.
    pub(crate) fn add(&mut self, sample: &Sample, analysis: &Analysis, used: &Used<'_>) {
        self.samples += 1;
        for name in used.tables() {
            increment(&mut self.tables.uses, name);
        }
        for (table, column) in used.columns() {
            increment(&mut self.columns.uses, &format!("{table}.{column}"));
        }
        for label in used.foreign_keys() {
            increment(&mut self.foreign_keys.uses, label);
        }
        for feature in &analysis.features {
            *self.features.entry(feature.clone()).or_default() += 1;
        }
        *self.hardness.entry(analysis.hardness.name().to_owned()).or_default() += 1;
        if let Some(family) = sample.tags.first() {
            *self.families.entry(family.clone()).or_default() += 1;
        }
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

impl SampleFacts {
    pub(crate) fn new(sample: &Sample, template: String, analysis: &Analysis, used: &Used<'_>) -> Self {
        Self {
            sample: sample.id.clone(),
            template,
            hardness: analysis.hardness.name().to_owned(),
            features: analysis.features.clone(),
            tables: used.tables().map(str::to_owned).collect(),
        }
    }
}

/// Coverage and facts of the accepted samples.
pub(crate) fn measure(
    catalog: &Database,
    plan: &Plan,
    judged: &[(Sample, Verdict)],
    dialect: &dyn Dialect,
) -> Result<(Coverage, Vec<SampleFacts>), Failure> {
    let accepted: Vec<_> = judged
        .iter()
        .filter(|(_, verdict)| verdict.accepted)
        .map(|(sample, _)| sample)
        .collect();
    let measured: Result<Vec<_>, Failure> = accepted
        .par_iter()
        .map(|sample| {
            let analysis = dialect.analyse(&sample.sql)?.unwrap_or_default();
            let template = dialect.template(&sample.sql)?.unwrap_or_else(|_| sample.sql.clone());
            Ok((analysis, template))
        })
        .collect();
    let index = CatalogIndex::new(catalog);
    let mut coverage = Coverage::new(&index, plan);
    let mut facts = Vec::with_capacity(accepted.len());
    for (sample, (analysis, template)) in accepted.into_iter().zip(measured?) {
        let used = Used::of(&index, &analysis);
        coverage.add(sample, &analysis, &used);
        facts.push(SampleFacts::new(sample, template, &analysis, &used));
    }
    coverage.finish();
    Ok((coverage, facts))
}
