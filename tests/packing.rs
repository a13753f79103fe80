//! Manifests put into components by `plugin pack`.

use nl2sql_plugin_host::{Artifact, Kind, LoadError, pack};
use nl2sql_tests::guest;

fn manifest(name: &str, kind: &str) -> String {
    format!("name = \"{name}\"\nversion = \"2.0.0\"\nkind = \"{kind}\"\ndescription = \"Packed.\"\n")
}

#[test]
fn a_packed_manifest_is_the_one_that_is_read_and_can_be_packed_again() {
    let module = guest::idle("inner", Kind::Validator, &[]).unwrap();
    let first = pack(&module, manifest("first", "validator").as_bytes(), "a test").unwrap();
    assert_eq!(Artifact::read(&first, "a test").unwrap().manifest.name, "first");
    let second = pack(&first, manifest("second", "validator").as_bytes(), "a test").unwrap();
    assert_eq!(Artifact::read(&second, "a test").unwrap().manifest.name, "second");
    // The second replaced the first rather than stand beside it.
    assert_eq!(second.len(), first.len() + 1);
}

#[test]
fn a_manifest_that_does_not_fit_is_not_packed() {
    let module = guest::idle("inner", Kind::Validator, &[]).unwrap();
    let lying = pack(&module, manifest("first", "metric").as_bytes(), "a test").unwrap_err();
    assert!(matches!(lying, LoadError::LyingManifest { .. }), "{lying}");
    let broken = pack(&module, b"name = 1", "a test").unwrap_err();
    assert!(matches!(broken, LoadError::BadManifest { .. }), "{broken}");
    let no_component = pack(b"hello", manifest("first", "validator").as_bytes(), "a test").unwrap_err();
    assert!(matches!(no_component, LoadError::NotWasm { .. }), "{no_component}");
}
