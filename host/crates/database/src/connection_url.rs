//! Connection URLs: `sqlite:shop.sqlite`, `postgres://user:password@host:5432/shop?sslmode=require&schema=sales`.

use std::borrow::Cow;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use crate::driver::Driver;
use crate::{ConnectError, ConnectionSettings, DriverRegistry, TlsMode};

impl FromStr for ConnectionSettings {
    type Err = ConnectError;

    /// Reads a connection URL of the drivers of this crate. The scheme is `sqlite` (or a bare path to a file), `postgres`/`postgresql`, `mysql`/`mariadb` or
    /// `mssql`/`sqlserver`. Query parameters: `tls` or `sslmode`/`ssl-mode`, `ca_file` or `sslrootcert`, `connect_timeout` (seconds),
    /// `statement_timeout` (milliseconds), `pool_size`, `max_rows`, `schema`, `include`, `exclude`, `allow_functions` (the last four may repeat),
    /// `host` (a Unix socket). Messages never repeat the URL, which may hold a password.
    fn from_str(text: &str) -> Result<Self, ConnectError> {
        Self::of_url(text, &DriverRegistry::default())
    }
}

impl ConnectionSettings {
    /// Reads a connection URL, whose scheme is that of a registered driver.
    ///
    /// # Errors
    /// When it is none, or has a parameter that is unknown. Messages never repeat the URL, which may hold a password.
    pub fn of_url(text: &str, drivers: &DriverRegistry) -> Result<Self, ConnectError> {
        let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| scheme.len() > 1) else {
            return Ok(Self::sqlite(text));
        };
        let Some(driver) = drivers.of_scheme(scheme) else {
            return Err(ConnectError::Settings(format!(
                "unknown scheme `{scheme}`; begin the URL with the name of a driver: {}",
                drivers.names()
            )));
        };
        if driver.opens_files() {
            return file_settings(driver, rest);
        }
        let url =
            Url::parse(text).map_err(|error| ConnectError::Settings(format!("the URL cannot be read: {error}")))?;
        server_settings(driver, &url)
    }
}

fn file_settings(driver: &dyn Driver, rest: &str) -> Result<ConnectionSettings, ConnectError> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path == ":memory:" {
        let name = driver.name();
        return Err(ConnectError::Settings(format!(
            "a URL of {} needs the path of a file: {name}:data/shop.{name}",
            driver.title()
        )));
    }
    let mut settings = ConnectionSettings {
        driver: driver.name().to_owned(),
        path: PathBuf::from(decode(path)?.as_ref()),
        ..ConnectionSettings::default()
    };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        set_parameter(&mut settings, &name, &value)?;
    }
    Ok(settings)
}

fn server_settings(driver: &dyn Driver, url: &Url) -> Result<ConnectionSettings, ConnectError> {
    let mut settings = ConnectionSettings {
        driver: driver.name().to_owned(),
        host: url.host_str().filter(|host| !host.is_empty()).map_or_else(
            || Ok("localhost".to_owned()),
            |host| decode(host).map(|host| host.trim_matches(['[', ']']).to_owned()),
        )?,
        port: url.port().or_else(|| driver.default_port()),
        user: decode(url.username())?.into_owned(),
        password: decode(url.password().unwrap_or(""))?.as_ref().into(),
        database: decode(url.path().trim_start_matches('/'))?.into_owned(),
        ..ConnectionSettings::default()
    };
    for (name, value) in url.query_pairs() {
        set_parameter(&mut settings, &name, &value)?;
    }
    Ok(settings)
}

fn set_parameter(settings: &mut ConnectionSettings, name: &str, value: &str) -> Result<(), ConnectError> {
    let number = || {
        value
            .parse::<u64>()
            .map_err(|_| ConnectError::Settings(format!("parameter `{name}` must be a whole number, not `{value}`")))
    };
    match name.to_ascii_lowercase().replace('-', "_").as_str() {
        "tls" | "sslmode" | "ssl_mode" => settings.tls = value.parse().map_err(|reason| bad_tls_mode(name, reason))?,
        "encrypt" => {
            settings.tls = if value.eq_ignore_ascii_case("false") {
                TlsMode::Off
            } else {
                TlsMode::Require
            }
        }
        "ca_file" | "sslrootcert" | "ssl_ca" => settings.ca_file = Some(PathBuf::from(value)),
        "connect_timeout" => settings.connect_timeout_s = number()?,
        "statement_timeout" => settings.limits.timeout_ms = number()?,
        "max_rows" => settings.limits.max_rows = to_usize(number()?),
        "max_bytes" => settings.limits.max_bytes = to_usize(number()?),
        "pool_size" => settings.pool_size = to_usize(number()?).max(1),
        "schema" => settings.schemas.push(value.to_owned()),
        "include" => settings.include.push(value.to_owned()),
        "exclude" => settings.exclude.push(value.to_owned()),
        "allow_functions" => settings.allow_functions.push(value.to_owned()),
        "host" | "socket" => settings.host = value.to_owned(),
        _ => return Err(ConnectError::Settings(format!("unknown URL parameter `{name}`"))),
    }
    Ok(())
}

fn bad_tls_mode(parameter: &str, reason: String) -> ConnectError {
    ConnectError::Settings(format!("parameter `{parameter}`: {reason}"))
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn decode(text: &str) -> Result<Cow<'_, str>, ConnectError> {
    percent_decode(text).ok_or_else(|| ConnectError::Settings("a part of the URL is not UTF-8 after %-decoding".into()))
}

/// Decodes `%XX` alone: in the parts of a URL before its query, `+` stands for itself.
fn percent_decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let protected = text.replace('+', "%2B");
    let mut pairs = url::form_urlencoded::parse(protected.as_bytes());
    let (decoded, _) = pairs.next()?;
    let decoded = decoded.into_owned();
    String::from_utf8(decoded.into_bytes()).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ConnectionSettings {
        text.parse().unwrap()
    }

    #[test]
    fn server_urls_give_every_field() {
        let settings =
            read("postgresql://an%40na:p%2Fw+d@db.example:6000/shop?sslmode=require&schema=a&schema=b&pool_size=7");
        assert_eq!(settings.driver, "postgres");
        assert_eq!((settings.user.as_str(), settings.password.reveal()), ("an@na", "p/w+d"));
        assert_eq!(
            (settings.host.as_str(), settings.effective_port()),
            ("db.example", 6000)
        );
        assert_eq!(
            (settings.database.as_str(), settings.tls, settings.pool_size),
            ("shop", TlsMode::Require, 7)
        );
        assert_eq!(settings.schemas, ["a", "b"]);
        for name in ["verify", "verify-ca", "verify_full", "VERIFY_IDENTITY"] {
            assert_eq!(read(&format!("mysql://h/x?tls={name}")).tls, TlsMode::Verify, "{name}");
        }
        assert_eq!(read("mysql://root@[::1]/x").address(), "::1:3306");
        assert_eq!(read("sqlserver://sa:x@host/y").effective_port(), 1433);
        assert_eq!(
            read("postgres:///shop?host=/run/postgresql").address(),
            "/run/postgresql"
        );
    }

    #[test]
    fn sqlite_is_a_path() {
        for text in ["sqlite:a/b.sqlite", "sqlite://a/b.sqlite", "a/b.sqlite"] {
            assert_eq!(read(text).path, PathBuf::from("a/b.sqlite"), "{text}");
        }
        assert_eq!(read("sqlite:///a.db?max_rows=5").limits.max_rows, 5);
    }

    #[test]
    fn a_bad_url_never_shows_its_password() {
        for text in [
            "postgres://u:hunter2@host:notaport/x",
            "oracle://u:hunter2@h/x",
            "postgres://u:hunter2@h/x?sslmode=perhaps",
            "mysql://u:hunter2@h/x?nonsense=1",
        ] {
            let message = text.parse::<ConnectionSettings>().unwrap_err().to_string();
            assert!(!message.contains("hunter2"), "{message}");
        }
        assert!(!format!("{:?}", read("mysql://u:hunter2@h/x")).contains("hunter2"));
    }
}
