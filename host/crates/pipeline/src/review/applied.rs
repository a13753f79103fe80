//! Pairs as people left them, for the export.

use std::collections::BTreeMap;

use nl2sql_catalog::{Sample, Severity, Verdict};
use serde::Serialize;

use super::{ReviewState, Reviews};
use crate::{Dialect, Failure};

/// Every pair as it reads now, accepted where the export takes it.
pub(crate) struct Applied {
    pub(crate) judged: Vec<(Sample, Verdict)>,
    /// Where those stand that somebody decided about.
    pub(crate) states: BTreeMap<String, ReviewState>,
    pub(crate) counts: ReviewCounts,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

/// What was decided, for the data card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ReviewCounts {
    pub(crate) approved: usize,
    pub(crate) edited: usize,
    pub(crate) banned: usize,
}

impl Reviews {
    /// Applies the decisions. A pair that somebody approved against its verdict must be a statement the dialect accepts: what does not parse,
    /// changes something or names what is not there is left out, and said.
    pub(crate) fn apply(&self, judged: Vec<(Sample, Verdict)>, dialect: &dyn Dialect) -> Result<Applied, Failure> {
        let mut applied = Applied {
            judged: Vec::with_capacity(judged.len()),
            states: BTreeMap::new(),
            counts: ReviewCounts::default(),
            notes: Vec::new(),
        };
        for (sample, verdict) in judged {
            let pair = self.of(&sample, &verdict);
            match pair.state {
                ReviewState::None => {}
                ReviewState::Approved => applied.counts.approved += 1,
                ReviewState::Edited => applied.counts.edited += 1,
                ReviewState::Banned => applied.counts.banned += 1,
            }
            let mut verdict = pair.verdict.clone();
            verdict.accepted = pair.is_exported();
            if verdict.accepted && !pair.verdict.accepted && !is_sound(&pair.sample.sql, dialect)? {
                verdict.accepted = false;
                applied.notes.push(format!(
                    "{} was approved, but its statement is none that {} accepts; it is left out",
                    sample.id,
                    dialect.info().name
                ));
            }
            if pair.state != ReviewState::None {
                applied.states.insert(sample.id, pair.state);
            }
            applied.judged.push((pair.sample, verdict));
        }
        Ok(applied)
    }
}

/// Whether a statement parses, only reads, and names what is there.
fn is_sound(sql: &str, dialect: &dyn Dialect) -> Result<bool, Failure> {
    Ok(dialect.analyse(sql)?.is_ok_and(|analysis| {
        let wrong = |finding: &nl2sql_catalog::Finding| finding.severity == Severity::Error;
        analysis.statement.read_only && !analysis.findings.iter().any(wrong)
    }))
}
