//! Execution match of a `generated_predictions.jsonl` over a folder of SQLite databases, by outcome and under every definition.
//!
//! `cargo run -p nl2sql-evaluation --example judge_predictions -- <predictions> <database folder> [<verdicts out>]`
//!
//! With a third argument the verdicts of every row are written there as JSON lines, for comparison with other evaluators.

#[allow(dead_code, reason = "only the program asks where a file is")]
#[path = "../../app/src/sqlite_databases.rs"]
mod sqlite_databases;

use std::{collections::BTreeMap, env, error::Error, fs, path::Path, sync::Arc, time::Duration};

use nl2sql_evaluation::{
    definition::Definition,
    execution::{Judge, JudgeLimits, Pair},
    predictions_file::PredictionsFile,
    query_runner::QueryRunner,
};
use sqlite_databases::SqliteDatabases;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [predictions, databases, rest @ ..] = arguments.as_slice() else {
        return Err("which predictions, and which folder of databases?".into());
    };
    let file = PredictionsFile::read(Path::new(predictions))?;
    let pairs: Vec<Pair> = file
        .predictions
        .iter()
        .map(|row| Pair {
            database: row.db_id.clone(),
            gold: row.label.clone(),
            predicted: row.predicted_sql.clone(),
        })
        .collect();
    let databases = SqliteDatabases::new(databases, Duration::from_secs(30));
    let runner: Arc<dyn QueryRunner> = Arc::new(databases);
    let mut verdicts: Vec<serde_json::Map<String, serde_json::Value>> = file
        .predictions
        .iter()
        .map(|row| [("id".to_owned(), row.id.clone().into())].into_iter().collect())
        .collect();
    for definition in Definition::ALL {
        let judge = Arc::new(Judge::new(Arc::clone(&runner), definition, JudgeLimits::default()));
        let judgements = judge.judge_all(pairs.clone()).await;
        let scored: Vec<bool> = judgements.iter().filter_map(|judgement| judgement.is_match()).collect();
        let right = scored.iter().filter(|right| **right).count();
        let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
        for (judgement, verdict) in judgements.iter().zip(&mut verdicts) {
            *outcomes.entry(judgement.outcome.name()).or_default() += 1;
            verdict.insert(definition.to_string(), judgement.outcome.name().into());
        }
        println!(
            "{definition:>26}: {right} of {} ({:.2}%) {outcomes:?}",
            scored.len(),
            100.0 * right as f64 / scored.len().max(1) as f64
        );
    }
    if let Some(out) = rest.first() {
        let lines: Vec<String> = verdicts.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        fs::write(out, lines.join("\n") + "\n")?;
    }
    Ok(())
}
