//! From the profile's words to a connection.

use std::path::PathBuf;

use nl2sql_catalog::dialect_extra::DEFAULT_SCHEMA;
use nl2sql_catalog::{DialectInfo, LimitStyle};
use nl2sql_database::statement_guard::GuardRules;
use nl2sql_database::{
    AdbcSettings, ConnectionSettings, DialectFacts, DriverRegistry, Limits, RowLimit, ScriptRules, Secret,
};
use nl2sql_pipeline::Failure;
use nl2sql_profile::{DatabaseSettings, ExposeSecret, read_secret};

/// The dialect plugin of a database: named in the profile, or told from the URL, the file or the driver.
///
/// # Errors
/// When the profile names no database, or its driver speaks more than one dialect.
pub fn dialect_name(settings: &DatabaseSettings, drivers: &DriverRegistry) -> Result<String, Failure> {
    if !settings.dialect.is_empty() {
        return Ok(settings.dialect.clone());
    }
    let told = match named_driver(settings) {
        "" if settings.path.is_some() => "sqlite",
        told => told,
    };
    if told.is_empty() {
        return Err(
            Failure::new("database", "unavailable", "the profile names no database").with_hint(
                "Set database.path to a SQLite file or database.url to a server, in the profile or with --set",
            ),
        );
    }
    let driver = match drivers.of_scheme(told) {
        Some(driver) => driver,
        None => drivers.driver(told).map_err(unavailable)?,
    };
    driver.dialect().map(str::to_owned).ok_or_else(|| {
        let message = format!("the driver `{}` serves databases of many dialects", driver.name());
        Failure::new("database", "unavailable", message)
            .with_hint("Set database.dialect to the name of a dialect plugin; `nl2sql plugin list` names them")
    })
}

/// The driver that the settings speak of by name, by the scheme of a URL or by what it opens; empty where none of these is there.
pub(crate) fn named_driver(settings: &DatabaseSettings) -> &str {
    match (&settings.url, settings.driver.as_str()) {
        (Some(url), "") => url.split(':').next().unwrap_or_default(),
        (None, "") if settings.ddl.is_some() => "ddl",
        (None, "") if !settings.adbc.library.is_empty() => "adbc",
        (_, driver) => driver,
    }
}

/// What drivers of many dialects have to know of one.
pub(crate) fn dialect_facts(info: &DialectInfo) -> DialectFacts {
    DialectFacts {
        name: info.name.clone(),
        quotes: info.names.quotes,
        default_schema: info.extra(DEFAULT_SCHEMA).map(str::to_owned),
        row_limit: match info.spelling.limit {
            LimitStyle::Limit => RowLimit::Limit,
            LimitStyle::FetchFirst => RowLimit::FetchFirst,
            LimitStyle::Top => RowLimit::Top,
        },
        guard: GuardRules::of_description(info),
        scripts: ScriptRules::of(info),
    }
}

/// Everything needed to connect. `driver` is the one the dialect rides on.
///
/// # Errors
/// When the URL cannot be read, there is no such driver, or the password is not where the profile says.
pub fn connection_settings(
    settings: &DatabaseSettings,
    driver: &str,
    drivers: &DriverRegistry,
) -> Result<ConnectionSettings, Failure> {
    let mut connection = match &settings.url {
        Some(url) => ConnectionSettings::of_url(url, drivers).map_err(unavailable)?,
        None => ConnectionSettings {
            driver: drivers.driver(driver).map_err(unavailable)?.name().to_owned(),
            ..ConnectionSettings::default()
        },
    };
    if !settings.driver.is_empty() {
        drivers
            .driver(&settings.driver)
            .map_err(unavailable)?
            .name()
            .clone_into(&mut connection.driver);
    }
    let password =
        read_secret(settings.password_env.as_deref(), settings.password_file.as_deref()).map_err(unavailable)?;
    if let Some(password) = password {
        connection.password = Secret::from(password.expose_secret());
    }
    let set = |place: &mut String, value: &Option<String>| {
        if let Some(value) = value {
            place.clone_from(value);
        }
    };
    set(&mut connection.host, &settings.host);
    set(&mut connection.user, &settings.user);
    set(&mut connection.database, &settings.database);
    if let Some(path) = script_or_file(settings, &connection.driver)? {
        connection.path = path;
    }
    connection.adbc = adbc_settings(settings)?;
    connection.port = settings.port.or(connection.port);
    connection.ca_file = settings.ca.clone().or(connection.ca_file);
    // The profile's values hold what the URL's parameters say, where nothing stronger was given.
    connection.tls = settings.tls;
    connection.connect_timeout_s = settings.connect_timeout_ms.div_ceil(1_000);
    connection.limits = Limits {
        timeout_ms: settings.statement_timeout_ms,
        max_rows: settings.max_rows as usize,
        max_bytes: settings.max_bytes as usize,
    };
    connection.pool_size = settings.pool.max(1) as usize;
    connection.schemas.clone_from(&settings.schemas);
    connection.include.clone_from(&settings.include);
    connection.exclude.clone_from(&settings.exclude);
    connection.allow_functions.clone_from(&settings.allow_functions);
    Ok(connection)
}

/// The script or database file; one stands for the other's absence.
fn script_or_file(settings: &DatabaseSettings, driver: &str) -> Result<Option<PathBuf>, Failure> {
    let others = [
        ("database.path", settings.path.is_some()),
        ("database.url", settings.url.is_some()),
        ("database.adbc.library", !settings.adbc.library.is_empty()),
    ];
    match (&settings.ddl, others.iter().find(|(_, is_set)| *is_set)) {
        (Some(_), Some((other, _))) => Err(unavailable(format!(
            "database.ddl stands for a database that is not there, and {other} names one; set one of them alone"
        ))),
        (Some(_), None) if driver != "ddl" => Err(unavailable(format!(
            "database.ddl is read by the driver `ddl`, and database.driver is `{driver}`; leave database.driver out"
        ))),
        (Some(script), None) => Ok(Some(script.clone())),
        (None, _) => Ok(settings.path.clone()),
    }
}

/// The driver library. Options that look like secrets are refused: options are shown, secrets are not.
fn adbc_settings(settings: &DatabaseSettings) -> Result<AdbcSettings, Failure> {
    let adbc = &settings.adbc;
    let secret_words = ["password", "secret", "token", "passphrase", "private_key"];
    for (name, value) in &adbc.options {
        let named_secret = secret_words.iter().any(|word| name.to_lowercase().contains(word));
        if named_secret || nl2sql_profile::without_password(value) != *value {
            return Err(unavailable(format!(
                "database.adbc.options.{name} holds a secret; name an environment variable in database.adbc.secrets.{name} instead"
            )));
        }
    }
    let mut secrets = std::collections::BTreeMap::new();
    for (option, variable) in &adbc.secrets {
        let secret = read_secret(Some(variable), None).map_err(unavailable)?;
        let secret = secret
            .map(|secret| Secret::from(secret.expose_secret()))
            .unwrap_or_default();
        secrets.insert(option.clone(), secret);
    }
    Ok(AdbcSettings {
        library: PathBuf::from(&adbc.library),
        entrypoint: adbc.entrypoint.clone(),
        sha256: adbc.sha256.clone(),
        options: adbc.options.clone(),
        read_only: adbc.read_only.clone(),
        secrets,
    })
}

pub(crate) fn unavailable(error: impl std::fmt::Display) -> Failure {
    Failure::new("database", "unavailable", error.to_string())
}
