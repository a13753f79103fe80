//! The page in a real browser: a run, a training and an evaluation that the program made, served by it with a model behind an endpoint.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nl2sql_llm_server::{Chat, Responder};
use serde_json::{Value, json};

use crate::before_and_after::{command, done, lines};
use crate::llm::peer::Peer;

const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, city TEXT NOT NULL, points INTEGER);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id), amount REAL);
    INSERT INTO customers VALUES (1,'Oslo',10),(2,'Bergen',25),(3,'Oslo',7),(4,'Narvik',99);
    INSERT INTO orders VALUES (1,1,12.5),(2,1,80),(3,2,7.25),(4,4,31),(5,3,64);
";

const ANSWER: &str = "SELECT city, count(*) AS customers FROM customers GROUP BY city ORDER BY customers DESC";

/// Answers every question alike.
struct Scripted;

impl Responder for Scripted {
    fn reply(&self, _: &Chat) -> String {
        format!("```sql\n{ANSWER}\n```")
    }
}

fn profile(base_url: &str) -> String {
    format!(
        r#"
[database]
path = "shop.sqlite"
[run]
name = "shop"
[plan]
total = 24
[export]
instruction = "{{database}}"
prompt = "{{question}}"
formats = ["alpaca", "pairs"]
[model]
path = "tiny"
template = "default"
[train]
max_steps = 4
per_device_train_batch_size = 2
gradient_accumulation_steps = 1
logging_steps = 1
eval_steps = 2
[evaluate]
max_new_tokens = 8
[ask]
candidates = 2
[llm]
provider = "scripted"
[llm.providers.scripted]
kind = "openai"
base_url = "{base_url}"
model = "scripted"
"#
    )
}

/// Where the page's sources and its test lie.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/serving/page")
}

/// The browser, or what the test lacks.
fn browser() -> Result<PathBuf, &'static str> {
    let answers = |program: &str| {
        let mut version = Command::new(program);
        version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    };
    if !answers("node") || !sources().join("node_modules/playwright-core").is_dir() {
        return Err("Node and the packages of the page, which `cargo xtask page` installs");
    }
    let browser = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join("chromium"))
        .find(|path| path.is_file());
    browser
        .filter(|_| answers("chromium"))
        .ok_or("Chromium, which `cargo xtask bootstrap` installs")
}

/// A project with a run that was trained on and evaluated.
fn project(base_url: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let database = rusqlite::Connection::open(path.join("shop.sqlite")).unwrap();
    database.execute_batch(SHOP).unwrap();
    fs::write(path.join("nl2sql.toml"), profile(base_url)).unwrap();
    let gguf = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/model/tests/fixtures/llama-tiny.gguf");
    done(path, &["model", "import", &gguf.display().to_string(), "tiny"]);
    let config = path.join("tiny/config.json");
    let mut document: Value = serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
    document["max_position_embeddings"] = 4_096.into();
    fs::write(&config, document.to_string()).unwrap();
    done(path, &["run", "--quiet"]);
    done(path, &["train", "--quiet"]);
    let pairs = lines(&path.join("runs/shop/export/shop_train.jsonl"));
    let predictions = |answer: &dyn Fn(&Value) -> Value| {
        let rows = pairs.iter().map(|pair| {
            json!({ "id": pair["id"], "question": pair["question"], "label": pair["query"], "predict": answer(pair) }).to_string()
        });
        rows.collect::<Vec<_>>().join("\n")
    };
    fs::write(
        path.join("before.jsonl"),
        predictions(&|_| json!("SELECT city FROM customers")),
    )
    .unwrap();
    fs::write(path.join("after.jsonl"), predictions(&|pair| pair["query"].clone())).unwrap();
    let dataset = ["--dataset", "runs/shop/export/shop_train.jsonl"];
    let sides = ["eval", "--quiet", "--before", "before.jsonl", "--after", "after.jsonl"];
    done(path, &[&sides[..], &dataset].concat());
    folder
}

/// A server that is killed when the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

/// The server and its URL, once it listens.
fn serving(folder: &Path) -> (Running, String) {
    let mut serve = command(folder, &["serve", "--endpoint", "--port", "0"]);
    let mut child = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    said.read_line(&mut line).unwrap();
    let url = line
        .trim()
        .strip_prefix("serving at ")
        .unwrap_or_else(|| panic!("{line:?}"));
    (Running(child), url.to_owned())
}

fn first_line_of_the_page(url: &str) -> String {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    body.lines().next().unwrap_or_default().to_owned()
}

/// It takes long because everything that a person does with the page is done once, in a browser of full size.
#[test]
fn everything_is_seen_and_steered_in_a_browser() {
    let browser = match browser() {
        Ok(browser) => browser,
        Err(lacks) => {
            println!("skipped: everything_is_seen_and_steered_in_a_browser needs {lacks}");
            return;
        }
    };
    let peer = Peer::answering(Scripted, &[]);
    let project = project(&peer.base_url());
    let (server, url) = serving(project.path());
    if first_line_of_the_page(&url).starts_with("This nl2sql was built without its page") {
        println!(
            "skipped: everything_is_seen_and_steered_in_a_browser needs the page, which `cargo xtask page` builds"
        );
        return;
    }
    let output = Command::new("node")
        .arg("--test")
        .arg("tests/page.test.mjs")
        .current_dir(sources())
        .env("NL2SQL_PAGE_URL", &url)
        .env("NL2SQL_PAGE_PROGRAM", env!("CARGO_BIN_EXE_nl2sql"))
        .env("NL2SQL_PAGE_PROJECT", project.path())
        .env("NL2SQL_PAGE_BROWSER", browser)
        .output()
        .unwrap();
    drop(server);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
