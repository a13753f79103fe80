//! End to end: one folder per case in `cases/`.
//!
//! `command.txt` holds the commands, one a line: arguments of `nl2sql`, or, behind `$ `, a line for the shell that makes or breaks
//! something between them. `expected.txt` says how they end: `exit <code>`, then texts that the output must contain, one a line, or must
//! not contain, behind `not: `. One such block is about the last command; otherwise there is one block per command of `nl2sql`.
//! As the case needs them, there are `profile.toml` (used as `nl2sql.toml`), `database.sql` (made into `database.sqlite`) and other files,
//! which are copied beside them.

use std::fs;
use std::path::Path;
use std::process::Command;

/// How a command is to end.
struct Expected<'a> {
    code: i32,
    texts: Vec<&'a str>,
}

/// The blocks of an `expected.txt`.
fn blocks(text: &str) -> Vec<Expected<'_>> {
    let mut blocks: Vec<Expected<'_>> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("exit "), blocks.last_mut()) {
            (Some(code), _) => blocks.push(Expected {
                code: code.parse().unwrap(),
                texts: Vec::new(),
            }),
            (None, Some(block)) => block.texts.push(line),
            (None, None) => panic!("expected.txt begins with `exit <code>`"),
        }
    }
    blocks
}

/// Puts the files of a case where it runs.
fn set_up(case: &Path, folder: &Path) {
    for entry in fs::read_dir(case).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match name.as_str() {
            "command.txt" | "expected.txt" => {}
            "profile.toml" => drop(fs::copy(&path, folder.join("nl2sql.toml")).unwrap()),
            "database.sql" => {
                let database = rusqlite::Connection::open(folder.join("database.sqlite")).unwrap();
                // Cases may hold foreign keys that lead nowhere.
                database.pragma_update(None, "foreign_keys", false).unwrap();
                database.execute_batch(&fs::read_to_string(&path).unwrap()).unwrap();
            }
            _ => drop(fs::copy(&path, folder.join(&name)).unwrap()),
        }
    }
}

/// Messages are wrapped to the width of the terminal; what counts is the words.
fn words(text: &str) -> String {
    text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn check(expected: &Expected<'_>, code: Option<i32>, text: &str) -> Result<(), String> {
    if code != Some(expected.code) {
        return Err(format!("exit {code:?}, wanted {}:\n{text}", expected.code));
    }
    let said = words(text);
    for line in &expected.texts {
        let (wanted, text_there) = match line.strip_prefix("not: ") {
            Some(line) => (false, words(line)),
            None => (true, words(line)),
        };
        if said.contains(&text_there) != wanted {
            let fault = if wanted { "lacks" } else { "has" };
            return Err(format!("the output {fault} `{text_there}`:\n{text}"));
        }
    }
    match text.contains("panicked") {
        true => Err(format!("a panic:\n{text}")),
        false => Ok(()),
    }
}

/// Runs a case in a folder of its own; what is wrong with it, if anything.
fn run(case: &Path) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    set_up(case, folder.path());
    let commands = fs::read_to_string(case.join("command.txt")).unwrap();
    let expected = fs::read_to_string(case.join("expected.txt")).unwrap();
    let expected = blocks(&expected);
    let mut outcomes = Vec::new();
    for line in commands.lines() {
        let mut command = match line.strip_prefix("$ ") {
            Some(shell) => {
                let mut command = Command::new("sh");
                command.args(["-c", shell]);
                command
            }
            None => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_nl2sql"));
                command.args(line.split_whitespace());
                command
            }
        };
        let output = command
            .current_dir(folder.path())
            .env("NL2SQL", env!("CARGO_BIN_EXE_nl2sql"))
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        // A line for the shell that runs the program itself counts as a command of it.
        if !line.starts_with("$ ") || line.contains("$NL2SQL") {
            outcomes.push((line, output.status.code(), text));
        } else if !output.status.success() {
            return Err(format!("`{line}` fails: {text}"));
        }
    }
    if expected.len() == 1 {
        outcomes.drain(..outcomes.len() - 1);
    }
    if outcomes.len() != expected.len() {
        return Err(format!("{} blocks for {} commands", expected.len(), outcomes.len()));
    }
    outcomes
        .iter()
        .zip(&expected)
        .try_for_each(|((line, code, text), expected)| {
            check(expected, *code, text).map_err(|error| format!("`{line}`: {error}"))
        })
}

#[test]
fn every_case_ends_as_expected() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    // `NL2SQL_CASE=part of a name` runs some of them.
    let wanted = std::env::var("NL2SQL_CASE").unwrap_or_default();
    let mut folders: Vec<_> = fs::read_dir(cases)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|case| case.file_name().unwrap().to_string_lossy().contains(&wanted))
        .collect();
    folders.sort();
    assert!(!folders.is_empty());
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
