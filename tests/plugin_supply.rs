//! Somebody else's plugin in the hands of a user: added, run, updated after a look at what it does otherwise, and refused once it was changed.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nl2sql_builtin_plugins::PLUGINS;
use nl2sql_llm_server::TlsFront;
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
        let imports = "sql = \"reads statements\"\n";
        self.publish_as(file, "validator", "checks", version, built_in(validator), imports);
    }

    /// A component, published by a stranger under a name and version.
    fn publish_as(&self, file: &str, kind: &str, name: &str, version: &str, component: &[u8], imports: &str) {
        let manifest = format!(
            "name = \"{name}\"\nversion = \"{version}\"\nkind = \"{kind}\"\ndescription = \"A test.\"\n[imports]\n{imports}"
        );
        let packed = nl2sql_plugin_host::pack(component, manifest.as_bytes(), name).unwrap();
        fs::write(self.path().join(file), packed).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nl2sql"));
        command
            .current_dir(self.path())
            .env("XDG_DATA_HOME", self.path().join("data"))
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .args(arguments);
        command
    }

    fn nl2sql(&self, arguments: &[&str]) -> Output {
        self.command(arguments).arg("--json").output().unwrap()
    }

    /// What a command that succeeds tells a person.
    fn plain(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        text(&output)
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

fn built_in(name: &str) -> &'static [u8] {
    PLUGINS.iter().find(|plugin| plugin.name == name).unwrap().bytes
}

/// A guest that was built for contract 0.1.
fn old_guest(name: &str) -> Vec<u8> {
    let path = format!("{}/../tests/guests_0_1/{name}.wasm", env!("CARGO_MANIFEST_DIR"));
    fs::read(path).unwrap()
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

#[test]
fn updates_of_planners_and_generators_show_what_they_write_otherwise() {
    let user = User::new();
    let (planner, generator) = (old_guest("planner-plain"), old_guest("generator-plain"));
    user.publish_as(
        "topics.wasm",
        "planner",
        "topics",
        "1.0.0",
        &planner,
        "log = \"tells\"\n",
    );
    user.publish_as(
        "writer.wasm",
        "generator",
        "writer",
        "1.0.0",
        &generator,
        "log = \"tells\"\n",
    );
    for file in ["topics.wasm", "writer.wasm"] {
        assert_eq!(
            user.refused(&["plugin", "add", file, "--grant", "log", "--unsigned"]),
            (2, "plugin::grant".into())
        );
        user.done(&["plugin", "add", file, "--unsigned"]);
    }
    let mine = [
        "--set",
        "validate.validators=[\"validator-syntax\"]",
        "--set",
        "plan.planner=topics",
        "--set",
        "generate.generator=writer",
    ];
    user.done(&[&["run"], &mine[..]].concat());

    user.publish_as("topics.wasm", "planner", "topics", "1.1.0", built_in("planner-fk"), "");
    user.publish_as(
        "writer.wasm",
        "generator",
        "writer",
        "1.1.0",
        built_in("generator-grammar"),
        "",
    );
    let updates = user.done(&["plugin", "update"]);
    let of = |name: &str| {
        let updates = updates["updates"].as_array().unwrap();
        updates.iter().find(|update| update["name"] == name).unwrap()["behaviour"].clone()
    };
    let planned = of("topics");
    assert_eq!(
        (&planned["of"], &planned["not_compared"]),
        (&"planned-topics".into(), &Value::Null)
    );
    let first = &planned["changes"][0];
    assert_eq!(
        (&first["subject"], &first["before"], &first["after"]),
        (
            &"Customers and orders".into(),
            &"no such topic".into(),
            &"30 pairs about customers, orders".into()
        )
    );
    let written = of("writer");
    assert_eq!(
        (&written["of"], &written["not_compared"]),
        (&"written-topics".into(), &Value::Null)
    );
    let changes = written["changes"].as_array().unwrap();
    assert_eq!(written["compared"], changes.len(), "{written}");
    assert!(
        changes[0]["after"].as_str().unwrap().contains("of its own, e.g. "),
        "{written}"
    );

    // The same component under another version writes the same.
    user.publish_as(
        "writer.wasm",
        "generator",
        "writer",
        "1.0.1",
        &generator,
        "log = \"tells\"\n",
    );
    let again = user.done(&["plugin", "update", "writer"])["updates"][0]["behaviour"].clone();
    assert_eq!(again["changes"], Value::Array(Vec::new()), "{again}");
    let shown = user.plain(&["plugin", "update", "topics"]);
    assert!(shown.contains("topics are planned otherwise"), "{shown}");
}

#[test]
fn an_encrypted_server_is_believed_only_with_a_certificate_that_the_system_trusts() {
    let user = User::new();
    user.publish("checks.wasm", "validator-syntax", "1.0.0");
    let bytes = fs::read(user.path().join("checks.wasm")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let front = runtime.block_on(TlsFront::start("localhost", serve(bytes))).unwrap();
    let source = format!("https://localhost:{}/checks.wasm", front.address().port());
    let add = ["plugin", "add", &source, "--grant", "sql", "--unsigned"];
    assert_eq!(user.refused(&add), (4, "plugin::source".into()));
    let authority = user.path().join("authority.pem");
    fs::write(&authority, front.authority_pem()).unwrap();
    let output = user.command(&add).env("SSL_CERT_FILE", &authority).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    user.done(&["run"]);
}

/// Serves these bytes at any path that is no signature, until the process ends.
fn serve(bytes: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let request = lines.next().unwrap_or_default();
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let (status, body) = match request.contains(".minisig") {
                true => ("404 Not Found", &[][..]),
                false => ("200 OK", &bytes[..]),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        }
    });
    address
}
