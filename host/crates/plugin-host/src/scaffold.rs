//! `plugin new`: a crate for a plugin of one kind, ready to build.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use thiserror::Error;

use crate::Kind;
use crate::manifest::is_plugin_name;

/// Why there is no new crate.
#[derive(Debug, Error, Diagnostic)]
pub enum ScaffoldError {
    /// The name cannot be one.
    #[error("`{name}` is no plugin name")]
    #[diagnostic(help("use lower-case letters, digits and hyphens, starting with a letter, e.g. `{kind}-mine`"))]
    BadName {
        /// The name.
        name: String,
        /// Kind wanted.
        kind: Kind,
    },
    /// Something is there already.
    #[error("`{}` exists and is not empty", folder.display())]
    #[diagnostic(help("name another folder; nothing was written"))]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    #[diagnostic(help("check that the folder can be written to and the disk is not full"))]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Lists files below a folder of this checkout with their content.
macro_rules! files {
    ($folder:literal: $($file:literal),* $(,)?) => {
        [$(($file, include_str!(concat!("../../../../", $folder, "/", $file)))),*]
    };
}

/// The SDK, put into every new crate, so that the crate builds wherever it lies.
const SDK: [(&str, &str); 18] = files!("plugins/sdk":
    "Cargo.toml", "README.md", "src/bindings.rs", "src/description.rs", "src/dialect.rs", "src/findings.rs", "src/generator.rs", "src/lib.rs", "src/llm.rs",
    "src/log.rs", "src/metric.rs", "src/options.rs", "src/panic_report.rs", "src/planner.rs", "src/query.rs", "src/register.rs",
    "src/sql.rs", "src/validator.rs",
);

/// The contract the SDK is made from.
const CONTRACT: [(&str, &str); 8] = files!("wit/since_v0_2_0":
    "description.wit", "dialect.wit", "generator.wit", "metric.wit", "planner.wit", "services.wit", "types.wit", "validator.wit",
);

const CARGO: &str = include_str!("../templates/Cargo.toml.txt");
const VENDORED: &str = include_str!("../templates/vendored.toml.txt");
const MANIFEST: &str = include_str!("../templates/plugin.toml.txt");
const README: &str = include_str!("../templates/README.md.txt");

/// Writes a crate for a plugin of `kind` called `name` into `folder`, which must be empty or absent. `sdk` is the folder of an SDK to
/// depend on; without one, a copy comes along. Returns the files that are the author's, relative to `folder`.
pub fn scaffold(kind: Kind, name: &str, folder: &Path, sdk: Option<&Path>) -> Result<Vec<PathBuf>, ScaffoldError> {
    if !is_plugin_name(name) {
        return Err(ScaffoldError::BadName {
            name: name.to_owned(),
            kind,
        });
    }
    if fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some()) {
        return Err(ScaffoldError::NotEmpty {
            folder: folder.to_owned(),
        });
    }
    let sdk_path = sdk.map_or_else(|| "vendor/sdk".to_owned(), |sdk| sdk.display().to_string());
    let fill = |template: &str| {
        template
            .replace("@NAME@", name)
            .replace("@MODULE@", &name.replace('-', "_"))
            .replace("@KIND@", kind.name())
            .replace("@SDK@", &sdk_path)
    };
    let mut cargo = fill(CARGO);
    if sdk.is_none() {
        cargo.push_str(VENDORED);
        write_all(&folder.join("vendor/sdk"), &SDK)?;
        write_all(&folder.join("wit/since_v0_2_0"), &CONTRACT)?;
    }
    let own = [
        ("Cargo.toml", cargo),
        ("plugin.toml", fill(MANIFEST)),
        ("README.md", fill(README)),
        ("src/lib.rs", source(kind).to_owned()),
        (".gitignore", "/target\n".to_owned()),
    ];
    for (file, content) in &own {
        write(&folder.join(file), content)?;
    }
    Ok(own.iter().map(|(file, _)| PathBuf::from(file)).collect())
}

fn source(kind: Kind) -> &'static str {
    match kind {
        Kind::Dialect => include_str!("../templates/dialect.rs"),
        Kind::Planner => include_str!("../templates/planner.rs"),
        Kind::Generator => include_str!("../templates/generator.rs"),
        Kind::Validator => include_str!("../templates/validator.rs"),
        Kind::Metric => include_str!("../templates/metric.rs"),
    }
}

fn write_all(folder: &Path, files: &[(&str, &str)]) -> Result<(), ScaffoldError> {
    files
        .iter()
        .try_for_each(|(file, content)| write(&folder.join(file), content))
}

fn write(path: &Path, content: &str) -> Result<(), ScaffoldError> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(path, content))
        .map_err(|source| ScaffoldError::Unwritable {
            path: path.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files below a folder of the checkout, relative to it.
    fn below(folder: &str) -> Vec<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").join(folder);
        let mut found = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(&root).unwrap().to_string_lossy().into_owned());
                }
            }
        }
        found.sort();
        found
    }

    #[test]
    fn templates_are_copied_completely() {
        assert_eq!(below("plugins/sdk"), SDK.map(|(file, _)| file.to_owned()));
        assert_eq!(below("wit/since_v0_2_0"), CONTRACT.map(|(file, _)| file.to_owned()));
    }

    #[test]
    fn nothing_is_overwritten_and_no_bad_name_gets_through() {
        let folder = tempfile::tempdir().unwrap();
        let written = scaffold(Kind::Metric, "metric-mine", folder.path(), None).unwrap();
        assert!(written.contains(&PathBuf::from("plugin.toml")));
        let manifest = fs::read(folder.path().join("plugin.toml")).unwrap();
        assert_eq!(crate::Manifest::parse(&manifest).unwrap().kind, Kind::Metric);
        let again = scaffold(Kind::Metric, "metric-mine", folder.path(), None);
        assert!(matches!(again, Err(ScaffoldError::NotEmpty { .. })));
        let bad = scaffold(Kind::Metric, "../mine", &folder.path().join("x"), None);
        assert!(matches!(bad, Err(ScaffoldError::BadName { .. })));
    }
}
