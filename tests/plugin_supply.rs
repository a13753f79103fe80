//! Somebody else's plugin in the hands of a user: added, run, updated after a look at what it does otherwise, and refused once it was changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nl2sql_builtin_plugins::PLUGINS;
use serde_json::Value;

const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, city TEXT NOT NULL, points INTEGER);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id), amount REAL);
    INSERT INTO customers VALUES (1,'Oslo',10),(2,'Bergen',25),(3,'Oslo',7),(4,'Narvik',99);
    INSERT INTO orders VALUES (1,1,12.5),(2,1,80),(3,2,7.25),(4,4,31),(5,3,64);
";

struct User {
    folder: tempfile::TempDir,
}

impl User {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = rusqlite::Connection::open(folder.path().join("shop.sqlite")).unwrap();
        database.execute_batch(SHOP).unwrap();
        let profile = "[database]\npath = \"shop.sqlite\"\n[run]\nname = \"shop\"\n[plan]\ntotal = 30\n\
                       [validate]\nvalidators = [\"validator-syntax\", \"checks\"]\n";
        fs::write(folder.path().join("nl2sql.toml"), profile).unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A built-in validator, published by a stranger under another name.
    fn publish(&self, file: &str, validator: &str, version: &str) {
        let bytes = PLUGINS.iter().find(|plugin| plugin.name == validator).unwrap().bytes;
        let manifest = format!(
            "name = \"checks\"\nversion = \"{version}\"\nkind = \"validator\"\ndescription = \"A test.\"\n[imports]\nsql = \"reads statements\"\n"
        );
        let packed = nl2sql_plugin_host::pack(bytes, manifest.as_bytes(), validator).unwrap();
        fs::write(self.path().join(file), packed).unwrap();
    }

    fn nl2sql(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_nl2sql"))
            .current_dir(self.path())
            .env("XDG_DATA_HOME", self.path().join("data"))
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .args(arguments)
            .arg("--json")
            .output()
            .unwrap()
    }

    /// What a command that succeeds says.
    fn done(&self, arguments: &[&str]) -> Value {
        let output = self.nl2sql(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Exit and error code of one that does not.
    fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.nl2sql(arguments);
        let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
        let code = said["error"]["code"].as_str().unwrap_or_else(|| panic!("{said}"));
        (output.status.code().unwrap(), code.to_owned())
    }

    fn samples(&self) -> PathBuf {
        self.path().join("runs/shop/samples.jsonl")
    }
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn a_plugin_of_a_stranger_is_added_run_reviewed_and_refused_once_it_was_changed() {
    let user = User::new();
    user.publish("checks.wasm", "validator-syntax", "1.0.0");
    assert_eq!(
        user.refused(&["plugin", "add", "checks.wasm", "--grant", "sql"]),
        (4, "plugin::signature".into())
    );
    assert_eq!(
        user.refused(&["plugin", "add", "checks.wasm", "--unsigned"]),
        (4, "plugin::grant".into())
    );
    assert_eq!(
        user.refused(&["plugin", "remove", "checks"]),
        (2, "plugin::not-locked".into())
    );
    let added = user.done(&["plugin", "add", "checks.wasm", "--grant", "sql", "--unsigned"]);
    assert_eq!(added["added"][0]["version"], "1.0.0");
    user.done(&["run"]);

    // One sample that the next release judges otherwise.
    let samples = fs::read_to_string(user.samples()).unwrap();
    let (first, rest) = samples.split_once('\n').unwrap();
    let mut sample: Value = serde_json::from_str(first).unwrap();
    sample["sql"] = "SELECT no_such_column FROM customers".into();
    fs::write(user.samples(), format!("{sample}\n{rest}")).unwrap();
    user.publish("checks.wasm", "validator-schema", "1.1.0");
    let update = &user.done(&["plugin", "update"])["updates"][0];
    let changes = update["behaviour"]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{update}");
    assert_eq!(
        (&changes[0]["before"], &changes[0]["after"]),
        (&"accepted".into(), &"rejected: unknown-column".into())
    );
    assert_eq!(update["accepted"], false);
    assert_eq!(user.done(&["plugin", "audit"])["findings"][0]["level"], "warning");
    let digest = update["after"]["sha256"].as_str().unwrap();
    let accept = ["plugin", "update", "checks", "--accept"];
    assert_eq!(
        user.refused(&[&accept[..], &["000000000000"]].concat()),
        (2, "plugin::other-bytes".into())
    );
    assert_eq!(
        user.done(&[&accept[..], &[digest]].concat())["updates"][0]["accepted"],
        true
    );
    user.done(&["validate", "--accept-edits"]);
    let audit = user.done(&["plugin", "audit"]);
    let used = audit["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|plugin| plugin["plugin"] == "checks");
    let versions: Vec<_> = used.map(|plugin| plugin["version"].as_str().unwrap()).collect();
    assert_eq!(versions, ["1.0.0", "1.1.0"]);

    let stored = user.path().join(format!("data/nl2sql/plugin-store/{digest}.wasm"));
    fs::write(&stored, "changed").unwrap();
    assert_eq!(user.refused(&["validate", "--redo"]), (4, "plugin::other-bytes".into()));
    assert_eq!(user.nl2sql(&["plugin", "audit"]).status.code(), Some(1));
    fs::remove_file(stored).unwrap();
    assert_eq!(user.refused(&["validate", "--redo"]), (4, "plugin::not-locked".into()));
    user.done(&["plugin", "install"]);
    user.done(&["validate", "--redo"]);
}
