//! The languages a new plugin can be written in.

use super::sdk;
use crate::Kind;

/// Language of a new plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust, with the crate `nl2sql-sdk`.
    Rust,
    /// Python, with the wheel `nl2sql-plugin`.
    Python,
    /// TypeScript, with the npm package `nl2sql-plugin`.
    TypeScript,
}

/// A file of a project and what it holds before names are put in.
pub(super) type Template = (&'static str, &'static str);

const MANIFEST: Template = ("plugin.toml", include_str!("../../templates/plugin.toml.txt"));

impl Language {
    /// All languages.
    pub const ALL: [Self; 3] = [Self::Rust, Self::Python, Self::TypeScript];

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::TypeScript => "typescript",
        }
    }

    /// Where the copy of the SDK lies in a project.
    pub(super) fn vendored(self) -> &'static str {
        match self {
            Self::Rust => "vendor/sdk",
            Self::Python => "vendor/sdk-python",
            Self::TypeScript => "vendor/sdk-js",
        }
    }

    /// The files of the SDK.
    pub(super) fn sdk(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Rust => sdk::RUST,
            Self::Python => sdk::PYTHON,
            Self::TypeScript => sdk::TYPESCRIPT,
        }
    }

    /// The files of a project, the author's own.
    pub(super) fn project(self, kind: Kind) -> Vec<Template> {
        match self {
            Self::Rust => vec![
                ("Cargo.toml", include_str!("../../templates/rust/Cargo.toml.txt")),
                MANIFEST,
                ("README.md", include_str!("../../templates/rust/README.md.txt")),
                ("src/lib.rs", rust(kind)),
                (".gitignore", "/target\n"),
            ],
            Self::Python => {
                let (plugin, test) = python(kind);
                vec![
                    MANIFEST,
                    ("README.md", include_str!("../../templates/python/README.md.txt")),
                    ("plugin.py", plugin),
                    ("test_plugin.py", test),
                    (".gitignore", "/.venv\n__pycache__\n*.wasm\n"),
                ]
            }
            Self::TypeScript => {
                let (plugin, test) = typescript(kind);
                vec![
                    (
                        "package.json",
                        include_str!("../../templates/typescript/package.json.txt"),
                    ),
                    (
                        "tsconfig.json",
                        include_str!("../../templates/typescript/tsconfig.json.txt"),
                    ),
                    // Installs the copy of the SDK with what it needs, rather than a link to it.
                    (".npmrc", "install-links=true\n"),
                    MANIFEST,
                    ("README.md", include_str!("../../templates/typescript/README.md.txt")),
                    ("plugin.ts", plugin),
                    ("plugin.test.ts", test),
                    (".gitignore", "/node_modules\n*.wasm\n"),
                ]
            }
        }
    }
}

fn rust(kind: Kind) -> &'static str {
    match kind {
        Kind::Dialect => include_str!("../../templates/rust/dialect.rs"),
        Kind::Planner => include_str!("../../templates/rust/planner.rs"),
        Kind::Generator => include_str!("../../templates/rust/generator.rs"),
        Kind::Validator => include_str!("../../templates/rust/validator.rs"),
        Kind::Metric => include_str!("../../templates/rust/metric.rs"),
    }
}

/// A module and its test.
macro_rules! module {
    ($language:literal, $kind:literal, $ending:literal, $test:literal) => {
        (
            include_str!(concat!("../../templates/", $language, "/", $kind, $ending)),
            include_str!(concat!("../../templates/", $language, "/", $kind, $test)),
        )
    };
}

fn python(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Dialect => module!("python", "dialect", ".py", "_test.py"),
        Kind::Planner => module!("python", "planner", ".py", "_test.py"),
        Kind::Generator => module!("python", "generator", ".py", "_test.py"),
        Kind::Validator => module!("python", "validator", ".py", "_test.py"),
        Kind::Metric => module!("python", "metric", ".py", "_test.py"),
    }
}

fn typescript(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Dialect => module!("typescript", "dialect", ".ts", ".test.ts"),
        Kind::Planner => module!("typescript", "planner", ".ts", ".test.ts"),
        Kind::Generator => module!("typescript", "generator", ".ts", ".test.ts"),
        Kind::Validator => module!("typescript", "validator", ".ts", ".test.ts"),
        Kind::Metric => module!("typescript", "metric", ".ts", ".test.ts"),
    }
}
