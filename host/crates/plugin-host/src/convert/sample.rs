//! Cards, topics, samples and scores.

use nl2sql_catalog::{Card, Difficulty, MetricInfo, MetricRow, RowScore, Sample, Topic};

use super::same_fields;
use crate::bindings::metric::exports::nl2sql::plugin::metric;
use crate::bindings::services::types as wit;
use crate::error::{Failure, Refusal};

same_fields!(Card, wit::Card, { table, text, neighbours });
same_fields!(Topic, wit::Topic, { name, reason, tables, budget });
same_fields!(MetricInfo, metric::MetricInfo, { name, direction, unit });
same_fields!(MetricRow, metric::Row, { id, database, question, prediction, predicted_sql, gold });
same_fields!(RowScore, metric::RowScore, { values, labels });

impl From<&Sample> for wit::Sample {
    fn from(sample: &Sample) -> Self {
        Self {
            id: sample.id.clone(),
            topic: sample.topic.clone(),
            question: sample.question.clone(),
            sql: sample.sql.clone(),
            language: sample.language.clone(),
            difficulty: sample.difficulty.name().to_owned(),
            tags: sample.tags.clone(),
        }
    }
}

/// Refuses samples whose difficulty the contract does not know, before they are converted.
pub(crate) fn check_difficulties(samples: &[wit::Sample]) -> Result<(), Failure> {
    let unknown = samples
        .iter()
        .find(|sample| Difficulty::from_name(&sample.difficulty).is_none());
    match unknown {
        Some(sample) => Err(Failure::unknown_name(
            "difficulty of a sample",
            &sample.difficulty,
            &Difficulty::ALL.map(Difficulty::name),
        )),
        None => Ok(()),
    }
}

impl From<wit::Sample> for Sample {
    fn from(sample: wit::Sample) -> Self {
        Self {
            id: sample.id,
            topic: sample.topic,
            question: sample.question,
            sql: sample.sql,
            language: sample.language,
            // Unknown names were refused by `check_difficulties`.
            difficulty: Difficulty::from_name(&sample.difficulty).unwrap_or_default(),
            tags: sample.tags,
        }
    }
}

impl From<wit::PluginError> for Refusal {
    fn from(error: wit::PluginError) -> Self {
        Self {
            code: error.code,
            message: error.message,
            hint: error.hint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difficulty_that_is_no_level_is_refused_by_name() {
        let sample = |difficulty: &str| wit::Sample {
            difficulty: difficulty.to_owned(),
            ..wit::Sample::from(&Sample::default())
        };
        assert!(check_difficulties(&[sample("easy"), sample("extra")]).is_ok());
        let refused = check_difficulties(&[sample("easy"), sample("Brutal")])
            .unwrap_err()
            .to_string();
        assert!(refused.contains("Brutal") && refused.contains("medium"), "{refused}");
    }
}
