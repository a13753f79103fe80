//! A chat server, a folder with a database and a profile, and the program run in it.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use nl2sql_database::ConnectionSettings;
use nl2sql_llm_server::{Fault, Gateway, LlmServer, Received, Responder, SchemaWriter, Script, TlsFront};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A server with a runtime of its own, since the program is waited for on the test's thread.
pub struct Peer {
    runtime: Runtime,
    server: LlmServer,
}

impl Peer {
    /// A server that writes pairs over the schema it is shown.
    pub fn start(faults: &[&str]) -> Self {
        Self::answering(SchemaWriter::default(), faults)
    }

    /// A server with this responder.
    pub fn answering(responder: impl Responder + 'static, faults: &[&str]) -> Self {
        let faults = faults
            .iter()
            .map(|name| Fault::from_name(name).unwrap_or_else(|| panic!("no fault {name}")));
        Self::following(responder, Script::cycle(faults.collect()))
    }

    /// A server that gives these bodies in turn.
    pub fn repeating(bodies: &[String]) -> Self {
        let headers = "content-type: application/json\r\n";
        let responses = bodies.iter().map(|body| Fault::response(200, headers, body));
        Self::following(SchemaWriter::default(), Script::cycle(responses.collect()))
    }

    fn following(responder: impl Responder + 'static, script: Script) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let server = runtime.block_on(LlmServer::start(0, responder, script)).unwrap();
        Self { runtime, server }
    }

    /// Every request so far.
    pub fn received(&self) -> Vec<Received> {
        self.server.received()
    }

    /// The OpenAI base URL.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// A front that speaks TLS as `host`.
    pub fn behind_tls(&self, host: &str) -> TlsFront {
        let front = TlsFront::start(host, self.server.address());
        self.runtime.block_on(front).unwrap()
    }

    /// A proxy that leads to `target`.
    pub fn gateway(&self, target: SocketAddr, login: Option<(&'static str, &'static str)>) -> Gateway {
        self.runtime.block_on(Gateway::start(target, login)).unwrap()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Most requests that were being answered at one time.
    pub fn most_at_once(&self) -> usize {
        self.server.most_at_once()
    }

    /// Stops the server; whoever asks it after that is refused.
    pub fn stop(self) {
        drop(self.server);
        self.runtime.shutdown_background();
    }
}

/// A folder to run the program in.
pub struct Place {
    folder: TempDir,
    /// What the profile says of the database.
    database: String,
    password: Option<String>,
}

impl Place {
    /// A folder with the database of this script, as `shop.sqlite`.
    pub fn with_database(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        rusqlite::Connection::open(folder.path().join("shop.sqlite"))
            .unwrap()
            .execute_batch(script)
            .unwrap();
        Self {
            folder,
            database: "path = \"shop.sqlite\"".to_owned(),
            password: None,
        }
    }

    /// A folder for the database of this login.
    pub fn on_server(login: &ConnectionSettings) -> Self {
        let scheme = match login.driver.as_str() {
            "mysql" => "mysql",
            _ => "postgres",
        };
        let (user, host, port, name) = (&login.user, &login.host, login.effective_port(), &login.database);
        Self {
            folder: tempfile::tempdir().unwrap(),
            database: format!("url = \"{scheme}://{user}@{host}:{port}/{name}\"\npassword_env = \"READER_PASSWORD\""),
            password: Some(login.password.reveal().to_owned()),
        }
    }

    /// A folder with one of the demo's databases.
    pub fn with_demo(name: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../profiles/demo/{name}.sql"));
        Self::with_database(&fs::read_to_string(script).unwrap())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The run folder.
    pub fn run(&self) -> PathBuf {
        self.path().join("runs/shop")
    }

    /// Writes the profile: both LLM plugins, asking `peer`, and further settings.
    pub fn profile(&self, peer: &Peer, protocol: &str, total: u32, more: &str) {
        let base_url = match protocol {
            "anthropic" => peer.base_url().trim_end_matches("/v1").to_owned(),
            _ => peer.base_url(),
        };
        let database = &self.database;
        let text = format!(
            "[database]\n{database}\n[run]\nname = \"shop\"\n[plan]\nplanner = \"planner-llm\"\ntotal = {total}\n\
             [generate]\ngenerator = \"generator-llm\"\n[llm]\nprovider = \"peer\"\n\
             [llm.providers.peer]\nkind = \"{protocol}\"\nbase_url = \"{base_url}\"\nmodel = \"tester\"\nproxy = \"none\"\n\
             request_timeout_ms = 5000\nidle_timeout_ms = 400\nprice = {{ input = 1.0, output = 2.0 }}\n{more}"
        );
        fs::write(self.path().join("nl2sql.toml"), text).unwrap();
    }

    /// The program with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nl2sql"));
        command
            .current_dir(self.path())
            .args(arguments)
            .env("NO_COLOR", "1")
            .envs(self.password.iter().map(|password| ("READER_PASSWORD", password)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs the program to an end that must be good, and gives what it printed as JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.call(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)))
    }

    /// Accepted samples of the run, by topic, with the budgets of the plan.
    pub fn counts(&self) -> BTreeMap<String, (u64, u64)> {
        let plan: Value = serde_json::from_slice(&fs::read(self.run().join("plan.json")).unwrap()).unwrap();
        let mut counts: BTreeMap<String, (u64, u64)> = plan["topics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|topic| {
                (
                    topic["name"].as_str().unwrap().to_owned(),
                    (0, topic["budget"].as_u64().unwrap()),
                )
            })
            .collect();
        let lines = |name: &str| -> Vec<Value> {
            let text = fs::read_to_string(self.run().join(name)).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        for (sample, verdict) in lines("samples.jsonl").iter().zip(lines("verdicts.jsonl")) {
            assert_eq!(sample["id"], verdict["sample"]);
            if verdict["accepted"] == true {
                counts.get_mut(sample["topic"].as_str().unwrap()).unwrap().0 += 1;
            }
        }
        counts
    }

    /// Digests of the requests whose answers are stored.
    pub fn stored(&self) -> Vec<String> {
        let path = self.run().join("llm.sqlite");
        if !path.is_file() {
            return Vec::new();
        }
        let store = rusqlite::Connection::open(path).unwrap();
        // A process killed early may have left a store without its tables.
        let Ok(mut query) = store.prepare("SELECT digest FROM answers") else {
            return Vec::new();
        };
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

/// Everything a process printed.
pub fn said(output: &Output) -> String {
    format!(
        "{} {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// What was printed in one line, however it was wrapped.
pub fn words(text: &str) -> String {
    text.replace(['│', '|'], " ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Every file below a folder, with its bytes.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                found.push((path, bytes));
            }
        }
    }
    found
}

/// Whether `bytes` contain `text`.
pub fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
