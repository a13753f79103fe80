//! A real registry: artifacts as `wkg` and `oras` push them.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use nl2sql_plugin_supply::{SIGNATURE_MEDIA_TYPE, UpdateRequest};
use nl2sql_tests::author::validator;
use serde_json::{Value, json};

use crate::project::{Project, block_on, said};
use crate::publisher::{MANIFEST, Publisher};

const WASM: &str = "application/wasm";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Who pushes to the test registry, or a note that `test` is skipped.
fn publisher(test: &str) -> Option<Publisher> {
    let found = std::env::var("NL2SQL_TEST_REGISTRY")
        .ok()
        .filter(|host| !host.is_empty());
    if found.is_none() {
        println!("skipped: {test} needs NL2SQL_TEST_REGISTRY");
    }
    found.map(|host| Publisher::of(&format!("http://{host}")))
}

/// A repository that no other test writes to.
fn repository() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("test/p{}-{number}", std::process::id())
}

/// A layer as `oras` names it; a name is nothing that a path is made of.
fn named(mut layer: Value) -> Value {
    layer["annotations"] = json!({ "org.opencontainers.image.title": "../../../../tmp/escaped.wasm" });
    layer
}

/// As `wkg` does it: one layer, and a configuration that describes the component. Gives what refers to it.
fn push_as_wkg(registry: &Publisher, repository: &str, tag: &str, bytes: &[u8]) -> Value {
    let config =
        r#"{"created":"2026-01-01T00:00:00Z","architecture":"wasm","os":"wasip2","layerDigests":[],"component":null}"#;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": registry.blob(repository, "application/vnd.wasm.config.v0+json", config.as_bytes()),
        "layers": [registry.blob(repository, WASM, bytes)],
        "annotations": { "org.opencontainers.image.description": "Counts\u{9b}2K rows" },
    });
    registry.manifest(repository, tag, &manifest)
}

/// As `oras push plugin.wasm:application/wasm plugin.wasm.minisig:application/vnd.minisign` does it. Gives the manifest's digest.
fn push_as_oras(registry: &Publisher, repository: &str, tag: &str, bytes: &[u8], signature: &str) -> String {
    let layers = [(WASM, bytes), (SIGNATURE_MEDIA_TYPE, signature.as_bytes())];
    let mut manifest = artifact(registry, repository, &layers);
    manifest["artifactType"] = "application/vnd.unknown.artifact.v1".into();
    let pushed = registry.manifest(repository, tag, &manifest);
    pushed["digest"].as_str().unwrap().to_owned()
}

fn artifact(registry: &Publisher, repository: &str, layers: &[(&str, &[u8])]) -> Value {
    let layers = layers
        .iter()
        .map(|(media_type, bytes)| named(registry.blob(repository, media_type, bytes)));
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": registry.blob(repository, EMPTY, b"{}"),
        "layers": layers.collect::<Vec<_>>(),
    })
}

/// As `oras attach --artifact-type application/vnd.minisign` does it where a registry has no interface for what refers to a manifest.
fn attach(registry: &Publisher, repository: &str, subject: &Value, signature: &str) {
    let mut manifest = artifact(registry, repository, &[(SIGNATURE_MEDIA_TYPE, signature.as_bytes())]);
    manifest["artifactType"] = SIGNATURE_MEDIA_TYPE.into();
    manifest["subject"] = subject.clone();
    let mut referrer = registry.manifest(repository, "signature", &manifest);
    referrer["artifactType"] = SIGNATURE_MEDIA_TYPE.into();
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [referrer],
    });
    let tag = subject["digest"].as_str().unwrap().replace(':', "-");
    registry.manifest(repository, &tag, &index);
}

#[test]
fn a_plugin_that_oras_pushed_with_its_signature_is_added() {
    let Some(registry) = publisher("a_plugin_that_oras_pushed_with_its_signature_is_added") else {
        return;
    };
    let project = Project::new();
    let bytes = validator("rows", "1.0.0", &["query"]);
    let to = repository();
    let digest = push_as_oras(&registry, &to, "1.0", &bytes, &project.acme.signature(&bytes));
    let locked = project.add(&registry.source(&to, "1.0"), &["query"]).unwrap();
    assert_eq!(locked.signer.as_deref(), Some("acme"));
    assert_eq!(locked.resolved, Some(digest));
    assert_eq!(project.run("rows").unwrap(), "1.0.0 by acme");
    assert!(!std::path::Path::new("/tmp/escaped.wasm").exists());
}

#[test]
fn a_plugin_that_wkg_pushed_is_added_with_an_attached_signature() {
    let Some(registry) = publisher("a_plugin_that_wkg_pushed_is_added_with_an_attached_signature") else {
        return;
    };
    let project = Project::new();
    let bytes = validator("rows", "1.0.0", &[]);
    let to = repository();
    let source = registry.source(&to, "1.0");
    let pushed = push_as_wkg(&registry, &to, "1.0", &bytes);
    let refused = said(&project.add(&source, &[]).unwrap_err());
    assert!(refused.contains("is not signed"), "{refused}");
    attach(&registry, &to, &pushed, &project.acme.signature(&bytes));
    assert_eq!(project.add(&source, &[]).unwrap().signer.as_deref(), Some("acme"));
    let offers = block_on(project.installer().search(registry.host(), "counts")).unwrap();
    let offer = offers.iter().find(|offer| offer.source == source).unwrap();
    assert_eq!((offer.description.as_str(), offer.tags.len()), ("Counts 2K rows", 2));
}

#[test]
fn a_tag_that_moved_changes_nothing_until_it_is_reviewed() {
    let Some(registry) = publisher("a_tag_that_moved_changes_nothing_until_it_is_reviewed") else {
        return;
    };
    let project = Project::new();
    let bytes = validator("rows", "1.0.0", &[]);
    let to = repository();
    push_as_oras(&registry, &to, "1", &bytes, &project.acme.signature(&bytes));
    let locked = project.add(&registry.source(&to, "1"), &[]).unwrap();
    let moved = validator("rows", "1.0.1", &[]);
    push_as_oras(&registry, &to, "1", &moved, &project.acme.signature(&moved));
    assert_eq!(project.run("rows").unwrap(), "1.0.0 by acme");
    // Another machine gets what is locked, though the tag leads elsewhere.
    fs::remove_dir_all(project.path().join("data")).unwrap();
    assert_eq!(block_on(project.installer().install()).unwrap(), [locked]);
    assert_eq!(project.run("rows").unwrap(), "1.0.0 by acme");
    let (review, _) = project.review("rows", &UpdateRequest::default()).unwrap();
    let what: Vec<_> = review.changes.iter().map(|change| change.what).collect();
    assert_eq!(what, ["version", "tag leads to", "sha256"]);
}

#[test]
fn archives_images_and_several_components_are_not_opened() {
    let Some(registry) = publisher("archives_images_and_several_components_are_not_opened") else {
        return;
    };
    let project = Project::new();
    let archive = ("application/vnd.oci.image.layer.v1.tar+gzip", b"\x1f\x8b".as_slice());
    let component = (WASM, b"\0asm\x0d\0\x01\0".as_slice());
    let other = (WASM, b"\0asm\x0d\0\x01\0\0".as_slice());
    for layers in [vec![archive], vec![component, other]] {
        let to = repository();
        registry.manifest(&to, "1", &artifact(&registry, &to, &layers));
        let refused = said(&project.add_unsigned(&registry.source(&to, "1"), &[]).unwrap_err());
        assert!(refused.contains("exactly one must be application/wasm"), "{refused}");
    }
    let refused = project.add_unsigned(&registry.source(&repository(), "none"), &[]);
    let refused = said(&refused.unwrap_err());
    assert!(refused.contains("404 Not Found: MANIFEST_UNKNOWN"), "{refused}");
}
