//! Rows a second of execution match on Spider's dev golds, each against itself, and of the official evaluator in the same run.
//!
//! `cargo run -p nl2sql-evaluation --example execution_match_bench -- <spider folder> [<test-suite-sql-eval folder> [python]]`
//!
//! The Spider folder has `dev.jsonl` and `database/`. Predictions differ from their golds by a trailing space, so that every one
//! of them is run.

#[allow(dead_code, reason = "only the program asks where a file is")]
#[path = "../../app/src/sqlite_databases.rs"]
mod sqlite_databases;

use std::{
    env,
    error::Error,
    fs,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use nl2sql_evaluation::{
    definition::Definition,
    execution::{Judge, JudgeLimits, Pair},
    query_runner::QueryRunner,
};
use sqlite_databases::SqliteDatabases;

fn pairs(spider: &Path) -> Result<Vec<Pair>, Box<dyn Error>> {
    let mut pairs = Vec::new();
    for line in fs::read_to_string(spider.join("dev.jsonl"))?.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        pairs.push(Pair {
            database: text("db_id"),
            gold: text("query"),
            predicted: text("query") + " ",
        });
    }
    Ok(pairs)
}

async fn ours(spider: &Path, pairs: &[Pair], definition: Definition) -> Result<f64, Box<dyn Error>> {
    let databases = SqliteDatabases::new(spider.join("database"), Duration::from_secs(30));
    let runner: Arc<dyn QueryRunner> = Arc::new(databases);
    let begun = Instant::now();
    let judge = Arc::new(Judge::new(runner, definition, JudgeLimits::default()));
    let judgements = judge.judge_all(pairs.to_vec()).await;
    let seconds = begun.elapsed().as_secs_f64();
    let right = judgements
        .iter()
        .filter(|judgement| judgement.is_match() == Some(true))
        .count();
    let rate = pairs.len() as f64 / seconds;
    println!("{definition:>26}: {rate:>8.0} rows/s, {right} of {} match", pairs.len());
    Ok(rate)
}

fn official(spider: &Path, evaluator: &str, python: &str, keep_distinct: bool) -> Result<f64, Box<dyn Error>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/peers/test_suite.py");
    let output = Command::new(python)
        .args([script, evaluator])
        .arg(spider)
        .arg(if keep_distinct { "keep" } else { "strip" })
        .output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    printed
        .trim()
        .parse()
        .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned().into())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let spider = Path::new(arguments.first().ok_or("which Spider folder?")?);
    let pairs = pairs(spider)?;
    let mut rates = Vec::new();
    for definition in Definition::ALL {
        rates.push((definition, ours(spider, &pairs, definition).await?));
    }
    if let Some(evaluator) = arguments.get(1) {
        let python = arguments.get(2).map_or("python3", String::as_str);
        for (definition, keep_distinct) in [
            (Definition::TestSuite, false),
            (Definition::TestSuiteKeepDistinct, true),
        ] {
            let theirs = official(spider, evaluator, python, keep_distinct)?;
            let mine = rates
                .iter()
                .find(|(of, _)| *of == definition)
                .map_or(0.0, |(_, rate)| *rate);
            println!(
                "{definition:>26}: official {theirs:.0} rows/s, ours {:.1} times that",
                mine / theirs
            );
        }
    }
    Ok(())
}
