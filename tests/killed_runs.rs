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
            } else if !["events.jsonl", ".lock", "run.toml"].contains(&name.as_str()) {
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_run_killed_anywhere_ends_with_the_bytes_of_an_undisturbed_one() {
    let folder = tempfile::tempdir().unwrap();
    rusqlite::Connection::open(folder.path().join("shop.sqlite"))
        .unwrap()
        .execute_batch(SHOP)
        .unwrap();
    // The first run also fills the cache of compiled plugins, so that the second one tells how long a run takes.
    assert!(command(folder.path(), "first").status().unwrap().success());
    let began = Instant::now();
    assert!(command(folder.path(), "whole").status().unwrap().success());
    let whole = began.elapsed();
    let wanted = bytes(&folder.path().join("whole/shop"));
    assert!(wanted.contains_key("export/dataset_info.json"));

    const KILLS: u32 = 24;
    let mut interrupted = 0;
    for kill in 0..KILLS {
        let runs = format!("killed{kill}");
        let mut process = command(folder.path(), &runs).spawn().unwrap();
        std::thread::sleep(whole * kill / KILLS + Duration::from_millis(1));
        interrupted += u32::from(process.try_wait().unwrap().is_none());
        process.kill().unwrap();
        process.wait().unwrap();
        let output = command(folder.path(), &runs).output().unwrap();
        assert!(
            output.status.success(),
            "kill {kill}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            bytes(&folder.path().join(&runs).join("shop")) == wanted,
            "kill {kill} left another outcome"
        );
    }
    assert!(
        interrupted > KILLS / 4,
        "only {interrupted} of {KILLS} kills came in time"
    );
}
