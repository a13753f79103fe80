//! Program and tests are built of the same dependencies: a feature that tests alone turn on would have most of them compiled twice.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::checkout;

/// Each dependency of the workspace with its features, as cargo resolves them over these kinds of edges.
fn resolved(edges: &str) -> Result<BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "tree",
            "--workspace",
            "--offline",
            "--prefix",
            "none",
            "--format",
            "{p} {f}",
            "--edges",
            edges,
        ])
        .current_dir(checkout::root())
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).context("cargo tree gave no text")?;
    // What was shown before is marked.
    Ok(text
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .collect())
}

#[test]
fn tests_turn_no_feature_on_that_the_program_is_built_without() {
    let (program, tests) = (resolved("no-dev").unwrap(), resolved("all").unwrap());
    let twice: Vec<_> = program.difference(&tests).collect();
    assert!(
        twice.is_empty(),
        "tests have these with more features; make what asks for them a dependency of `nl2sql-tests`: {twice:#?}"
    );
}
