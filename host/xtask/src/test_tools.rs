//! What tests of the host want beside servers: official clients, toolchains of plugins in other languages, driver libraries. Each is made below
//! the build folder; without its package index there is none, and the tests that want it are skipped by name.

use std::env;
use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::{adbc_drivers, checkout, node, plugin_toolchains, python};

/// Names the Python that has the official clients of the chat protocols, and one of TDS.
const PYTHON: &str = "NL2SQL_TEST_PYTHON";

/// Names the folder whose `node_modules` has the official clients for JavaScript.
const NODE_CLIENTS: &str = "NL2SQL_TEST_NODE_CLIENTS";

/// The variables by which tests find their tools; one without a value is not set.
pub struct TestTools(Vec<(&'static str, Option<OsString>)>);

impl TestTools {
    /// Installs what is missing and can be had.
    pub fn install() -> Self {
        let mut tools = vec![
            (adbc_drivers::VARIABLE, Some(adbc_drivers::folder().into())),
            (PYTHON, python_with_clients().ok()),
            (NODE_CLIENTS, node_with_clients().ok()),
        ];
        tools.extend(plugin_toolchains::found());
        Self(tools)
    }

    /// Those alone that plugins are built with.
    pub fn for_plugins() -> Self {
        Self(plugin_toolchains::found().into())
    }

    /// Names them to a command that runs tests.
    pub fn name_to(&self, tests: &mut Command) {
        for (variable, place) in &self.0 {
            match place {
                Some(place) => tests.env(variable, place),
                None => tests.env_remove(variable),
            };
        }
    }
}

fn python_with_clients() -> Result<OsString> {
    if let Some(named) = env::var_os(PYTHON) {
        return Ok(named);
    }
    let packages = ["openai", "anthropic", "langchain-openai", "mcp==2.3.0", "python-tds"];
    python::with_packages(&checkout::target().join("python"), &packages).map(Into::into)
}

fn node_with_clients() -> Result<OsString> {
    if let Some(named) = env::var_os(NODE_CLIENTS) {
        return Ok(named);
    }
    let packages = ["openai@6.49.0", "@modelcontextprotocol/sdk@1.32.2"];
    node::with_packages(&checkout::target().join("node-clients"), &packages).map(Into::into)
}
