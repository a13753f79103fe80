//! A dialect that exists in this folder alone goes through a run: nothing in the program knows it by name.

use std::fs;
use std::path::Path;
use std::process::Command;

use nl2sql_plugin_host::{PluginHost, PluginSettings};

const SHOP: &str = "
    CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, name TEXT NOT NULL, \"home town\" TEXT);
    CREATE TABLE sales (sale_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (customer_id), amount REAL, day DATE);
    INSERT INTO customer VALUES (1, 'Ann', 'Oslo'), (2, 'Bo', 'Rome'), (3, 'Cy', 'Oslo');
    INSERT INTO sales VALUES (1, 1, 2.5, '2024-01-02'), (2, 1, 3.5, '2024-02-03'), (3, 2, 9, '2023-05-06');
";

fn component() -> String {
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
