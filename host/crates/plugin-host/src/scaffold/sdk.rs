//! The SDKs, put into every new project, so that it builds wherever it lies.

/// Lists files below a folder of this checkout with their content.
macro_rules! files {
    ($folder:literal: $($file:literal),* $(,)?) => {
        [$(($file, include_str!(concat!("../../../../../", $folder, "/", $file)))),*]
    };
}

/// The crate `nl2sql-sdk`.
pub(super) const RUST: &[(&str, &str)] = &files!("plugins/sdk":
    "Cargo.toml", "README.md", "src/bindings.rs", "src/description.rs", "src/dialect.rs", "src/findings.rs",
    "src/generator.rs", "src/lib.rs", "src/llm.rs", "src/log.rs", "src/metric.rs", "src/options.rs",
    "src/panic_report.rs", "src/planner.rs", "src/query.rs", "src/register.rs", "src/sql.rs", "src/validator.rs",
    "wit/description.wit", "wit/dialect.wit", "wit/generator.wit", "wit/metric.wit", "wit/planner.wit",
    "wit/services.wit", "wit/types.wit", "wit/validator.wit",
);

/// The wheel `nl2sql-plugin`.
pub(super) const PYTHON: &[(&str, &str)] = &files!("plugins/sdk-python":
    "README.md", "pyproject.toml", "src/nl2sql_plugin/__init__.py", "src/nl2sql_plugin/analysis.py",
    "src/nl2sql_plugin/build.py", "src/nl2sql_plugin/cli.py", "src/nl2sql_plugin/closed_set.py",
    "src/nl2sql_plugin/component.py", "src/nl2sql_plugin/description.py", "src/nl2sql_plugin/dialect.py",
    "src/nl2sql_plugin/generator.py", "src/nl2sql_plugin/guest.py", "src/nl2sql_plugin/kind.py",
    "src/nl2sql_plugin/llm.py", "src/nl2sql_plugin/log.py", "src/nl2sql_plugin/manifest.py",
    "src/nl2sql_plugin/metric.py", "src/nl2sql_plugin/options.py", "src/nl2sql_plugin/planner.py",
    "src/nl2sql_plugin/py.typed", "src/nl2sql_plugin/query.py", "src/nl2sql_plugin/registry.py",
    "src/nl2sql_plugin/services.py", "src/nl2sql_plugin/sql.py", "src/nl2sql_plugin/testing.py",
    "src/nl2sql_plugin/types.py", "src/nl2sql_plugin/validator.py", "src/nl2sql_plugin/wit/description.wit",
    "src/nl2sql_plugin/wit/dialect.wit", "src/nl2sql_plugin/wit/generator.wit", "src/nl2sql_plugin/wit/metric.wit",
    "src/nl2sql_plugin/wit/planner.wit", "src/nl2sql_plugin/wit/services.wit", "src/nl2sql_plugin/wit/types.wit",
    "src/nl2sql_plugin/wit/validator.wit",
);

/// The npm package `nl2sql-plugin`.
pub(super) const TYPESCRIPT: &[(&str, &str)] = &files!("plugins/sdk-js":
    "README.md", "package.json", "src/build.js", "src/cli.js", "src/component.js", "src/contract.d.ts",
    "src/contract_copy.js", "src/description.js", "src/errors.js", "src/guest.js", "src/index.d.ts", "src/index.js",
    "src/kinds.js", "src/manifest.js", "src/nouns.js", "src/options.js", "src/services.js", "src/test_run.js",
    "src/testing.d.ts", "src/testing.js", "wit/description.wit", "wit/dialect.wit", "wit/generator.wit",
    "wit/metric.wit", "wit/planner.wit", "wit/services.wit", "wit/types.wit", "wit/validator.wit",
);
