//! `plugin.toml`: what a plugin says about itself, embedded in its bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Kind;

/// Custom section that holds the manifest.
pub const MANIFEST_SECTION: &str = "nl2sql:manifest";

/// A plugin's manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name by which profiles refer to it; lower case, digits and hyphens.
    pub name: String,
    /// Version of the plugin.
    pub version: String,
    /// Kind it was written as.
    pub kind: Kind,
    /// One sentence.
    pub description: String,
    /// Services it asks for, each with the reason in one line.
    #[serde(default)]
    pub imports: BTreeMap<String, String>,
    /// Languages a generator words questions in, as primary subtags of BCP 47 tags; none listed: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Codes of its findings, errors and labels, each with what it means in one sentence. All that a plugin which can read rows may say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<String, String>,
}

/// Most codes of a manifest.
const MAX_CODES: usize = 64;

/// Most characters of a description, a reason, or what a code means.
const MAX_SENTENCE: usize = 300;

/// Characters of a refused text that a message quotes.
const MAX_QUOTED: usize = 60;

/// Control characters, and those that turn the direction of writing.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

impl Manifest {
    /// Reads a manifest; the error says what is wrong with it, in one sentence.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| format!("it is not UTF-8: {error}"))?;
        let manifest: Self = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        if !is_plugin_name(&manifest.name) {
            return Err(format!(
                "`{}` is no plugin name: lower-case letters, digits and hyphens, starting with a letter",
                manifest.name
            ));
        }
        manifest.check_words()?;
        manifest.check_codes()?;
        Ok(manifest)
    }

    /// What is shown to users must not move their cursor or hide what stands beside it.
    fn check_words(&self) -> Result<(), String> {
        let reasons = self.imports.iter().flat_map(|(service, reason)| [service, reason]);
        let shown = [&self.version, &self.description].into_iter().chain(reasons);
        for text in shown.chain(&self.languages) {
            if text.chars().count() > MAX_SENTENCE || text.contains(is_invisible) {
                let quoted: String = text.escape_debug().take(MAX_QUOTED).collect();
                return Err(format!(
                    "`{quoted}` is no line of at most {MAX_SENTENCE} visible characters"
                ));
            }
        }
        Ok(())
    }

    /// Whether the plugin words questions in the language of a BCP 47 tag.
    pub fn speaks(&self, tag: &str) -> bool {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        self.languages.is_empty()
            || self
                .languages
                .iter()
                .any(|language| language.eq_ignore_ascii_case(primary))
    }

    fn check_codes(&self) -> Result<(), String> {
        if self.codes.len() > MAX_CODES {
            return Err(format!("it lists {} codes, {MAX_CODES} are allowed", self.codes.len()));
        }
        for (code, sentence) in &self.codes {
            if !is_plugin_name(code) {
                return Err(format!(
                    "`{code}` is no code: lower-case letters, digits and hyphens, starting with a letter"
                ));
            }
            if sentence.chars().count() > MAX_SENTENCE || sentence.contains(is_invisible) {
                return Err(format!(
                    "what code `{code}` means is no sentence of at most {MAX_SENTENCE} characters"
                ));
            }
        }
        Ok(())
    }
}

/// Whether a text can name a plugin: lower-case ASCII letters, digits and hyphens, starting with a letter, at most 64 of them.
pub fn is_plugin_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name = \"validator-x\"\nversion = \"1.2.3\"\nkind = \"validator\"\ndescription = \"X.\"\n";

    #[test]
    fn a_manifest_says_what_a_plugin_is_and_asks_for() {
        let manifest = Manifest::parse(format!("{GOOD}[imports]\nsql = \"parses\"\n").as_bytes()).unwrap();
        assert_eq!(
            (manifest.name.as_str(), manifest.kind),
            ("validator-x", Kind::Validator)
        );
        assert_eq!(manifest.imports["sql"], "parses");
        assert!(Manifest::parse(GOOD.as_bytes()).unwrap().imports.is_empty());
    }

    #[test]
    fn a_bad_manifest_is_refused_with_the_reason() {
        for (text, reason) in [
            (GOOD.replace("validator-x", "../x"), "no plugin name"),
            (GOOD.replace("\"validator\"", "\"oracle\""), "oracle"),
            (format!("{GOOD}[import]\nsql = \"x\"\n"), "import"),
            (String::new(), "name"),
            (GOOD.replace("\"X.\"", "\"X.\\u001b[2K\""), "visible characters"),
            (GOOD.replace("1.2.3", "1.2.3\u{202e}"), "visible characters"),
            (format!("{GOOD}[codes]\nA = \"x\"\n"), "no code"),
            (format!("{GOOD}[codes]\na = \"x\\ny\"\n"), "no sentence"),
        ] {
            let error = Manifest::parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
        assert!(Manifest::parse(&[0xff]).unwrap_err().contains("UTF-8"));
    }
}
