//! From the profile's words to a connection.

use nl2sql_database::{ConnectionSettings, DriverRegistry, Limits, Secret, TlsMode};
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
    let told = match (&settings.url, settings.driver.as_str()) {
        (Some(url), _) => url.split(':').next().unwrap_or_default(),
        (None, "") if settings.path.is_some() => "sqlite",
        (None, driver) => driver,
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
    if let Some(path) = &settings.path {
        connection.path.clone_from(path);
    }
    connection.port = settings.port.or(connection.port);
    connection.ca_file = settings.ca.clone().or(connection.ca_file);
    // The profile's values hold what the URL's parameters say, where nothing stronger was given.
    connection.tls = tls(settings.tls);
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

pub(crate) fn unavailable(error: impl std::fmt::Display) -> Failure {
    Failure::new("database", "unavailable", error.to_string())
}

fn tls(mode: nl2sql_profile::TlsMode) -> TlsMode {
    match mode {
        nl2sql_profile::TlsMode::Off => TlsMode::Off,
        nl2sql_profile::TlsMode::Prefer => TlsMode::Prefer,
        nl2sql_profile::TlsMode::Require => TlsMode::Require,
        nl2sql_profile::TlsMode::Verify => TlsMode::VerifyCa,
    }
}
