//! Pairs that training rows show before their question, as `ask` shows verified ones.

use std::collections::BTreeMap;

use nl2sql_catalog::Sample;
use nl2sql_profile::ExportSettings;

use crate::digest::order_key;
use crate::likeness::Grams;

/// Maximum pairs that similar ones are looked for among: likeness takes the square of their number.
const MAX_SHOWN: usize = 2_000;

/// Likeness below which a pair is not worth showing.
const MIN_LIKENESS: f64 = 0.2;

/// Questions and statements by the id of the sample that shows them, the likest last.
pub(super) type Shown<'a> = BTreeMap<&'a str, Vec<&'a Sample>>;

/// What the rows of the training split show: a share of them, drawn by the seed, the pairs with the likest questions in their language. None
/// shows its own statement, which would be copied and not written.
pub(super) fn similar_pairs<'a>(rows: &[&'a Sample], settings: &ExportSettings, seed: u64) -> Shown<'a> {
    let wanted = settings.similar_pairs as usize;
    if wanted == 0 {
        return Shown::new();
    }
    let mut drawn: Vec<(_, &Sample)> = rows
        .iter()
        .map(|sample| (order_key(seed, &sample.id), *sample))
        .collect();
    drawn.sort_by_key(|(key, _)| *key);
    let known = drawn
        .iter()
        .take(MAX_SHOWN)
        .map(|(_, sample)| (*sample, Grams::of(&sample.question)));
    let known: Vec<(&Sample, Grams)> = known.collect();
    let showing = (rows.len() as f64 * settings.similar_share).round() as usize;
    let rows = drawn.iter().rev().take(showing);
    rows.map(|(_, sample)| (sample.id.as_str(), likest(sample, &known, wanted)))
        .filter(|(_, shown)| !shown.is_empty())
        .collect()
}

fn likest<'a>(sample: &Sample, known: &[(&'a Sample, Grams)], wanted: usize) -> Vec<&'a Sample> {
    let asked = Grams::of(&sample.question);
    let others = known
        .iter()
        .filter(|(other, _)| other.sql != sample.sql && other.language == sample.language);
    let mut found: Vec<(f64, &Sample)> = others
        .map(|(other, grams)| (asked.likeness(grams), *other))
        .filter(|(likeness, _)| *likeness >= MIN_LIKENESS)
        .collect();
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    found.truncate(wanted);
    found.into_iter().rev().map(|(_, other)| other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(id: usize, question: &str, sql: &str, language: &str) -> Sample {
        Sample {
            id: format!("s{id}"),
            question: question.into(),
            sql: sql.into(),
            language: language.into(),
            ..Sample::default()
        }
    }

    fn settings(similar_share: f64) -> ExportSettings {
        ExportSettings {
            similar_pairs: 2,
            similar_share,
            ..ExportSettings::default()
        }
    }

    #[test]
    fn the_likest_of_other_statements_are_shown_last() {
        let samples = [
            sample(0, "How many singers are there?", "SELECT count(*) FROM singer", "en"),
            sample(
                1,
                "How many singers are there now?",
                "SELECT count(*) FROM singer",
                "en",
            ),
            sample(2, "How many stadiums are there?", "SELECT count(*) FROM stadium", "en"),
            sample(
                3,
                "How many singers are there in France?",
                "SELECT count(*) FROM singer WHERE country = 'France'",
                "en",
            ),
            sample(4, "How many singers are there in all?", "SELECT 2", "zh"),
            sample(5, "Names of concerts", "SELECT name FROM concert", "en"),
        ];
        let rows: Vec<&Sample> = samples.iter().collect();
        let shown = similar_pairs(&rows, &settings(1.0), 7);
        let ids: Vec<&str> = shown["s0"].iter().map(|sample| sample.id.as_str()).collect();
        assert_eq!(ids, ["s2", "s3"]);
        assert!(!shown.contains_key("s5") && !shown.contains_key("s4"));
        assert_eq!(shown, similar_pairs(&rows, &settings(1.0), 7));
    }

    #[test]
    fn a_share_of_the_rows_shows_pairs() {
        let samples: Vec<Sample> = (0..100)
            .map(|id| {
                sample(
                    id,
                    &format!("How many singers are there of age {id}?"),
                    &format!("SELECT {id}"),
                    "en",
                )
            })
            .collect();
        let rows: Vec<&Sample> = samples.iter().collect();
        assert_eq!(similar_pairs(&rows, &settings(0.25), 7).len(), 25);
        assert!(similar_pairs(&rows, &ExportSettings::default(), 7).is_empty());
    }
}
