//! One profile file: found by name, read, its `extends` followed, its paths made relative to its own folder.

use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile as Layer, Provider};

use crate::{ProfileError, built_in};

/// Keys that hold paths. In a file they are relative to the file's folder, elsewhere to the working directory.
pub(crate) const PATH_KEYS: [&str; 24] = [
    "run.dir",
    "database.path",
    "database.ddl",
    "database.password_file",
    "database.ca",
    "plugins.*.path",
    "trust.revoked",
    "trust.lock",
    "trust.registries.*.password_file",
    "trust.registries.*.ca",
    "llm.cache",
    "llm.providers.*.key_file",
    "llm.providers.*.ca",
    "llm.providers.*.path",
    "llm.providers.*.adapter",
    "model.path",
    "train.output_dir",
    "train.dataset_dir",
    "train.stages.*.dataset",
    "train.stages.*.databases",
    "serve.adapters",
    "serve.certificate",
    "serve.private_key",
    "serve.keys.*.key_file",
];

/// The settings one file holds.
pub(crate) struct ProfileFile {
    path: PathBuf,
    settings: Dict,
}

impl Provider for ProfileFile {
    fn metadata(&self) -> Metadata {
        Metadata::from("profile", self.path.as_path())
    }

    fn data(&self) -> Result<Map<Layer, Dict>, figment::Error> {
        Ok(Layer::Default.collect(self.settings.clone()))
    }
}

/// The file a profile name stands for: a path as it is, else `<name>.toml` in `folder` or in `profiles/` there, else a built-in profile.
pub(crate) fn locate(name: &str, folder: &Path) -> Result<PathBuf, ProfileError> {
    let mut tried = vec![folder.join(name)];
    if !name.ends_with(".toml") {
        tried.push(folder.join(format!("{name}.toml")));
        tried.push(folder.join("profiles").join(format!("{name}.toml")));
    }
    let file = tried.iter().find(|path| path.is_file()).cloned();
    match file.or_else(|| built_in::named(name)) {
        Some(path) => Ok(path),
        None => Err(ProfileError::NotFound {
            name: name.into(),
            tried,
        }),
    }
}

/// `path` and every file it extends, the most basic first.
pub(crate) fn read_chain(path: &Path) -> Result<Vec<ProfileFile>, ProfileError> {
    let mut opened = Vec::new();
    let mut files = Vec::new();
    read_into(path, &mut opened, &mut files)?;
    Ok(files)
}

fn read_into(path: &Path, opened: &mut Vec<PathBuf>, files: &mut Vec<ProfileFile>) -> Result<(), ProfileError> {
    let identity = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if opened.contains(&identity) {
        opened.push(identity);
        return Err(ProfileError::ExtendsCycle { chain: opened.clone() });
    }
    opened.push(identity);
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut settings = parse(path)?;
    for base in take_extends(path, &mut settings)? {
        read_into(&locate(&base, &folder)?, opened, files)?;
    }
    opened.pop();
    for key in PATH_KEYS {
        anchor(&mut settings, &key.split('.').collect::<Vec<_>>(), &folder);
    }
    files.push(ProfileFile {
        path: path.to_owned(),
        settings,
    });
    Ok(())
}

fn parse(path: &Path) -> Result<Dict, ProfileError> {
    let text = match built_in::text(path) {
        Some(text) => text.to_owned(),
        None => std::fs::read_to_string(path).map_err(|error| ProfileError::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        })?,
    };
    // Editors on Windows put a byte order mark first.
    toml::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| ProfileError::Syntax {
        path: path.to_owned(),
        reason: error.to_string().trim_end().into(),
    })
}

fn take_extends(path: &Path, settings: &mut Dict) -> Result<Vec<String>, ProfileError> {
    let bad = || ProfileError::BadValue {
        key: "extends".into(),
        place: path.display().to_string(),
        reason: "it takes the name or path of a profile, or a list of them".into(),
    };
    match settings.remove("extends") {
        None => Ok(Vec::new()),
        Some(Value::String(_, one)) => Ok(vec![one]),
        Some(Value::Array(_, many)) => many
            .into_iter()
            .map(|value| value.into_string().ok_or_else(bad))
            .collect(),
        Some(_) => Err(bad()),
    }
}

/// Prefixes the path at `key` (`*` stands for any name, or any table of a list) with `folder`, where it is relative and set.
fn anchor(settings: &mut Dict, key: &[&str], folder: &Path) {
    let Some((first, rest)) = key.split_first() else { return };
    for (name, value) in settings.iter_mut() {
        if *first != "*" && name != first {
            continue;
        }
        match value {
            Value::Dict(_, inner) if !rest.is_empty() => anchor(inner, rest, folder),
            Value::Array(_, tables) if rest.first() == Some(&"*") => {
                for table in tables {
                    if let Value::Dict(_, inner) = table {
                        anchor(inner, &rest[1..], folder);
                    }
                }
            }
            Value::String(_, path) if rest.is_empty() && !path.is_empty() && path != ":memory:" => {
                *path = folder.join(&*path).to_string_lossy().into_owned();
            }
            _ => {}
        }
    }
}
