//! A dialect that exists in this folder alone goes through a run: nothing in the program knows it by name.

mod curly_driver;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, OnceLock};

use curly_driver::CurlyDriver;
use nl2sql_app::job::{EvaluateRequest, ExampleSource, Job, Outcome};
use nl2sql_app::{DatabaseRegistry, Session};
use nl2sql_constrained_decoding::DecodingState;
use nl2sql_database::{DriverRegistry, Limits};
use nl2sql_plugin_host::{PluginHost, PluginSettings};
use nl2sql_profile::{DecodingConstraint, Layers};
use serde_json::json;

const SHOP: &str = "
    CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, name TEXT NOT NULL, \"home town\" TEXT);
    CREATE TABLE sales (sale_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (customer_id), amount REAL, day DATE);
    INSERT INTO customer VALUES (1, 'Ann', 'Oslo'), (2, 'Bo', 'Rome'), (3, 'Cy', 'Oslo');
    INSERT INTO sales VALUES (1, 1, 2.5, '2024-01-02'), (2, 1, 3.5, '2024-02-03'), (3, 2, 9, '2023-05-06');
";

fn component() -> String {
    static COMPONENT: OnceLock<String> = OnceLock::new();
    COMPONENT.get_or_init(built).clone()
}

fn built() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(env!("CARGO"))
        .current_dir(&root)
        .args(["xtask", "guest", "tests/curly"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    fs::canonicalize(root.join(path)).unwrap().display().to_string()
}

#[test]
fn a_made_up_dialect_goes_through_a_run_by_its_description_alone() {
    let folder = tempfile::tempdir().unwrap();
    rusqlite::Connection::open(folder.path().join("shop.sqlite"))
        .unwrap()
        .execute_batch(SHOP)
        .unwrap();
    let component = component();
    let profile = format!(
        "[database]\npath = \"shop.sqlite\"\ndialect = \"curly\"\n[run]\nname = \"shop\"\n[plan]\ntotal = 60\n\
         [validate]\nvalidators = [\"validator-syntax\", \"validator-schema\"]\n[plugins.dialect-curly]\npath = {}\ngrant = [\"disclose-rows\"]\n",
        serde_json::Value::from(component.as_str())
    );
    fs::write(folder.path().join("nl2sql.toml"), profile).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_nl2sql"))
        .current_dir(folder.path())
        .args(["run", "--json"])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let samples = fs::read_to_string(folder.path().join("runs/shop/samples.jsonl")).unwrap();
    let statements: Vec<String> = samples
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["sql"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let some = |part: &str| statements.iter().any(|sql| sql.contains(part));
    assert!(
        some("{home town}") && some("FETCH FIRST") && some("{sales}"),
        "{statements:#?}"
    );
    for part in ["WITH ", "LIMIT", "OVER (", "`", "\"home"] {
        assert!(!some(part), "{part}: {statements:#?}");
    }
    let verdicts = fs::read_to_string(folder.path().join("runs/shop/verdicts.jsonl")).unwrap();
    assert!(
        !verdicts.contains("syntax-error") && !verdicts.contains("unknown-"),
        "{verdicts}"
    );
    its_own_words_are_understood(&component);
}

/// `||` is OR, and the normal form keeps what is between the brackets.
fn its_own_words_are_understood(component: &str) {
    let settings = PluginSettings {
        path: Some(component.into()),
        ..PluginSettings::default()
    };
    let host = PluginHost::builder()
        .settings([("dialect-curly".to_owned(), settings)].into())
        .build()
        .unwrap();
    let session = host
        .dialect("curly")
        .unwrap()
        .open(&nl2sql_catalog::Database::default());
    let normal = session
        .normalise("SELECT  {A b} FROM t WHERE x = 1 || y = 2")
        .unwrap()
        .unwrap();
    assert_eq!(normal, "select {A b} from t where x = 1 || y = 2");
    assert!(session.analyse("SELECT a FROM t WHERE x = 1 || y = 2").unwrap().is_ok());
    assert!(session.check_syntax("SELECT {a FROM t").unwrap().is_err());
    assert!(
        !session
            .statement("WITH a AS (DELETE FROM t) SELECT 1")
            .unwrap()
            .read_only
    );
}

/// A session over a database that speaks the dialect, through a driver that is registered here.
fn session(folder: &Path) -> Arc<Session> {
    rusqlite::Connection::open(folder.join("shop.sqlite"))
        .unwrap()
        .execute_batch(SHOP)
        .unwrap();
    let profile = format!(
        "[database]\npath = \"shop.sqlite\"\ndialect = \"curly\"\ndriver = \"curlydb\"\n[run]\nname = \"shop\"\n\
         [plugins.dialect-curly]\npath = {}\ngrant = [\"disclose-rows\"]\n",
        serde_json::Value::from(component())
    );
    let path = folder.join("nl2sql.toml");
    fs::write(&path, profile).unwrap();
    let layers = Layers {
        profile: Some(path.display().to_string()),
        ..Layers::default()
    };
    let mut profile = layers.resolve().unwrap().profile;
    profile.run.dir = folder.join("runs");
    let mut drivers = DriverRegistry::default();
    drivers.register(Arc::new(CurlyDriver)).unwrap();
    Session::with_drivers(profile, None, drivers).unwrap()
}

#[test]
fn its_description_guards_a_connection() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path());
    let connection = session.connection().unwrap();
    let run = |sql: &str| {
        let (connection, sql) = (connection.clone(), sql.to_owned());
        session
            .runtime()
            .block_on(|| async move { connection.run(&sql, &Limits::default()).await })
    };
    // What stands between the brackets is a name, be it a second statement to others.
    for (sql, rows) in [
        ("SELECT {home town} FROM customer WHERE name = 'Bo' || name = 'Cy'", 2),
        (
            "SELECT name AS {a; DELETE FROM customer} FROM customer FETCH FIRST 2 ROWS ONLY",
            2,
        ),
    ] {
        assert_eq!(run(sql).unwrap().rows.len(), rows, "{sql}");
    }
    for (sql, why) in [
        ("DELETE FROM customer", "delete"),
        ("FROM customer", "from"),
        ("SELECT {a} FROM customer; DELETE FROM customer", "one statement"),
        ("SELECT name INTO {b} FROM customer", "into"),
        ("SELECT {a FROM customer", ""),
    ] {
        let refused = run(sql).unwrap_err();
        assert_eq!(refused.code(), "refused", "{sql}: {refused}");
        assert!(refused.to_string().to_lowercase().contains(why), "{sql}: {refused}");
    }
}

#[test]
fn its_description_constrains_what_a_model_writes() {
    let folder = tempfile::tempdir().unwrap();
    let databases = DatabaseRegistry::of_run(session(folder.path())).unwrap();
    let constraints = databases
        .schema_constraints(["shop"], DecodingConstraint::Schema)
        .unwrap();
    let constraint = &constraints["shop"];
    let admits = |sql: &str| {
        let mut state = DecodingState::new(constraint.clone());
        state.push(sql.as_bytes()) && state.may_end()
    };
    for sql in [
        "SELECT {home town} FROM customer FETCH FIRST 3 ROWS ONLY",
        "SELECT name FROM {customer} WHERE name = 'x' || {home town} = 'y'",
    ] {
        assert!(admits(sql), "{sql}");
    }
    for sql in ["SELECT {home city} FROM customer", "SELECT name FROM {customers}"] {
        assert!(!admits(sql), "{sql}");
    }
}

#[test]
fn answers_in_it_are_extracted_run_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path());
    let rows = [
        (
            "SELECT {home town} FROM customer WHERE name = 'Bo' || name = 'Cy'",
            "Look at the towns:\n\nSELECT\n    {home town}\nFROM customer\nWHERE name = 'Cy' || name = 'Bo'\n\nIt lists both towns.",
        ),
        (
            "SELECT name FROM customer FETCH FIRST 1 ROWS ONLY",
            "SELECT name AS {one; or ``` two} FROM customer FETCH FIRST 1 ROWS ONLY; this is the first",
        ),
        (
            "SELECT count(*) FROM {sales}",
            "SELECT count(*) FROM {sales} WHERE amount > 5",
        ),
        (
            "SELECT name FROM customer",
            "WITH a AS (SELECT name FROM customer) SELECT name FROM a",
        ),
    ];
    let line = |at: usize, (gold, predict): (&str, &str)| {
        let example = json!({ "db_id": "shop", "question": format!("Question {at}?"), "query": gold });
        let answer = json!({ "prompt": "", "predict": predict, "label": gold });
        (example.to_string(), answer.to_string())
    };
    let (examples, answers): (Vec<String>, Vec<String>) =
        rows.iter().enumerate().map(|(at, row)| line(at, *row)).unzip();
    let (dataset, predictions) = (folder.path().join("own.jsonl"), folder.path().join("answers.jsonl"));
    fs::write(&dataset, examples.join("\n")).unwrap();
    fs::write(&predictions, answers.join("\n")).unwrap();
    let request = EvaluateRequest {
        examples: ExampleSource {
            dataset: Some(dataset),
            ..ExampleSource::default()
        },
        after: Some(predictions),
        output: Some(folder.path().join("report")),
        ..EvaluateRequest::default()
    };
    let Outcome::Evaluate(evaluated) = session.start(Job::Evaluate(request)).join().unwrap() else {
        panic!("an evaluation ends as an evaluation");
    };
    let report = evaluated.as_json();
    let execution = report["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|metric| metric["name"] == "execution-match")
        .unwrap();
    assert_eq!(
        (&execution["after"]["rows"], &execution["after"]["value"]),
        (&json!(4), &json!(50.0)),
        "{report:#}"
    );
    assert_eq!(report["outcomes"]["match"], json!([0, 2]), "{report:#}");
}
