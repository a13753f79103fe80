//! Secrets that stand in a profile although they should not, kept out of everything that is written or shown.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// What stands in place of a secret.
const REDACTED: &str = "[redacted]";

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

/// A URL without its password, and without the values of parameters whose names say that they are secret.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    // The last @, for people forget to escape those of a password.
    let mut shown = match place.rsplit_once('@') {
        Some((login, place)) if login.contains(':') => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:{REDACTED}@{place}")
        }
        _ => format!("{scheme}://{place}"),
    };
    if let Some(query) = query {
        let parameters: Vec<_> = query.split('&').map(parameter_without_secret).collect();
        shown = format!("{shown}?{}", parameters.join("&"));
    }
    shown
}

fn parameter_without_secret(parameter: &str) -> String {
    match parameter.split_once('=') {
        Some((name, _)) if is_secret(name) || name.eq_ignore_ascii_case("pwd") => format!("{name}={REDACTED}"),
        _ => parameter.to_owned(),
    }
}

/// The value of a setting as it may be shown; `key` is its dotted path.
pub(crate) fn shown(key: &str, value: String) -> String {
    if key == "database.url" {
        return format!("\"{}\"", without_password(value.trim_matches('"')));
    }
    if let Some(option) = key.strip_prefix("database.adbc.options.") {
        return match is_secret(option) {
            true => format!("\"{REDACTED}\""),
            false => without_password(&value),
        };
    }
    let mut parts = key.split('.');
    let of_provider = parts.next() == Some("llm") && parts.next() == Some("providers") && parts.next().is_some();
    match (of_provider, parts.next(), parts.next()) {
        (true, Some("headers"), Some(header)) if is_secret(header) => format!("\"{REDACTED}\""),
        (true, Some("proxy" | "base_url"), None) => without_password(&value),
        _ => value,
    }
}

/// An argument of the command line (`section.key=value`, a URL, ...) as it may be shown: without passwords, keys and whole sections that
/// may hold some.
pub fn argument_without_secrets(argument: &str) -> String {
    let (flag, setting) = match argument.strip_prefix("--set=") {
        Some(setting) => ("--set=", setting),
        None => ("", argument),
    };
    let Some((key, value)) = setting.split_once('=').filter(|(key, _)| !key.contains("://")) else {
        return without_password(argument);
    };
    let section = key.split('.').next().unwrap_or_default();
    if value.trim_start().starts_with('{') && ["database", "llm"].contains(&section) {
        return format!("{flag}{key}={REDACTED}");
    }
    let value = match key {
        "database.url" | "--database" => without_password(value),
        _ => shown(key, value.to_owned()),
    };
    format!("{flag}{key}={value}")
}

pub(crate) fn headers<S: Serializer>(headers: &BTreeMap<String, String>, serializer: S) -> Result<S::Ok, S::Error> {
    let shown: BTreeMap<&str, &str> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), if is_secret(name) { REDACTED } else { value }))
        .collect();
    shown.serialize(serializer)
}

pub(crate) fn options<S: Serializer>(options: &BTreeMap<String, String>, serializer: S) -> Result<S::Ok, S::Error> {
    let shown: BTreeMap<&str, String> = options
        .iter()
        .map(|(name, value)| {
            (
                name.as_str(),
                if is_secret(name) {
                    REDACTED.to_owned()
                } else {
                    without_password(value)
                },
            )
        })
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
    fn arguments_are_shown_without_secrets() {
        for (argument, shown) in [
            ("--quiet", "--quiet".to_owned()),
            ("plan.total=20", "plan.total=20".to_owned()),
            (
                "llm.providers.peer.proxy=socks5h://clerk:secret@127.0.0.1:1",
                format!("llm.providers.peer.proxy=socks5h://clerk:{REDACTED}@127.0.0.1:1"),
            ),
            (
                "--set=database.url=postgres://reader:secret@db/shop",
                format!("--set=database.url=postgres://reader:{REDACTED}@db/shop"),
            ),
            (
                "mysql://reader:secret@db/shop?ssl=true",
                format!("mysql://reader:{REDACTED}@db/shop?ssl=true"),
            ),
            (
                "--database=mysql://reader:secret@db/shop",
                format!("--database=mysql://reader:{REDACTED}@db/shop"),
            ),
            ("llm.providers={p={key=1}}", format!("llm.providers={REDACTED}")),
        ] {
            assert_eq!(super::argument_without_secrets(argument), shown);
        }
    }

    #[test]
    fn passwords_and_secret_headers_are_not_shown() {
        assert_eq!(
            without_password("http://ann:pw@proxy:8080/x"),
            "http://ann:[redacted]@proxy:8080/x"
        );
        for (url, shown) in [
            ("http://proxy:8080", "http://proxy:8080"),
            ("mysql://reader:p@ss/w@db/shop", "mysql://reader:[redacted]@db/shop"),
            (
                "postgres://reader@db/shop?password=s3cret&tls=off",
                "postgres://reader@db/shop?password=[redacted]&tls=off",
            ),
            ("sqlite:shop.sqlite", "sqlite:shop.sqlite"),
        ] {
            assert_eq!(without_password(url), shown);
        }
        assert_eq!(
            shown("llm.providers.p.headers.X-Api-Key", "\"v\"".into()),
            "\"[redacted]\""
        );
        assert_eq!(shown("llm.providers.p.headers.X-Tenant", "\"v\"".into()), "\"v\"");
        assert_eq!(
            shown("llm.providers.p.proxy", "\"http://a:b@c\"".into()),
            "\"http://a:[redacted]@c\""
        );
        let provider = crate::ProviderSettings {
            headers: BTreeMap::from([("Api-Key".into(), "canary".into()), ("Org".into(), "acme".into())]),
            proxy: Some("socks5://u:canary@h".into()),
            ..crate::ProviderSettings::default()
        };
        let text = toml::to_string(&provider).unwrap();
        assert!(!text.contains("canary") && text.contains("acme"), "{text}");
    }
}
