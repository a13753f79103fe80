//! Errors for bad settings, data and weights.

use std::collections::BTreeSet;
use std::path::Path;

use crate::tiny_model::{settings, unwatched};
use nl2sql_model::TargetModules;
use nl2sql_training::TrainSettings;
use nl2sql_training::dataset::Description;
use nl2sql_training::encoding::OnTruncation;
use nl2sql_training::train;

fn refusal(change: impl FnOnce(&mut TrainSettings, &Path)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut run = settings(folder.path());
    change(&mut run, folder.path());
    train(&run, &mut unwatched).unwrap_err().to_string()
}

fn refusal_of_data(text: &str) -> String {
    refusal(|run, folder| {
        let path = folder.join("bad.json");
        std::fs::write(&path, text).unwrap();
        run.data.train = vec![Description::file(path)];
    })
}

#[test]
fn impossible_settings_are_refused() {
    let rank = refusal(|run, _| run.adapter.rank = 0);
    assert!(rank.contains("rank is 0"), "{rank}");
    let targets = refusal(|run, _| run.adapter.targets = TargetModules::Named(BTreeSet::from(["c_attn".into()])));
    assert!(
        targets.contains("`c_attn` matches no projection") && targets.contains("q_proj"),
        "{targets}"
    );
    let template = refusal(|run, _| run.data.template = "smolm2".into());
    assert!(template.contains("smolm2"), "{template}");
    let cutoff = refusal(|run, _| run.data.cutoff = 4);
    assert!(
        cutoff.contains("cutoff_len 4 is not longer than template `default`"),
        "{cutoff}"
    );
    let stopping = refusal(|run, _| run.watch.patience = Some(3));
    assert!(stopping.contains("eval_dataset"), "{stopping}");
}

#[test]
fn unusable_data_is_refused() {
    let empty = refusal_of_data("[]");
    assert!(empty.contains("has no row"), "{empty}");
    let missing = refusal_of_data(r#"[{"instruction":"a","output":"b"},{"instruction":"a"}]"#);
    assert!(missing.contains("row 2: `output` is missing"), "{missing}");
    let foreign = refusal_of_data(r#"[{"question":"a","sql":"b"}]"#);
    assert!(
        foreign.contains("neither Alpaca") && foreign.contains("question, sql"),
        "{foreign}"
    );
    let cut = refusal_of_data(r#"[{"instruction":"a","#);
    assert!(cut.contains("is not a JSON array of objects"), "{cut}");
    let turns = refusal_of_data(r#"{"conversations":[{"from":"gpt","value":"x"},{"from":"human","value":"y"}]}"#);
    assert!(turns.contains("row 1: message 1 has the wrong role"), "{turns}");
    let tools = refusal_of_data(r#"{"messages":[{"role":"tool","content":"x"}]}"#);
    assert!(tools.contains("`role` is `tool`"), "{tools}");
}

#[test]
fn forbidden_truncation_is_refused() {
    let text = refusal(|run, _| {
        run.data.cutoff = 12;
        run.data.on_truncation = OnTruncation::Error;
    });
    assert!(
        text.contains("truncated") && text.contains("raise cutoff_len above 12"),
        "{text}"
    );
}

#[test]
fn mismatched_weights_are_refused() {
    let missing = refusal(|run, _| std::fs::remove_file(run.model.join("model.safetensors")).unwrap());
    assert!(missing.contains("model.safetensors"), "{missing}");
    let cut = refusal(|run, _| {
        let path = run.model.join("model.safetensors");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    });
    assert!(cut.contains("safetensors"), "{cut}");
    let shape = refusal(|run, _| {
        let path = run.model.join("config.json");
        let text = std::fs::read_to_string(&path)
            .unwrap()
            .replace("\"hidden_size\": 36", "\"hidden_size\": 48");
        std::fs::write(&path, text).unwrap();
    });
    assert!(shape.contains("config.json asks for"), "{shape}");
}
