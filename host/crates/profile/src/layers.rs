//! Resolving a profile from its layers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::providers::{Env, Serialized};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Provider};

use crate::url_parameters::UrlParameters;
use crate::{Profile, ProfileError, file, renamed_key};

/// What to resolve a profile from, beside the compiled-in defaults.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// Profile asked for, by name or path. Without one, `nl2sql.toml` in the folder is used when it is there.
    pub profile: Option<String>,
    /// `section.key=value` arguments; a value is read as TOML, else as text.
    pub flags: Vec<String>,
    /// Folder that profile names are looked up in; empty for the working directory.
    pub folder: PathBuf,
}

/// A resolved profile and where its values came from.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The settings.
    pub profile: Profile,
    /// The profile file asked for, when there was one.
    pub file: Option<PathBuf>,
    /// What the user should change though it was understood.
    pub notes: Vec<String>,
    pub(crate) figment: Figment,
}

impl Layers {
    /// Reads every layer and checks the result.
    ///
    /// # Errors
    /// When a file is missing or broken, or a key or value is not known.
    pub fn resolve(&self) -> Result<Resolved, ProfileError> {
        let file = self.file()?;
        let mut given = Figment::new();
        if let Some(path) = &file {
            for layer in file::read_chain(path)? {
                given = given.merge(layer);
            }
        }
        given = given.merge(environment());
        for argument in &self.flags {
            given = given.merge(Flag::parse(argument)?);
        }
        let (given, notes) = renamed_key::read(given)?;
        let mut figment = Figment::from(Serialized::defaults(mergeable_defaults()));
        if let Ok(url) = given.extract_inner::<String>("database.url") {
            figment = figment.merge(UrlParameters::of(&url)?);
        }
        figment = figment.merge(&given);
        let mut profile: Profile = figment.extract().map_err(|error| explain(error, &figment))?;
        profile.given = given_keys(&given);
        if profile.generate.languages.is_empty() {
            profile.generate.languages = Profile::default().generate.languages;
        }
        if profile.plugins.values().any(|plugin| plugin.source.is_some()) {
            let beside = |path: &PathBuf| path.with_extension("lock");
            profile.trust.lock = profile.trust.lock.or_else(|| file.as_ref().map(beside));
        }
        profile.check().map_err(|(key, reason)| ProfileError::BadValue {
            place: place_of(&figment, &key),
            key,
            reason,
        })?;
        Ok(Resolved {
            profile,
            file,
            notes,
            figment,
        })
    }

    fn file(&self) -> Result<Option<PathBuf>, ProfileError> {
        match &self.profile {
            Some(name) => file::locate(name, &self.folder).map(Some),
            None => Ok(Some(self.folder.join("nl2sql.toml")).filter(|path| path.is_file())),
        }
    }
}

/// The defaults without the default language: layers merge, and a profile that names `zh` does not want `en` as well.
fn mergeable_defaults() -> Profile {
    let mut profile = Profile::default();
    profile.generate.languages.clear();
    profile
}

/// `NL2SQL_<SECTION>__<KEY>`; variables without a double underscore belong to something else.
fn environment() -> Env {
    Env::prefixed("NL2SQL_")
        .filter(|key| key.as_str().contains("__"))
        .split("__")
}

/// The dotted keys of every value.
fn given_keys(given: &Figment) -> BTreeSet<String> {
    fn collect(prefix: &str, dict: &Dict, keys: &mut BTreeSet<String>) {
        for (name, value) in dict {
            let key = format!("{prefix}{name}");
            match value {
                Value::Dict(_, inner) => collect(&format!("{key}."), inner, keys),
                _ => drop(keys.insert(key)),
            }
        }
    }
    let mut keys = BTreeSet::new();
    if let Ok(Value::Dict(_, sections)) = given.find_value("") {
        collect("", &sections, &mut keys);
    }
    keys
}

/// One `--set section.key=value`.
struct Flag {
    key: String,
    value: Value,
}

impl Flag {
    fn parse(argument: &str) -> Result<Self, ProfileError> {
        let bad = || ProfileError::BadFlag {
            argument: argument.into(),
        };
        let (key, text) = argument.split_once('=').ok_or_else(bad)?;
        if !key.contains('.') || key.split('.').any(str::is_empty) {
            return Err(bad());
        }
        let value = toml::from_str::<Dict>(&format!("value = {text}"))
            .ok()
            .and_then(|mut dict| dict.remove("value"))
            .unwrap_or_else(|| Value::from(text));
        Ok(Self {
            key: key.trim().into(),
            value,
        })
    }
}

impl Provider for Flag {
    fn metadata(&self) -> Metadata {
        Metadata::named(format!("flag --set {}", self.key))
    }

    fn data(&self) -> Result<Map<figment::Profile, Dict>, figment::Error> {
        let nested = figment::util::nest(&self.key, self.value.clone());
        Ok(figment::Profile::Default.collect(nested.into_dict().unwrap_or_default()))
    }
}

/// Where the value of a dotted key was set, in words.
pub(crate) fn place_of(figment: &Figment, key: &str) -> String {
    figment
        .find_metadata(key)
        .map_or_else(|| "the profile".into(), |metadata| describe(metadata, key))
}

/// A layer in words.
pub(crate) fn describe(metadata: &Metadata, key: &str) -> String {
    if let Some(path) = metadata.source.as_ref().and_then(|source| source.file_path()) {
        return shown(path);
    }
    if metadata.name.starts_with("flag")
        || metadata.name == UrlParameters::PLACE
        || metadata.name.starts_with(renamed_key::PLACE)
    {
        return metadata.name.to_string();
    }
    if metadata.name.contains("environment") {
        return format!("variable NL2SQL_{}", key.replace('.', "__").to_uppercase());
    }
    "default".into()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn explain(error: figment::Error, figment: &Figment) -> ProfileError {
    let mut path = error.path.clone();
    match &error.kind {
        Kind::UnknownField(name, known) => {
            if path.last() != Some(name) {
                path.push(name.clone());
            }
            let key = path.join(".");
            ProfileError::UnknownKey {
                place: place_of(figment, &key),
                nearest: nearest(name, known).map(|found| {
                    path.pop();
                    path.push(found);
                    path.join(".")
                }),
                known: known.iter().map(|name| (*name).into()).collect(),
                key,
            }
        }
        kind => {
            let key = path.join(".");
            ProfileError::BadValue {
                place: place_of(figment, &key),
                key,
                reason: mismatch(kind),
            }
        }
    }
}

/// What is wrong with a value, in the words of TOML instead of those of Rust's types.
fn mismatch(kind: &Kind) -> String {
    match kind {
        Kind::UnknownVariant(given, known) => format!("`{given}` is not one of {}", known.join(", ")),
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            format!("expected {}, found {}", toml_type(expected), plain(&found.to_string()))
        }
        Kind::MissingField(name) => format!("the key `{name}` is missing"),
        other => other.to_string(),
    }
}

/// The value that was found, without the name of its Rust type.
fn plain(found: &str) -> String {
    let words = [
        ("string ", "the text "),
        ("bool ", ""),
        ("unsigned int ", ""),
        ("signed int ", ""),
        ("float ", ""),
    ];
    let told = words
        .iter()
        .find_map(|(rust, word)| Some(format!("{word}{}", found.strip_prefix(rust)?)));
    told.unwrap_or_else(|| match found {
        "sequence" => "a list".into(),
        "map" => "a table".into(),
        other => other.into(),
    })
}

fn toml_type(expected: &str) -> String {
    let most = match expected {
        "u8" => u8::MAX.into(),
        "u16" => u16::MAX.into(),
        "u32" => u32::MAX.into(),
        "u64" | "usize" => i64::MAX as u64,
        "i64" => return "a whole number".into(),
        "f32" | "f64" => return "a number".into(),
        "a boolean" => return "true or false".into(),
        "a string" | "path string" | "string" => return "a text in quotes".into(),
        "a sequence" => return "a list in brackets".into(),
        "a map" => return "a table of keys and values".into(),
        other => {
            return other
                .strip_prefix("struct ")
                .map_or(other, |_| "a section of keys")
                .into();
        }
    };
    format!("a whole number from 0 to {most}")
}

/// The known name most like `name`, if any is alike at all.
fn nearest(name: &str, known: &[&str]) -> Option<String> {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), *candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}
