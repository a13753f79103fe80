//! A plugin's options: the JSON the profile gives it.

use serde::de::DeserializeOwned;

use crate::types::PluginError;

/// The options as a type of the plugin's own; an empty text counts as `{}`.
pub fn parse<T: DeserializeOwned>(options: &str) -> Result<T, PluginError> {
    let text = if options.trim().is_empty() { "{}" } else { options };
    serde_json::from_str(text).map_err(|error| {
        PluginError::new(
            "bad-options",
            format!("the options are not what this plugin takes: {error}"),
        )
        .hint("correct the plugin's options in the profile")
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Options {
        #[serde(default)]
        depth: u32,
    }

    #[test]
    fn options_are_parsed_or_refused_with_a_reason() {
        assert_eq!(parse(""), Ok(Options { depth: 0 }));
        assert_eq!(parse(r#"{"depth": 3}"#), Ok(Options { depth: 3 }));
        let error = parse::<Options>(r#"{"dept": 3}"#).unwrap_err();
        assert_eq!(error.code, "bad-options");
        assert!(error.message.contains("dept"), "{}", error.message);
    }
}
