//! From a database to a trained adapter and a report before and after, through the real program, with a model small enough for a test.
//!
//! Its weights are random: what it says is nonsense, and what is tested is the way, not the figures.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use nl2sql_constrained_decoding::{DecodingState, DialectRules, SchemaConstraint};
use serde_json::Value;

const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, city TEXT NOT NULL, points INTEGER);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id), amount REAL);
    INSERT INTO customers VALUES (1,'Oslo',10),(2,'Bergen',25),(3,'Oslo',7),(4,'Narvik',99);
    INSERT INTO orders VALUES (1,1,12.5),(2,1,80),(3,2,7.25),(4,4,31),(5,3,64);
";

const PROFILE: &str = r#"
[database]
path = "shop.sqlite"
[run]
name = "shop"
[plan]
total = 60
[export]
instruction = "{database}"
prompt = "{question}"
[model]
path = "tiny"
template = "default"
[train]
max_steps = 8
per_device_train_batch_size = 4
gradient_accumulation_steps = 1
save_steps = 2
logging_steps = 1
eval_steps = 4
[evaluate]
max_new_tokens = 12
"#;

/// A folder with a database, a model and the exported pairs of a run.
pub fn exported() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    rusqlite::Connection::open(folder.path().join("shop.sqlite"))
        .unwrap()
        .execute_batch(SHOP)
        .unwrap();
    fs::write(folder.path().join("nl2sql.toml"), PROFILE).unwrap();
    let gguf = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/model/tests/fixtures/llama-tiny.gguf");
    done(folder.path(), &["model", "import", &gguf.display().to_string(), "tiny"]);
    let config = folder.path().join("tiny/config.json");
    let mut document: Value = serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
    document["max_position_embeddings"] = 4_096.into();
    fs::write(&config, document.to_string()).unwrap();
    done(folder.path(), &["run", "--quiet"]);
    folder
}

pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nl2sql"));
    command
        .current_dir(folder)
        .args(arguments)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command
}

pub fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains("panicked"), "{text}");
    text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs the program to an end that must be good.
pub fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    said(&output)
}

pub fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).unwrap()
}

pub fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_run_is_trained_on_predicted_and_compared() {
    let folder = exported();
    let run = folder.path().join("runs/shop");
    let plan = done(folder.path(), &["train", "--dry-run"]);
    assert!(plan.contains("trainable") && !run.join("train").exists(), "{plan}");
    done(folder.path(), &["train"]);
    for file in [
        "adapter_config.json",
        "adapter_model.safetensors",
        "trainer_log.jsonl",
        "trainer_state.json",
        "train_results.json",
        "training_loss.svg",
        "training_loss.png",
    ] {
        assert!(run.join("train").join(file).is_file(), "{file}");
    }
    let state = json(&run.join("train/trainer_state.json"));
    assert_eq!(state["global_step"], 8);

    done(
        folder.path(),
        &["eval", "--before", "tiny", "--after", "runs/shop/train", "--quiet"],
    );
    let report = run.join("eval");
    for file in ["report.html", "report.json", "report.md", "manifest.json"] {
        assert!(report.join(file).is_file(), "{file}");
    }
    let page = fs::read_to_string(report.join("report.html")).unwrap();
    assert!(
        page.contains("<svg") && !page.contains("http://") && !page.contains("src=\"http"),
        "one file, no network"
    );
    let verified = done(folder.path(), &["eval", "--verify", "runs/shop/eval/manifest.json"]);
    assert!(verified.contains("reproduced"), "{verified}");
}

#[test]
fn killed_predictions_resume() {
    let folder = exported();
    let predictions = folder.path().join("runs/shop/predictions/generated_predictions.jsonl");
    let arguments = [
        "predict",
        "--quiet",
        "--set",
        "evaluate.batch=1",
        "--dataset",
        "runs/shop/export/shop_train.jsonl",
    ];
    let mut process = command(folder.path(), &arguments).spawn().unwrap();
    let written = || fs::metadata(&predictions).is_ok_and(|file| file.len() > 0);
    while !written() && process.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    let before = fs::read_to_string(&predictions).unwrap();
    let whole = before.rfind('\n').map_or(0, |end| end + 1);
    done(folder.path(), &arguments);
    let after = fs::read_to_string(&predictions).unwrap();
    assert!(after.starts_with(&before[..whole]), "what was predicted stays");
    let rows = lines(&predictions);
    let asked = fs::read_to_string(folder.path().join("runs/shop/export/shop_train.jsonl")).unwrap();
    assert_eq!(rows.len(), asked.lines().count());
    for field in ["prompt", "predict", "label", "predicted_sql"] {
        assert!(rows.iter().all(|row| row[field].is_string()), "{field}");
    }
}

#[test]
fn predict_uses_the_prompt_layout_of_training() {
    for style in ["ddl", "cards", "outline"] {
        let folder = exported();
        let style = format!("export.schema_style={style}");
        let layout = ["--set", &style, "--set", "export.prompt={question}\n\n{schema}"];
        let values = ["--set", "privacy.sample_values=true"];
        let name = ["--set", "run.name=styled", "--quiet"];
        done(folder.path(), &[&["run"][..], &layout, &values, &name].concat());
        let pairs = lines(&folder.path().join("runs/styled/export/styled_train.jsonl"));
        let (question, sql) = (&pairs[0]["question"], &pairs[0]["sql"]);
        let bare = serde_json::json!({ "id": "q", "db_id": "shop", "question": question, "query": sql });
        fs::write(folder.path().join("bare.jsonl"), bare.to_string() + "\n").unwrap();
        done(
            folder.path(),
            &[&["predict", "--dataset", "bare.jsonl"][..], &layout, &values, &name].concat(),
        );
        let trained = json(&folder.path().join("runs/styled/export/styled_train.json"));
        let trained = &trained[0];
        let message = format!(
            "{}\n{}",
            trained["instruction"].as_str().unwrap(),
            trained["input"].as_str().unwrap()
        );
        let asked = lines(
            &folder
                .path()
                .join("runs/styled/predictions/generated_predictions.jsonl"),
        );
        let prompt = asked[0]["prompt"].as_str().unwrap();
        let spaceless = |text: &str| text.split_whitespace().collect::<String>();
        assert!(
            spaceless(prompt).contains(&spaceless(&message)),
            "{style}: {prompt}\n{message}"
        );
    }
}

#[test]
fn custom_datasets_are_trained_with_schema_prompts() {
    let folder = exported();
    let databases = folder.path().join("databases/shop");
    fs::create_dir_all(&databases).unwrap();
    fs::copy(folder.path().join("shop.sqlite"), databases.join("shop.sqlite")).unwrap();
    let own = r#"{"db_id": "shop", "question": "How many customers?", "query": "SELECT count(*) FROM customers"}
{"db_id": "shop", "question": "Who knows?"}
{"db_id": "shop", "question": "Largest order?", "query": "SELECT max(amount) FROM orders"}
"#;
    fs::write(folder.path().join("own.jsonl"), own).unwrap();
    let layout = [
        "--set",
        "export.schema_style=outline",
        "--set",
        "export.prompt={question}\n\n{schema}",
    ];
    let asked = ["--dataset", "own.jsonl", "--databases", "databases", "--output", "own"];
    let text = done(folder.path(), &[&["train"][..], &asked, &layout].concat());
    assert!(text.contains("1 rows without a query"), "{text}");
    let pairs = lines(&folder.path().join("runs/shop/export/own_prompted.jsonl"));
    assert_eq!(pairs.len(), 2);
    let prompt = pairs[1]["instruction"].as_str().unwrap();
    assert!(
        prompt.contains("Largest order?") && prompt.contains("customer_id"),
        "{prompt}"
    );
    assert_eq!(pairs[1]["output"], "SELECT max(amount) FROM orders");
    assert_eq!(json(&folder.path().join("own/trainer_state.json"))["global_step"], 8);

    let missing = ["--dataset", "own.jsonl", "--databases", "nowhere"];
    let output = command(folder.path(), &[&["train"][..], &missing].concat())
        .output()
        .unwrap();
    assert!(
        !output.status.success() && said(&output).contains("shop"),
        "{}",
        said(&output)
    );
}

#[test]
fn schema_constrained_answers_use_existing_names_only() {
    let folder = exported();
    let held = [
        "--set",
        "evaluate.constrain=schema",
        "--set",
        "evaluate.max_new_tokens=40",
    ];
    let predictions = |output: &str, more: &[&str]| {
        done(
            folder.path(),
            &[&["predict", "--quiet", "--output", output][..], more].concat(),
        );
        let rows = lines(&folder.path().join(output).join("generated_predictions.jsonl"));
        rows.iter()
            .map(|row| row["predict"].as_str().unwrap().to_owned())
            .collect::<Vec<String>>()
    };
    let catalog = fs::read(folder.path().join("runs/shop/metadata.json")).unwrap();
    let catalog: nl2sql_catalog::Database = serde_json::from_slice(&catalog).unwrap();
    let info = nl2sql_plugin_host::PluginHost::builder()
        .embedded(nl2sql_builtin_plugins::PLUGINS)
        .build()
        .unwrap()
        .dialect("sqlite")
        .unwrap()
        .info()
        .unwrap();
    let names = std::sync::Arc::new(SchemaConstraint::new(&catalog, DialectRules::of(&info)));
    let fits = |text: &String| DecodingState::new(names.clone()).push(text.as_bytes());
    let candidates = ["--set", "evaluate.candidates=2"];
    for more in [&held[..], &[&held[..], &candidates].concat()] {
        let output = format!("held{}", more.len());
        let answers = predictions(&output, more);
        assert!(answers.iter().all(fits), "{answers:?}");
    }
    assert!(
        !predictions("free", &[]).iter().all(fits),
        "what random weights say is no SQL"
    );

    let made_with = |predictions: &str| {
        let arguments = ["eval", "--quiet", "--after", predictions, "--output", "scored"];
        done(folder.path(), &arguments);
        json(&folder.path().join("scored/manifest.json"))["made_with"]["after"]["constrain"].clone()
    };
    assert_eq!(
        (made_with("held4"), made_with("free")),
        ("schema".into(), "none".into()),
        "how answers were made is in the manifest"
    );
    let output = command(folder.path(), &[&["predict", "--endpoint"][..], &held].concat())
        .output()
        .unwrap();
    let text = said(&output);
    assert!(
        !output.status.success() && text.contains("evaluate.constrain") && text.contains("--endpoint"),
        "{text}"
    );
}

#[test]
fn killed_training_resumes_to_the_same_adapter() {
    let folder = exported();
    done(folder.path(), &["train", "--quiet", "--output", "whole"]);
    let wanted = fs::read(folder.path().join("whole/adapter_model.safetensors")).unwrap();
    for step in [2, 4, 6] {
        let output = format!("killed{step}");
        let arguments = ["train", "--quiet", "--output", &output];
        let checkpoint = folder.path().join(&output).join(format!("checkpoint-{step}"));
        let mut process = command(folder.path(), &arguments).spawn().unwrap();
        while !checkpoint.exists() && process.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        process.kill().unwrap();
        process.wait().unwrap();
        done(folder.path(), &arguments);
        let ended = fs::read(folder.path().join(&output).join("adapter_model.safetensors")).unwrap();
        assert!(ended == wanted, "killed at step {step}");
    }
}

#[test]
fn train_and_eval_errors_are_one_clear_paragraph() {
    let folder = exported();
    for (arguments, parts) in [
        (&["train", "--model", "nowhere"][..], &["nowhere"][..]),
        (&["train", "--set", "model.template=gossip"], &["gossip", "qwen3"]),
        (&["train", "--device", "cuda:7"], &["cuda:7", "--device cpu"]),
        (&["train", "--device", "toaster"], &["toaster", "wgpu"]),
        (&["train", "--dataset", "missing.json"], &["missing.json"]),
        (&["train", "--set", "train.lora_rank=0"], &["lora_rank is 0"]),
        (&["train", "--set", "train.lora_target=nothing_such"], &["nothing_such"]),
        (&["train", "--set", "train.cutoff_len=2"], &["cutoff"]),
        (&["train", "--set", "model.device=wgpu"], &["wgpu"]),
        (&["predict", "--model", "nowhere"], &["nowhere"]),
        (&["predict", "--adapter", "nowhere"], &["nowhere"]),
        (&["predict", "--dataset", "missing.jsonl"], &["missing.jsonl"]),
        (&["eval", "--after", "missing"], &["missing"]),
        (
            &["eval", "--after", "tiny", "--definition", "guess"],
            &["guess", "test-suite"],
        ),
    ] {
        let output = command(folder.path(), arguments).output().unwrap();
        let text = said(&output);
        assert!(!output.status.success(), "{arguments:?} {text}");
        for part in parts {
            assert!(text.contains(part), "{arguments:?} lacks {part}: {text}");
        }
    }
}
