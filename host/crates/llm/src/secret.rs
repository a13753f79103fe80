//! API keys that never print.

use std::fmt;

/// A secret string. Neither `Debug` nor `Display` shows it, and it does not serialise.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret; surrounding white space (a key file's newline) is dropped.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into().trim().to_owned())
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

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_never_prints_and_is_cut_out_of_echoes() {
        let key = Secret::new("sk-canary-123\n");
        assert_eq!(key.expose(), "sk-canary-123");
        assert_eq!(format!("{key:?}"), "[key]");
        assert_eq!(key.redact("invalid key sk-canary-123"), "invalid key [key]");
    }
}
