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
pub(crate) fn project() -> tempfile::TempDir {
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

pub(crate) fn nl2sql(folder: &Path, arguments: &[&str]) -> Command {
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
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

/// The server and its address, once it listens.
pub(crate) fn serving(folder: &Path, arguments: &[&str]) -> (Running, String) {
    listening(&mut nl2sql(folder, arguments))
}

/// A server by this command, and its address, once it listens.
pub(crate) fn listening(command: &mut Command) -> (Running, String) {
    let mut child = command.spawn().unwrap();
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
pub(crate) fn exchanged(address: &str, head: &str, body: &str) -> String {
    exchanged_with(address, head, "", body)
}

/// The same with a line of the head more, which ends in a line break.
pub(crate) fn exchanged_with(address: &str, head: &str, header: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n{header}\r\n{body}"
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
    fs::write(project.path().join("key"), "clerk-key-0123456789").unwrap();
    let key = |policy: &str| format!("serve.keys.clerk={{key_file=\"key\", rights=[\"ask\"], {policy}}}");
    for (arguments, part) in [
        (vec!["serve", "--address", "0.0.0.0"], "at least one key"),
        (vec!["serve", "--set", "serve.certificate=\"x.pem\""], "private_key"),
        (vec!["serve", "--run", "nowhere"], "cannot be read"),
        (vec!["serve", "--endpoint"], "names no language model"),
        // A name that is mistyped would withhold nothing.
        (
            vec!["serve", "--set", &key("hidden_columns=[\"customers.ctiy\"]")],
            "serve.keys.clerk names the column `customers.ctiy`",
        ),
        (
            vec![
                "serve",
                "--set",
                &key("hidden_columns=[\"Customers.CITY\"], tables=[\"custmers\"]"),
            ],
            "serve.keys.clerk names the table `custmers`",
        ),
    ] {
        let output = nl2sql(project.path(), &arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let words = said.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {words}");
        assert!(words.contains(part), "{arguments:?}: {words}");
    }
}

/// Where the audit log cannot grow, e.g. because the disk is full, nothing is answered, and the reason is said.
#[cfg(unix)]
#[test]
fn nothing_is_answered_while_the_audit_log_cannot_be_written() {
    /// In units of 512 bytes, as `ulimit -f` counts.
    const MAX_FILE: u64 = 64 << 11;
    let project = project();
    let serve = project.path().join("runs/shop/serve");
    fs::create_dir_all(&serve).unwrap();
    // Holes take no room; the last line ends as it should.
    let mut audit = fs::File::create(serve.join("audit.jsonl")).unwrap();
    audit.set_len(MAX_FILE * 512 - 101).unwrap();
    std::io::Seek::seek(&mut audit, std::io::SeekFrom::End(0)).unwrap();
    audit.write_all(b"\n").unwrap();
    let program = env!("CARGO_BIN_EXE_nl2sql");
    let limited = format!("ulimit -f {MAX_FILE} && exec {program} serve --run runs/shop --port 0");
    let mut command = Command::new("dash");
    if command.args(["-c", ":"]).status().is_err() {
        println!("skipped: nothing_is_answered_while_the_audit_log_cannot_be_written needs dash");
        return;
    }
    let mut command = Command::new("dash");
    command
        .args(["-c", &limited])
        .current_dir(project.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let (_server, address) = listening(&mut command);
    let (query, ask) = (
        r#"{"sql": "SELECT count(*) FROM customers"}"#,
        r#"{"question": "How many?"}"#,
    );
    for (route, body) in [("POST /v1/query", query), ("POST /v1/ask", ask)] {
        let refused = exchanged(&address, route, body);
        assert!(
            refused.starts_with("HTTP/1.1 503") && refused.contains("the audit log cannot be written"),
            "{refused}"
        );
        assert!(!refused.contains("[[4]]"), "{refused}");
    }
    let verdict = r#"{"question": "How many?", "sql": "SELECT 1", "verdict": "right"}"#;
    assert!(exchanged(&address, "POST /v1/feedback", verdict).starts_with("HTTP/1.1 503"));
    assert_eq!(
        fs::metadata(serve.join("audit.jsonl")).unwrap().len(),
        MAX_FILE * 512 - 100,
        "no half line is left"
    );
    assert!(exchanged(&address, "GET /health", "").starts_with("HTTP/1.1 200"));
    // Room is made: the server goes on by itself.
    audit.set_len(0).unwrap();
    let rows = exchanged(&address, "POST /v1/query", query);
    assert!(rows.contains("\"rows\":[[4]]"), "{rows}");
    let log = fs::read_to_string(serve.join("audit.jsonl")).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
}

const MCP_SCRIPT: &str = r#"
const assert = require("node:assert");
const from = require("node:module").createRequire(process.argv[1] + "/");
const { Client } = from("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = from("@modelcontextprotocol/sdk/client/stdio.js");
(async () => {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(new StdioClientTransport({ command: process.argv[2], args: ["mcp", "--run", "runs/shop"], stderr: "ignore" }));
  assert.strictEqual(client.getServerVersion().name, "nl2sql");
  const rows = await client.callTool({ name: "query", arguments: { sql: "SELECT count(*) FROM customers" } });
  assert.deepStrictEqual(rows.structuredContent.rows, [[4]]);
  const refused = await client.callTool({ name: "query", arguments: { sql: "DELETE FROM customers" } });
  assert.ok(refused.isError, JSON.stringify(refused));
  const answer = await client.callTool({ name: "ask", arguments: { question: "How many customers?" } });
  assert.strictEqual(answer.structuredContent.unanswered.reason, "nothing-ran");
  const found = await client.callTool({ name: "schema", arguments: {} });
  assert.deepStrictEqual(found.structuredContent.tables.map((table) => table.name), ["customers"]);
  await client.close();
  console.log("spoken");
})();
"#;

#[test]
fn the_official_mcp_client_for_typescript_speaks_over_stdio() {
    let Some(folder) = std::env::var_os("NL2SQL_TEST_NODE_CLIENTS") else {
        println!(
            "skipped: the_official_mcp_client_for_typescript_speaks_over_stdio needs NL2SQL_TEST_NODE_CLIENTS, which `cargo xtask test` \
             sets where it can"
        );
        return;
    };
    let project = project();
    let mut node = Command::new("node");
    node.args(["-e", MCP_SCRIPT])
        .arg(folder)
        .arg(env!("CARGO_BIN_EXE_nl2sql"));
    let output = node.current_dir(project.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "spoken", "{said}");
}

const PYTHON_MCP_SCRIPT: &str = r#"
import asyncio, sys
from mcp import Client, StdioServerParameters, stdio_client

async def main(program):
    server = StdioServerParameters(command=program, args=["mcp", "--run", "runs/shop"])
    async with Client(stdio_client(server)) as client:
        assert client.server_info.name == "nl2sql", client.server_info
        rows = await client.call_tool("query", {"sql": "SELECT count(*) FROM customers"})
        assert rows.structured_content["rows"] == [[4]], rows
        refused = await client.call_tool("query", {"sql": "DELETE FROM customers"})
        assert refused.is_error, refused
        wrong = await client.call_tool("query", {"statement": "SELECT 1"})
        assert wrong.is_error, wrong
        answer = await client.call_tool("ask", {"question": "How many customers?"})
        assert answer.structured_content["unanswered"]["reason"] == "nothing-ran", answer
        resources = (await client.list_resources()).resources
        card = (await client.read_resource(resources[0].uri)).contents[0]
        assert card.text.startswith('# Table customers'), card
        print("spoken")

asyncio.run(main(sys.argv[1]))
"#;

#[test]
fn the_official_mcp_client_for_python_speaks_over_stdio() {
    let Some(python) = std::env::var_os("NL2SQL_TEST_PYTHON") else {
        println!("skipped: the_official_mcp_client_for_python_speaks_over_stdio needs NL2SQL_TEST_PYTHON");
        return;
    };
    let project = project();
    let mut client = Command::new(python);
    client.args(["-c", PYTHON_MCP_SCRIPT]).arg(env!("CARGO_BIN_EXE_nl2sql"));
    let output = client.current_dir(project.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "spoken", "{said}");
}

/// The description of the API with the names that this server knows, so that made-up requests reach what lies behind them.
fn with_known_names(mut document: Value) -> Value {
    let only = |name: &str| serde_json::json!({ "type": "string", "enum": [name] });
    let operations = document["paths"].as_object_mut().unwrap().values_mut();
    let operations = operations.flat_map(|path| path.as_object_mut().unwrap().values_mut());
    for parameter in operations.flat_map(|operation| {
        operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
    }) {
        let known = match parameter["name"].as_str() {
            Some("model") => "tiny",
            Some("run") => "shop",
            Some("pair") => "s000001",
            _ => continue,
        };
        parameter["schema"] = only(known);
    }
    let schemas = &mut document["components"]["schemas"];
    schemas["AskBody"]["properties"]["database"] = serde_json::json!({ "enum": ["shop", null] });
    for request in ["ChatRequest", "CompletionRequest"] {
        let parts = schemas[request]["allOf"].as_array_mut().unwrap();
        let own = parts.iter_mut().find(|part| part["properties"]["model"].is_object());
        own.unwrap()["properties"]["model"] = only("tiny");
    }
    schemas["ResponsesRequest"]["properties"]["model"] = only("tiny");
    document
}

/// Requests made up from the API's own description by schemathesis: none breaks the server, and each answer is of a described kind.
#[test]
fn made_up_requests_are_answered_as_described() {
    const KEY: &str = "made-up-key-0123456789";
    let Some(python) = std::env::var_os("NL2SQL_TEST_SCHEMATHESIS") else {
        println!(
            "skipped: made_up_requests_are_answered_as_described needs NL2SQL_TEST_SCHEMATHESIS, which `cargo xtask load` sets"
        );
        return;
    };
    let project = project();
    fs::write(project.path().join("key"), KEY).unwrap();
    let profile = format!(
        "{PROFILE}[serve.keys.all]\nkey_file = \"key\"\nrights = [\"chat\", \"ask\", \"view\", \"review\", \"admin\"]\n"
    );
    fs::write(project.path().join("nl2sql.toml"), profile).unwrap();
    let (_server, address) = serving(project.path(), &["serve", "--port", "0"]);
    let described = exchanged(&address, "GET /openapi.json", "");
    let described = described.split_once("\r\n\r\n").unwrap().1;
    let document = with_known_names(serde_json::from_str(described).unwrap());
    fs::write(project.path().join("openapi.json"), document.to_string()).unwrap();
    let examples = std::env::var("NL2SQL_LOAD_EXAMPLES").unwrap_or_else(|_| "50".to_owned());
    let mut run = Command::new(python);
    run.current_dir(project.path())
        .args([
            "-m",
            "schemathesis.cli",
            "run",
            "openapi.json",
            "--url",
            &format!("http://{address}"),
            "--no-color",
        ])
        // What fits the description need not make sense, such as a pair that is not there.
        .args([
            "--checks",
            "all",
            "--exclude-checks",
            "positive_data_acceptance",
            "--phases",
            "examples,coverage,fuzzing",
        ])
        .args(["--max-examples", &examples, "--seed", "1", "--request-timeout", "60"])
        .args(["--header", &format!("Authorization: Bearer {KEY}")]);
    let output = run.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{}", said.split("= SUMMARY =").last().unwrap_or_default());
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
