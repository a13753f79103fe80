//! End to end: one folder per case in `cases/`.
//!
//! A case holds `command.txt` (the arguments, one command a line), `expected.txt` (the exit code of the last command, then texts that
//! its output must contain, one a line) and, as it needs them, `profile.toml` (used as `nl2sql.toml`), `database.sql` (made into
//! `database.sqlite`) and other files, which are copied beside them.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs a case in a folder of its own; what is wrong with it, if anything.
fn run(case: &Path) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(case).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match name.as_str() {
            "command.txt" | "expected.txt" => {}
            "profile.toml" => drop(fs::copy(&path, folder.path().join("nl2sql.toml")).unwrap()),
            "database.sql" => {
                let database = rusqlite::Connection::open(folder.path().join("database.sqlite")).unwrap();
                // Cases may hold foreign keys that lead nowhere.
                database.pragma_update(None, "foreign_keys", false).unwrap();
                database.execute_batch(&fs::read_to_string(&path).unwrap()).unwrap();
            }
            _ => drop(fs::copy(&path, folder.path().join(&name)).unwrap()),
        }
    }
    let commands = fs::read_to_string(case.join("command.txt")).unwrap();
    let expected = fs::read_to_string(case.join("expected.txt")).unwrap();
    let mut outcome = (None, String::new());
    for command in commands.lines() {
        let output = Command::new(env!("CARGO_BIN_EXE_nl2sql"))
            .current_dir(folder.path())
            .args(command.split_whitespace())
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        outcome = (output.status.code(), String::from_utf8_lossy(&text).into_owned());
    }
    let (code, text) = outcome;
    // Messages are wrapped to the width of the terminal; what counts is the words.
    let words = |text: &str| text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines = expected.lines();
    let wanted_code = lines
        .next()
        .and_then(|line| line.strip_prefix("exit "))
        .and_then(|code| code.parse::<i32>().ok());
    if wanted_code.is_none() || code != wanted_code {
        return Err(format!("exit {code:?}, wanted {wanted_code:?}:\n{text}"));
    }
    match lines.find(|line| !words(&text).contains(&words(line))) {
        Some(missing) => Err(format!("the output lacks `{missing}`:\n{text}")),
        None if text.contains("panicked") => Err(format!("a panic:\n{text}")),
        None => Ok(()),
    }
}

#[test]
fn every_case_ends_as_expected() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    let mut folders: Vec<_> = fs::read_dir(cases)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    assert!(folders.len() > 10);
    let failed: Vec<_> = folders
        .iter()
        .filter_map(|case| {
            run(case)
                .err()
                .map(|error| format!("{}: {error}", case.file_name().unwrap().to_string_lossy()))
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
