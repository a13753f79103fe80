//! The crate graph in ARCHITECTURE.md is the one that cargo builds.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result};

use crate::checkout;

/// What each crate of the product depends on, names without their prefix.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// The fenced block of ARCHITECTURE.md that follows this line.
const BEGINS: &str = "```text\nnl2sql ";

fn written(architecture: &str) -> Result<Graph> {
    let start = architecture
        .find(BEGINS)
        .context("ARCHITECTURE.md has no block that begins with `nl2sql `")?;
    let block = &architecture[start + "```text\n".len()..];
    let block = block.split("```").next().unwrap_or_default();
    let edges = block.lines().map(|line| {
        let (name, dependencies) = line
            .split_once("->")
            .with_context(|| format!("ARCHITECTURE.md: `{line}` is not of the form `crate -> crate, crate`"))?;
        let dependencies = dependencies.split(',').map(str::trim).filter(|name| !name.is_empty());
        Ok((name.trim().to_owned(), dependencies.map(str::to_owned).collect()))
    });
    edges.collect()
}

fn built() -> Result<Graph> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(checkout::root())
        .output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")?;
    let mut graph = Graph::new();
    for package in metadata["packages"].as_array().context("no packages")? {
        let name = package["name"].as_str().context("a package without a name")?;
        let manifest = package["manifest_path"].as_str().unwrap_or_default().replace('\\', "/");
        if name != "nl2sql" && !manifest.contains("/host/crates/") {
            continue;
        }
        let dependencies = package["dependencies"].as_array().context("no dependencies")?;
        let ours = dependencies
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .filter_map(|dependency| dependency["name"].as_str())
            .filter_map(|name| name.strip_prefix("nl2sql-"));
        graph.insert(
            name.strip_prefix("nl2sql-").unwrap_or(name).to_owned(),
            ours.map(str::to_owned).collect(),
        );
    }
    Ok(graph)
}

#[test]
fn architecture_shows_the_dependencies_that_cargo_builds() {
    let architecture = std::fs::read_to_string(checkout::root().join("ARCHITECTURE.md")).unwrap();
    let (written, built) = (written(&architecture).unwrap(), built().unwrap());
    let lines: Vec<String> = built
        .iter()
        .map(|(name, dependencies)| {
            let dependencies: Vec<&str> = dependencies.iter().map(String::as_str).collect();
            format!("{name} -> {}", dependencies.join(", "))
        })
        .collect();
    assert!(built.len() > 10, "{built:?}");
    assert_eq!(
        written,
        built,
        "put the crate graph of ARCHITECTURE.md right; the lines are\n{}",
        lines.join("\n")
    );
}
