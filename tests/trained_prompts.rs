//! Results that are what they say: a model is asked as it was trained, and predictions of another model or another way of asking are never
//! taken for its own.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::before_and_after::{command, done, exported, json, lines, said};

/// Flags of a run whose prompts are outlines.
const OUTLINE: [&str; 6] = [
    "--set",
    "export.schema_style=outline",
    "--set",
    "export.prompt={question}\n\n{schema}",
    "--set",
    "run.name=styled",
];

/// A project whose profile says nothing of prompts, with a run exported in outlines and an adapter trained on it; neither training nor what
/// follows repeats the flags.
fn trained_on_outlines() -> tempfile::TempDir {
    let folder = exported();
    let profile = folder.path().join("nl2sql.toml");
    let text = fs::read_to_string(&profile).unwrap();
    let silent: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("instruction") && !line.starts_with("prompt") && !line.starts_with("template"))
        .collect();
    fs::write(&profile, silent.join("\n")).unwrap();
    done(folder.path(), &[&["run", "--quiet"][..], &OUTLINE].concat());
    let training = [
        "train",
        "--quiet",
        "--set",
        "run.name=styled",
        "--set",
        "model.template=llama2",
    ];
    done(folder.path(), &training);
    folder
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
    said(&output)
}

fn first_prompt(predictions: &Path) -> String {
    lines(predictions)[0]["prompt"].as_str().unwrap().to_owned()
}

#[test]
fn models_are_asked_as_they_were_trained() {
    let folder = trained_on_outlines();
    let adapter = folder.path().join("runs/styled/train");
    for place in [
        adapter.clone(),
        adapter.join("checkpoint-2"),
        adapter.join("checkpoint-8"),
    ] {
        let record = json(&place.join("nl2sql.json"));
        assert_eq!(record["template"], "llama2", "{}", place.display());
        assert_eq!(record["prompt"]["schema_style"], "outline", "{}", place.display());
        assert_eq!(record["prompt"]["prompt"], "{question}\n\n{schema}");
    }
    let run = ["--set", "run.name=styled", "--set", "evaluate.max_new_tokens=2"];
    let text = done(
        folder.path(),
        &[&["eval", "--before", "tiny", "--after", "runs/styled/train"][..], &run].concat(),
    );
    assert!(text.contains("export.schema_style = \"outline\""), "{text}");
    let eval = folder.path().join("runs/styled/eval");
    for side in ["before", "after"] {
        let prompt = first_prompt(&eval.join(side).join("generated_predictions.jsonl"));
        assert!(prompt.contains("customers(id, city, points)"), "{side}: {prompt}");
        assert!(!prompt.contains("CREATE TABLE"), "{side}: {prompt}");
    }
    let made_with = &json(&eval.join("manifest.json"))["made_with"];
    assert_eq!(made_with["after"]["model.template"], "llama2");
    assert_eq!(made_with["after"]["export.schema_style"], "outline");
    assert_ne!(made_with["before"]["model.template"], "auto");

    // What contradicts the record is refused by name.
    for (setting, value) in [("export.schema_style", "ddl"), ("model.template", "default")] {
        let setting_given = format!("{setting}={value}");
        let text = refused(
            folder.path(),
            &[
                &["predict", "--adapter", "runs/styled/train", "--set", &setting_given][..],
                &run,
            ]
            .concat(),
        );
        assert!(text.contains(setting) && text.contains("nl2sql.json"), "{text}");
        for asking in [&["ask", "How many?"][..], &["serve", "--port", "0"]] {
            let given = ["--adapter", "runs/styled/train", "--set", &setting_given];
            let text = refused(folder.path(), &[asking, &given, &run].concat());
            assert!(
                text.contains(setting) && text.contains("nl2sql.json"),
                "{asking:?}: {text}"
            );
        }
    }

    // A merged model keeps the record.
    done(
        folder.path(),
        &["model", "merge", "tiny", "runs/styled/train", "merged"],
    );
    done(
        folder.path(),
        &[&["predict", "--quiet", "--model", "merged", "--output", "p"][..], &run].concat(),
    );
    let prompt = first_prompt(&folder.path().join("p/generated_predictions.jsonl"));
    assert!(
        prompt.contains("customers(id, city, points)") && prompt.contains("[INST]"),
        "{prompt}"
    );

    // An adapter of another program has none, and that is said.
    fs::remove_file(adapter.join("nl2sql.json")).unwrap();
    let text = done(
        folder.path(),
        &[
            &["predict", "--adapter", "runs/styled/train", "--output", "q"][..],
            &run,
        ]
        .concat(),
    );
    assert!(text.contains("has no nl2sql.json"), "{text}");
}

/// A project with adapters that one step of a LLaMA-Factory recipe trained, `thinks` with thoughts and `silent` without.
fn trained_by_recipes() -> tempfile::TempDir {
    let folder = exported();
    let profile = folder.path().join("nl2sql.toml");
    let text = fs::read_to_string(&profile)
        .unwrap()
        .replace("template = \"default\"\n", "");
    fs::write(&profile, text).unwrap();
    for (name, thinking) in [("thinks", true), ("silent", false)] {
        let recipe = format!(
            "model_name_or_path: tiny\nstage: sft\ndo_train: true\nfinetuning_type: lora\nlora_rank: 2\nlora_target: all\n\
             dataset: shop_train\ndataset_dir: runs/shop/export\ntemplate: qwen3\nenable_thinking: {thinking}\ncutoff_len: 512\n\
             output_dir: {name}\nmax_steps: 1\nper_device_train_batch_size: 1\ngradient_accumulation_steps: 1\n"
        );
        fs::write(folder.path().join(format!("{name}.yaml")), recipe).unwrap();
        done(
            folder.path(),
            &["train", "--quiet", "--recipe", &format!("{name}.yaml")],
        );
    }
    folder
}

#[test]
fn thoughts_are_left_to_a_model_that_was_trained_with_them() {
    const NO_THOUGHTS: &str = "<think>\n\n</think>\n\n";
    let folder = trained_by_recipes();
    let predicted = |adapter: &str, output: &str, more: &[&str]| {
        let asked = ["predict", "--quiet", "--set", "evaluate.max_new_tokens=2"];
        let answered_by = ["--adapter", adapter, "--output", output];
        done(folder.path(), &[&asked[..], &answered_by, more].concat());
        let predictions = folder.path().join(output).join("generated_predictions.jsonl");
        let prompt = first_prompt(&predictions);
        (prompt, fingerprints(&fs::read_to_string(predictions).unwrap()))
    };
    for (adapter, thinking) in [("thinks", true), ("silent", false)] {
        let record = json(&folder.path().join(adapter).join("nl2sql.json"));
        assert_eq!(record["enable_thinking"], thinking, "{adapter}");
        let (prompt, _) = predicted(adapter, &format!("p-{adapter}"), &[]);
        assert_eq!(prompt.ends_with(NO_THOUGHTS), !thinking, "{adapter}: {prompt:?}");
        let other = format!("model.enable_thinking={}", !thinking);
        let text = refused(folder.path(), &["predict", "--adapter", adapter, "--set", &other]);
        assert!(
            text.contains("model.enable_thinking") && text.contains("nl2sql.json"),
            "{text}"
        );
    }

    // A record of a version that did not keep it: the profile decides, and predictions of the other way are not taken for these.
    let record = folder.path().join("thinks/nl2sql.json");
    let mut earlier = json(&record);
    earlier.as_object_mut().unwrap().remove("enable_thinking");
    fs::write(&record, earlier.to_string()).unwrap();
    let thinking = ["--set", "model.enable_thinking=true"];
    let (with, with_fingerprint) = predicted("thinks", "p-earlier", &thinking);
    let (without, without_fingerprint) = predicted("thinks", "p-earlier", &[]);
    assert!(
        !with.ends_with(NO_THOUGHTS) && without.ends_with(NO_THOUGHTS),
        "{with:?}, {without:?}"
    );
    assert_ne!(with_fingerprint, without_fingerprint);
}

#[test]
fn predictions_of_another_model_are_not_taken_for_new_ones() {
    let folder = exported();
    done(folder.path(), &["train", "--quiet"]);
    let predictions = folder.path().join("runs/shop/eval/after/generated_predictions.jsonl");
    let eval = |after: &str, more: &[&str]| {
        let text = done(folder.path(), &[&["eval", "--after", after][..], more].concat());
        (text, fs::read_to_string(&predictions).unwrap())
    };
    let (_, last) = eval("runs/shop/train", &[]);
    let (text, earlier) = eval("runs/shop/train/checkpoint-2", &[]);
    assert!(text.contains("another adapter") && text.contains("kept as"), "{text}");
    assert_ne!(fingerprints(&last), fingerprints(&earlier));
    let (_, hotter) = eval("runs/shop/train/checkpoint-2", &["--set", "evaluate.temperature=1.5"]);
    assert_ne!(fingerprints(&hotter), fingerprints(&earlier));
    let (_, again) = eval("runs/shop/train", &[]);
    assert_eq!(again, last, "what was predicted before comes back");

    // Without an adapter, in another template: all rows are new.
    let rows = lines(&folder.path().join("runs/shop/export/shop_test.jsonl")).len();
    done(folder.path(), &["predict", "--quiet", "--adapter", "runs/shop/train"]);
    let text = done(folder.path(), &["predict", "--set", "model.template=llama2"]);
    assert!(text.contains(&format!("{rows} of {rows} rows predicted")), "{text}");
    let text = done(folder.path(), &["predict", "--set", "model.template=llama2"]);
    assert!(text.contains("same model, prompts and decoding"), "{text}");
}

fn fingerprints(predictions: &str) -> Vec<Value> {
    let rows = predictions
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut found: Vec<Value> = rows.map(|row| row["fingerprint"].clone()).collect();
    found.dedup();
    assert_eq!(found.len(), 1, "a file holds predictions of one fingerprint: {found:?}");
    found
}

#[test]
fn a_report_is_verified_without_the_flags_it_was_made_with() {
    let folder = exported();
    let flags = [
        "--set",
        "evaluate.metrics=[\"metric-sql\"]",
        "--set",
        "evaluate.max_new_tokens=3",
        "--set",
        "run.seed=9",
        "--limit",
        "2",
        "--definition",
        "bird",
    ];
    done(
        folder.path(),
        &[&["eval", "--quiet", "--after", "tiny"][..], &flags].concat(),
    );
    let manifest = "runs/shop/eval/manifest.json";
    let text = done(folder.path(), &["eval", "--verify", manifest]);
    assert!(text.contains("reproduced"), "{text}");
    // A prediction that is not the one that was scored is noticed.
    let predictions = folder.path().join("runs/shop/eval/after/generated_predictions.jsonl");
    let changed = fs::read_to_string(&predictions)
        .unwrap()
        .replacen("\"predict\":\"", "\"predict\":\"x", 1);
    fs::write(&predictions, changed).unwrap();
    let output = command(folder.path(), &["eval", "--verify", manifest])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("digest of predictions-after"),
        "{}",
        said(&output)
    );
}

#[test]
fn evidence_is_shown_to_the_model_that_trains_and_to_the_one_that_is_asked() {
    let folder = exported();
    let profile = folder.path().join("nl2sql.toml");
    let text = fs::read_to_string(&profile)
        .unwrap()
        .replace("prompt = \"{question}\"\n", "");
    fs::write(&profile, text).unwrap();
    let row = |evidence: &str| {
        serde_json::json!({ "question_id": 7, "db_id": "shop", "question": "How many loyal customers?", "evidence": evidence,
            "SQL": "SELECT count(*) FROM customers WHERE points > 20" })
    };
    let rows = serde_json::json!([row("loyal means points > 20"), row("")]);
    fs::write(folder.path().join("bird.json"), rows.to_string()).unwrap();
    done(
        folder.path(),
        &["predict", "--quiet", "--dataset", "bird.json", "--output", "p"],
    );
    let predictions = lines(&folder.path().join("p/generated_predictions.jsonl"));
    let prompts: Vec<String> = predictions
        .iter()
        .map(|row| row["prompt"].as_str().unwrap().split_whitespace().collect())
        .collect();
    assert!(
        prompts[0].contains("Externalknowledge:loyalmeanspoints>20"),
        "{}",
        prompts[0]
    );
    assert!(!prompts[1].contains("knowledge"), "{}", prompts[1]);

    let databases = folder.path().join("databases");
    fs::create_dir_all(&databases).unwrap();
    fs::copy(folder.path().join("shop.sqlite"), databases.join("shop.sqlite")).unwrap();
    let training = [
        "train",
        "--dry-run",
        "--dataset",
        "bird.json",
        "--databases",
        "databases",
    ];
    done(folder.path(), &training);
    let pairs = lines(&folder.path().join("runs/shop/export/bird_prompted.jsonl"));
    let prompt = pairs[0]["instruction"].as_str().unwrap();
    assert!(prompt.contains("loyal means points > 20"), "{prompt}");

    // A layout without a place for it leaves it out, and that is said.
    let text = done(
        folder.path(),
        &[
            "predict",
            "--dataset",
            "bird.json",
            "--output",
            "q",
            "--set",
            "export.prompt={question}",
        ],
    );
    assert!(
        text.contains("questions that come with evidence which no prompt shows: 1"),
        "{text}"
    );
}
