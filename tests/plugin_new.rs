//! What `plugin new` writes builds as it is, fits the host and passes `plugin check`.

use std::path::Path;
use std::process::Command;

use nl2sql_plugin_host::{Kind, PluginHost, scaffold};

/// Builds a plugin crate with the toolchain that builds the built-in plugins; returns the component's path.
fn build(folder: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["xtask", "guest"])
        .arg(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_new_plugin_of_every_kind_builds_and_passes_its_check() {
    let folder = tempfile::tempdir().unwrap();
    let host = PluginHost::builder().build().unwrap();
    for kind in Kind::ALL {
        let name = format!("{kind}-mine");
        let crate_folder = folder.path().join(&name);
        scaffold(kind, &name, &crate_folder, None).unwrap();
        let component = build(&crate_folder);
        let report = host.check(&component).unwrap();
        assert_eq!(report.artifact.manifest.name, name);
        // The template calls no service, so all it imports is types and the log.
        let free = ["types", "analysis", "log"].map(|interface| format!("nl2sql:plugin/{interface}@0.1.0"));
        assert!(
            report.artifact.imports.iter().all(|import| free.contains(import)),
            "{:?}",
            report.artifact.imports
        );
        assert!(report.profile.is_empty(), "it asks for nothing: {}", report.profile);
        assert!(!report.calls.is_empty());
        assert!(report.passed(), "{:#?}", report.calls);
    }
}
