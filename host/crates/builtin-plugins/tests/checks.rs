//! Every built-in plugin is what it says and answers.

use std::time::Instant;

use nl2sql_builtin_plugins::PLUGINS;
use nl2sql_plugin_host::{CheckSetup, CodeCache, PluginHost};

#[test]
fn every_built_in_plugin_passes_its_check() {
    let host = PluginHost::builder().embedded(PLUGINS).build().unwrap();
    assert!(!PLUGINS.is_empty());
    for plugin in PLUGINS {
        let report = host.check(plugin.name, &CheckSetup::default()).unwrap();
        let artifact = &report.artifact;
        assert_eq!(artifact.manifest.name, plugin.name);
        for service in artifact.manifest.imports.keys() {
            let import = format!("nl2sql:plugin/{service}@{}", artifact.contract);
            assert!(
                artifact.imports.contains(&import),
                "{} asks for `{service}` and never uses it",
                plugin.name
            );
        }
        assert!(
            artifact
                .imports
                .iter()
                .all(|import| import.starts_with("nl2sql:plugin/")),
            "{:?}",
            artifact.imports
        );
        assert!(report.passed(), "{}: {:#?}", plugin.name, report.calls);
    }
}

#[test]
fn cached_code_is_reused_when_intact_and_rebuilt_when_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let load = || {
        let cache = CodeCache::open(folder.path().join("code")).unwrap();
        let host = PluginHost::builder()
            .embedded(PLUGINS)
            .code_cache(cache)
            .build()
            .unwrap();
        let start = Instant::now();
        let info = host.dialect("sqlite").unwrap().info().unwrap();
        println!("loaded in {:?}", start.elapsed());
        info.name
    };
    let files = || {
        let entries = std::fs::read_dir(folder.path().join("code")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    assert_eq!(load(), "sqlite");
    let [file] = files().try_into().unwrap();
    let whole = std::fs::read(&file).unwrap();
    assert_eq!(load(), "sqlite");
    assert_eq!(std::fs::read(&file).unwrap(), whole);
    for damage in [
        &whole[..whole.len() / 2],
        &whole[..10],
        &[&whole[..100], b"x", &whole[101..]].concat(),
    ] {
        std::fs::write(&file, damage).unwrap();
        assert_eq!(load(), "sqlite");
        assert_eq!(std::fs::read(&file).unwrap(), whole, "the damaged file was replaced");
    }
}

#[cfg(unix)]
#[test]
fn the_folder_of_compiled_code_is_private() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let code = folder.path().join("code");
    std::fs::create_dir(&code).unwrap();
    std::fs::set_permissions(&code, std::fs::Permissions::from_mode(0o777)).unwrap();
    CodeCache::open(&code).unwrap();
    assert_eq!(std::fs::metadata(&code).unwrap().permissions().mode() & 0o777, 0o700);
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&code, &link).unwrap();
    assert!(CodeCache::open(&link).is_err());
}
