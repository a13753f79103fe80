//! Crates whose documentation has no example are not searched for one, which compiles them once more: where one has examples, they run.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::checkout;
use crate::process::{command, output};

/// Files below `folder`, as git knows them.
fn files(folder: &Path, pattern: &str) -> Result<Vec<String>> {
    let listed = output(command("git").current_dir(folder).args(["ls-files", "--", pattern]))
        .context("git does not list the files")?;
    Ok(listed.lines().map(str::to_owned).collect())
}

/// The first example in the documentation of a source file: a fenced block of Rust.
fn example(source: &str) -> Option<&str> {
    let mut is_open = false;
    for line in source.lines().map(str::trim_start) {
        let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        let Some(language) = text.and_then(|text| text.trim_start().strip_prefix("```")) else {
            continue;
        };
        if !is_open && !matches!(language, "text" | "toml" | "json" | "sql" | "sh") {
            return Some(line);
        }
        is_open = !is_open;
    }
    None
}

#[test]
fn crates_that_are_not_searched_for_examples_have_none() {
    let mut spared = 0;
    for manifest in files(&checkout::root(), "*Cargo.toml").unwrap() {
        let manifest = checkout::root().join(manifest);
        if !fs::read_to_string(&manifest).unwrap().contains("doctest = false") {
            continue;
        }
        spared += 1;
        let folder = manifest.parent().context("a manifest lies in a folder").unwrap();
        for file in files(folder, "src/*.rs").unwrap() {
            let source = fs::read_to_string(folder.join(&file)).unwrap();
            assert_eq!(
                example(&source),
                None,
                "{}: remove `doctest = false` from its manifest",
                folder.join(&file).display()
            );
        }
    }
    assert!(spared > 0);
}

#[test]
fn an_example_is_told_from_other_blocks() {
    assert_eq!(example("//! ```text\n//! a\n//! ```\nfn a() {}"), None);
    assert_eq!(
        example("/// ```text\n/// a\n/// ```\n/// ```no_run\n/// a();\n/// ```\nfn a() {}"),
        Some("/// ```no_run")
    );
    assert_eq!(example("    /// ```\n    /// a();\n    /// ```"), Some("/// ```"));
}
