//! `plugin new`: a project for a plugin of one kind, ready to build.

mod language;
mod sdk;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use thiserror::Error;

use crate::Kind;
use crate::manifest::is_plugin_name;

pub use language::Language;

/// Why there is no new project.
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

/// Writes a project for a plugin of `kind` called `name` into `folder`, which must be empty or absent. `sdk` is the folder of an SDK to
/// depend on; without one, a copy comes along. Returns the files that are the author's, relative to `folder`.
pub fn scaffold(
    language: Language,
    kind: Kind,
    name: &str,
    folder: &Path,
    sdk: Option<&Path>,
) -> Result<Vec<PathBuf>, ScaffoldError> {
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
    if sdk.is_none() {
        write_all(&folder.join(language.vendored()), language.sdk())?;
    }
    let sdk_path = sdk.map_or_else(|| language.vendored().to_owned(), |sdk| sdk.display().to_string());
    let fill = |template: &str| {
        template
            .replace("@NAME@", name)
            .replace("@MODULE@", &name.replace('-', "_"))
            .replace("@KIND@", kind.name())
            .replace("@SDK@", &sdk_path)
    };
    let project = language.project(kind);
    for (file, template) in &project {
        write(&folder.join(file), &fill(template))?;
    }
    Ok(project.into_iter().map(|(file, _)| PathBuf::from(file)).collect())
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

    /// Folders of an SDK that belong to its development.
    const NOT_COPIED: [&str; 5] = ["tests", "test", "node_modules", "__pycache__", "target"];

    /// Files of an SDK in the checkout, relative to its folder.
    fn below(folder: &str) -> Vec<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").join(folder);
        let mut found = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                match path.is_dir() {
                    _ if name.starts_with('.') || NOT_COPIED.contains(&name.as_str()) => {}
                    true => folders.push(path),
                    false => found.push(path.strip_prefix(&root).unwrap().to_string_lossy().into_owned()),
                }
            }
        }
        found.sort();
        found
    }

    #[test]
    fn sdks_are_copied_completely() {
        for (language, folder) in [
            (Language::Rust, "plugins/sdk"),
            (Language::Python, "plugins/sdk-python"),
            (Language::TypeScript, "plugins/sdk-js"),
        ] {
            let copied: Vec<_> = language.sdk().iter().map(|(file, _)| (*file).to_owned()).collect();
            assert_eq!(below(folder), copied, "the list in scaffold/sdk.rs");
        }
    }

    #[test]
    fn every_language_has_a_project_for_every_kind() {
        let folder = tempfile::tempdir().unwrap();
        for language in Language::ALL {
            for kind in Kind::ALL {
                let name = format!("{kind}-{}", language.name());
                let written = scaffold(language, kind, &name, &folder.path().join(&name), None).unwrap();
                for file in written {
                    let text = fs::read_to_string(folder.path().join(&name).join(file)).unwrap();
                    assert!(
                        !text.contains("@NAME@") && !text.contains("@MODULE@") && !text.contains("@SDK@"),
                        "{text}"
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_is_overwritten_and_no_bad_name_gets_through() {
        let folder = tempfile::tempdir().unwrap();
        let written = scaffold(Language::Rust, Kind::Metric, "metric-mine", folder.path(), None).unwrap();
        assert!(written.contains(&PathBuf::from("plugin.toml")));
        let manifest = fs::read(folder.path().join("plugin.toml")).unwrap();
        assert_eq!(crate::Manifest::parse(&manifest).unwrap().kind, Kind::Metric);
        let again = scaffold(Language::Rust, Kind::Metric, "metric-mine", folder.path(), None);
        assert!(matches!(again, Err(ScaffoldError::NotEmpty { .. })));
        let bad = scaffold(Language::Rust, Kind::Metric, "../mine", &folder.path().join("x"), None);
        assert!(matches!(bad, Err(ScaffoldError::BadName { .. })));
    }
}
