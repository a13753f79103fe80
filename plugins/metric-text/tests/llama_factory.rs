//! Every row and every mean that LLaMA-Factory's script gives on 200 Chinese, English, SQL and edge cases.

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use metric_text::{score, words::words};
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    id: String,
    lang: String,
    predict: String,
    label: String,
    predict_tokens: Vec<String>,
    label_tokens: Vec<String>,
    #[serde(rename = "bleu-4")]
    bleu_4: f64,
    #[serde(rename = "rouge-1")]
    rouge_1: f64,
    #[serde(rename = "rouge-2")]
    rouge_2: f64,
    #[serde(rename = "rouge-l")]
    rouge_l: f64,
}

fn shared() -> Option<PathBuf> {
    let folder = env::var_os("NL2SQL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let folder = folder.join("data/metric");
    folder.is_dir().then_some(folder)
}

fn rows(name: &str) -> Option<(PathBuf, Vec<Row>)> {
    let Some(folder) = shared() else {
        println!("skipped: {name} needs ../shared");
        return None;
    };
    let text = fs::read_to_string(folder.join("metric_fixture.jsonl")).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Some((folder, rows))
}

#[test]
fn words_are_jiebas() {
    let Some((_, rows)) = rows("words_are_jiebas") else {
        return;
    };
    for row in rows {
        assert_eq!(words(&row.predict), row.predict_tokens, "{}", row.id);
        assert_eq!(words(&row.label), row.label_tokens, "{}", row.id);
    }
}

#[test]
fn values_are_the_scripts_to_the_printed_digit() {
    let Some((_, rows)) = rows("values_are_the_scripts_to_the_printed_digit") else {
        return;
    };
    for row in rows {
        let expected = [row.bleu_4, row.rouge_1, row.rouge_2, row.rouge_l];
        assert_eq!(score::score(&row.predict, &row.label), expected, "{}", row.id);
    }
}

#[test]
fn means_are_the_scripts() {
    let Some((folder, rows)) = rows("means_are_the_scripts") else {
        return;
    };
    let expected: BTreeMap<String, BTreeMap<String, serde_json::Value>> =
        serde_json::from_str(&fs::read_to_string(folder.join("metric_averages.json")).unwrap()).unwrap();
    for group in ["all", "zh", "en", "sql", "edge"] {
        let scores: Vec<_> = rows
            .iter()
            .filter(|row| group == "all" || row.lang == group)
            .map(|row| score::score(&row.predict, &row.label))
            .collect();
        for (at, name) in score::NAMES.iter().enumerate() {
            let mean = score::mean(scores.iter().map(|values| Some(values[at]))).unwrap();
            let expected = expected[group][*name].as_f64().unwrap();
            assert!(
                (mean - expected).abs() < 1e-9,
                "{group} {name}: {mean} is not {expected}"
            );
        }
    }
}
