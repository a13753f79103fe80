//! What plugins in Python and TypeScript are built with, below the build folder. Without Python or node, or a package index, there is none, and the
//! tests that want it are skipped by name.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;

use crate::process::{announce, command};
use crate::test_tally::Tally;
use crate::test_tools::TestTools;
use crate::{checkout, node, plugins, python};

/// Names the Python that has what the SDK for Python needs.
const PYTHON: &str = "NL2SQL_TEST_PLUGIN_PYTHON";

/// Names the folder whose `node_modules` has what the SDK for TypeScript needs.
const NODE: &str = "NL2SQL_TEST_PLUGIN_NODE";

const PYTHON_PACKAGES: [&str; 2] = ["componentize-py==0.25.1", "pytest"];

const NODE_PACKAGES: [&str; 5] = [
    "componentize-qjs@0.4.5",
    "esbuild@0.28.2",
    "smol-toml@1.9.1",
    "typescript@7.0.2",
    "@types/node@20",
];

/// Each variable with what it names, where that can be had.
pub fn found() -> [(&'static str, Option<OsString>); 2] {
    [(PYTHON, python()), (NODE, node())].map(|(variable, found)| {
        let place = found
            .inspect_err(|error| announce(&format!("the tests that need {variable} are skipped: {error:#}")))
            .ok();
        (variable, place.map(Into::into))
    })
}

/// Builds and runs every template in every language, the crate of the SDK for Rust among them.
///
/// # Errors
/// When a test fails.
pub fn try_every_template() -> Result<()> {
    plugins::build()?;
    let mut tests = command("cargo");
    tests
        .current_dir(checkout::root())
        .args([
            "test",
            "--quiet",
            "--package",
            "nl2sql",
            "--test",
            "end_to_end",
            "plugin_",
            "--",
            "--show-output",
        ])
        .env("NL2SQL_TEST_EVERY_KIND", "1");
    TestTools::for_plugins().name_to(&mut tests);
    let mut tally = Tally::default();
    tally.run(&mut tests)?;
    anyhow::ensure!(tally.print(), "not every test passed");
    Ok(())
}

fn python() -> Result<PathBuf> {
    match env::var_os(PYTHON) {
        Some(named) => Ok(named.into()),
        None => python::with_packages(&checkout::target().join("plugin-python"), &PYTHON_PACKAGES),
    }
}

fn node() -> Result<PathBuf> {
    if let Some(named) = env::var_os(NODE) {
        return Ok(named.into());
    }
    node::with_packages(&checkout::target().join("plugin-node"), &NODE_PACKAGES)
}
