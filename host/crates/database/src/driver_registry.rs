//! The drivers that a program has, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::adbc::{AdbcDriver, ProbeCommand};
use crate::ddl::DdlDriver;
use crate::driver::Driver;
use crate::mssql::MssqlDriver;
use crate::mysql::MysqlDriver;
use crate::postgres::PostgresDriver;
use crate::sqlite::SqliteDriver;
use crate::{ConnectError, Connection, ConnectionSettings};

/// Least similarity of names that are taken for a misspelling of each other.
const SIMILAR: f64 = 0.7;

/// Drivers by name. Cheap to clone.
#[derive(Clone)]
pub struct DriverRegistry {
    drivers: BTreeMap<String, Arc<dyn Driver>>,
}

impl Default for DriverRegistry {
    /// The drivers of this crate; `adbc` loads no library without a command to try it with.
    fn default() -> Self {
        Self::built_in(None)
    }
}

impl DriverRegistry {
    /// The drivers of this crate, and the command that tries driver libraries before `adbc` loads them.
    pub fn built_in(probe: Option<ProbeCommand>) -> Self {
        let built_in: [Arc<dyn Driver>; 6] = [
            Arc::new(SqliteDriver),
            Arc::new(PostgresDriver),
            Arc::new(MysqlDriver),
            Arc::new(MssqlDriver),
            Arc::new(DdlDriver),
            Arc::new(AdbcDriver::new(probe)),
        ];
        let named = built_in.into_iter().map(|driver| (driver.name().to_owned(), driver));
        Self {
            drivers: named.collect(),
        }
    }
}

impl std::fmt::Debug for DriverRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.drivers.keys()).finish()
    }
}

impl DriverRegistry {
    /// Adds a driver.
    ///
    /// # Errors
    /// [`ConnectError::DriverTaken`] when its name or one of its schemes is another driver's.
    pub fn register(&mut self, driver: Arc<dyn Driver>) -> Result<(), ConnectError> {
        let mut names = std::iter::once(driver.name()).chain(driver.schemes().iter().copied());
        if let Some((name, other)) = names.find_map(|name| Some((name, self.of_scheme(name)?))) {
            return Err(ConnectError::DriverTaken {
                name: name.to_owned(),
                driver: other.name().to_owned(),
            });
        }
        self.drivers.insert(driver.name().to_owned(), driver);
        Ok(())
    }

    /// Every driver, by name.
    pub fn drivers(&self) -> impl Iterator<Item = &dyn Driver> {
        self.drivers.values().map(AsRef::as_ref)
    }

    /// The names of all drivers, for people.
    pub fn names(&self) -> String {
        self.drivers.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// The driver of this name.
    ///
    /// # Errors
    /// [`ConnectError::UnknownDriver`] with the names that there are.
    pub fn driver(&self, name: &str) -> Result<&dyn Driver, ConnectError> {
        let found = self.drivers.get(name).map(AsRef::as_ref);
        found.ok_or_else(|| self.unknown(name))
    }

    /// The driver that reads URLs of this scheme.
    pub fn of_scheme(&self, scheme: &str) -> Option<&dyn Driver> {
        let scheme = scheme.to_ascii_lowercase();
        self.drivers()
            .find(|driver| driver.name() == scheme || driver.schemes().contains(&scheme.as_str()))
    }

    /// Opens a first session, so that every usual mistake shows here, and reads what server it is.
    ///
    /// # Errors
    /// When there is no such driver, and whatever the driver says.
    pub async fn open(&self, mut settings: ConnectionSettings) -> Result<Connection, ConnectError> {
        let driver = self.driver(&settings.driver)?;
        settings.port = settings.port.or_else(|| driver.default_port());
        settings.check_ca_file()?;
        let settings = Arc::new(settings);
        let opened = driver.open(Arc::clone(&settings)).await?;
        Ok(Connection::new(opened, settings))
    }

    fn unknown(&self, name: &str) -> ConnectError {
        let lower = name.to_lowercase();
        let exact = self.of_scheme(&lower).map(|driver| (1.0, driver.name()));
        let scored = self
            .drivers
            .keys()
            .map(|known| (strsim::jaro_winkler(known, &lower), known.as_str()));
        let nearest = exact.into_iter().chain(scored).max_by(|a, b| a.0.total_cmp(&b.0));
        let similar = nearest.filter(|(score, _)| *score >= SIMILAR);
        ConnectError::UnknownDriver {
            name: name.to_owned(),
            did_you_mean: similar.map_or_else(String::new, |(_, known)| format!("; did you mean `{known}`?")),
            known: self.names(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::DriverConnection;

    /// Opens nothing.
    struct Named(&'static str);

    #[async_trait::async_trait]
    impl Driver for Named {
        fn name(&self) -> &str {
            self.0
        }

        fn title(&self) -> &str {
            "nothing"
        }

        async fn open(&self, _: Arc<ConnectionSettings>) -> Result<Arc<dyn DriverConnection>, ConnectError> {
            Err(ConnectError::Settings("nothing is opened".into()))
        }
    }

    #[test]
    fn unknown_drivers_are_refused_with_what_there_is() {
        let registry = DriverRegistry::default();
        for (asked, meant) in [
            ("postgre", Some("postgres")),
            ("PostgreSQL", Some("postgres")),
            ("mariadb", Some("mysql")),
            ("xyzzy", None),
        ] {
            let message = registry.driver(asked).err().unwrap().to_string();
            assert!(message.contains(&format!("`{asked}`")), "{message}");
            assert!(
                message.contains("adbc, ddl, mssql, mysql, postgres, sqlite"),
                "{message}"
            );
            let told = message
                .split("did you mean `")
                .nth(1)
                .and_then(|rest| rest.split('`').next());
            assert_eq!(told, meant, "{message}");
        }
    }

    #[tokio::test]
    async fn registered_drivers_open_by_name_and_scheme() {
        let mut registry = DriverRegistry::default();
        registry.register(Arc::new(Named("nothing"))).unwrap();
        let settings = ConnectionSettings::of_url("nothing://host/shop", &registry).unwrap();
        assert_eq!(
            (settings.driver.as_str(), settings.database.as_str()),
            ("nothing", "shop")
        );
        let error = registry.open(settings).await.err().unwrap();
        assert!(error.to_string().contains("nothing is opened"), "{error}");
    }

    #[test]
    fn names_of_other_drivers_are_not_taken_over() {
        let mut registry = DriverRegistry::default();
        for name in ["postgres", "mariadb"] {
            let error = registry.register(Arc::new(Named(name))).err().unwrap();
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
