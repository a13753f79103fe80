//! Plugins from files: added, run, updated, removed.

use std::fs;

use nl2sql_plugin_supply::{FindingLevel, UpdateRequest};
use nl2sql_tests::author::{Author, validator};

use crate::project::{Project, block_on, said};

#[test]
fn a_signed_plugin_is_added_locked_run_and_removed() {
    let project = Project::new();
    let before = fs::read_to_string(project.profile()).unwrap();
    project
        .acme
        .publish(project.path(), "rows.wasm", &validator("rows", "1.0.0", &["query"]));
    let locked = project.add("rows.wasm", &["query"]).unwrap();
    assert_eq!(
        (locked.version.as_str(), locked.signer.as_deref()),
        ("1.0.0", Some("acme"))
    );
    let profile = fs::read_to_string(project.profile()).unwrap();
    assert!(profile.starts_with(&before), "{profile}");
    assert!(
        profile.ends_with("[plugins.rows]\nsource = \"rows.wasm\"\ngrant = [\"query\"]\n"),
        "{profile}"
    );
    // The file it was added from is not needed any more.
    fs::remove_file(project.path().join("rows.wasm")).unwrap();
    assert_eq!(project.run("rows").unwrap(), "1.0.0 by acme");
    project.installer().remove("rows").unwrap();
    assert_eq!(fs::read_to_string(project.profile()).unwrap(), before);
    let refused = project.run("rows").unwrap_err();
    assert!(refused.contains("no plugin `rows`"), "{refused}");
}

#[test]
fn unsigned_plugins_and_strangers_need_a_word_each() {
    let project = Project::new();
    let bytes = validator("rows", "1.0.0", &[]);
    fs::write(project.path().join("rows.wasm"), &bytes).unwrap();
    let refused = said(&project.add("rows.wasm", &[]).unwrap_err());
    assert!(
        refused.contains("is not signed") && refused.contains("unsigned = true"),
        "{refused}"
    );
    Author::with_new_key().publish(project.path(), "rows.wasm", &bytes);
    let refused = said(&project.add("rows.wasm", &[]).unwrap_err());
    assert!(
        refused.contains("no key that is trusted") && refused.contains("[trust.keys]"),
        "{refused}"
    );
    assert_eq!(project.add_unsigned("rows.wasm", &[]).unwrap().signer, None);
    assert_eq!(project.run("rows").unwrap(), "1.0.0 by ");
    let findings = project.installer().check().unwrap();
    assert_eq!(findings[0].level, FindingLevel::Warning, "{findings:?}");
    // The word is the profile's: without it the same lock is worth nothing.
    project.edit(&project.profile(), "unsigned = true\n", "");
    let refused = project.run("rows").unwrap_err();
    assert!(refused.contains("is not signed"), "{refused}");
}

#[test]
fn a_signature_of_another_file_is_refused_whatever_the_profile_accepts() {
    let project = Project::new();
    let bytes = validator("rows", "1.0.0", &[]);
    let path = project.acme.publish(project.path(), "rows.wasm", &bytes);
    fs::write(path, validator("rows", "1.0.1", &[])).unwrap();
    for refused in [project.add("rows.wasm", &[]), project.add_unsigned("rows.wasm", &[])] {
        let refused = said(&refused.unwrap_err());
        assert!(refused.contains("by `acme` is not one of these bytes"), "{refused}");
    }
    fs::write(
        project.path().join("rows.wasm.minisig"),
        "untrusted comment: nonsense\n",
    )
    .unwrap();
    let refused = said(&project.add_unsigned("rows.wasm", &[]).unwrap_err());
    assert!(refused.contains("cannot be read"), "{refused}");
}

#[test]
fn what_it_imports_is_granted_first_and_nothing_else_is() {
    let project = Project::new();
    project.acme.publish(
        project.path(),
        "rows.wasm",
        &validator("rows", "1.0.0", &["query", "sql"]),
    );
    let refused = said(&project.add("rows.wasm", &["sql"]).unwrap_err());
    assert!(
        refused.contains("asks for `query` (a test)") && refused.contains("--grant query"),
        "{refused}"
    );
    let refused = said(&project.add("rows.wasm", &["sql", "query", "llm"]).unwrap_err());
    assert!(refused.contains("does not ask for `llm`"), "{refused}");
    assert!(!project.lock().exists(), "a refused plugin leaves nothing");
    project.add("rows.wasm", &["sql", "query"]).unwrap();
    project.edit(
        &project.profile(),
        "[\"query\", \"sql\"]",
        "[\"query\", \"sql\", \"llm\"]",
    );
    let refused = project.run("rows").unwrap_err();
    assert!(
        refused.contains("is granted llm, query, sql by the profile, and was locked with query, sql"),
        "{refused}"
    );
}

#[test]
fn nothing_takes_the_place_of_what_is_there() {
    let project = Project::new();
    project
        .acme
        .publish(project.path(), "a.wasm", &validator("validator-schema", "1.0.0", &[]));
    project
        .acme
        .publish(project.path(), "b.wasm", &validator("schema", "1.0.0", &[]));
    for file in ["a.wasm", "b.wasm"] {
        let refused = said(&project.add(file, &[]).unwrap_err());
        assert!(refused.contains("the built-in `validator-schema`"), "{refused}");
    }
    project
        .acme
        .publish(project.path(), "c.wasm", &validator("mine", "1.0.0", &[]));
    let profile = fs::read_to_string(project.profile()).unwrap();
    fs::write(
        project.profile(),
        format!("{profile}[plugins.mine]\npath = \"mine.wasm\"\n"),
    )
    .unwrap();
    let refused = said(&project.add("c.wasm", &[]).unwrap_err());
    assert!(refused.contains("has a plugin `mine` already"), "{refused}");
}

#[test]
fn an_update_is_reviewed_before_it_changes_anything() {
    let project = Project::new();
    project
        .acme
        .publish(project.path(), "rows.wasm", &validator("rows", "1.0.0", &["sql"]));
    project.add("rows.wasm", &["sql"]).unwrap();
    assert!(
        project
            .review("rows", &UpdateRequest::default())
            .unwrap()
            .0
            .is_up_to_date()
    );
    project.acme.publish(
        project.path(),
        "rows.wasm",
        &validator("rows", "1.1.0", &["sql", "query"]),
    );
    let before = fs::read_to_string(project.lock()).unwrap();
    let (review, candidate) = project.review("rows", &UpdateRequest::default()).unwrap();
    let what: Vec<_> = review.changes.iter().map(|change| change.what).collect();
    assert_eq!(what, ["version", "imports", "size", "sha256"]);
    assert_eq!(review.ungranted, [("query".to_owned(), "a test".to_owned())]);
    let digest = review.after.sha256.clone();
    let refused = said(&project.installer().accept(&review, &candidate, &digest).unwrap_err());
    assert!(refused.contains("asks for `query`"), "{refused}");
    assert_eq!(fs::read_to_string(project.lock()).unwrap(), before);
    assert_eq!(
        project.run("rows").unwrap(),
        "1.0.0 by acme",
        "what is locked goes on running"
    );

    let granted = UpdateRequest {
        grants: ["query".to_owned()].into(),
        ..UpdateRequest::default()
    };
    let (review, candidate) = project.review("rows", &granted).unwrap();
    let installer = project.installer();
    for other in ["", "000000000000", &digest[..8]] {
        let refused = said(&installer.accept(&review, &candidate, other).unwrap_err());
        assert!(refused.contains("review what it holds now"), "{refused}");
    }
    installer.accept(&review, &candidate, &digest[..12]).unwrap();
    assert_eq!(project.run("rows").unwrap(), "1.1.0 by acme");
}

#[test]
fn an_update_by_another_signer_or_to_another_plugin_shows() {
    let project = Project::new();
    project
        .acme
        .publish(project.path(), "rows.wasm", &validator("rows", "1.0.0", &[]));
    project.add("rows.wasm", &[]).unwrap();
    let other = Author::with_new_key();
    other.publish(project.path(), "rows.wasm", &validator("rows", "1.0.0", &[]));
    let refused = said(&project.review("rows", &UpdateRequest::default()).unwrap_err());
    assert!(refused.contains("no key that is trusted"), "{refused}");
    // The user's own settings may trust more.
    let key = other.public_key();
    fs::write(
        project.path().join("trust.toml"),
        format!("[keys]\nother = \"{key}\"\n"),
    )
    .unwrap();
    let (review, _) = project.review("rows", &UpdateRequest::default()).unwrap();
    assert_eq!(review.changes.len(), 1);
    assert_eq!(review.changes[0].after, format!("other ({key})"));
    other.publish(project.path(), "rows.wasm", &validator("columns", "1.0.0", &[]));
    let refused = said(&project.review("rows", &UpdateRequest::default()).unwrap_err());
    assert!(refused.contains("holds plugin `columns`"), "{refused}");
}

#[test]
fn another_machine_installs_what_is_locked_and_nothing_else() {
    let project = Project::new();
    let path = project
        .acme
        .publish(project.path(), "rows.wasm", &validator("rows", "1.0.0", &[]));
    let locked = project.add("rows.wasm", &[]).unwrap();
    fs::remove_dir_all(project.path().join("data")).unwrap();
    let refused = project.run("rows").unwrap_err();
    assert!(refused.contains("nl2sql plugin install"), "{refused}");
    let original = fs::read(&path).unwrap();
    fs::write(&path, validator("rows", "1.0.1", &[])).unwrap();
    let refused = said(&block_on(project.installer().install()).unwrap_err());
    assert!(
        refused.contains("serves other bytes") && refused.contains(&locked.sha256),
        "{refused}"
    );
    fs::write(&path, original).unwrap();
    assert_eq!(block_on(project.installer().install()).unwrap(), [locked]);
    assert_eq!(block_on(project.installer().install()).unwrap(), []);
    assert_eq!(project.run("rows").unwrap(), "1.0.0 by acme");
}
