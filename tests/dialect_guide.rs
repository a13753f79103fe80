//! The guide "A dialect" is followed from start to end: its files are written and its commands run, in the order they stand.

use std::fs;
use std::path::Path;
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
    while let Some(line) = lines.next() {
        if let Some(comment) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
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
        let text: String = lines
            .by_ref()
            .take_while(|line| *line != "```")
            .map(|line| format!("{line}\n"))
            .collect();
        match (place.take(), language) {
            (Some((file, append)), _) => steps.push(Step::Write { file, text, append }),
            (None, "sh") => steps.push(Step::Run(text)),
            (None, _) => {}
        }
    }
    steps
}

#[test]
fn the_dialect_guide_can_be_followed_from_start_to_end() {
    let checkout = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
    let guide = fs::read_to_string(checkout.join("docs/src/guides/plugins/dialect.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    rusqlite::Connection::open(folder.path().join("shop.sqlite"))
        .unwrap()
        .execute_batch(
            "CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, name TEXT, city TEXT);
             CREATE TABLE sale (sale_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (customer_id), amount REAL, day DATE);
             INSERT INTO customer VALUES (1, 'Ann', 'Oslo'), (2, 'Bo', 'Rome');
             INSERT INTO sale VALUES (1, 1, 2.5, '2024-01-02'), (2, 2, 9, '2023-05-06');",
        )
        .unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_nl2sql")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut commands = 0;
    for step in steps(&guide) {
        match step {
            Step::Write { file, text, append } => {
                let file = folder.path().join(file);
                let before = if append {
                    fs::read_to_string(&file).unwrap()
                } else {
                    String::new()
                };
                let text = text.replace("@NL2SQL@", &checkout.display().to_string());
                fs::write(&file, format!("{before}\n{text}")).unwrap();
            }
            Step::Run(script) => {
                let output = Command::new("bash")
                    .args(["-euo", "pipefail", "-c", &script])
                    .current_dir(folder.path())
                    .env("NL2SQL", &checkout)
                    .env("OLDPWD", folder.path())
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
    assert!(commands >= 6, "the guide has {commands} commands");
    let samples = fs::read_to_string(folder.path().join("runs/shop/samples.jsonl")).unwrap();
    assert!(samples.lines().count() >= 10, "{samples}");
}
