//! Fetching secrets by the name a profile gives them.

use std::path::Path;

use secrecy::SecretString;

use crate::ProfileError;

/// Reads a secret from the environment variable `env`, else from `file`; `None` when the profile names neither.
///
/// Trailing line breaks and a byte order mark of a file are not part of the secret.
///
/// # Errors
/// When a named variable is unset or a named file cannot be read.
pub fn read_secret(env: Option<&str>, file: Option<&Path>) -> Result<Option<SecretString>, ProfileError> {
    if let Some(variable) = env {
        return match std::env::var(variable) {
            Ok(value) => Ok(Some(SecretString::from(value))),
            Err(_) => Err(ProfileError::Secret {
                what: format!("variable {variable}"),
                reason: "it is not set (or is not UTF-8); export it before the run".into(),
            }),
        };
    }
    let Some(path) = file else { return Ok(None) };
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let secret = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
            Ok(Some(SecretString::from(secret.to_owned())))
        }
        Err(error) => Err(ProfileError::Secret {
            what: format!("file {}", path.display()),
            reason: error.to_string(),
        }),
    }
}
