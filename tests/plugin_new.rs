//! What `plugin new` writes in Rust builds as it is, fits the host, passes `plugin check` and does its work in a run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nl2sql_plugin_host::{CheckSetup, Kind, Language, PluginHost, scaffold};

const PROFILE: &str = r#"
[database]
path = "shop.sqlite"
dialect = "mine"
[run]
name = "shop"
[plan]
planner = "planner-mine"
total = 2
[generate]
generator = "generator-mine"
[validate]
validators = ["validator-syntax", "validator-execution"]
"#;

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

/// The SDK as `cargo package` makes it, unpacked where nothing else of the checkout is.
fn packaged_sdk(folder: &Path) -> PathBuf {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/sdk/Cargo.toml");
    let succeeds = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    succeeds(
        Command::new(env!("CARGO"))
            .args(["package", "--quiet", "--no-verify", "--allow-dirty", "--manifest-path"])
            .arg(sdk)
            .arg("--target-dir")
            .arg(folder.join("packaged")),
    );
    let made = fs::read_dir(folder.join("packaged/package")).unwrap();
    let archive = made
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "crate"))
        .unwrap();
    succeeds(Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(folder));
    folder.join(archive.file_stem().unwrap())
}

#[test]
fn a_new_plugin_of_every_kind_builds_and_passes_its_check() {
    let folder = tempfile::tempdir().unwrap();
    let package = packaged_sdk(folder.path());
    let mut profile = PROFILE.to_owned();
    let host = PluginHost::builder().build().unwrap();
    for kind in Kind::ALL {
        let name = format!("{kind}-mine");
        let crate_folder = folder.path().join(&name);
        // One with the copy that comes along, the others with the package.
        let sdk = (kind != Kind::Validator).then_some(package.as_path());
        scaffold(Language::Rust, kind, &name, &crate_folder, sdk).unwrap();
        let component = build(&crate_folder);
        let report = host.check(&component, &CheckSetup::default()).unwrap();
        assert_eq!(report.artifact.manifest.name, name);
        // The template calls no service, so all it imports is types and the log.
        let free =
            ["types", "description", "analysis", "log"].map(|interface| format!("nl2sql:plugin/{interface}@0.2.0"));
        assert!(
            report.artifact.imports.iter().all(|import| free.contains(import)),
            "{:?}",
            report.artifact.imports
        );
        // A dialect writes the queries that read the catalog; the others ask for nothing.
        assert_eq!(
            report.profile.contains("disclose-rows"),
            kind == Kind::Dialect,
            "{}",
            report.profile
        );
        assert_eq!(report.profile.is_empty(), kind != Kind::Dialect, "{}", report.profile);
        assert!(!report.calls.is_empty());
        assert!(report.passed(), "{:#?}", report.calls);
        let own = report.profile.lines().skip(1).collect::<Vec<_>>().join("\n");
        profile.push_str(&format!("[plugins.{name}]\npath = {}\n{own}\n", toml_text(&component)));
    }
    fs::write(folder.path().join("nl2sql.toml"), profile).unwrap();
    rusqlite::Connection::open(folder.path().join("shop.sqlite"))
        .unwrap()
        .execute_batch("CREATE TABLE shops (id INTEGER, city TEXT); CREATE TABLE sales (id INTEGER); INSERT INTO shops VALUES (1, 'Oslo'); INSERT INTO sales VALUES (1);")
        .unwrap();
    a_run_uses_them(folder.path());
}

/// The new dialect, planner and generator make two pairs, which the new validator, once it is asked, rejects.
fn a_run_uses_them(folder: &Path) {
    let made = nl2sql(folder, &["run", "--json"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let samples = fs::read_to_string(folder.join("runs/shop/samples.jsonl")).unwrap();
    for sql in ["SELECT * FROM shops", "SELECT * FROM sales"] {
        assert!(samples.contains(sql), "{samples}");
    }
    let judged = nl2sql(
        folder,
        &[
            "validate",
            "--set",
            "validate.validators=[\"validator-syntax\", \"validator-mine\"]",
        ],
    );
    let said = String::from_utf8_lossy(&judged.stdout).into_owned() + &String::from_utf8_lossy(&judged.stderr);
    let verdicts = fs::read_to_string(folder.join("runs/shop/verdicts.jsonl")).unwrap();
    assert_eq!(verdicts.matches("select-star").count(), 2, "{said} {verdicts}");
}

fn nl2sql(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nl2sql"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
