//! API keys that never print, and where they are read from.

use std::fmt;
use std::path::Path;

use crate::LlmError;

/// A secret string. Neither `Debug` nor `Display` shows it, and it does not serialise.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret; surrounding white space (a key file's newline) and a byte order mark are dropped.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into().trim_start_matches('\u{feff}').trim().to_owned())
    }

    /// The secret itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text` with every occurrence of the secret replaced, for messages that echo what a server said.
    pub fn redact(&self, text: &str) -> String {
        if self.0.is_empty() {
            text.to_owned()
        } else {
            text.replace(&self.0, "[key]")
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// Reads the key of a provider from the variable or the file that the profile names; `None` where it names neither, as for a local server.
///
/// # Errors
/// [`LlmError::Key`] when the variable is unset or empty, or the file cannot be read.
pub(crate) fn read_key(
    provider: &str,
    variable: Option<&str>,
    file: Option<&Path>,
) -> Result<Option<Secret>, LlmError> {
    let (origin, value) = match (variable, file) {
        (Some(name), _) => (format!("the environment variable {name}"), std::env::var(name).ok()),
        (None, Some(path)) => (
            format!("the file {}", path.display()),
            std::fs::read_to_string(path).ok(),
        ),
        (None, None) => return Ok(None),
    };
    match value.map(Secret::new) {
        Some(key) if !key.expose().is_empty() => Ok(Some(key)),
        _ => Err(LlmError::Key {
            provider: provider.to_owned(),
            origin,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_never_prints_and_is_cut_out_of_echoes() {
        let key = Secret::new("\u{feff}sk-canary-123\r\n");
        assert_eq!(key.expose(), "sk-canary-123");
        assert_eq!(format!("{key:?}"), "[key]");
        assert_eq!(key.redact("invalid key sk-canary-123"), "invalid key [key]");
    }
}
