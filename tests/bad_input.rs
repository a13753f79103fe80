//! What other programs do to the files of a run while it runs, and databases too large or odd to keep as text.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rusqlite::Connection;

const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, city TEXT NOT NULL, points INTEGER);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id), amount REAL);
    INSERT INTO customers VALUES (1,'Oslo',10),(2,'Bergen',25),(3,'Oslo',7),(4,'Narvik',99);
    INSERT INTO orders VALUES (1,1,12.5),(2,1,80),(3,2,7.25),(4,4,31),(5,3,64);
";

/// A folder with the database `shop.sqlite`.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let database = Connection::open(folder.path().join("shop.sqlite")).unwrap();
    database.execute_batch(SHOP).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nl2sql"));
    command
        .current_dir(folder)
        .args(arguments)
        .args([
            "--set",
            "database.path=shop.sqlite",
            "--set",
            "database.statement_timeout_ms=500",
        ])
        .stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// Exit code and everything that was said.
fn told(output: &Output) -> (Option<i32>, String) {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    (output.status.code(), text)
}

#[test]
fn a_locked_database_is_named_and_read_once_it_is_free() {
    let folder = shop();
    let holder = Connection::open(folder.path().join("shop.sqlite")).unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let (code, text) = told(&run(folder.path(), &["run", "--set", "plan.total=20"]));
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("shop.sqlite is locked by another program"), "{text}");
    holder.execute_batch("COMMIT").unwrap();
    let (code, text) = told(&run(folder.path(), &["run", "--set", "plan.total=20"]));
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_lock_during_validation_rejects_no_pair() {
    let folder = shop();
    for stage in ["extract", "cards", "plan"] {
        assert_eq!(told(&run(folder.path(), &[stage, "--set", "plan.total=20"])).0, Some(0));
    }
    let holder = Connection::open(folder.path().join("shop.sqlite")).unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let (code, text) = told(&run(folder.path(), &["run", "--set", "plan.total=20"]));
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("locked"), "{text}");
    drop(holder);
    let (code, text) = told(&run(folder.path(), &["run", "--set", "plan.total=20"]));
    assert!(code == Some(0) && text.contains("20 pairs accepted"), "{text}");
}

#[test]
fn a_concurrent_wal_writer_does_not_block_a_run() {
    let folder = shop();
    let writer = Connection::open(folder.path().join("shop.sqlite")).unwrap();
    writer.pragma_update(None, "journal_mode", "wal").unwrap();
    writer
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO customers VALUES (5,'Molde',1)")
        .unwrap();
    let (code, text) = told(&run(folder.path(), &["run", "--set", "plan.total=20"]));
    assert_eq!(code, Some(0), "{text}");
    writer.execute_batch("COMMIT").unwrap();
}

/// Starts a long run and waits until it has written samples.
fn started(folder: &Path) -> std::process::Child {
    let child = command(
        folder,
        &["run", "--set", "plan.total=3000", "--set", "generate.batch=10"],
    )
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let samples = folder.join("runs/shop/samples.jsonl");
    for _ in 0..2_000 {
        if fs::metadata(&samples).is_ok_and(|file| file.len() > 0) {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn truncating_the_database_fails_the_run_without_a_crash() {
    let folder = shop();
    let path = folder.path().join("shop.sqlite");
    let whole = fs::read(&path).unwrap();
    let child = started(folder.path());
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(1_024).unwrap();
    // A change nobody announced is seen when the header is read again; its change counter is at byte 24.
    let (code, text) = told(&child.wait_with_output().unwrap());
    assert!(
        matches!(code, Some(0 | 4)),
        "ended by a signal or otherwise badly: {code:?} {text}"
    );
    if code == Some(4) {
        assert!(text.contains("shop.sqlite") && text.contains("are kept in"), "{text}");
    }
    fs::write(&path, whole).unwrap();
    let arguments = ["run", "--set", "plan.total=3000", "--set", "generate.batch=10"];
    let (code, text) = told(&run(folder.path(), &arguments));
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_removed_database_is_named_and_the_run_resumes_once_it_is_restored() {
    let folder = shop();
    let (path, away) = (folder.path().join("shop.sqlite"), folder.path().join("away.sqlite"));
    assert_eq!(told(&run(folder.path(), &["extract"])).0, Some(0));
    fs::rename(&path, &away).unwrap();
    let (code, text) = told(&run(folder.path(), &["run", "--set", "plan.total=20"]));
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("there is no file shop.sqlite"), "{text}");
    fs::rename(&away, &path).unwrap();
    assert_eq!(told(&run(folder.path(), &["run", "--set", "plan.total=20"])).0, Some(0));
}

#[test]
fn a_second_process_on_the_same_run_folder_is_refused() {
    let folder = shop();
    let first = started(folder.path());
    let (code, text) = told(&run(folder.path(), &["run", "--set", "plan.total=3000"]));
    let (first_code, first_text) = told(&first.wait_with_output().unwrap());
    assert_eq!(first_code, Some(0), "{first_text}");
    // The first may have been quick enough to be done.
    if !text.contains("up to date") {
        assert_eq!(code, Some(3), "{text}");
        assert!(text.contains("another nl2sql process (id "), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn sigterm_and_ctrl_c_leave_a_resumable_run() {
    for signal in ["TERM", "INT"] {
        let folder = shop();
        let child = started(folder.path());
        let kill = Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
        let (code, text) = told(&child.wait_with_output().unwrap());
        assert!(matches!(code, Some(0 | 130)), "{signal}: {code:?} {text}");
        if code == Some(130) {
            assert!(
                text.contains("stopped as asked. Everything made so far is in"),
                "{text}"
            );
        }
        let arguments = ["run", "--set", "plan.total=3000", "--set", "generate.batch=10"];
        assert_eq!(told(&run(folder.path(), &arguments)).0, Some(0));
    }
}

/// A database made by this script, through the whole pipeline.
fn whole_run(script: &str, total: u32) -> String {
    let folder = tempfile::tempdir().unwrap();
    let database = Connection::open(folder.path().join("shop.sqlite")).unwrap();
    database.execute_batch(script).unwrap();
    drop(database);
    let total = format!("plan.total={total}");
    let arguments = ["run", "--set", &total, "--set", "privacy.sample_values=true"];
    let (code, text) = told(&run(folder.path(), &arguments));
    assert_eq!(code, Some(0), "{text}");
    assert!(folder.path().join("runs/shop/export/dataset_info.json").exists());
    text
}

#[test]
fn a_schema_of_two_thousand_tables_runs() {
    let mut script = "BEGIN;".to_owned();
    for table in 0..2_000 {
        let parent = table / 2;
        script += &format!(
            "CREATE TABLE part_{table} (id INTEGER PRIMARY KEY, name TEXT, part_id INTEGER REFERENCES part_{parent}(id), weight REAL);\
             INSERT INTO part_{table} VALUES (1, 'bolt', 1, 2.5), (2, 'nut', 1, 1);"
        );
    }
    let text = whole_run(&(script + "COMMIT;"), 2_000);
    assert!(text.contains("2000 tables, 8000 columns, 2000 foreign keys"), "{text}");
}

#[test]
fn a_table_of_three_hundred_columns_runs() {
    let columns: Vec<String> = (0..300).map(|column| format!("measure_{column} REAL")).collect();
    let row = |number: u32| {
        (0..300)
            .map(|column| (column * number).to_string())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let script = format!(
        "CREATE TABLE readings (id INTEGER PRIMARY KEY, {}); INSERT INTO readings VALUES (1, {}), (2, {}), (3, {});",
        columns.join(", "),
        row(1),
        row(2),
        row(3)
    );
    let text = whole_run(&script, 400);
    assert!(
        text.contains("1 table, 301 columns") && text.contains("400 pairs accepted"),
        "{text}"
    );
}

#[test]
fn very_long_identifiers_run() {
    for name in [
        "n".repeat(20_000),
        "wort_".repeat(4_000),
        "名".repeat(5_000),
        "🙂 ".repeat(3_000),
    ] {
        let script = format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, \"{name}\" TEXT, v INTEGER); INSERT INTO t VALUES (1,'a',2),(2,'b',3);
             CREATE TABLE \"{name}\" (id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO \"{name}\" VALUES (1,2),(2,3);"
        );
        whole_run(&script, 20);
    }
}
