//! What a folder of plugins may do to those that are built in, and to each other.

use std::fs;
use std::path::Path;

use nl2sql_plugin_host::{Embedded, Kind, LoadError, Origin, PluginHost, PluginSettings};
use nl2sql_tests::guest;

fn plugin(folder: &Path, file: &str, name: &str, kind: Kind) {
    fs::write(folder.join(file), guest::idle(name, kind, &[]).unwrap()).unwrap();
}

/// A host with a built-in `dialect-plain` and a folder.
fn host(folder: &Path, settings: &[(&str, &str)]) -> PluginHost {
    let bytes = guest::idle("dialect-plain", Kind::Dialect, &[]).unwrap();
    let embedded = vec![Embedded {
        name: "dialect-plain",
        bytes: bytes.leak(),
    }];
    let path = |file: &str| PluginSettings {
        path: Some(folder.join(file)),
        ..PluginSettings::default()
    };
    let settings = settings.iter().map(|(name, file)| ((*name).to_owned(), path(file)));
    let host = PluginHost::builder().embedded(embedded.leak()).folder(folder);
    host.settings(settings.collect()).build().unwrap()
}

/// The name of the plugin that serves as a dialect of this name.
fn serves(host: &PluginHost, name: &str) -> String {
    host.dialect(name).unwrap().name().to_owned()
}

#[test]
fn a_folder_does_not_replace_a_built_in_plugin_under_any_of_its_names() {
    let folder = tempfile::tempdir().unwrap();
    plugin(folder.path(), "dialect_plain.wasm", "dialect-plain", Kind::Dialect);
    plugin(folder.path(), "plain.wasm", "plain", Kind::Dialect);
    plugin(folder.path(), "other.wasm", "other", Kind::Dialect);
    let alone = host(folder.path(), &[]);
    assert_eq!(serves(&alone, "plain"), "dialect-plain");
    assert_eq!(serves(&alone, "dialect-plain"), "dialect-plain");
    assert_eq!(serves(&alone, "other"), "other");
    let entries = alone.library().list().unwrap();
    let built_in = entries.iter().filter(|entry| entry.origin == Origin::BuiltIn).count();
    let refused = entries
        .iter()
        .filter(|entry| matches!(entry.plugin, Err(LoadError::TakesBuiltIn { .. })))
        .count();
    assert_eq!((entries.len(), built_in, refused), (4, 1, 2));
}

#[test]
fn the_profile_may_replace_a_built_in_plugin() {
    let folder = tempfile::tempdir().unwrap();
    plugin(folder.path(), "plain.wasm", "plain", Kind::Dialect);
    assert_eq!(
        serves(&host(folder.path(), &[("plain", "plain.wasm")]), "plain"),
        "plain"
    );
}

#[test]
fn two_files_with_one_plugin_are_not_chosen_from() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["a.wasm", "b.wasm"] {
        plugin(folder.path(), file, "twin", Kind::Dialect);
    }
    let refused = host(folder.path(), &[]).dialect("twin").map(drop).unwrap_err();
    assert!(matches!(refused, LoadError::Ambiguous { .. }), "{refused}");
    plugin(folder.path(), "twin.wasm", "twin", Kind::Dialect);
    assert_eq!(
        serves(&host(folder.path(), &[]), "twin"),
        "twin",
        "a file that is called so is the one"
    );
}

#[test]
fn two_hundred_plugins_in_a_folder_are_listed_and_one_is_found() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..200 {
        plugin(
            folder.path(),
            &format!("p{number}.wasm"),
            &format!("p{number}"),
            Kind::Dialect,
        );
    }
    let host = host(folder.path(), &[]);
    assert_eq!(host.library().list().unwrap().len(), 201);
    assert_eq!(serves(&host, "p199"), "p199");
    assert!(host.dialect("p200").is_err());
}
