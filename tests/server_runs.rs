//! The six stages on PostgreSQL and MariaDB, killed in the middle too, and on a database that a plugin alone adds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::servers::{TestDatabase, client, script};
use nl2sql_catalog::{Sample, Verdict};
use nl2sql_database::ConnectionSettings;

const SERVERS: [(&str, &str); 2] = [
    ("NL2SQL_TEST_POSTGRES_URL", "postgres"),
    ("NL2SQL_TEST_MYSQL_URL", "mysql"),
];

fn input(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/server_runs")
        .join(name)
}

/// A database of its own, with a login that may read only, or a note that `test` is skipped.
pub(crate) fn database(variable: &str, test: &str, text: &str) -> Option<TestDatabase> {
    let Some(url) = std::env::var(variable).ok().filter(|url| !url.is_empty()) else {
        eprintln!("skipped: {test} needs {variable}");
        return None;
    };
    let mut server = TestDatabase::create(&url);
    server.script(text);
    server.add_reader();
    Some(server)
}

fn nl2sql(folder: &Path, login: &ConnectionSettings, run: &str) -> Command {
    let scheme = match login.driver.as_str() {
        "mysql" => "mysql",
        _ => "postgres",
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_nl2sql"));
    command
        .current_dir(folder)
        .env("READER_PASSWORD", login.password.reveal())
        .arg("run")
        .args(["--set", "database.password_env=READER_PASSWORD"])
        .args(["--set", "privacy.sample_values=true"])
        .args(["--set", "generate.languages.zh=0.5"])
        .args(["--set", "run.dir=runs"])
        .arg("--set")
        .arg(format!("run.name={run}"))
        .arg("--set")
        .arg(format!(
            "database.url={scheme}://{}@{}:{}/{}",
            login.user,
            login.host,
            login.effective_port(),
            login.database
        ));
    command
}

/// Runs to the end; gives the statements of the accepted pairs.
fn accepted(folder: &Path, run: &str, command: &mut Command) -> Vec<String> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = |name: &str| fs::read_to_string(folder.join("runs").join(run).join(name)).unwrap();
    let samples = lines("samples.jsonl");
    let verdicts = lines("verdicts.jsonl");
    let pairs = samples.lines().zip(verdicts.lines()).map(|(sample, verdict)| {
        let sample: Sample = serde_json::from_str(sample).unwrap();
        let verdict: Verdict = serde_json::from_str(verdict).unwrap();
        verdict.accepted.then_some(sample.sql)
    });
    pairs.flatten().collect()
}

/// What must be the same however a run came to its end.
fn bytes(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let export = fs::read_dir(run.join("export")).unwrap();
    let mut files: Vec<PathBuf> = export.map(|entry| entry.unwrap().path()).collect();
    files.extend(["plan.json", "samples.jsonl", "verdicts.jsonl", "coverage.json"].map(|name| run.join(name)));
    let read = |file: &PathBuf| (file.strip_prefix(run).unwrap().to_owned(), fs::read(file).unwrap());
    files.iter().map(read).collect()
}

/// The server's own client runs every statement; it stops at the first that fails.
fn run_by_the_client(login: &ConnectionSettings, statements: &[String]) {
    client(login, &(statements.join(";\n") + ";\n"));
}

#[test]
fn accepted_pairs_run_on_each_server() {
    for (variable, kind) in SERVERS {
        let text = fs::read_to_string(input(&format!("shop.{kind}.sql"))).unwrap();
        let test = "accepted_pairs_run_on_each_server";
        let Some(server) = database(variable, test, &text) else {
            continue;
        };
        let folder = tempfile::tempdir().unwrap();
        let mut command = nl2sql(folder.path(), &server.reader, "shop");
        let statements = accepted(folder.path(), "shop", command.args(["--set", "plan.total=120"]));
        assert_eq!(statements.len(), 120, "{kind}");
        run_by_the_client(&server.reader, &statements);
        let metadata = fs::read_to_string(folder.path().join("runs/shop/metadata.json")).unwrap();
        for comment in ["客户", "城市", "金额"] {
            assert!(metadata.contains(comment), "{kind}: {comment}");
        }
    }
}

#[test]
fn a_killed_run_on_a_server_resumes_to_the_same_bytes() {
    const KILLS: u32 = 6;
    for (variable, kind) in SERVERS {
        let text = fs::read_to_string(input(&format!("shop.{kind}.sql"))).unwrap();
        let test = "a_killed_run_on_a_server_resumes_to_the_same_bytes";
        let Some(server) = database(variable, test, &text) else {
            continue;
        };
        let folder = tempfile::tempdir().unwrap();
        let start = |run: &str| {
            let mut command = nl2sql(folder.path(), &server.reader, run);
            command.args(["--quiet", "--set", "plan.total=60", "--set", "generate.batch=6"]);
            command.stdout(Stdio::null());
            command
        };
        assert!(start("first").status().unwrap().success());
        let began = Instant::now();
        assert!(start("whole").status().unwrap().success());
        let whole = began.elapsed();
        let runs = folder.path().join("runs");
        let wanted = bytes(&runs.join("whole"));
        for kill in 0..KILLS {
            // The run's own name is in its data card; the killed ones take the name of the whole one, in a place of their own.
            let place = runs.join(format!("killed{kill}"));
            let in_place = || {
                let mut command = start("whole");
                command.arg("--run-dir").arg(&place);
                command
            };
            let mut process = in_place().spawn().unwrap();
            std::thread::sleep(whole * kill / KILLS + Duration::from_millis(1));
            process.kill().unwrap();
            process.wait().unwrap();
            let output = in_place().output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert!(bytes(&place) == wanted, "{kind}: kill {kill} left another outcome");
        }
    }
}

#[test]
fn chinook_and_sakila_run_on_each_server() {
    let test = "chinook_and_sakila_run_on_each_server";
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("NL2SQL_SHARED").map_or(beside, PathBuf::from);
    let databases = shared.join("data/realdb");
    if !databases.is_dir() {
        eprintln!("skipped: {test} needs ../shared");
        return;
    }
    for (variable, kind) in SERVERS {
        let chinook = format!("chinook/chinook.{kind}.sql");
        let sakila = ["schema", "data"].map(|part| format!("sakila/sakila.{kind}.{part}.sql"));
        for (name, files) in [("chinook", &[chinook][..]), ("sakila", &sakila)] {
            let mut texts: Vec<String> = files.iter().map(|file| script(&databases.join(file))).collect();
            if kind == "postgres" {
                // Sakila's script lets everybody make tables and call a function that does.
                texts.push("REVOKE CREATE ON SCHEMA public FROM PUBLIC;".into());
                texts.push("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;".into());
            }
            let Some(server) = database(variable, test, &texts.join("\n").replace("sakila.", "")) else {
                continue;
            };
            let folder = tempfile::tempdir().unwrap();
            let mut command = nl2sql(folder.path(), &server.reader, name);
            let statements = accepted(folder.path(), name, command.args(["--set", "plan.total=300"]));
            assert_eq!(statements.len(), 300, "{name} {kind}");
            run_by_the_client(&server.reader, &statements);
        }
    }
}

#[test]
fn a_dialect_plugin_adds_a_wire_compatible_database() {
    let text = fs::read_to_string(input("starlet.mysql.sql")).unwrap();
    let test = "a_dialect_plugin_adds_a_wire_compatible_database";
    let Some(server) = database("NL2SQL_TEST_MYSQL_URL", test, &text) else {
        return;
    };
    let built = Command::new(env!("CARGO"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .args(["xtask", "guest"])
        .arg(input("starlet"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let component = String::from_utf8(built.stdout).unwrap().trim().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let profile = format!(
        "[database]\ndialect = \"starlet\"\n\n[plugins.dialect-starlet]\npath = {}\ngrant = [\"disclose-rows\"]\n",
        serde_json::Value::from(component)
    );
    fs::write(folder.path().join("nl2sql.toml"), profile).unwrap();
    let mut command = nl2sql(folder.path(), &server.reader, "starlet");
    let statements = accepted(folder.path(), "starlet", command.args(["--set", "plan.total=40"]));
    assert_eq!(statements.len(), 40);
    run_by_the_client(&server.reader, &statements);
    let metadata = fs::read_to_string(folder.path().join("runs/starlet/metadata.json")).unwrap();
    assert!(
        metadata.contains("销售额") && !metadata.contains("meta_columns"),
        "{metadata}"
    );
}
