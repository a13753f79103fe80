//! Whole runs over in-process doubles: resume, edits, faults, privacy, export.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;

use crate::doubles::{Doubles, Listener, tables};
use nl2sql_catalog::{Sample, Verdict};
use nl2sql_pipeline::{Coverage, Pipeline, PipelineError, Rerun, RunFolder, Stage, artifact};
use nl2sql_profile::Profile;
use serde_json::Value;

fn profile() -> Profile {
    let mut profile = Profile::default();
    profile.plan.total = 60;
    profile.generate.batch = 8;
    profile
}

fn run_with(
    folder: &Path,
    profile: &Profile,
    dependencies: &Doubles,
    listener: &Listener,
    rerun: Rerun,
) -> Result<(), PipelineError> {
    Pipeline::open(RunFolder::open(folder)?, "shop", profile, dependencies, listener, rerun)?.run(rerun)
}

fn run(folder: &Path) -> Result<(), PipelineError> {
    run_with(
        folder,
        &profile(),
        &Doubles::default(),
        &Listener::default(),
        Rerun::default(),
    )
}

/// Every file but the ones that hold times and process ids.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name != artifact::EVENTS && name != artifact::LOCK {
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> Vec<T> {
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn who_judges_changes_no_byte() {
    let (plain, along) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(plain.path()).unwrap();
    let judged_along = Doubles {
        judges_along: true,
        ..Doubles::default()
    };
    run_with(
        along.path(),
        &profile(),
        &judged_along,
        &Listener::default(),
        Rerun::default(),
    )
    .unwrap();
    assert!(bytes(plain.path()) == bytes(along.path()));
}

#[test]
fn a_run_meets_its_budgets_without_repeating_itself() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path()).unwrap();
    let samples: Vec<Sample> = lines(&folder.path().join(artifact::SAMPLES));
    let verdicts: Vec<Verdict> = lines(&folder.path().join(artifact::VERDICTS));
    assert_eq!(samples.len(), verdicts.len());
    let accepted: Vec<_> = samples
        .iter()
        .zip(&verdicts)
        .filter(|(_, verdict)| verdict.accepted)
        .map(|(s, _)| s)
        .collect();
    assert_eq!(accepted.len(), 60);
    assert_eq!(accepted.iter().map(|s| &s.question).collect::<BTreeSet<_>>().len(), 60);
    assert_eq!(
        samples.iter().map(|s| &s.sql).collect::<BTreeSet<_>>().len(),
        samples.len()
    );
    let empty = accepted.iter().filter(|sample| sample.sql.ends_with('0')).count();
    assert!(empty <= 2, "{empty} empty results in two topics of 30 at 5% each");
    assert!(
        verdicts
            .iter()
            .any(|verdict| verdict.findings.iter().any(|finding| finding.code == "too-many-empty"))
    );
    let coverage: Coverage =
        serde_json::from_slice(&fs::read(folder.path().join(artifact::COVERAGE)).unwrap()).unwrap();
    assert_eq!(
        (coverage.samples, coverage.tables.covered, coverage.columns.covered),
        (60, 2, 2)
    );
    assert_eq!(
        Coverage::missing(&coverage.foreign_keys),
        ["orders(customer_id) -> customers(id)"]
    );
}

#[test]
fn what_an_exhausted_topic_cannot_supply_comes_from_the_others() {
    let dependencies = || {
        let dependencies = Doubles::default();
        *dependencies.faults.supply.lock().unwrap() = Some(("customers", 11));
        dependencies
    };
    let undisturbed = tempfile::tempdir().unwrap();
    let whole = |folder: &Path| {
        run_with(
            folder,
            &profile(),
            &dependencies(),
            &Listener::default(),
            Rerun::default(),
        )
    };
    whole(undisturbed.path()).unwrap();
    let samples: Vec<Sample> = lines(&undisturbed.path().join(artifact::SAMPLES));
    let verdicts: Vec<Verdict> = lines(&undisturbed.path().join(artifact::VERDICTS));
    let accepted: Vec<_> = samples
        .iter()
        .zip(&verdicts)
        .filter(|(_, verdict)| verdict.accepted)
        .collect();
    let small = accepted
        .iter()
        .filter(|(sample, _)| sample.topic == "about customers")
        .count();
    assert!((1..=11).contains(&small), "{small}");
    assert_eq!(accepted.len(), 60);
    for stop_after in 1..12 {
        let folder = tempfile::tempdir().unwrap();
        let listener = Listener {
            stop_after: Some(stop_after),
            ..Listener::default()
        };
        let _ = run_with(folder.path(), &profile(), &dependencies(), &listener, Rerun::default());
        whole(folder.path()).unwrap();
        assert_eq!(
            bytes(folder.path()),
            bytes(undisturbed.path()),
            "stopped after {stop_after} rounds"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let (first, second, third) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    run(first.path()).unwrap();
    run(second.path()).unwrap();
    assert_eq!(bytes(first.path()), bytes(second.path()));
    let mut other = profile();
    other.run.seed = 99;
    run_with(
        third.path(),
        &other,
        &Doubles::default(),
        &Listener::default(),
        Rerun::default(),
    )
    .unwrap();
    assert_ne!(
        bytes(first.path())[artifact::SAMPLES],
        bytes(third.path())[artifact::SAMPLES]
    );
}

#[test]
fn a_run_stopped_anywhere_ends_with_the_bytes_of_an_undisturbed_one() {
    let undisturbed = tempfile::tempdir().unwrap();
    run(undisturbed.path()).unwrap();
    let wanted = bytes(undisturbed.path());
    for stop_after in 1..10 {
        let folder = tempfile::tempdir().unwrap();
        let listener = Listener {
            stop_after: Some(stop_after),
            ..Listener::default()
        };
        let stopped = run_with(
            folder.path(),
            &profile(),
            &Doubles::default(),
            &listener,
            Rerun::default(),
        );
        assert!(
            matches!(stopped, Err(PipelineError::Cancelled { .. }) | Ok(())),
            "{stopped:?}"
        );
        run(folder.path()).unwrap();
        assert_eq!(bytes(folder.path()), wanted, "stopped after {stop_after} rounds");
    }
}

#[test]
fn journals_cut_at_any_byte_are_repaired() {
    let undisturbed = tempfile::tempdir().unwrap();
    run(undisturbed.path()).unwrap();
    let wanted = bytes(undisturbed.path());
    for (name, share) in [
        (artifact::SAMPLES, 3),
        (artifact::VERDICTS, 5),
        (artifact::ROUNDS, 2),
        (artifact::ROUNDS, 7),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let listener = Listener {
            stop_after: Some(5),
            ..Listener::default()
        };
        run_with(
            folder.path(),
            &profile(),
            &Doubles::default(),
            &listener,
            Rerun::default(),
        )
        .unwrap_err();
        let path = folder.path().join(name);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - whole.len() / share]).unwrap();
        let listener = Listener::default();
        run_with(
            folder.path(),
            &profile(),
            &Doubles::default(),
            &listener,
            Rerun::default(),
        )
        .unwrap();
        assert_eq!(bytes(folder.path()), wanted, "{name} cut");
        assert!(!listener.notes.lock().unwrap().is_empty(), "the cut is said");
    }
}

#[test]
fn finished_stages_are_not_rerun() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path()).unwrap();
    let before = bytes(folder.path());
    let dependencies = Doubles::default();
    run_with(
        folder.path(),
        &profile(),
        &dependencies,
        &Listener::default(),
        Rerun::default(),
    )
    .unwrap();
    assert_eq!(dependencies.calls.load(Ordering::SeqCst), 0);
    assert_eq!(bytes(folder.path()), before);
}

#[test]
fn an_edited_artifact_is_noticed_and_can_be_accepted() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path()).unwrap();
    let path = folder.path().join(artifact::PLAN);
    let plan = fs::read_to_string(&path)
        .unwrap()
        .replace("\"budget\": 30", "\"budget\": 32");
    fs::write(&path, plan).unwrap();
    let refused = run(folder.path()).unwrap_err();
    assert!(
        matches!(
            refused,
            PipelineError::Edited {
                gone: false,
                writer: Stage::Plan,
                ..
            }
        ),
        "{refused}"
    );
    assert!(refused.to_string().contains("--accept-edits"));
    let accepting = Rerun {
        accept_edits: true,
        ..Rerun::default()
    };
    run_with(
        folder.path(),
        &profile(),
        &Doubles::default(),
        &Listener::default(),
        accepting,
    )
    .unwrap();
    let verdicts: Vec<Verdict> = lines(&folder.path().join(artifact::VERDICTS));
    assert_eq!(
        verdicts.iter().filter(|verdict| verdict.accepted).count(),
        64,
        "topped up, not started over"
    );
}

#[test]
fn a_missing_artifact_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path()).unwrap();
    fs::remove_file(folder.path().join(artifact::CARDS)).unwrap();
    assert!(matches!(
        run(folder.path()),
        Err(PipelineError::Edited { gone: true, .. })
    ));
}

#[test]
fn settings_that_samples_depend_on_are_not_changed_silently() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path()).unwrap();
    let mut other = profile();
    other.plan.total = 80;
    let refused = run_with(
        folder.path(),
        &other,
        &Doubles::default(),
        &Listener::default(),
        Rerun::default(),
    )
    .unwrap_err();
    assert!(
        matches!(refused, PipelineError::WouldSupersede { stage: Stage::Plan, .. }),
        "{refused}"
    );
    let redo = Rerun {
        redo: true,
        ..Rerun::default()
    };
    run_with(folder.path(), &other, &Doubles::default(), &Listener::default(), redo).unwrap();
    assert!(folder.path().join("superseded/1").join(artifact::SAMPLES).is_file());
    let verdicts: Vec<Verdict> = lines(&folder.path().join(artifact::VERDICTS));
    assert_eq!(verdicts.iter().filter(|verdict| verdict.accepted).count(), 80);
}

#[test]
fn export_settings_change_the_export_alone() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path()).unwrap();
    let mut other = profile();
    other.export.formats = vec![nl2sql_profile::ExportFormat::Alpaca];
    let dependencies = Doubles::default();
    run_with(
        folder.path(),
        &other,
        &dependencies,
        &Listener::default(),
        Rerun::default(),
    )
    .unwrap();
    assert_eq!(dependencies.calls.load(Ordering::SeqCst), 0);
    assert!(!folder.path().join("export/shop_train_sharegpt.json").exists());
}

#[test]
fn another_generator_continues_a_begun_run_only_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let listener = Listener {
        stop_after: Some(3),
        ..Listener::default()
    };
    run_with(
        folder.path(),
        &profile(),
        &Doubles::default(),
        &listener,
        Rerun::default(),
    )
    .unwrap_err();
    let other = Doubles {
        generator: "other".into(),
        ..Doubles::default()
    };
    let refused = run_with(
        folder.path(),
        &profile(),
        &other,
        &Listener::default(),
        Rerun::default(),
    )
    .unwrap_err();
    assert!(
        matches!(
            refused,
            PipelineError::OtherPlugin {
                stage: Stage::Generate,
                ..
            }
        ),
        "{refused}"
    );
    let listener = Listener::default();
    let accepting = Rerun {
        accept_edits: true,
        ..Rerun::default()
    };
    run_with(folder.path(), &profile(), &other, &listener, accepting).unwrap();
    let notes = listener.notes.lock().unwrap().join(" ");
    assert!(
        notes.contains("keeping what is there although it was done with `counting`"),
        "{notes}"
    );
}

#[test]
fn plugins_and_models_that_were_replaced_are_noticed_and_run_toml_names_what_was_used() {
    let replaced = |role: &'static str| Doubles {
        others: [(role, "another digest")].into(),
        ..Doubles::default()
    };
    let run_again = |folder: &Path, dependencies: &Doubles, rerun: Rerun| {
        let listener = Listener::default();
        let ended = run_with(folder, &profile(), dependencies, &listener, rerun);
        let notes = listener.notes.lock().unwrap().join("\n");
        (ended, notes)
    };
    let folder = tempfile::tempdir().unwrap();
    run(folder.path()).unwrap();
    let (made, manifest) = (bytes(folder.path()), folder.path().join(artifact::RUN));
    let other_model = Doubles {
        model: Some("other/model"),
        ..Doubles::default()
    };
    for (dependencies, stage, reason) in [
        (replaced("dialect"), Stage::Extract, "plugin `plain` is now sha256"),
        (replaced("planner"), Stage::Plan, "plugin `topics` is now sha256"),
        (
            replaced("generator"),
            Stage::Generate,
            "plugin `counting` is now sha256",
        ),
        (
            other_model,
            Stage::Plan,
            "the language model of `topics` is now other/model, it was none",
        ),
    ] {
        let refused = run_again(folder.path(), &dependencies, Rerun::default()).0.unwrap_err();
        assert!(
            matches!(&refused, PipelineError::OtherPlugin { stage: at, .. } if *at == stage),
            "{refused}"
        );
        assert!(refused.to_string().contains(reason), "{refused}");
        assert_eq!(bytes(folder.path()), made, "nothing was touched: {refused}");
    }
    // Verdicts cost nothing, so they are made again; and run.toml names the validator that made them.
    let (ended, notes) = run_again(folder.path(), &replaced("validator"), Rerun::default());
    ended.unwrap();
    assert!(notes.contains("done again: plugin `odd` is now sha256"), "{notes}");
    let named = fs::read_to_string(&manifest).unwrap();
    assert!(
        named.contains(&nl2sql_pipeline::sha256_hex("another digest")),
        "{named}"
    );
    // What is kept although its generator is another one is kept, and said.
    let (ended, notes) = run_again(
        folder.path(),
        &replaced("generator"),
        Rerun {
            accept_edits: true,
            ..Rerun::default()
        },
    );
    ended.unwrap();
    assert!(
        notes.contains("keeping what is there although plugin `counting` is now"),
        "{notes}"
    );
    assert_eq!(bytes(folder.path())[artifact::SAMPLES], made[artifact::SAMPLES]);
}

#[test]
fn two_processes_cannot_share_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let (dependencies, listener, profile) = (Doubles::default(), Listener::default(), profile());
    let _held = Pipeline::open(
        RunFolder::open(folder.path()).unwrap(),
        "shop",
        &profile,
        &dependencies,
        &listener,
        Rerun::default(),
    )
    .unwrap();
    let refused = RunFolder::open(folder.path());
    assert!(matches!(refused, Err(PipelineError::Busy { process: Some(_), .. })));
}

#[test]
fn a_spent_budget_ends_the_run_short_and_can_be_continued() {
    let undisturbed = tempfile::tempdir().unwrap();
    run(undisturbed.path()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let dependencies = Doubles::default();
    *dependencies.faults.generator.lock().unwrap() = Some((2, "budget"));
    run_with(
        folder.path(),
        &profile(),
        &dependencies,
        &Listener::default(),
        Rerun::default(),
    )
    .unwrap();
    let card: Value = serde_json::from_slice(&fs::read(folder.path().join("export/datacard.json")).unwrap()).unwrap();
    assert!(card["accepted"].as_u64().unwrap() < 60);
    run(folder.path()).unwrap();
    assert_eq!(bytes(folder.path()), bytes(undisturbed.path()));
}

/// A run over a hundred tables, each a topic: several blocks of topics a round.
fn run_of_many(folder: &Path, dependencies: &Doubles) -> Result<(), PipelineError> {
    let mut profile = profile();
    profile.plan.total = 1_200;
    profile.generate.batch = 5;
    run_with(folder, &profile, dependencies, &Listener::default(), Rerun::default())
}

fn many(at_once: Option<usize>) -> Doubles {
    Doubles {
        catalog: tables(100),
        at_once,
        ..Doubles::default()
    }
}

#[test]
fn two_blocks_are_asked_for_while_the_one_before_is_judged_and_the_bytes_are_those_of_turns() {
    let in_turn = tempfile::tempdir().unwrap();
    run_of_many(in_turn.path(), &many(Some(1))).unwrap();
    let ahead = tempfile::tempdir().unwrap();
    let dependencies = many(None);
    dependencies.faults.judged_after.store(96, Ordering::SeqCst);
    run_of_many(ahead.path(), &dependencies).unwrap();
    assert_eq!(bytes(ahead.path()), bytes(in_turn.path()));
}

#[test]
fn where_answers_cost_something_nothing_is_asked_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let dependencies = many(Some(1));
    dependencies.faults.database_gone.store(true, Ordering::SeqCst);
    run_of_many(folder.path(), &dependencies).unwrap_err();
    assert_eq!(dependencies.calls.load(Ordering::SeqCst), 32, "one block");
}

#[test]
fn a_generator_that_fails_ahead_loses_nothing_that_was_judged() {
    let undisturbed = tempfile::tempdir().unwrap();
    run_of_many(undisturbed.path(), &many(None)).unwrap();
    for call in [0, 31, 32, 40, 95, 150, 250] {
        let folder = tempfile::tempdir().unwrap();
        let dependencies = many(None);
        *dependencies.faults.generator.lock().unwrap() = Some((call, "trap"));
        run_of_many(folder.path(), &dependencies).unwrap_err();
        let kept = lines::<Value>(&folder.path().join(artifact::ROUNDS)).len() as u64;
        // Two blocks are asked at once, so that a later call may be of the earlier one.
        assert!(
            kept + 64 > call / 32 * 32 && kept < call.max(1) + 64,
            "{kept} rounds of {call} calls"
        );
        run_of_many(folder.path(), &many(None)).unwrap();
        assert_eq!(bytes(folder.path()), bytes(undisturbed.path()), "call {call}");
    }
}

#[test]
fn a_database_that_vanishes_stops_the_run_and_rejects_nothing() {
    let undisturbed = tempfile::tempdir().unwrap();
    run(undisturbed.path()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let dependencies = Doubles::default();
    dependencies.faults.database_gone.store(true, Ordering::SeqCst);
    let stopped = run_with(
        folder.path(),
        &profile(),
        &dependencies,
        &Listener::default(),
        Rerun::default(),
    )
    .unwrap_err();
    assert!(stopped.to_string().contains("the file is gone"), "{stopped}");
    run(folder.path()).unwrap();
    assert_eq!(bytes(folder.path()), bytes(undisturbed.path()));
}

#[test]
fn values_stay_in_the_database_unless_a_policy_lets_them_out() {
    let everything = |folder: &Path| {
        bytes(folder)
            .into_values()
            .map(|file| String::from_utf8_lossy(&file).into_owned())
            .collect::<String>()
    };
    let closed = tempfile::tempdir().unwrap();
    run(closed.path()).unwrap();
    assert!(!everything(closed.path()).contains("canary"));

    let open = tempfile::tempdir().unwrap();
    let mut profile = profile();
    profile.privacy.sample_values = true;
    run_with(
        open.path(),
        &profile,
        &Doubles::default(),
        &Listener::default(),
        Rerun::default(),
    )
    .unwrap();
    let text = everything(open.path());
    assert!(text.contains("canary customers city"));
    assert!(!text.contains("canary customers email"), "personal by its name");
}

#[test]
fn a_table_too_slow_to_sample_goes_without_values() {
    let folder = tempfile::tempdir().unwrap();
    let dependencies = Doubles::default();
    *dependencies.faults.slow.lock().unwrap() = Some("customers");
    let mut profile = profile();
    profile.privacy.sample_values = true;
    run_with(
        folder.path(),
        &profile,
        &dependencies,
        &Listener::default(),
        Rerun::default(),
    )
    .unwrap();
    let cards = fs::read_to_string(folder.path().join(artifact::CARDS)).unwrap();
    assert!(
        !cards.contains("canary customers") && cards.contains("canary orders"),
        "{cards}"
    );
    let stages = fs::read_to_string(folder.path().join(artifact::STAGES)).unwrap();
    assert!(
        stages.contains("no values of customers: stopped after 5000 ms"),
        "{stages}"
    );
}

#[test]
fn exports_are_what_llama_factory_reads() {
    let folder = tempfile::tempdir().unwrap();
    let mut profile = profile();
    profile.export.system = "You write {dialect}.".into();
    profile.export.prompt = "{question}\n{schema}\n{{not}} {unknown}".into();
    run_with(
        folder.path(),
        &profile,
        &Doubles::default(),
        &Listener::default(),
        Rerun::default(),
    )
    .unwrap();
    let export = folder.path().join("export");
    let read = |name: &str| -> Value { serde_json::from_slice(&fs::read(export.join(name)).unwrap()).unwrap() };
    let info = read("dataset_info.json");
    let mut templates: BTreeMap<String, String> = BTreeMap::new();
    for (name, entry) in info.as_object().unwrap() {
        let rows = read(entry["file_name"].as_str().unwrap());
        for row in rows.as_array().unwrap() {
            let (prompt, answer) = if entry["formatting"] == "sharegpt" {
                let turns = row[entry["columns"]["messages"].as_str().unwrap()].as_array().unwrap();
                assert_eq!(
                    turns[0][entry["tags"]["role_tag"].as_str().unwrap()],
                    entry["tags"]["user_tag"]
                );
                assert_eq!(turns[1]["from"], entry["tags"]["assistant_tag"]);
                (
                    turns[0]["value"].as_str().unwrap().to_owned(),
                    turns[1]["value"].as_str().unwrap().to_owned(),
                )
            } else {
                let columns = &entry["columns"];
                let column = |key: &str| row[columns[key].as_str().unwrap()].as_str().unwrap().to_owned();
                (format!("{}\n{}", column("prompt"), column("query")), column("response"))
            };
            assert_eq!(row[entry["columns"]["system"].as_str().unwrap()], "You write plain.");
            assert!(
                prompt.contains("Which ") && prompt.contains("CREATE TABLE customers ()"),
                "{prompt}"
            );
            assert!(prompt.ends_with("{{not}} {unknown}"), "{prompt}");
            let split = name.split('_').nth(1).unwrap().to_owned();
            assert_eq!(*templates.entry(answer).or_insert_with(|| split.clone()), split);
        }
    }
    assert_eq!(templates.len(), 60);
}

#[test]
fn an_empty_database_is_said_in_one_paragraph() {
    let folder = tempfile::tempdir().unwrap();
    let dependencies = Doubles {
        catalog: nl2sql_catalog::Database {
            name: "bare".into(),
            ..Default::default()
        },
        ..Doubles::default()
    };
    let refused = run_with(
        folder.path(),
        &profile(),
        &dependencies,
        &Listener::default(),
        Rerun::default(),
    )
    .unwrap_err();
    assert!(refused.to_string().contains("`bare` has no table or view"), "{refused}");
}

#[test]
fn a_stage_alone_names_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let (dependencies, listener, profile) = (Doubles::default(), Listener::default(), profile());
    let pipeline = Pipeline::open(
        RunFolder::open(folder.path()).unwrap(),
        "shop",
        &profile,
        &dependencies,
        &listener,
        Rerun::default(),
    )
    .unwrap();
    let missing = pipeline.run_stage(Stage::Plan, Rerun::default()).unwrap_err();
    assert!(missing.to_string().contains("Run `nl2sql extract` first"), "{missing}");
}
