//! A run killed at many points ends with the bytes of an undisturbed one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, city TEXT NOT NULL, joined DATE, points INTEGER);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id), status TEXT, amount REAL);
    CREATE TABLE items (order_id INTEGER REFERENCES orders(id), product TEXT, quantity INTEGER, PRIMARY KEY (order_id, product));
    INSERT INTO customers VALUES (1,'Oslo','2024-01-02',10),(2,'Bergen','2024-05-06',25),(3,'Oslo',NULL,7),(4,'Narvik','2023-11-30',99);
    INSERT INTO orders VALUES (1,1,'open',12.5),(2,1,'paid',80),(3,2,'paid',7.25),(4,4,'sent',31),(5,3,'open',64);
    INSERT INTO items VALUES (1,'lamp',2),(1,'rug',1),(2,'lamp',1),(3,'vase',4),(4,'rug',2),(5,'vase',1);
";

fn command(folder: &Path, runs: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nl2sql"));
    command
        .current_dir(folder)
        .args([
            "run",
            "--quiet",
            "--set",
            "database.path=shop.sqlite",
            "--set",
            "privacy.sample_values=true",
        ])
        .args([
            "--set",
            "plan.total=120",
            "--set",
            "generate.batch=6",
            "--set",
            "run.name=shop",
        ])
        .arg("--set")
        .arg(format!("run.dir={runs}"))
        .stdout(Stdio::null());
    command
}

/// Every file but the ones with times, process ids and the name of the run folder.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !["events.jsonl", "plugin-audit.jsonl", ".lock", "run.toml"].contains(&name.as_str()) {
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// A folder with the database.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let database = rusqlite::Connection::open(folder.path().join("shop.sqlite")).unwrap();
    database.execute_batch(SHOP).unwrap();
    folder
}

/// The bytes of an undisturbed run, and how long it takes once compiled plugins are at hand.
fn undisturbed(folder: &Path) -> (BTreeMap<String, Vec<u8>>, Duration) {
    assert!(command(folder, "first").status().unwrap().success());
    let began = Instant::now();
    assert!(command(folder, "whole").status().unwrap().success());
    let wanted = bytes(&folder.join("whole/shop"));
    assert!(wanted.contains_key("export/dataset_info.json"));
    (wanted, began.elapsed())
}

/// Starts a run, kills it when `due`, lets it go on and looks at the outcome; whether the kill came in time.
fn killed(folder: &Path, runs: &str, wanted: &BTreeMap<String, Vec<u8>>, due: impl Fn(&Path) -> bool) -> bool {
    let place = folder.join(runs).join("shop");
    let mut process = command(folder, runs).spawn().unwrap();
    while !due(&place) && process.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let interrupted = process.try_wait().unwrap().is_none();
    process.kill().unwrap();
    process.wait().unwrap();
    let output = command(folder, runs).output().unwrap();
    assert!(
        output.status.success(),
        "{runs}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(bytes(&place) == *wanted, "{runs} left another outcome");
    interrupted
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    const KILLS: u32 = 24;
    let folder = shop();
    let (wanted, whole) = undisturbed(folder.path());
    let interrupted = (0..KILLS).filter(|kill| {
        let at = Instant::now() + whole * *kill / KILLS + Duration::from_millis(1);
        killed(folder.path(), &format!("killed{kill}"), &wanted, |_| {
            Instant::now() >= at
        })
    });
    let interrupted = interrupted.count();
    assert!(
        interrupted > KILLS as usize / 4,
        "only {interrupted} of {KILLS} kills came in time"
    );
}

#[test]
fn a_run_killed_at_each_new_file_resumes_to_the_same_bytes() {
    let folder = shop();
    let (wanted, _) = undisturbed(folder.path());
    let mut interrupted = 0;
    for (number, name) in wanted.keys().enumerate() {
        let there = |place: &Path| place.join(name).exists();
        interrupted += usize::from(killed(folder.path(), &format!("appeared{number}"), &wanted, there));
    }
    assert!(
        interrupted > wanted.len() / 4,
        "only {interrupted} of {} kills came in time",
        wanted.len()
    );
}

#[test]
fn a_run_killed_at_journal_appends_resumes_to_the_same_bytes() {
    const PARTS: u64 = 6;
    let folder = shop();
    let (wanted, _) = undisturbed(folder.path());
    let mut interrupted = 0;
    for journal in ["samples.jsonl", "verdicts.jsonl", "rounds.jsonl"] {
        let whole = wanted[journal].len() as u64;
        for part in 0..PARTS {
            let grown =
                |place: &Path| fs::metadata(place.join(journal)).is_ok_and(|file| file.len() > whole * part / PARTS);
            interrupted += u64::from(killed(folder.path(), &format!("{journal}{part}"), &wanted, grown));
        }
    }
    assert!(interrupted > PARTS / 2, "only {interrupted} kills came in time");
}
