//! Parameters of `database.url`, as a layer of their own: stronger than defaults, weaker than anything else that was given.

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Provider};
use url::Url;

use crate::{ProfileError, TlsMode};

/// What the parameters of a database URL say about keys of `[database]` that have defaults.
///
/// Parameters without such a key (`sslrootcert`, `host`) are read, and unknown ones refused, by whoever connects.
pub(crate) struct UrlParameters(Dict);

impl UrlParameters {
    /// Where these values stand, for people.
    pub(crate) const PLACE: &'static str = "database.url";

    /// Reads the parameters of a URL. What is no URL has none.
    ///
    /// # Errors
    /// When a value is not of the kind its key takes. The message never repeats the URL, which may hold a password.
    pub(crate) fn of(url: &str) -> Result<Self, ProfileError> {
        let mut settings = Dict::new();
        // SQLite's URLs are paths, which `Url` reads as well.
        let query = Url::parse(url).ok();
        for (name, value) in query.iter().flat_map(Url::query_pairs) {
            set(&mut settings, &name, &value)?;
        }
        Ok(Self(settings))
    }
}

impl Provider for UrlParameters {
    fn metadata(&self) -> Metadata {
        Metadata::named(Self::PLACE)
    }

    fn data(&self) -> Result<Map<figment::Profile, Dict>, figment::Error> {
        let section = Dict::from([("database".to_owned(), Value::from(self.0.clone()))]);
        Ok(figment::Profile::Default.collect(section))
    }
}

fn set(settings: &mut Dict, name: &str, value: &str) -> Result<(), ProfileError> {
    let reason = |reason| ProfileError::BadValue {
        key: name.to_owned(),
        place: UrlParameters::PLACE.to_owned(),
        reason,
    };
    let number = || {
        let number = value.parse::<u64>();
        number.map_err(|_| reason(format!("expected a whole number, found `{value}`")))
    };
    let (key, value) = match name.to_ascii_lowercase().replace('-', "_").as_str() {
        "schema" => return push(settings, "schemas", value),
        "include" => return push(settings, "include", value),
        "exclude" => return push(settings, "exclude", value),
        "allow_functions" => return push(settings, "allow_functions", value),
        "connect_timeout" => ("connect_timeout_ms", Value::from(number()?.saturating_mul(1_000))),
        "statement_timeout" => ("statement_timeout_ms", Value::from(number()?)),
        "max_rows" => ("max_rows", Value::from(number()?)),
        "max_bytes" => ("max_bytes", Value::from(number()?)),
        "pool_size" => ("pool", Value::from(number()?)),
        "tls" | "sslmode" | "ssl_mode" => {
            let mode: TlsMode = value.parse().map_err(reason)?;
            ("tls", Value::from(mode.name()))
        }
        "encrypt" if value.eq_ignore_ascii_case("false") => ("tls", Value::from("off")),
        "encrypt" => ("tls", Value::from("require")),
        _ => return Ok(()),
    };
    settings.insert(key.to_owned(), value);
    Ok(())
}

/// Adds to a list; these parameters may repeat.
fn push(settings: &mut Dict, key: &str, value: &str) -> Result<(), ProfileError> {
    let list = settings
        .entry(key.to_owned())
        .or_insert_with(|| Value::from(Vec::<Value>::new()));
    if let Value::Array(_, items) = list {
        items.push(Value::from(value));
    }
    Ok(())
}
