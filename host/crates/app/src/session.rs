//! A session: a resolved profile, and everything that is made from it once and then shared.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use nl2sql_database::{Connection, DriverRegistry};
use nl2sql_llm::{LlmClient, LlmError};
use nl2sql_pipeline::Failure;
use nl2sql_plugin_host::{CompileNotice, DialectPlugin, LoadError, PluginHost};
use nl2sql_profile::{DatabasePlace, Profile};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::connection::{dialect_facts, named_driver, unavailable};
use crate::llm_service::connect;
use crate::local_models::LocalModels;
use crate::plugins::{call_failure, inspect, load_failure, plugin_host};
use crate::{AppError, Event, EventKind, ServiceRuntime, connection_settings, dialect_name};

/// Name and folder of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunPlace {
    /// Name of the run.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
}

impl RunPlace {
    /// `folder` where one is given, else as the profile says, else after the database.
    pub fn of(profile: &Profile, folder: Option<PathBuf>) -> Self {
        let database = &profile.database;
        let file = database.path.as_ref().or(database.ddl.as_ref());
        let from_path = file.and_then(|path| path.file_stem());
        let from_url = database
            .url
            .as_deref()
            .and_then(|url| url.rsplit('/').next()?.split('?').next());
        let after = from_path
            .map(|stem| stem.to_string_lossy().into_owned())
            .or_else(|| database.database.clone())
            .or_else(|| from_url.map(|name| name.trim_end_matches(".sqlite").to_owned()))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "run".into());
        let chosen = Some(profile.run.name.clone()).filter(|name| !name.is_empty());
        let folder_name = folder.as_ref().and_then(|folder| folder.file_name());
        let name = chosen
            .or_else(|| folder_name.map(|name| name.to_string_lossy().into_owned()))
            .unwrap_or(after);
        let folder = folder.unwrap_or_else(|| profile.run.dir.join(&name));
        Self { name, folder }
    }
}

/// A profile with the plugins, the database connection and the runtime that its jobs share.
pub struct Session {
    profile: Profile,
    place: RunPlace,
    drivers: DriverRegistry,
    runtime: ServiceRuntime,
    cancellation: CancellationToken,
    plugins: OnceLock<PluginHost>,
    connection: Mutex<Option<Connection>>,
    llm: Mutex<Option<LlmClient>>,
    local_models: LocalModels,
    /// Of the job that began last.
    listeners: Arc<Mutex<mpsc::WeakUnboundedSender<Event>>>,
}

impl Session {
    /// A session of this profile; `run_folder` takes the place of the profile's.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(profile: Profile, run_folder: Option<PathBuf>) -> Result<Arc<Self>, AppError> {
        Self::with_drivers(profile, run_folder, DriverRegistry::default())
    }

    /// A session that reaches databases by these drivers.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn with_drivers(
        profile: Profile,
        run_folder: Option<PathBuf>,
        drivers: DriverRegistry,
    ) -> Result<Arc<Self>, AppError> {
        let runtime =
            ServiceRuntime::start().map_err(|error| AppError::Failed(format!("no threads can be started: {error}")))?;
        Ok(Arc::new(Self {
            place: RunPlace::of(&profile, run_folder),
            profile,
            drivers,
            runtime,
            cancellation: CancellationToken::new(),
            plugins: OnceLock::new(),
            connection: Mutex::default(),
            llm: Mutex::default(),
            local_models: LocalModels::default(),
            listeners: Arc::new(Mutex::new(mpsc::unbounded_channel().0.downgrade())),
        }))
    }

    /// The resolved profile.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Name and folder of the run.
    pub fn place(&self) -> &RunPlace {
        &self.place
    }

    /// The drivers that databases are reached by.
    pub fn drivers(&self) -> &DriverRegistry {
        &self.drivers
    }

    /// Stops every job of the session.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }

    /// Where asynchronous services run.
    pub fn runtime(&self) -> &ServiceRuntime {
        &self.runtime
    }

    /// The plugins, found and checked once.
    ///
    /// # Errors
    /// When the engine cannot start.
    pub fn plugins(&self) -> Result<&PluginHost, Failure> {
        match self.plugins.get() {
            Some(host) => Ok(host),
            None => {
                let host = plugin_host(&self.profile, self.compile_notice())?;
                Ok(self.plugins.get_or_init(|| host))
            }
        }
    }

    /// Tells the listeners of the job at hand.
    fn compile_notice(&self) -> CompileNotice {
        CompileNotice::new(self.teller())
    }

    /// What tells the listeners of the job at hand, whichever that is then.
    pub(crate) fn teller(&self) -> impl Fn(String) + Send + Sync + 'static {
        let listeners = self.listeners.clone();
        move |message| {
            let listeners = listeners.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
            if let Some(listeners) = listeners {
                // Nobody has to listen.
                let _ = listeners.send(Event::now(EventKind::Note { stage: None, message }));
            }
        }
    }

    /// Those who listen to a job that begins.
    pub(crate) fn begin_telling(&self, listeners: &mpsc::UnboundedSender<Event>) {
        *self.listeners.lock().unwrap_or_else(PoisonError::into_inner) = listeners.downgrade();
    }

    /// The plugins, where one was wanted.
    pub(crate) fn loaded_plugins(&self) -> Option<&PluginHost> {
        self.plugins.get()
    }

    /// Whether a plugin asks for a service.
    ///
    /// # Errors
    /// When there is no such plugin.
    pub fn plugin_imports(&self, kind: &str, name: &str, service: &str) -> Result<bool, Failure> {
        Ok(inspect(self.plugins()?, kind, name)?
            .manifest
            .imports
            .contains_key(service))
    }

    /// The dialect of the session's database.
    ///
    /// # Errors
    /// When the profile names no database, or the plugin cannot be loaded.
    pub fn dialect(&self) -> Result<DialectPlugin, Failure> {
        let name = self.dialect_plugin()?;
        self.plugins()?
            .dialect(&name)
            .map_err(|error| load_failure(&name, &error))
    }

    /// Name of the plugin that is the dialect of the session's database.
    ///
    /// # Errors
    /// When the profile names no database, or there is no such plugin.
    pub fn dialect_plugin(&self) -> Result<String, Failure> {
        let name = dialect_name(&self.profile.database, &self.drivers)?;
        let plugins = self.plugins()?;
        match plugins.dialect_plugin(&name) {
            // Another usual name of its database, such as `postgresql`.
            Err(error @ LoadError::NotFound { .. }) => {
                match self.drivers.of_scheme(&name).and_then(|driver| driver.dialect()) {
                    Some(dialect) => plugins.dialect_plugin(dialect),
                    None => Err(error),
                }
            }
            found => found,
        }
        .map_err(|error| load_failure(&name, &error))
    }

    /// The connection to the session's database, opened once.
    ///
    /// # Errors
    /// When it cannot be opened, or its login may write and the profile does not allow that.
    pub fn connection(&self) -> Result<Connection, Failure> {
        let mut slot = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = &*slot {
            return Ok(connection.clone());
        }
        let connection = self.connect_unchecked()?;
        self.refuse_write_login(&connection)?;
        Ok(slot.insert(connection).clone())
    }

    /// The profile's language models, opened once, for one job; `cancellation` stops its requests.
    ///
    /// # Errors
    /// When the profile names no provider, a key is missing, or the store cannot be opened.
    pub fn language_model(&self, cancellation: CancellationToken) -> Result<LlmClient, LlmError> {
        let mut slot = self.llm.lock().unwrap_or_else(PoisonError::into_inner);
        let client = match &*slot {
            Some(client) => client,
            None => slot.insert(connect(&self.profile, &self.place, &self.local_models)?),
        };
        Ok(client.for_job(cancellation))
    }

    /// Models on this machine; one that is in use is not loaded again.
    pub fn local_models(&self) -> &LocalModels {
        &self.local_models
    }

    /// A connection of its own, whatever its login may do.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn connect_unchecked(&self) -> Result<Connection, Failure> {
        self.connect_to(&DatabasePlace::default())
    }

    /// A connection to another database or schema of the same server.
    ///
    /// # Errors
    /// As [`connection`](Self::connection), or when the driver knows no such place.
    pub fn connection_to(&self, place: &DatabasePlace) -> Result<Connection, Failure> {
        let connection = self.connect_to(place)?;
        self.refuse_write_login(&connection)?;
        Ok(connection)
    }

    fn connect_to(&self, place: &DatabasePlace) -> Result<Connection, Failure> {
        let name = self.driver_name()?;
        let mut settings = connection_settings(&self.profile.database, &name, &self.drivers)?;
        let driver = self.drivers.driver(&settings.driver).map_err(unavailable)?;
        if driver.dialect().is_none() {
            let info = self.dialect()?.info().map_err(|error| call_failure(&error))?;
            settings.dialect = dialect_facts(&info);
        }
        if *place != DatabasePlace::default() {
            driver.go_to(&mut settings, place).map_err(|error| {
                unavailable(error).with_hint(
                    "Map the ids to {}, the run's own database, or give a folder of SQLite files with --databases",
                )
            })?;
        }
        self.runtime
            .block_on(|| self.drivers.open(settings))
            .map_err(unavailable)
    }

    /// The name of the driver that reaches the session's database.
    fn driver_name(&self) -> Result<String, Failure> {
        match named_driver(&self.profile.database) {
            "" => Ok(self.dialect()?.info().map_err(|error| call_failure(&error))?.driver),
            named => Ok(self
                .drivers
                .of_scheme(named)
                .map_or(named, |driver| driver.name())
                .to_owned()),
        }
    }

    /// Whether statements can run: not where a script stands for the database.
    ///
    /// # Errors
    /// When the profile names no database, or its driver is unknown.
    pub fn executes(&self) -> Result<bool, Failure> {
        let name = self.driver_name()?;
        Ok(self.drivers.driver(&name).map_err(unavailable)?.executes())
    }

    fn refuse_write_login(&self, connection: &Connection) -> Result<(), Failure> {
        if self.profile.database.allow_write_login {
            return Ok(());
        }
        let rights = self
            .runtime
            .block_on(|| connection.login_rights())
            .map_err(|error| Failure::new("database", "unavailable", error.to_string()))?;
        match rights.beyond_select.first() {
            None => Ok(()),
            Some(right) => Err(Failure::new(
                "database",
                "unavailable",
                format!("the login `{}` may do more than read: {right}", rights.login.trim()),
            )
            .with_hint("Use a login with SELECT alone, or accept this one with database.allow_write_login = true")),
        }
    }
}
