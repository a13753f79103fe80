//! Why a profile could not be resolved.

use std::path::PathBuf;

/// Everything that can be wrong with a profile; each message says what, where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// No file of that name.
    #[error("there is no profile `{name}`: looked for {}. Write one with `nl2sql init`, or name an existing file with --profile", list(.tried))]
    NotFound {
        /// As asked for.
        name: String,
        /// Every path that was tried.
        tried: Vec<PathBuf>,
    },
    /// The file cannot be read.
    #[error("the profile {} cannot be read: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is not TOML.
    #[error("the profile {} is not valid TOML: {reason}", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What the parser said, with line and column.
        reason: String,
    },
    /// `extends` leads back to a file that is already being read.
    #[error("profiles extend each other in a circle: {}. Remove one `extends` line", joined(.chain))]
    ExtendsCycle {
        /// The files in the order they were opened.
        chain: Vec<PathBuf>,
    },
    /// A key no section knows.
    #[error("unknown key `{key}` in {place}{}", .nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_else(|| format!("; known keys here: {}", .known.join(", "))))]
    UnknownKey {
        /// Dotted path of the key.
        key: String,
        /// File, variable or flag.
        place: String,
        /// The nearest known key.
        nearest: Option<String>,
        /// All keys the section knows.
        known: Vec<String>,
    },
    /// A value of the wrong type or outside its range.
    #[error("`{key}` in {place} is not usable: {reason}")]
    BadValue {
        /// Dotted path of the key.
        key: String,
        /// File, variable or flag.
        place: String,
        /// What is wrong with the value.
        reason: String,
    },
    /// A `--set` argument that is not `section.key=value`.
    #[error("`--set {argument}` is not of the form section.key=value, for example --set plan.total=500")]
    BadFlag {
        /// The argument.
        argument: String,
    },
    /// A secret that is named but not there.
    #[error("the secret {what} is not there: {reason}")]
    Secret {
        /// `variable X` or `file Y`.
        what: String,
        /// Why, and what to do.
        reason: String,
    },
}

fn list(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

fn joined(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(" -> ")
}
