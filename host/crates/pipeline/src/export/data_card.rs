//! The data card: what the data is, how it was made, what it covers.

use std::collections::BTreeMap;
use std::fmt::Write;

use nl2sql_profile::{SchemaScope, SchemaStyle};
use serde::Serialize;

use super::Export;
use crate::PluginIdentity;
use crate::coverage::{Coverage, Ledger};
use crate::feedback::VerifiedCounts;
use crate::review::ReviewCounts;
use crate::validate::reason;

/// The card as data: `datacard.json`.
#[derive(Serialize)]
pub(super) struct DataCard<'a> {
    name: &'a str,
    database: &'a str,
    dialect: &'a str,
    seed: u64,
    version: &'static str,
    splits: &'a BTreeMap<&'static str, usize>,
    prompt: PromptCard<'a>,
    accepted: usize,
    rejected: usize,
    rejections: BTreeMap<String, usize>,
    /// What people decided; left out where nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    reviews: Option<ReviewCounts>,
    /// What became of pairs that users of the model verified; left out where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback: Option<VerifiedCounts>,
    hardness: &'a BTreeMap<String, u64>,
    languages: &'a BTreeMap<String, u64>,
    features: &'a BTreeMap<String, u64>,
    topics: &'a BTreeMap<String, (u64, u32)>,
    tables: Share,
    columns: Share,
    foreign_keys: Share,
    value_policies: &'a BTreeMap<String, usize>,
    plugins: &'a [PluginIdentity],
}

/// How a question became a prompt: the settings of `[export]` that decide it. Training writes them beside the adapter.
#[derive(Serialize)]
struct PromptCard<'a> {
    system: &'a str,
    instruction: &'a str,
    prompt: &'a str,
    schema: SchemaScope,
    schema_style: SchemaStyle,
    schema_tokens: u32,
}

#[derive(Serialize)]
struct Share {
    covered: usize,
    total: usize,
    missing: Vec<String>,
}

impl From<&Ledger> for Share {
    fn from(ledger: &Ledger) -> Self {
        Self {
            covered: ledger.covered,
            total: ledger.total,
            missing: Coverage::missing(ledger),
        }
    }
}

impl<'a> DataCard<'a> {
    pub(super) fn new(export: &'a Export<'a>, name: &'a str, splits: &'a BTreeMap<&'static str, usize>) -> Self {
        let mut rejections: BTreeMap<String, usize> = BTreeMap::new();
        for (_, verdict) in export.judged.iter().filter(|(_, verdict)| !verdict.accepted) {
            *rejections.entry(reason(verdict)).or_default() += 1;
        }
        let coverage = export.coverage;
        Self {
            name,
            database: &export.catalog.name,
            dialect: &export.catalog.dialect,
            seed: export.seed,
            version: env!("CARGO_PKG_VERSION"),
            splits,
            prompt: PromptCard {
                system: &export.settings.system,
                instruction: &export.settings.instruction,
                prompt: &export.settings.prompt,
                schema: export.settings.schema,
                schema_style: export.settings.schema_style,
                schema_tokens: export.settings.schema_tokens,
            },
            accepted: coverage.samples,
            rejected: rejections.values().sum(),
            rejections,
            reviews: Some(export.reviews).filter(|counts| *counts != ReviewCounts::default()),
            feedback: Some(export.feedback).filter(|counts| *counts != VerifiedCounts::default()),
            hardness: &coverage.hardness,
            languages: &coverage.languages,
            features: &coverage.features,
            topics: &coverage.topics,
            tables: (&coverage.tables).into(),
            columns: (&coverage.columns).into(),
            foreign_keys: (&coverage.foreign_keys).into(),
            value_policies: &export.cards.policies,
            plugins: export.plugins,
        }
    }

    /// The card to read: `README.md`.
    pub(super) fn markdown(&self) -> String {
        let mut out = format!(
            "# {}\n\nQuestions about the database `{}` with the {} SQL that answers them, made by nl2sql {} with seed {}.\n",
            self.name, self.database, self.dialect, self.version, self.seed
        );
        section(
            &mut out,
            "Pairs",
            self.splits
                .iter()
                .map(|(split, pairs)| (split.to_string(), pairs.to_string())),
        );
        let _ = write!(
            out,
            "\nNo SQL template (a statement with its literals removed) is in two splits.\n"
        );
        section(&mut out, "Hardness (Spider's levels, measured)", numbers(self.hardness));
        section(&mut out, "Languages", numbers(self.languages));
        section(
            &mut out,
            "Topics: accepted of wanted",
            self.topics
                .iter()
                .map(|(topic, (pairs, budget))| (topic.clone(), format!("{pairs} of {budget}"))),
        );
        out.push_str("\n## Coverage\n\n");
        for (what, share) in [
            ("tables", &self.tables),
            ("columns", &self.columns),
            ("foreign keys", &self.foreign_keys),
        ] {
            let _ = write!(out, "- {what}: {} of {}", share.covered, share.total);
            if !share.missing.is_empty() {
                let _ = write!(out, "; not used: {}", crate::catalog_repair::listed(&share.missing));
            }
            out.push('\n');
        }
        section(&mut out, "SQL features", numbers(self.features));
        let _ = write!(out, "\n## Rejections\n\n- {} candidates were rejected\n", self.rejected);
        for (reason, count) in &self.rejections {
            let _ = writeln!(out, "- {reason}: {count}");
        }
        if let Some(reviews) = self.reviews {
            let counts = [
                ("approved", reviews.approved),
                ("edited", reviews.edited),
                ("banned", reviews.banned),
            ];
            let lines = counts.map(|(decision, pairs)| (decision.to_owned(), pairs.to_string()));
            section(&mut out, "Reviewed by people", lines.into_iter());
        }
        if let Some(feedback) = self.feedback {
            let counts = [
                ("exported beside the generated pairs", feedback.exported),
                ("generated too", feedback.generated_too),
                ("instead of a generated pair with another statement", feedback.replaced),
                ("rejected by a validator", feedback.rejected),
            ];
            let lines = counts.map(|(outcome, pairs)| (outcome.to_owned(), pairs.to_string()));
            section(&mut out, "Verified by users", lines.into_iter());
        }
        section(
            &mut out,
            "Columns by value policy",
            self.value_policies
                .iter()
                .map(|(policy, columns)| (policy.clone(), columns.to_string())),
        );
        section(
            &mut out,
            "Plugins",
            self.plugins.iter().map(|plugin| {
                (
                    format!("{} {} {}", plugin.role, plugin.name, plugin.version),
                    format!("sha256 `{}`", plugin.sha256),
                )
            }),
        );
        out
    }
}

fn numbers(map: &BTreeMap<String, u64>) -> impl Iterator<Item = (String, String)> + '_ {
    map.iter().map(|(name, count)| (name.clone(), count.to_string()))
}

fn section(out: &mut String, title: &str, lines: impl Iterator<Item = (String, String)>) {
    let _ = write!(out, "\n## {title}\n\n");
    for (name, value) in lines {
        let _ = writeln!(out, "- {}: {value}", name.trim_end());
    }
}
