//! What `plugin new` writes in Python and TypeScript passes its own tests, builds, passes `plugin check` and does its work in a run.
//!
//! Continuous integration follows the guides, which build one plugin per language, for an interpreter takes long to compile; `cargo xtask sdks` sets
//! `NL2SQL_TEST_EVERY_KIND` and so tries every template.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nl2sql_plugin_host::{Artifact, Kind, Language, scaffold};

use crate::followed_guide::{follow, shop};

/// Names a Python that has `componentize-py` and `pytest`.
const PYTHON: &str = "NL2SQL_TEST_PLUGIN_PYTHON";

/// Names a folder whose `node_modules` has what the SDK for TypeScript needs.
const NODE: &str = "NL2SQL_TEST_PLUGIN_NODE";

const PROFILE: &str = r#"
[database]
path = "shop.sqlite"
[run]
name = "shop"
[plan]
planner = "planner-fk"
total = 2
[generate]
generator = "generator-grammar"
[validate]
validators = ["validator-syntax", "validator-schema"]
"#;

fn toolchain(variable: &str, test: &str) -> Option<OsString> {
    let found = std::env::var_os(variable);
    if found.is_none() {
        eprintln!("skipped: {test} needs {variable}, which `cargo xtask test` sets where it can");
    }
    found
}

fn every_kind() -> Vec<Kind> {
    match std::env::var_os("NL2SQL_TEST_EVERY_KIND") {
        Some(_) => Kind::ALL.to_vec(),
        None => Vec::new(),
    }
}

/// A folder with commands in it, each a script.
fn commands(scripts: &[(&str, String)]) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    for (name, script) in scripts {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

fn audited(folder: &Path, plugin: &str) {
    let audit = fs::read_to_string(folder.join("runs/shop/plugin-audit.jsonl")).unwrap();
    assert!(audit.contains(&format!("\"plugin\":\"{plugin}\"")), "{audit}");
}

#[test]
fn the_python_guide_can_be_followed_from_start_to_end() {
    let Some(python) = toolchain(PYTHON, "the_python_guide_can_be_followed_from_start_to_end") else {
        return;
    };
    let (folder, python) = (tempfile::tempdir().unwrap(), python.to_string_lossy().into_owned());
    shop(folder.path());
    let tools = commands(&[
        ("python", format!("exec '{python}' \"$@\"")),
        ("nl2sql-plugin", format!("exec '{python}' -m nl2sql_plugin.cli \"$@\"")),
    ]);
    let sdk = folder.path().join("short-questions/vendor/sdk-python/src");
    follow(
        "python.md",
        folder.path(),
        &[tools.path()],
        &[("PYTHONPATH", sdk.into())],
    );
    audited(folder.path(), "short-questions");
}

#[test]
fn the_typescript_guide_can_be_followed_from_start_to_end() {
    let Some(node) = toolchain(NODE, "the_typescript_guide_can_be_followed_from_start_to_end") else {
        return;
    };
    let (folder, node) = (tempfile::tempdir().unwrap(), PathBuf::from(node));
    shop(folder.path());
    link(&node.join("node_modules"), &folder.path().join("node_modules"));
    let project = "polite-questions";
    // What `npm install` would make of it.
    let tools = commands(&[
        ("nl2sql-plugin", "exec node vendor/sdk-js/src/cli.js \"$@\"".to_owned()),
        (
            "npm",
            format!(
                "mkdir -p node_modules && ln -sfn ../vendor/sdk-js node_modules/nl2sql-plugin && exec '{}' \"$@\"",
                found("npm").display()
            ),
        ),
        ("tsc", "exec node ../node_modules/typescript/bin/tsc \"$@\"".to_owned()),
    ]);
    follow("typescript.md", folder.path(), &[tools.path()], &[]);
    audited(folder.path(), project);
}

/// Where a command is.
fn found(command: &str) -> PathBuf {
    std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|folder| folder.join(command))
        .find(|path| path.is_file())
        .unwrap()
}

#[test]
fn every_new_plugin_in_python_is_tested_built_checked_and_run() {
    let Some(python) = toolchain(PYTHON, "every_new_plugin_in_python_is_tested_built_checked_and_run") else {
        return;
    };
    let kinds = every_kind();
    if kinds.is_empty() {
        eprintln!(
            "skipped: every_new_plugin_in_python_is_tested_built_checked_and_run needs NL2SQL_TEST_EVERY_KIND, which `cargo xtask sdks` sets"
        );
    }
    for kind in kinds {
        let project = Project::new(Language::Python, kind);
        project.python(&python, &["-m", "pytest", "-q", "-p", "no:cacheprovider"]);
        project.python(&python, &["-m", "nl2sql_plugin.cli", "build"]);
        project.is_a_plugin_without_wasi();
        project.passes_its_check();
        project.works_in_a_run();
    }
}

#[test]
fn a_new_plugin_in_typescript_is_tested_built_checked_and_run() {
    let Some(node) = toolchain(NODE, "a_new_plugin_in_typescript_is_tested_built_checked_and_run") else {
        return;
    };
    let kinds = every_kind();
    for kind in if kinds.is_empty() { vec![Kind::Metric] } else { kinds } {
        let project = Project::new(Language::TypeScript, kind);
        project.link_modules(Path::new(&node));
        project.node(&["vendor/sdk-js/src/cli.js", "test"]);
        project.node(&["../node_modules/typescript/bin/tsc", "--noEmit"]);
        project.node(&["vendor/sdk-js/src/cli.js", "build"]);
        project.is_a_plugin_without_wasi();
        project.passes_its_check();
        project.works_in_a_run();
    }
}

const TALKATIVE: &str = r#"
import { error, validator, PluginError } from "nl2sql-plugin";

export default validator({
  open({ options }) {
    if (options.includes("refuse")) throw new PluginError("bad-options", "it wants none");
    return {
      check({ sql }) {
        console.log("checking", { sql });
        if (sql.includes("nam ")) throw new TypeError("no such name");
        return [];
      },
    };
  },
});
"#;

#[test]
fn what_a_script_prints_is_logged_and_what_it_throws_is_told() {
    let Some(node) = toolchain(NODE, "what_a_script_prints_is_logged_and_what_it_throws_is_told") else {
        return;
    };
    let project = Project::new(Language::TypeScript, Kind::Validator);
    project.link_modules(Path::new(&node));
    fs::write(project.folder.join("plugin.ts"), TALKATIVE).unwrap();
    project.node(&["vendor/sdk-js/src/cli.js", "build"]);
    let checked = project.nl2sql(&["plugin", "check", &project.component()]);
    let said = text(&checked);
    // The first call was answered although it printed; the second says what was thrown, and where.
    assert!(said.contains("ok   validator.session.check"), "{said}");
    assert!(said.contains("TypeError: no such name"), "{said}");
    assert!(said.contains(r#"checking {"sql":"SELECT name FROM singer"}"#), "{said}");
    let refused = text(&project.nl2sql(&["plugin", "check", &project.component(), "--options", r#"{"refuse": 1}"#]));
    assert!(refused.contains("it wants none"), "{refused}");
}

#[test]
fn the_sdk_for_python_passes_its_tests() {
    let Some(python) = toolchain(PYTHON, "the_sdk_for_python_passes_its_tests") else {
        return;
    };
    let sdk = plugins().join("sdk-python");
    let tests = Command::new(python)
        .current_dir(&sdk)
        .env("PYTHONPATH", sdk.join("src"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"])
        .output()
        .unwrap();
    assert!(tests.status.success(), "{}", text(&tests));
}

#[test]
fn the_sdk_for_typescript_passes_its_tests() {
    let Some(node) = toolchain(NODE, "the_sdk_for_typescript_passes_its_tests") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    link(
        &Path::new(&node).join("node_modules"),
        &folder.path().join("node_modules"),
    );
    let copied = Command::new("cp")
        .arg("-rL")
        .arg(plugins().join("sdk-js"))
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(copied.status.success(), "{}", text(&copied));
    let tests = Command::new("node")
        .current_dir(folder.path().join("sdk-js"))
        .arg("--test")
        .output()
        .unwrap();
    assert!(tests.status.success(), "{}", text(&tests));
}

/// A new project in a folder of its own.
struct Project {
    place: tempfile::TempDir,
    folder: PathBuf,
    kind: Kind,
}

impl Project {
    fn new(language: Language, kind: Kind) -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("project");
        scaffold(language, kind, &format!("{kind}-mine"), &folder, None).unwrap();
        Self { place, folder, kind }
    }

    fn component(&self) -> String {
        self.folder
            .join(format!("{}_mine.wasm", self.kind))
            .to_string_lossy()
            .into_owned()
    }

    /// What `npm install` would bring, from the folder that has it already.
    fn link_modules(&self, node: &Path) {
        link(&node.join("node_modules"), &self.place.path().join("node_modules"));
        fs::create_dir(self.folder.join("node_modules")).unwrap();
        link(
            &self.folder.join("vendor/sdk-js"),
            &self.folder.join("node_modules/nl2sql-plugin"),
        );
    }

    fn python(&self, python: &OsString, arguments: &[&str]) {
        let mut command = Command::new(python);
        command.env("PYTHONPATH", self.folder.join("vendor/sdk-python/src"));
        self.succeeds(command.args(arguments));
    }

    fn node(&self, arguments: &[&str]) {
        self.succeeds(Command::new("node").args(arguments));
    }

    fn succeeds(&self, command: &mut Command) {
        let output = command.current_dir(&self.folder).output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", text(&output));
    }

    fn is_a_plugin_without_wasi(&self) {
        let artifact = Artifact::read(&fs::read(self.component()).unwrap(), "the component").unwrap();
        assert_eq!(
            (artifact.manifest.kind, artifact.contract.as_str()),
            (self.kind, "0.2.0")
        );
        let of_the_contract = |import: &String| import.starts_with("nl2sql:plugin/");
        assert!(artifact.imports.iter().all(of_the_contract), "{:?}", artifact.imports);
    }

    fn passes_its_check(&self) {
        let checked = self.nl2sql(&["plugin", "check", &self.component()]);
        assert!(checked.status.success(), "{}", text(&checked));
    }

    /// Makes two pairs, the plugin among those at work.
    fn works_in_a_run(&self) {
        let setting = match self.kind {
            Kind::Dialect => "database.dialect=\"dialect-mine\"",
            Kind::Planner => "plan.planner=\"planner-mine\"",
            Kind::Generator => "generate.generator=\"generator-mine\"",
            Kind::Validator => "validate.validators=[\"validator-syntax\", \"validator-mine\"]",
            // Metrics score predictions, of which a run makes none without a model.
            Kind::Metric => return,
        };
        let grants = if self.kind == Kind::Dialect {
            "grant = [\"disclose-rows\"]"
        } else {
            ""
        };
        let path = serde_json::Value::from(self.component());
        let profile = format!("{PROFILE}[plugins.{}-mine]\npath = {path}\n{grants}\n", self.kind);
        fs::write(self.folder.join("nl2sql.toml"), profile).unwrap();
        rusqlite::Connection::open(self.folder.join("shop.sqlite"))
            .unwrap()
            .execute_batch("CREATE TABLE shops (id INTEGER PRIMARY KEY, city TEXT); INSERT INTO shops VALUES (1, 'Oslo'), (2, 'Rome');")
            .unwrap();
        // Its queries read the catalog; what writes and checks pairs would ask more of it than a template has.
        let verb = if self.kind == Kind::Dialect { "extract" } else { "run" };
        let made = self.nl2sql(&[verb, "--set", setting]);
        assert!(made.status.success(), "{}", text(&made));
        if self.kind == Kind::Dialect {
            let catalog = fs::read_to_string(self.folder.join("runs/shop/metadata.json")).unwrap();
            assert!(catalog.contains("shops"), "{catalog}");
            return;
        }
        let samples = fs::read_to_string(self.folder.join("runs/shop/samples.jsonl")).unwrap();
        assert!(samples.contains("shops"), "{samples}");
        let recorded = fs::read_to_string(self.folder.join("runs/shop/run.toml")).unwrap();
        assert!(recorded.contains(&format!("{}-mine", self.kind)), "{recorded}");
    }

    fn nl2sql(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_nl2sql"))
            .current_dir(&self.folder)
            .env("NL2SQL_LOG", "plugin=info")
            .args(arguments)
            .output()
            .unwrap()
    }
}

fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins")
}

#[cfg(unix)]
fn link(to: &Path, from: &Path) {
    std::os::unix::fs::symlink(fs::canonicalize(to).unwrap(), from).unwrap();
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
