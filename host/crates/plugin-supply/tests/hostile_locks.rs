//! Locks, stores and lists that somebody has edited.

use std::fs;

use nl2sql_plugin_host::Services;
use nl2sql_plugin_supply::{FindingLevel, LockedPlugin};
use nl2sql_tests::author::validator;

use crate::project::{Project, block_on, looked_at, said};

/// A project with a locked plugin of acme's.
fn project() -> (Project, LockedPlugin) {
    let project = Project::new();
    project
        .acme
        .publish(project.path(), "rows.wasm", &validator("rows", "1.0.0", &["query"]));
    let locked = project.add("rows.wasm", &["query"]).unwrap();
    (project, locked)
}

#[test]
fn every_line_of_the_lock_is_held_to_the_plugin() {
    for (from, to, reason) in [
        (
            "version = \"1.0.0\"",
            "version = \"9.9.9\"",
            "has version 9.9.9, and it has 1.0.0",
        ),
        (
            "imports = [\"query\"]",
            "imports = []",
            "has the imports nothing, and it has query",
        ),
        ("kind = \"validator\"", "kind = \"metric\"", "has the kind metric"),
        ("contract = \"0.2.0\"", "contract = \"0.1.0\"", "has the contract 0.1.0"),
        ("grants = [\"query\"]", "grants = []", "was locked with nothing"),
        (
            "source = \"rows.wasm\"",
            "source = \"https://example.com/rows.wasm\"",
            "from https://example.com/rows.wasm",
        ),
        (
            "name = \"rows\"",
            "name = \"columns\"",
            "is not locked: the lock does not name it",
        ),
        ("version = 1\n", "version = 2\n", "version 2"),
        ("version = 1\n", "version = 1\ntrusted = true\n", "unknown field"),
        ("signer = \"acme\"\n", "", "a signer, a key and a signature"),
    ] {
        let (project, _) = project();
        project.edit(&project.lock(), from, to);
        let refused = project.run("rows").unwrap_err();
        assert!(refused.contains(reason), "{from} -> {to}: {refused}");
    }
}

#[test]
fn a_digest_of_the_lock_leads_to_no_other_file() {
    let (project, locked) = project();
    let other = validator("rows", "1.0.1", &["query"]);
    let other_digest = nl2sql_plugin_host::sha256_hex(&other);
    fs::write(project.path().join(format!("data/{other_digest}.wasm")), &other).unwrap();
    project.edit(&project.lock(), &locked.sha256, &other_digest);
    let refused = project.run("rows").unwrap_err();
    assert!(refused.contains("by `acme` is not one of these bytes"), "{refused}");
    project.edit(&project.lock(), &other_digest, "../../../../etc/passwd");
    let refused = project.run("rows").unwrap_err();
    assert!(refused.contains("no digest of 64"), "{refused}");
}

#[test]
fn a_lock_without_its_signature_is_not_a_lock_of_an_unsigned_plugin() {
    let (project, locked) = project();
    let text = fs::read_to_string(project.lock()).unwrap();
    let start = text.find("signer = ").unwrap();
    fs::write(project.lock(), &text[..start]).unwrap();
    let refused = project.run("rows").unwrap_err();
    assert!(refused.contains("is not signed"), "{refused}");
    assert!(locked.signature.is_some());
}

#[test]
fn a_changed_store_is_noticed_and_installed_again() {
    let (project, locked) = project();
    let file = project.stored(&locked);
    fs::write(&file, validator("rows", "1.0.1", &["query"])).unwrap();
    let refused = project.run("rows").unwrap_err();
    assert!(refused.contains("was changed on this machine"), "{refused}");
    let findings = project.installer().check().unwrap();
    assert_eq!(findings[0].level, FindingLevel::Error, "{findings:?}");
    assert_eq!(block_on(project.installer().install()).unwrap().len(), 1);
    assert_eq!(project.run("rows").unwrap(), "1.0.0 by acme");
    // What lies there is read to its end only where it is a file.
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let refused = project.run("rows").unwrap_err();
    assert!(refused.contains("it is not a file"), "{refused}");
}

#[test]
fn what_was_looked_at_is_what_runs_though_the_file_is_replaced_in_between() {
    let project = Project::new();
    let first = validator("rows", "1.0.0", &[]);
    project.acme.publish(project.path(), "rows.wasm", &first);
    let locked = project.add("rows.wasm", &[]).unwrap();
    let host = project.host().unwrap();
    assert_eq!(looked_at(&host, "rows").unwrap(), "1.0.0 by acme");
    fs::write(project.stored(&locked), validator("rows", "6.6.6", &[])).unwrap();
    host.validator("rows", Services::none()).unwrap();
    assert_eq!(host.digests()["rows"], locked.sha256);

    // A file of the user's, named by its path each time: the second look is refused.
    let mine = project.path().join("mine.wasm");
    fs::write(&mine, validator("mine", "1.0.0", &[])).unwrap();
    let named = mine.to_str().unwrap();
    let host = project.host().unwrap();
    looked_at(&host, named).unwrap();
    fs::write(&mine, validator("mine", "6.6.6", &[])).unwrap();
    let refused = looked_at(&host, named).unwrap_err();
    assert!(refused.contains("changed"), "{refused}");
}

#[test]
fn keys_that_are_no_longer_trusted_and_what_is_revoked_stop_a_run() {
    let (project, locked) = project();
    let key = project.acme.public_key();
    let list = project.path().join("revoked.toml");
    let profile = fs::read_to_string(project.profile()).unwrap();
    fs::write(
        project.profile(),
        format!("{profile}[trust]\nrevoked = \"revoked.toml\"\n"),
    )
    .unwrap();
    let refused = project.run("rows").unwrap_err();
    assert!(
        refused.contains("revoked.toml"),
        "a list that is missing revokes everything: {refused}"
    );
    for entry in [format!("sha256 = \"{}\"", locked.sha256), format!("key = \"{key}\"")] {
        fs::write(
            &list,
            format!("[[revoked]]\n{entry}\nreason = \"it sends rows away\"\n"),
        )
        .unwrap();
        let refused = project.run("rows").unwrap_err();
        assert!(refused.contains("is revoked: it sends rows away"), "{refused}");
        let refused = said(&project.add("rows.wasm", &["query"]).unwrap_err());
        assert!(refused.contains("is revoked"), "{refused}");
    }
    fs::write(&list, "[[revoked]]\nreason = \"nothing\"\n").unwrap();
    let refused = project.run("rows").unwrap_err();
    assert!(refused.contains("either a `sha256` or a `key`"), "{refused}");
    fs::write(&list, "").unwrap();
    assert_eq!(project.run("rows").unwrap(), "1.0.0 by acme");
    project.edit(&project.profile(), &format!("acme = \"{key}\"\n"), "");
    let refused = project.run("rows").unwrap_err();
    assert!(refused.contains("no key that is trusted"), "{refused}");
}

#[test]
fn a_known_bad_file_is_refused_wherever_it_lies() {
    let project = Project::new();
    let bytes = validator("mine", "1.0.0", &[]);
    fs::write(project.path().join("mine.wasm"), &bytes).unwrap();
    let profile = fs::read_to_string(project.profile()).unwrap();
    let more = "[plugins.mine]\npath = \"mine.wasm\"\n[trust]\nrevoked = \"revoked.toml\"\n";
    fs::write(project.profile(), format!("{profile}{more}")).unwrap();
    let digest = nl2sql_plugin_host::sha256_hex(&bytes).to_uppercase();
    let entry = format!("[[revoked]]\nsha256 = \"{digest}\"\nreason = \"a test\"\n");
    fs::write(project.path().join("revoked.toml"), entry).unwrap();
    let refused = project.run("mine").unwrap_err();
    assert!(refused.contains("is revoked: a test"), "{refused}");
}
