//! The main metric by kind of question, and the mistakes by kind.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Pair;
use crate::scoring::ScoredRow;

/// Ids shown of each class of error.
const EXAMPLES: usize = 5;

/// The main metric by one property of the examples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Breakdown {
    /// `hardness`, `feature`, `tables`, `language`, `topic` or `database`.
    pub dimension: String,
    /// Groups in a fixed order; an example may be in several (features).
    pub groups: Vec<Group>,
}

/// Examples that share a property.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// The property.
    pub name: String,
    /// Examples in it.
    pub rows: usize,
    /// Mean of the main metric before.
    pub before: Option<f64>,
    /// Mean of the main metric after.
    pub after: Option<f64>,
}

/// Predictions wrong in one way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorClass {
    /// The class, e.g. `wrong-join`.
    pub name: String,
    /// Predictions of the run before.
    pub before: usize,
    /// Predictions of the run after.
    pub after: usize,
    /// Ids of a few of the latest run's.
    pub examples: Vec<String>,
}

/// Places of the examples of each group, by its rank and name.
type Groups<'n> = BTreeMap<(usize, &'n str), Vec<usize>>;

/// Breakdowns with more than one group, or of a property that every report shows.
pub(super) fn breakdowns(
    pairs: &[Pair],
    main: [Option<usize>; 2],
    facts: &BTreeMap<String, BTreeMap<String, String>>,
) -> Vec<Breakdown> {
    let mut dimensions: BTreeMap<&str, Groups<'_>> = BTreeMap::new();
    for (at, pair) in pairs.iter().enumerate() {
        let Some(row) = pair[1].or(pair[0]) else { continue };
        let mut put = |dimension, rank, name| {
            dimensions
                .entry(dimension)
                .or_default()
                .entry((rank, name))
                .or_default()
                .push(at);
        };
        put("database", 0, row.prediction.db_id.as_str());
        for (fact, value) in facts.get(&row.prediction.id).into_iter().flatten() {
            match fact.as_str() {
                "language" => put("language", 0, value),
                "topic" => put("topic", 0, value),
                _ => {}
            }
        }
        if let Some(reference) = &row.reference {
            put("hardness", reference.hardness as usize, reference.hardness.name());
            put("tables", 0, table_count(reference.tables));
            for feature in &reference.features {
                put("feature", 0, feature);
            }
        }
    }
    let order = ["hardness", "feature", "tables", "language", "topic", "database"];
    order
        .iter()
        .filter_map(|dimension| dimensions.remove(dimension).map(|groups| (dimension, groups)))
        .filter(|(_, groups)| groups.keys().any(|(_, name)| !name.is_empty()))
        .map(|(dimension, groups)| Breakdown {
            dimension: (*dimension).to_owned(),
            groups: groups
                .into_iter()
                .map(|((_, name), places)| group(name, &places, pairs, main))
                .collect(),
        })
        .collect()
}

fn group(name: &str, places: &[usize], pairs: &[Pair], main: [Option<usize>; 2]) -> Group {
    let mean = |side: usize| {
        let value = |at: &usize| pairs[*at][side]?.values.get(main[side]?).copied().flatten();
        crate::statistics::mean(&places.iter().filter_map(value).collect::<Vec<_>>())
    };
    Group {
        name: name.to_owned(),
        rows: places.len(),
        before: mean(0),
        after: mean(1),
    }
}

fn table_count(tables: usize) -> &'static str {
    match tables {
        0 => "0",
        1 => "1",
        2 => "2",
        3 => "3",
        _ => "4 or more",
    }
}

/// Classes of error by number of predictions, the run after first.
pub(super) fn error_classes(pairs: &[Pair]) -> Vec<ErrorClass> {
    let mut classes: BTreeMap<&str, ErrorClass> = BTreeMap::new();
    let class = |row: Option<&ScoredRow>| -> Option<String> { row?.labels.get("error-class").cloned() };
    let found: Vec<[Option<String>; 2]> = pairs.iter().map(|pair| [class(pair[0]), class(pair[1])]).collect();
    for (pair, found) in pairs.iter().zip(&found) {
        for (side, name) in found.iter().enumerate() {
            let (Some(name), Some(row)) = (name, pair[side]) else {
                continue;
            };
            let class = classes.entry(name).or_insert_with(|| ErrorClass {
                name: name.clone(),
                ..ErrorClass::default()
            });
            if side == 0 {
                class.before += 1
            } else {
                class.after += 1
            }
            if (side == 1 || pair[1].is_none()) && class.examples.len() < EXAMPLES {
                class.examples.push(row.prediction.id.clone());
            }
        }
    }
    let mut classes: Vec<ErrorClass> = classes.into_values().collect();
    classes.sort_by_key(|class| std::cmp::Reverse((class.after, class.before)));
    classes
}

/// Outcomes of execution match before and after.
pub(super) fn outcomes(pairs: &[Pair]) -> BTreeMap<String, [usize; 2]> {
    let mut outcomes: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for pair in pairs {
        for (side, row) in pair.iter().enumerate() {
            if let Some(outcome) = row.and_then(|row| row.labels.get("outcome")) {
                outcomes.entry(outcome.clone()).or_default()[side] += 1;
            }
        }
    }
    outcomes
}
