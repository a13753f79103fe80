//! BIRD's execution accuracy: the prediction, then the gold, over one connection; the sets of their rows are equal.

use std::collections::HashSet;

use nl2sql_catalog::{Outcome, ResultSet};

use super::{python_value::PythonValue, runs};
use crate::execution::{Judge, Judgement, Pair};

/// The verdict of BIRD's evaluator. A gold that fails is a gold error here; to BIRD it is a mismatch.
pub async fn judge(judge: &Judge, pair: &Pair) -> Judgement {
    let (predicted, gold) = runs::in_turn(judge, &pair.database, &pair.predicted, &pair.gold).await;
    let predicted = match predicted {
        Ok(predicted) => predicted,
        Err(failure) => return Judgement::prediction_failed(&failure),
    };
    let gold = match gold {
        Ok(gold) => gold,
        Err(failure) => return Judgement::gold_failed(&failure),
    };
    if gold.rows.is_empty() && predicted.rows.is_empty() {
        Judgement::new(Outcome::EmptyMatch)
    } else if rows(&gold) == rows(&predicted) {
        Judgement::new(Outcome::Match)
    } else {
        Judgement::because(Outcome::Mismatch, "another set of rows")
    }
}

fn rows(result: &ResultSet) -> HashSet<Vec<PythonValue>> {
    result
        .rows
        .iter()
        .map(|row| row.iter().map(PythonValue::of).collect())
        .collect()
}
