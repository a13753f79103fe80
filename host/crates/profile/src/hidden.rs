//! Secrets that stand in a profile although they should not, kept out of everything that is written or shown.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// What stands in place of a secret.
const HIDDEN: &str = "[hidden]";

/// Words in the names of headers that carry secrets.
const SECRET_NAMES: [&str; 8] = [
    "authorization",
    "auth",
    "key",
    "token",
    "secret",
    "cookie",
    "password",
    "credential",
];

fn is_secret(header: &str) -> bool {
    let header = header.to_lowercase();
    SECRET_NAMES.iter().any(|word| header.contains(word))
}

/// A URL without its password.
pub(crate) fn without_password(url: &str) -> String {
    let parts = url
        .split_once("://")
        .and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)));
    match parts {
        Some((scheme, (login, rest))) if login.contains(':') => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:{HIDDEN}@{rest}")
        }
        _ => url.to_owned(),
    }
}

/// The value of a provider's setting as it may be shown; `key` is its dotted path.
pub(crate) fn shown(key: &str, value: String) -> String {
    let mut parts = key.split('.');
    let of_provider = parts.next() == Some("llm") && parts.next() == Some("providers") && parts.next().is_some();
    match (of_provider, parts.next(), parts.next()) {
        (true, Some("headers"), Some(header)) if is_secret(header) => format!("\"{HIDDEN}\""),
        (true, Some("proxy" | "base_url"), None) => without_password(&value),
        _ => value,
    }
}

pub(crate) fn headers<S: Serializer>(headers: &BTreeMap<String, String>, serializer: S) -> Result<S::Ok, S::Error> {
    let shown: BTreeMap<&str, &str> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), if is_secret(name) { HIDDEN } else { value }))
        .collect();
    shown.serialize(serializer)
}

pub(crate) fn url<S: Serializer>(url: &str, serializer: S) -> Result<S::Ok, S::Error> {
    without_password(url).serialize(serializer)
}

pub(crate) fn optional_url<S: Serializer>(url: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    url.as_deref().map(without_password).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_secret_headers_are_not_shown() {
        assert_eq!(
            without_password("http://ann:pw@proxy:8080/x"),
            "http://ann:[hidden]@proxy:8080/x"
        );
        assert_eq!(without_password("http://proxy:8080"), "http://proxy:8080");
        assert_eq!(
            shown("llm.providers.p.headers.X-Api-Key", "\"v\"".into()),
            "\"[hidden]\""
        );
        assert_eq!(shown("llm.providers.p.headers.X-Tenant", "\"v\"".into()), "\"v\"");
        assert_eq!(
            shown("llm.providers.p.proxy", "\"http://a:b@c\"".into()),
            "\"http://a:[hidden]@c\""
        );
        let mut provider = crate::ProviderSettings::default();
        provider.headers = BTreeMap::from([("Api-Key".into(), "canary".into()), ("Org".into(), "acme".into())]);
        provider.proxy = Some("socks5://u:canary@h".into());
        let text = toml::to_string(&provider).unwrap();
        assert!(!text.contains("canary") && text.contains("acme"), "{text}");
    }
}
