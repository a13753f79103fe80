//! Guides of the book are followed: their files are written and their commands run, in the order they stand.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a block of the guide is for.
enum Step {
    Run(String),
    Write { file: String, text: String, append: bool },
}

fn steps(guide: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = guide.lines();
    let mut place: Option<(String, bool)> = None;
    let mut toolchain = false;
    while let Some(line) = lines.next() {
        if let Some(comment) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
            toolchain = comment == "toolchain";
            let file = |rest: &str| rest.to_owned();
            place = comment
                .strip_prefix("file ")
                .map(|rest| (file(rest), false))
                .or_else(|| comment.strip_prefix("append to ").map(|rest| (file(rest), true)));
            continue;
        }
        let Some(language) = line.strip_prefix("```") else {
            continue;
        };
        // How a toolchain is installed; tests bring their own.
        let is_toolchain = std::mem::take(&mut toolchain);
        let text: String = lines
            .by_ref()
            .take_while(|line| *line != "```")
            .map(|line| format!("{line}\n"))
            .collect();
        match (place.take(), language) {
            (Some((file, append)), _) => steps.push(Step::Write { file, text, append }),
            (None, "sh") if !is_toolchain => steps.push(Step::Run(text)),
            (None, _) => {}
        }
    }
    steps
}

/// The checkout.
pub fn checkout() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

fn text_of(guide: &str) -> String {
    fs::read_to_string(checkout().join("docs/src/guides/plugins").join(guide)).unwrap()
}

/// Follows a guide in a folder, with the program and these folders in front of the path; gives the number of its commands.
pub fn follow(guide: &str, folder: &Path, tools: &[&Path], environment: &[(&str, OsString)]) -> usize {
    follow_text(&text_of(guide), folder, tools, environment)
}

/// Follows a guide in which these texts are replaced.
pub fn follow_with(guide: &str, folder: &Path, replaced: &[(&str, &str)]) -> usize {
    let text = replaced
        .iter()
        .fold(text_of(guide), |text, (from, to)| text.replace(from, to));
    follow_text(&text, folder, &[], &[])
}

fn follow_text(guide: &str, folder: &Path, tools: &[&Path], environment: &[(&str, OsString)]) -> usize {
    let checkout = checkout();
    let program = Path::new(env!("CARGO_BIN_EXE_nl2sql")).parent().unwrap();
    let mut path: Vec<PathBuf> = tools.iter().map(|folder| folder.to_path_buf()).collect();
    path.push(program.to_owned());
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    let path = std::env::join_paths(path).unwrap();
    let mut commands = 0;
    for step in steps(guide) {
        match step {
            Step::Write { file, text, append } => {
                let file = folder.join(file);
                let before = if append {
                    fs::read_to_string(&file).unwrap()
                } else {
                    String::new()
                };
                let text = text.replace("@NL2SQL@", &checkout.display().to_string());
                let gap = if append { "\n" } else { "" };
                fs::write(&file, format!("{before}{gap}{text}")).unwrap();
            }
            Step::Run(script) => {
                let output = Command::new("bash")
                    .args(["-euo", "pipefail", "-c", &script])
                    .current_dir(folder)
                    .envs(environment.iter().map(|(name, value)| (name, value)))
                    .env("NL2SQL", &checkout)
                    .env("OLDPWD", folder)
                    .env("PATH", &path)
                    .output()
                    .unwrap();
                let said =
                    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{script}\n{said}");
                commands += script.lines().count();
            }
        }
    }
    commands
}

/// A small shop to try a guide on.
pub fn shop(folder: &Path) {
    rusqlite::Connection::open(folder.join("shop.sqlite"))
        .unwrap()
        .execute_batch(
            "CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, name TEXT, city TEXT);
             CREATE TABLE sale (sale_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (customer_id), amount REAL, day DATE);
             INSERT INTO customer VALUES (1, 'Ann', 'Oslo'), (2, 'Bo', 'Rome');
             INSERT INTO sale VALUES (1, 1, 2.5, '2024-01-02'), (2, 2, 9, '2023-05-06');",
        )
        .unwrap();
}
