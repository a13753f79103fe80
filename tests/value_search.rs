//! Values of the database that a question says, from the policy to what a model is trained on and asked.

use std::fs;

use crate::before_and_after::{done, exported, json, lines};

const SHOWN: &str = "export.prompt={question}\n{values}";

#[test]
fn a_model_is_trained_and_asked_with_the_columns_that_hold_a_value() {
    let folder = exported();
    let run = |name: &str, policy: &str| {
        let name = format!("run.name={name}");
        let settings = ["run", "--quiet", "--set", &name, "--set", policy, "--set", SHOWN];
        done(folder.path(), &[&settings[..], &["--set", "plan.total=60"]].concat());
    };
    run("shown", "privacy.sample_values=true");
    let rows = json(&folder.path().join("runs/shown/export/shown_train.json"));
    let names_column = |row: &&serde_json::Value| {
        let input = row["input"].as_str().unwrap();
        input.lines().last().unwrap().starts_with("customers.city = '")
    };
    let rows = rows.as_array().unwrap();
    let naming: Vec<_> = rows.iter().filter(names_column).collect();
    assert!(!naming.is_empty() && naming.len() < rows.len());
    for row in naming {
        let value = row["input"].as_str().unwrap().rsplit_once("= ").unwrap().1;
        assert!(row["output"].as_str().unwrap().contains(value), "{row}");
    }

    let question = r#"{"db_id": "shop", "question": "How many customers live in oslo?"}"#;
    fs::write(folder.path().join("asked.jsonl"), question).unwrap();
    let prompt = |output: &str, policy: &str| {
        let run = "run.name=shown";
        let settings = [
            "predict",
            "--quiet",
            "--dataset",
            "asked.jsonl",
            "--output",
            output,
            "--set",
            run,
        ];
        done(
            folder.path(),
            &[&settings[..], &["--set", policy, "--set", SHOWN]].concat(),
        );
        let predictions = lines(&folder.path().join(output).join("generated_predictions.jsonl"));
        predictions[0]["prompt"].as_str().unwrap().to_owned()
    };
    let asked = prompt("p", "privacy.sample_values=true");
    assert!(asked.contains("customers.city = 'Oslo'"), "{asked}");

    // What may not be seen is not searched.
    run("closed", "privacy.sample_values=false");
    let cards = fs::read_to_string(folder.path().join("runs/closed/cards.json")).unwrap();
    let rows = fs::read_to_string(folder.path().join("runs/closed/export/closed_train.json")).unwrap();
    assert!(!cards.contains("Oslo") && !rows.contains("customers.city ="));
}
