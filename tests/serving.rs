//! `serve` and `ask` as programs: a run's model found by itself, an answer over a socket, and a stop that is asked for.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, city TEXT NOT NULL, points INTEGER);
    INSERT INTO customers VALUES (1,'Oslo',10),(2,'Bergen',25),(3,'Oslo',7),(4,'Narvik',99);
";

const PROFILE: &str = r#"
[database]
path = "shop.sqlite"
[run]
name = "shop"
[plan]
total = 12
[export]
instruction = "{database}"
prompt = "{question}"
[model]
path = "tiny"
template = "default"
[evaluate]
max_new_tokens = 8
[ask]
candidates = 1
[serve]
port = 0
"#;

/// A project with a run and a model of random weights.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    rusqlite::Connection::open(path.join("shop.sqlite"))
        .unwrap()
        .execute_batch(SHOP)
        .unwrap();
    fs::write(path.join("nl2sql.toml"), PROFILE).unwrap();
    let gguf = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/model/tests/fixtures/llama-tiny.gguf");
    assert!(
        nl2sql(path, &["model", "import", &gguf.display().to_string(), "tiny"])
            .status()
            .unwrap()
            .success()
    );
    let config = path.join("tiny/config.json");
    let mut document: Value = serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
    document["max_position_embeddings"] = 4_096.into();
    fs::write(&config, document.to_string()).unwrap();
    assert!(nl2sql(path, &["run", "--quiet"]).status().unwrap().success());
    folder
}

fn nl2sql(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nl2sql"));
    command
        .current_dir(folder)
        .args(arguments)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A server that is killed when a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

/// The server and its address, once it listens.
fn serving(folder: &Path, arguments: &[&str]) -> (Running, String) {
    let mut child = nl2sql(folder, arguments).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let running = Running(child);
    let address = line
        .trim()
        .strip_prefix("serving at http://")
        .unwrap_or_else(|| panic!("{line:?}"))
        .to_owned();
    (running, address)
}

/// The body of the answer to a request without a library in between.
fn exchanged(address: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[cfg(unix)]
#[test]
fn a_run_is_served_with_its_model_and_database_until_a_stop_is_asked_for() {
    let project = project();
    let (mut server, address) = serving(project.path(), &["serve", "--run", "runs/shop", "--port", "0"]);
    assert!(exchanged(&address, "GET /health", "").starts_with("HTTP/1.1 200"));
    let models = exchanged(&address, "GET /v1/models", "");
    assert!(models.contains("\"id\":\"tiny\""), "{models}");
    let rows = exchanged(
        &address,
        "POST /v1/query",
        r#"{"sql": "SELECT count(*) FROM customers WHERE city = 'Oslo'"}"#,
    );
    assert!(rows.contains("\"rows\":[[2]]"), "{rows}");
    let answer = exchanged(
        &address,
        "POST /v1/ask",
        r#"{"question": "How many customers are there?"}"#,
    );
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("\"confidence\""),
        "{answer}"
    );
    let stopped = Command::new("kill").arg(server.0.id().to_string()).status().unwrap();
    assert!(stopped.success());
    let mut said = String::new();
    let exit = server.0.wait().unwrap();
    server.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(exit.success() && !said.contains("panicked"), "{exit}: {said}");
    let audit = fs::read_to_string(project.path().join("runs/shop/serve/audit.jsonl")).unwrap();
    assert_eq!(audit.lines().count(), 2, "{audit}");
}

#[test]
fn a_question_that_the_model_cannot_answer_is_said_to_be_so() {
    let project = project();
    let output = nl2sql(project.path(), &["ask", "How many customers are there?", "--json"])
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "random weights write no SQL: {answer}");
    assert_eq!(answer["unanswered"]["reason"], "nothing-ran");
    let empty = nl2sql(project.path(), &["ask", " "]).output().unwrap();
    assert_eq!(empty.status.code(), Some(2));
}

#[test]
fn settings_that_would_open_the_server_to_everybody_are_refused() {
    let project = project();
    for (arguments, part) in [
        (vec!["serve", "--address", "0.0.0.0"], "at least one key"),
        (vec!["serve", "--set", "serve.certificate=\"x.pem\""], "private_key"),
        (vec!["serve", "--run", "nowhere"], "cannot be read"),
        (vec!["serve", "--endpoint"], "names no language model"),
    ] {
        let output = nl2sql(project.path(), &arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let words = said.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {words}");
        assert!(words.contains(part), "{arguments:?}: {words}");
    }
}
