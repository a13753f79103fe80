//! Runs whose generation and validation other processes do: the same bytes from any number of workers, whatever dies.

#[cfg(target_os = "linux")]
mod cable;
#[cfg(target_os = "linux")]
mod host;
mod line;
#[path = "../host/crates/worker/tests/nats.rs"]
mod nats;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use tempfile::TempDir;

use crate::before_and_after::{exported, said};
use crate::llm::peer::{Peer, Place};
#[cfg(target_os = "linux")]
use crate::surroundings::with_mounts;
#[cfg(target_os = "linux")]
use cable::Damage;
#[cfg(target_os = "linux")]
use host::Host;
use line::Line;
use nats::Nats;
use nl2sql_tests::guest;

/// Journals and what is made of them.
fn bytes(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let export = fs::read_dir(run.join("export")).unwrap();
    let export = export.map(|entry| format!("export/{}", entry.unwrap().file_name().to_string_lossy()));
    let journals = [
        "samples.jsonl",
        "verdicts.jsonl",
        "rounds.jsonl",
        "plan.json",
        "coverage.json",
        "stages.json",
    ];
    journals
        .map(String::from)
        .into_iter()
        .chain(export)
        .map(|name| {
            let bytes = fs::read(run.join(&name)).unwrap();
            (name, bytes)
        })
        .collect()
}

fn nl2sql(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nl2sql"));
    command.current_dir(folder);
    command
}

/// A run of the shop's database into `runs/<folder>`.
fn run(place: &TempDir, folder: &str, total: u32, more: &[&str]) -> Command {
    let mut command = nl2sql(place.path());
    command
        .args([
            "run",
            "--quiet",
            "--set",
            "database.path=shop.sqlite",
            "--set",
            "run.name=shop",
        ])
        .args([
            "--set",
            &format!("plan.total={total}"),
            "--set",
            "generate.batch=6",
            "--run-dir",
            folder,
        ])
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn finish(output: Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A worker that is killed with this.
struct Worker(Child);

impl Worker {
    fn start(folder: &Path, queue: &str, more: &[&str]) -> Self {
        let mut command = nl2sql(folder);
        command
            .args(["worker", "--queue", queue, "--slots", "1", "--quiet"])
            .args(more);
        Self(command.stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn shop() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../profiles/demo/concert_singer.sql");
    let database = rusqlite::Connection::open(folder.path().join("shop.sqlite")).unwrap();
    database.execute_batch(&fs::read_to_string(script).unwrap()).unwrap();
    folder
}

/// What `nl2sql worker --status` tells.
fn status(folder: &Path, queue: &str) -> Value {
    let output = nl2sql(folder)
        .args(["worker", "--status", "--json", "--queue", queue])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn any_number_of_workers_gives_the_bytes_of_a_plain_run() {
    let Some(nats) = Nats::start("any_number_of_workers", &[]) else {
        return;
    };
    let place = shop();
    finish(run(&place, "plain", 200, &[]).output().unwrap());
    let wanted = bytes(&place.path().join("plain"));
    let mut workers = Vec::new();
    for count in [1, 3, 20] {
        while workers.len() < count {
            workers.push(Worker::start(place.path(), &nats.url(), &[]));
        }
        let folder = format!("by{count}");
        finish(run(&place, &folder, 200, &["--queue", &nats.url()]).output().unwrap());
        assert!(
            bytes(&place.path().join(&folder)) == wanted,
            "{count} workers left other bytes"
        );
    }
    // Workers report every few seconds.
    let deadline = Instant::now() + Duration::from_secs(30);
    let done = || -> u64 {
        let status = status(place.path(), &nats.url());
        let workers = status["workers"].as_array().unwrap();
        workers.iter().map(|worker| worker["done"].as_u64().unwrap()).sum()
    };
    while done() == 0 {
        assert!(Instant::now() < deadline, "workers did nothing");
        sleep(Duration::from_millis(500));
    }
    let manifest = fs::read_to_string(place.path().join("by20/run.toml")).unwrap();
    assert!(!manifest.contains(&nats.url()), "who did the work is not recorded");
}

#[test]
fn deaths_and_partitions_change_no_byte() {
    let Some(mut nats) = Nats::start("deaths_and_partitions", &[]) else {
        return;
    };
    let place = shop();
    finish(run(&place, "plain", 600, &[]).output().unwrap());
    let wanted = bytes(&place.path().join("plain"));
    let line = Line::to(nats.address());
    let mut chance = ChaCha8Rng::seed_from_u64(20);
    let mut workers = [
        Worker::start(place.path(), &nats.url(), &[]),
        Worker::start(place.path(), &line.url(), &[]),
    ];
    let queue = nats.url();
    let short_leases = ["--queue", &queue, "--set", "queue.lease_ms=1000"];
    let folder = |number: usize| format!("fleet{number}");
    let coordinate = |number| run(&place, &folder(number), 600, &short_leases).spawn().unwrap();
    let (mut number, mut deaths, deadline) = (0, 0, Instant::now() + Duration::from_secs(240));
    let mut coordinator = coordinate(number);
    loop {
        assert!(Instant::now() < deadline, "the runs do not end");
        if deaths < 10 {
            sleep(Duration::from_millis(chance.random_range(50..700)));
        } else {
            sleep(Duration::from_millis(50));
        }
        if coordinator.try_wait().unwrap().is_some() {
            finish(coordinator.wait_with_output().unwrap());
            let left = bytes(&place.path().join(folder(number)));
            assert!(left == wanted, "deaths left other bytes");
            if deaths >= 4 {
                return;
            }
            // It ended before much had happened to it: another one begins.
            number += 1;
            coordinator = coordinate(number);
            continue;
        }
        match (deaths < 10).then(|| chance.random_range(0..4)) {
            Some(0) => {
                let one = chance.random_range(0..2);
                let url = if one == 0 { nats.url() } else { line.url() };
                workers[one] = Worker::start(place.path(), &url, &[]);
            }
            Some(1) => {
                coordinator.kill().unwrap();
                coordinator.wait().unwrap();
                coordinator = coordinate(number);
            }
            Some(2) => {
                nats.kill();
                sleep(Duration::from_millis(300));
                nats.resume();
            }
            Some(_) => line.cut(Duration::from_millis(1_500)),
            None => continue,
        }
        deaths += 1;
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_host_whose_cable_is_bad_and_pulled_changes_no_byte() {
    let test = "a_host_whose_cable_is_bad_and_pulled_changes_no_byte";
    let Some(nats) = Nats::start(test, &[]) else {
        return;
    };
    let damage = Damage {
        loss: 0.05,
        delay: [10, 30].map(Duration::from_millis),
    };
    let Some((host, cable)) = Host::start(test, damage) else {
        return;
    };
    let place = shop();
    finish(run(&place, "plain", 400, &[]).output().unwrap());
    let line = Line::from_address(host.gateway(), nats.address());
    let mut far = host.command(env!("CARGO_BIN_EXE_nl2sql"));
    far.current_dir(place.path())
        .args(["worker", "--queue", &line.url(), "--slots", "2", "--quiet"]);
    let _far = Worker(far.stdout(Stdio::null()).spawn().unwrap());
    let queue = nats.url();
    let short_leases = ["--queue", &queue, "--set", "queue.lease_ms=1000"];
    let mut coordinator = run(&place, "fleet", 400, &short_leases).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    for _ in 0..2 {
        let [before, _] = cable.packets();
        // The far worker works for a while.
        while cable.packets()[0] < before + 200 {
            assert!(Instant::now() < deadline, "the far worker does nothing");
            assert!(coordinator.try_wait().unwrap().is_none(), "it was over too soon");
            sleep(Duration::from_millis(20));
        }
        // Without another worker, what the far one had waits for its cable.
        cable.cut(Duration::from_millis(1_500));
    }
    let _near = Worker::start(place.path(), &queue, &[]);
    finish(coordinator.wait_with_output().unwrap());
    assert!(
        bytes(&place.path().join("fleet")) == bytes(&place.path().join("plain")),
        "a bad cable left other bytes"
    );
    let [arrived, lost] = cable.packets();
    assert!(
        arrived > 400 && lost > 10,
        "{arrived} packets arrived, {lost} were lost"
    );
}

/// The variables that put a program's clock back by more than a year. `faketime` itself would stand between a test and the program it kills.
fn wrong_clock() -> Option<Vec<(String, String)>> {
    let output = Command::new("faketime").args(["-f", "-400d", "env"]).output().ok()?;
    let variables = String::from_utf8(output.stdout).ok()?;
    let of_clock = variables.lines().filter_map(|line| line.split_once('='));
    let of_clock = of_clock.filter(|(name, _)| matches!(*name, "LD_PRELOAD" | "FAKETIME"));
    let owned = of_clock.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let steady = ("FAKETIME_DONT_FAKE_MONOTONIC".to_owned(), "1".to_owned());
    Some(owned.chain([steady]).collect())
}

#[test]
fn a_worker_far_away_whose_clock_is_wrong_changes_no_byte() {
    let Some(nats) = Nats::start("a_worker_far_away_whose_clock_is_wrong", &[]) else {
        return;
    };
    let Some(wrong_clock) = wrong_clock() else {
        eprintln!("skipped: a_worker_far_away_whose_clock_is_wrong_changes_no_byte needs Debian's package faketime");
        return;
    };
    let place = shop();
    finish(run(&place, "plain", 200, &[]).output().unwrap());
    let line = Line::slow(nats.address(), Duration::from_millis(40));
    let mut wrong = nl2sql(place.path());
    wrong
        .envs(wrong_clock)
        .args(["worker", "--queue", &line.url(), "--slots", "2", "--quiet"]);
    let _wrong = Worker(wrong.stdout(Stdio::null()).spawn().unwrap());
    finish(run(&place, "alone", 200, &["--queue", &nats.url()]).output().unwrap());
    let _right = Worker::start(place.path(), &nats.url(), &[]);
    finish(run(&place, "beside", 200, &["--queue", &nats.url()]).output().unwrap());
    let wanted = bytes(&place.path().join("plain"));
    for folder in ["alone", "beside"] {
        assert!(bytes(&place.path().join(folder)) == wanted, "{folder}: other bytes");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_stops_the_fleet_and_loses_nothing() {
    let Some(nats) = Nats::start("a_full_disk_stops_the_fleet", &[]) else {
        return;
    };
    let place = shop();
    finish(run(&place, "plain", 200, &[]).output().unwrap());
    let _worker = Worker::start(place.path(), &nats.url(), &[]);
    let command = format!(
        "$NL2SQL run --quiet --set database.path=shop.sqlite --set run.name=shop --set plan.total=200 --set generate.batch=6 \
           --run-dir disk/run --queue {}",
        nats.url()
    );
    let script = format!(
        "set -e; mkdir disk; mount -t tmpfs -o size=80k none disk
         code=0; {command} > said.txt 2>&1 || code=$?; cat said.txt; test $code -ne 0
         mount -o remount,size=8m disk; {command}; cp -r disk/run resumed; umount disk"
    );
    let test = "a_full_disk_stops_the_fleet_and_loses_nothing";
    let Some(output) = with_mounts(test, place.path(), &script) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("disk is full"), "{said}");
    assert!(
        bytes(&place.path().join("resumed")) == bytes(&place.path().join("plain")),
        "{said}"
    );
}

#[test]
fn no_answer_is_paid_for_twice_over_the_fleet() {
    let Some(nats) = Nats::start("no_answer_is_paid_for_twice", &[]) else {
        return;
    };
    let (peer, place) = (Peer::start(&["none", "slow"]), Place::with_demo("concert_singer"));
    place.profile(&peer, "openai", 60, "rate = { concurrency = 3 }\n");
    let _steady = Worker::start(place.path(), &nats.url(), &[]);
    let mut mortal = Worker::start(place.path(), &nats.url(), &[]);
    let settings = ["--quiet", "--queue", &nats.url(), "--set", "queue.lease_ms=1000"];
    let mut coordinator = place.command(&[&["run"], &settings[..]].concat()).spawn().unwrap();
    for asked in [2, 5, 9] {
        while peer.received().len() < asked && coordinator.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(5));
        }
        mortal = Worker::start(place.path(), &nats.url(), &[]);
    }
    let output = coordinator.wait_with_output().unwrap();
    drop(mortal);
    finish(output);
    let keys: Vec<_> = peer
        .received()
        .iter()
        .filter_map(|request| request.idempotency_key.clone())
        .collect();
    let mut once = keys.clone();
    once.sort();
    once.dedup();
    assert!(
        keys.len() > 5 && once.len() == keys.len(),
        "{} requests, {} of them different",
        keys.len(),
        once.len()
    );
    assert_eq!(place.counts().values().map(|(accepted, _)| accepted).sum::<u64>(), 60);
}

#[test]
fn a_plugin_of_a_stranger_goes_to_the_workers_as_it_is_locked() {
    let Some(nats) = Nats::start("a_plugin_of_a_stranger_goes_to_the_workers", &[]) else {
        return;
    };
    let place = shop();
    let manifest = "name = \"checks\"\nversion = \"1.0.0\"\nkind = \"validator\"\ndescription = \"A test.\"\n[imports]\nsql = \"reads\"\n";
    let syntax = nl2sql_builtin_plugins::PLUGINS
        .iter()
        .find(|plugin| plugin.name == "validator-syntax");
    let packed = nl2sql_plugin_host::pack(syntax.unwrap().bytes, manifest.as_bytes(), "checks").unwrap();
    fs::write(place.path().join("checks.wasm"), packed).unwrap();
    fs::write(place.path().join("nl2sql.toml"), "[database]\npath = \"shop.sqlite\"\n").unwrap();
    let mut user = in_own_folders(nl2sql(place.path()), place.path());
    finish(
        user.args(["plugin", "add", "checks.wasm", "--grant", "sql", "--unsigned"])
            .output()
            .unwrap(),
    );

    let judged_by = ["--set", "validate.validators=[\"checks\", \"validator-execution\"]"];
    let make = |folder: &str, more: &[&str]| {
        let command = run(&place, folder, 60, &[&judged_by[..], more].concat());
        finish(in_own_folders(command, place.path()).output().unwrap());
        bytes(&place.path().join(folder))
    };
    let wanted = make("plain", &[]);
    // The worker has neither the profile nor the store of plugins.
    let elsewhere = tempfile::tempdir().unwrap();
    let _worker = Worker::start(elsewhere.path(), &nats.url(), &[]);
    assert!(
        make("fleet", &["--queue", &nats.url()]) == wanted,
        "the worker left other bytes"
    );
}

/// A validator that finds nothing, and says so each time.
const TALKER: &str = r#"
(data (i32.const 16) "info")
(data (i32.const 32) "well done")
(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (call $log (i32.const 16) (i32.const 4) (i32.const 32) (i32.const 9))
  (call $nothing_found (local.get $count)))
"#;

#[test]
fn what_plugins_used_and_logged_at_workers_is_in_the_run_folder() {
    let Some(nats) = Nats::start("what_plugins_used_and_logged_at_workers", &[]) else {
        return;
    };
    let place = shop();
    let guest = place.path().join("talker");
    fs::create_dir(&guest).unwrap();
    fs::write(guest.join("guest.wat"), TALKER).unwrap();
    fs::write(place.path().join("talker.wasm"), guest::build(&guest).unwrap()).unwrap();
    let profile = "[database]\npath = \"shop.sqlite\"\n[plugins.talker]\npath = \"talker.wasm\"\n";
    fs::write(place.path().join("nl2sql.toml"), profile).unwrap();
    let _workers = ["left", "right"].map(|name| Worker::start(place.path(), &nats.url(), &["--name", name]));
    let judged_by = "validate.validators=[\"talker\", \"validator-execution\"]";
    let more = ["--set", judged_by, "--queue", &nats.url()];
    finish(run(&place, "fleet", 120, &more).output().unwrap());

    let logged = fs::read_to_string(place.path().join("fleet/plugins.jsonl")).unwrap();
    let logged: Vec<Value> = logged.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_talker = |line: &&Value| line["plugin"] == "talker" && line["message"] == "well done";
    let by: Vec<_> = logged
        .iter()
        .filter(of_talker)
        .map(|line| line["worker"].as_str().unwrap())
        .collect();
    let workers: BTreeSet<_> = by.iter().copied().collect();
    assert!(!by.is_empty() && workers.is_subset(&["left", "right"].into()), "{by:?}");

    let audit = nl2sql(place.path())
        .args(["plugin", "audit", "--json", "--run-dir", "fleet"])
        .output()
        .unwrap();
    let audit: Value = serde_json::from_slice(&audit.stdout).unwrap();
    let used = |plugin: &str, count: &str| {
        let plugins = audit["plugins"].as_array().unwrap();
        let plugin = plugins.iter().find(|entry| entry["plugin"] == plugin).unwrap();
        let workers = plugin["workers"].as_object().unwrap().values();
        let at_workers: u64 = workers.map(|used| used[count].as_u64().unwrap()).sum();
        (at_workers, plugin["used"][count].as_u64().unwrap())
    };
    let samples = fs::read_to_string(place.path().join("fleet/samples.jsonl")).unwrap();
    let (statements, all) = used("validator-execution", "statements");
    assert_eq!(statements, all, "the database was asked by workers alone");
    assert!(statements >= samples.lines().count() as u64, "{statements}");
    let plugins = audit["plugins"].as_array().unwrap();
    let talker = plugins.iter().find(|entry| entry["plugin"] == "talker").unwrap();
    let of_talker = talker["workers"].as_object().unwrap().keys().map(String::as_str);
    assert_eq!(of_talker.collect::<BTreeSet<_>>(), workers);
    let (calls, all) = used("talker", "calls");
    // This process opened it to see that it can be.
    assert!(
        calls >= by.len() as u64 && calls <= all,
        "{calls} of {all} calls, {} messages",
        by.len()
    );
}

/// Predictions, and the figures and outcomes that are made of them. The report names folders as well.
fn evaluation(folder: &Path) -> (String, Value, Value) {
    let report: Value = serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap();
    let predictions = fs::read_to_string(folder.join("after/generated_predictions.jsonl")).unwrap();
    (predictions, report["metrics"].clone(), report["outcomes"].clone())
}

#[test]
fn workers_predict_and_score_the_bytes_of_a_plain_evaluation() {
    let Some(nats) = Nats::start("workers_predict_and_score", &[]) else {
        return;
    };
    let place = exported();
    let evaluate = |output: &str, more: &[&str]| {
        let plain = [
            "eval",
            "--quiet",
            "--after",
            "tiny",
            "--output",
            output,
            "--set",
            "evaluate.constrain=schema",
        ];
        nl2sql(place.path()).args(plain).args(more).output().unwrap()
    };
    finish(evaluate("plain", &[]));
    // Each worker has its own copy of the model, and one has its own of the database.
    let elsewhere = tempfile::tempdir().unwrap();
    fs::copy(place.path().join("shop.sqlite"), elsewhere.path().join("mine.sqlite")).unwrap();
    let mut workers = vec![Worker::start(
        elsewhere.path(),
        &nats.url(),
        &["--set", "database.path=mine.sqlite"],
    )];
    workers.push(Worker::start(place.path(), &nats.url(), &[]));
    finish(evaluate("fleet", &["--queue", &nats.url()]));
    let plain = evaluation(&place.path().join("plain"));
    assert_eq!(evaluation(&place.path().join("fleet")), plain);
    assert!(
        plain.1.as_array().is_some_and(|metrics| !metrics.is_empty()),
        "{}",
        plain.1
    );
    drop(workers);

    // A worker with another model says so.
    let other = elsewhere.path().join("tiny");
    fs::create_dir(&other).unwrap();
    for entry in fs::read_dir(place.path().join("tiny")).unwrap().flatten() {
        fs::copy(entry.path(), other.join(entry.file_name())).unwrap();
    }
    let mut config: Value = serde_json::from_slice(&fs::read(other.join("config.json")).unwrap()).unwrap();
    config["rms_norm_eps"] = 0.5.into();
    fs::write(other.join("config.json"), config.to_string()).unwrap();
    let set = ["--set", "model.path=tiny", "--set", "database.path=mine.sqlite"];
    let _worker = Worker::start(elsewhere.path(), &nats.url(), &set);
    let refused = evaluate("refused", &["--queue", &nats.url()]);
    let said = said(&refused);
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(
        said.contains("holds another model than the one that is asked"),
        "{said}"
    );
    assert!(!place.path().join("refused/report.json").exists());
}

#[test]
fn workers_score_predictions_over_a_folder_of_databases() {
    let Some(nats) = Nats::start("workers_score_predictions", &[]) else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let (mut rows, mut answers) = (String::new(), String::new());
    for number in 0..3 {
        let name = format!("shop{number}");
        fs::create_dir_all(place.path().join("databases").join(&name)).unwrap();
        let file = place
            .path()
            .join("databases")
            .join(&name)
            .join(format!("{name}.sqlite"));
        let script = format!("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES ({number}), (2);");
        rusqlite::Connection::open(file)
            .unwrap()
            .execute_batch(&script)
            .unwrap();
        for wanted in 0..300 {
            let gold = format!("SELECT a + {wanted} FROM t WHERE a = {number}");
            rows += &format!(
                "{}\n",
                serde_json::json!({"db_id": name, "question": "?", "query": gold})
            );
            let answer = [
                "SELECT 1 FROM nowhere".to_owned(),
                format!("SELECT {} ", number + wanted),
            ];
            answers += &format!("{}\n", answer[wanted % 2]);
        }
    }
    fs::write(place.path().join("rows.jsonl"), rows).unwrap();
    fs::write(place.path().join("pred.txt"), answers).unwrap();
    let score = |output: &str, more: &[&str]| {
        let scored = [
            "eval",
            "--quiet",
            "--dataset",
            "rows.jsonl",
            "--databases",
            "databases",
            "--after",
            "pred.txt",
        ];
        nl2sql(place.path())
            .args(scored)
            .args(["--output", output])
            .args(more)
            .output()
            .unwrap()
    };
    finish(score("plain", &[]));
    let elsewhere = tempfile::tempdir().unwrap();
    let own = place.path().join("databases");
    let _worker = Worker::start(elsewhere.path(), &nats.url(), &["--databases", own.to_str().unwrap()]);
    finish(score("fleet", &["--queue", &nats.url()]));
    let report = |folder: &str| fs::read(place.path().join(folder).join("report.json")).unwrap();
    assert!(report("fleet") == report("plain"), "a worker scored otherwise");
    let text = String::from_utf8(report("plain")).unwrap();
    assert!(text.contains("50"), "{text}");
}

/// A command with the user's folders of plugins and trust below `folder`.
fn in_own_folders(mut command: Command, folder: &Path) -> Command {
    command
        .current_dir(folder)
        .env("XDG_DATA_HOME", folder.join("data"))
        .env("XDG_CONFIG_HOME", folder.join("config"));
    command
}

#[test]
fn a_task_that_nobody_can_do_stops_the_run_with_the_reason() {
    let Some(nats) = Nats::start("a_task_that_nobody_can_do", &[]) else {
        return;
    };
    let place = shop();
    let _worker = Worker::start(place.path(), &nats.url(), &["--set", "database.path=elsewhere.sqlite"]);
    let output = run(&place, "fleet", 30, &["--queue", &nats.url()]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.contains("elsewhere.sqlite") && said.contains("none could do it"),
        "{said}"
    );
    let letters = status(place.path(), &nats.url())["dead_letters"].clone();
    assert_eq!(letters[0]["run"], "shop", "{letters}");
    assert!(
        letters[0]["task"].as_str().unwrap().starts_with("validate"),
        "{letters}"
    );
}

#[test]
fn a_worker_without_the_database_writes_what_others_judge() {
    let Some(nats) = Nats::start("a_worker_without_the_database", &[]) else {
        return;
    };
    let place = shop();
    finish(run(&place, "plain", 200, &[]).output().unwrap());
    let _bare = Worker::start(place.path(), &nats.url(), &["--set", "database.path=elsewhere.sqlite"]);
    let _whole = Worker::start(place.path(), &nats.url(), &[]);
    finish(run(&place, "mixed", 200, &["--queue", &nats.url()]).output().unwrap());
    assert!(bytes(&place.path().join("mixed")) == bytes(&place.path().join("plain")));
}

#[test]
fn a_run_without_workers_says_what_it_waits_for() {
    let Some(nats) = Nats::start("a_run_without_workers", &[]) else {
        return;
    };
    let place = shop();
    let mut command = nl2sql(place.path());
    command.args([
        "run",
        "--set",
        "database.path=shop.sqlite",
        "--queue",
        &nats.url(),
        "--run-dir",
        "fleet",
    ]);
    let mut waiting = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(waiting.stderr.take().unwrap());
    while !said.contains("no worker takes tasks") {
        assert!(lines.read_line(&mut said).unwrap() > 0, "{said}");
    }
    let _worker = Worker::start(place.path(), &nats.url(), &[]);
    lines.read_to_string(&mut said).unwrap();
    assert!(waiting.wait().unwrap().success(), "{said}");
}

#[test]
fn a_password_is_wanted_and_kept_secret() {
    let login = ["--user", "nl2sql", "--pass", "open-sesame"];
    let Some(nats) = Nats::start("a_password_is_wanted", &login) else {
        return;
    };
    let place = shop();
    let settings = [
        "--queue",
        &nats.url(),
        "--set",
        "queue.user=nl2sql",
        "--set",
        "queue.password_env=QUEUE_PASSWORD",
    ];
    let refused = run(&place, "fleet", 30, &settings)
        .env("QUEUE_PASSWORD", "guess")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(!said.contains("guess"), "{said}");
    let mut worker = nl2sql(place.path());
    worker
        .arg("worker")
        .args(settings)
        .args(["--quiet", "--slots", "1"])
        .env("QUEUE_PASSWORD", "open-sesame");
    let _worker = Worker(worker.stdout(Stdio::null()).spawn().unwrap());
    finish(
        run(&place, "fleet", 30, &settings)
            .env("QUEUE_PASSWORD", "open-sesame")
            .output()
            .unwrap(),
    );
    for (name, file) in bytes(&place.path().join("fleet")) {
        assert!(!String::from_utf8_lossy(&file).contains("open-sesame"), "{name}");
    }
}

#[test]
fn the_server_must_be_the_one_that_the_authority_signed_for() {
    let test = "the_server_must_be_the_one";
    let Some(certificates) = std::env::var_os("NL2SQL_TEST_CERTIFICATES") else {
        eprintln!("skipped: {test} needs NL2SQL_TEST_CERTIFICATES, which `cargo xtask services up` sets");
        return;
    };
    let file = |name: &str| Path::new(&certificates).join(name).display().to_string();
    let tls = [
        "--tls",
        "--tlscert",
        &file("server.pem"),
        "--tlskey",
        &file("server.key"),
    ];
    let Some(nats) = Nats::start(test, &tls) else { return };
    let place = shop();
    let queue = format!("tls://localhost:{}", nats.address().port());
    let trusted = |authority: &str| {
        [
            "--queue".to_owned(),
            queue.clone(),
            "--set".into(),
            format!("queue.ca_certificate={}", file(authority)),
        ]
    };
    let settings = trusted("authority.pem");
    let settings: Vec<_> = settings.iter().map(String::as_str).collect();
    let _worker = Worker::start(place.path(), &queue, &settings[2..]);
    finish(run(&place, "fleet", 30, &settings).output().unwrap());
    let settings = trusted("stranger.pem");
    let settings: Vec<_> = settings.iter().map(String::as_str).collect();
    let refused = run(&place, "other", 30, &settings).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(said.contains("certificate"), "{said}");
}
