//! The parts of a run, made when a stage asks for them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use nl2sql_catalog::Database;
use nl2sql_database::{Connection, DriverKind};
use nl2sql_llm::{LlmClient, LlmError, UsageReport};
use nl2sql_pipeline as pipeline;
use nl2sql_pipeline::{Failure, GeneratorContext, Parts, PluginIdentity};
use nl2sql_plugin_host::{DialectSession, PluginHost, Services};
use nl2sql_profile::Profile;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::llm_service::{StageLlm, connect, spending};
use super::plugin_library::{call_failure, inspect, load_failure, plugin_host};
use super::queries::RunQueries;
use super::source::DatabaseSource;
use super::stage_plugins::{BoundDialect, BoundGenerator, BoundPlanner, BoundValidator};
use super::{connection_settings, dialect_name};
use crate::failure::advised;

/// Everything a run works with.
pub struct RunParts<'a> {
    profile: &'a Profile,
    run: String,
    folder: PathBuf,
    runtime: &'a Runtime,
    cancellation: CancellationToken,
    host: OnceLock<PluginHost>,
    connection: Mutex<Option<Connection>>,
    llm: Mutex<Option<Arc<LlmClient>>>,
}

impl<'a> RunParts<'a> {
    /// The parts of the run called `run` in `folder`.
    pub fn new(
        profile: &'a Profile,
        run: &str,
        folder: PathBuf,
        runtime: &'a Runtime,
        cancellation: CancellationToken,
    ) -> Self {
        Self {
            profile,
            run: run.into(),
            folder,
            runtime,
            cancellation,
            host: OnceLock::new(),
            connection: Mutex::default(),
            llm: Mutex::default(),
        }
    }

    /// The plugins.
    ///
    /// # Errors
    /// When the engine cannot start.
    pub fn host(&self) -> Result<&PluginHost, Failure> {
        match self.host.get() {
            Some(host) => Ok(host),
            None => {
                let host = plugin_host(self.profile)?;
                Ok(self.host.get_or_init(|| host))
            }
        }
    }

    /// The connection, opened once.
    ///
    /// # Errors
    /// When it cannot be opened, or its login may write and the profile does not allow that.
    pub fn connection(&self) -> Result<Connection, Failure> {
        let mut slot = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = &*slot {
            return Ok(connection.clone());
        }
        let connection = self.connect_any()?;
        self.refuse_writers(&connection)?;
        Ok(slot.insert(connection).clone())
    }

    /// A connection whatever its login may do.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn connect_any(&self) -> Result<Connection, Failure> {
        let settings = &self.profile.database;
        let driver = match (&settings.url, settings.driver.as_str()) {
            (None, "") => {
                self.dialect_plugin()?
                    .info()
                    .map_err(|error| call_failure(&error))?
                    .driver
            }
            _ => settings.driver.clone(),
        };
        let settings = connection_settings(settings, &driver)?;
        self.runtime
            .block_on(Connection::open(settings))
            .map_err(|error| Failure::new("database", "unavailable", error.to_string()))
    }

    fn refuse_writers(&self, connection: &Connection) -> Result<(), Failure> {
        if self.profile.database.allow_write_login || connection.settings().driver == DriverKind::Sqlite {
            return Ok(());
        }
        let rights = self
            .runtime
            .block_on(connection.login_rights())
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

    /// The dialect of the run's database.
    ///
    /// # Errors
    /// When the profile names no database, or the plugin cannot be loaded.
    pub fn dialect_plugin(&self) -> Result<nl2sql_plugin_host::DialectPlugin, Failure> {
        let name = dialect_name(&self.profile.database)?;
        self.host()?.dialect(&name).map_err(|error| load_failure(&name, &error))
    }

    fn session(&self, catalog: &Database) -> Result<Arc<DialectSession>, Failure> {
        Ok(Arc::new(self.dialect_plugin()?.open(catalog)))
    }

    /// Services of a stage's plugin: the language model where it asks for one and the profile names one, the others where they are given.
    fn services(&self, stage: &'static str, kind: &str, plugin: &str) -> Result<Services, Failure> {
        if self.profile.llm.provider.is_empty() || !self.asks_for(kind, plugin, "llm")? {
            return Ok(Services::none());
        }
        let client = self.language_model()?;
        Ok(Services::none().with_llm(Arc::new(StageLlm::new(client, self.runtime.handle().clone(), stage))))
    }

    fn language_model(&self) -> Result<Arc<LlmClient>, Failure> {
        let mut slot = self.llm.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*slot {
            return Ok(client.clone());
        }
        let client = connect(self.profile, &self.run, &self.folder, self.cancellation.clone())
            .map_err(|error| Failure::new("language model", "unavailable", advised(&error)))?;
        Ok(slot.insert(Arc::new(client)).clone())
    }

    /// What the run has spent on language models, earlier processes included, with the answers that came from the store in this one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn usage(&self) -> Result<UsageReport, LlmError> {
        match &*self.llm.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(client) => client.usage(),
            None => Ok(UsageReport {
                lines: spending(&self.profile.llm, &self.run, &self.folder)?,
                cached: 0,
            }),
        }
    }

    fn queries(&self, catalog: &Arc<Database>) -> Result<Arc<RunQueries>, Failure> {
        let timeout = Duration::from_millis(self.profile.validate.timeout_ms);
        Ok(Arc::new(RunQueries::new(
            self.connection()?,
            Arc::clone(catalog),
            self.runtime.handle().clone(),
            timeout,
        )))
    }

    /// How many calls of a plugin may wait for the language model at once: as many as its provider takes requests.
    fn waiting_calls(&self, kind: &str, plugin: &str) -> Result<Option<usize>, Failure> {
        let provider = self.profile.llm.chain().next().map(|(_, provider)| provider);
        let asks = self.asks_for(kind, plugin, "llm")?;
        Ok(provider
            .filter(|_| asks)
            .map(|provider| provider.rate.concurrency as usize))
    }

    /// Whether a plugin asks for a service.
    ///
    /// # Errors
    /// When there is no such plugin.
    pub fn asks_for(&self, kind: &str, name: &str, service: &str) -> Result<bool, Failure> {
        Ok(inspect(self.host()?, kind, name)?
            .manifest
            .imports
            .contains_key(service))
    }
}

impl Parts for RunParts<'_> {
    fn source(&self) -> Result<Box<dyn pipeline::Source>, Failure> {
        Ok(Box::new(DatabaseSource {
            connection: self.connection()?,
            dialect: self.dialect_plugin()?,
            runtime: self.runtime.handle().clone(),
        }))
    }

    fn dialect(&self, catalog: &Arc<Database>) -> Result<Arc<dyn pipeline::Dialect>, Failure> {
        let session = self.session(catalog)?;
        let info = session.info().map_err(|error| call_failure(&error))?;
        Ok(Arc::new(BoundDialect { session, info }))
    }

    fn planner(&self) -> Result<Box<dyn pipeline::Planner>, Failure> {
        let name = &self.profile.plan.planner;
        let planner = self.host()?.planner(name, self.services("plan", "planner", name)?);
        Ok(Box::new(BoundPlanner(
            planner.map_err(|error| load_failure(name, &error))?,
        )))
    }

    fn generator(
        &self,
        plain: &Arc<Database>,
        context: GeneratorContext,
    ) -> Result<Box<dyn pipeline::Generator>, Failure> {
        let name = &self.profile.generate.generator;
        let mut services = self
            .services("generate", "generator", name)?
            .with_sql(self.session(plain)?);
        if self.asks_for("generator", name, "query")? {
            services = services.with_query(self.queries(plain)?);
        }
        let generator = self
            .host()?
            .generator(name, services)
            .map_err(|error| load_failure(name, &error))?;
        let session = generator.open(nl2sql_plugin_host::GeneratorContext {
            database: &context.catalog,
            cards: &context.cards,
            dialect: &context.dialect,
            options: &context.options,
            seed: context.seed,
        });
        Ok(Box::new(BoundGenerator {
            session,
            at_once: self.waiting_calls("generator", name)?,
        }))
    }

    fn validators(&self, catalog: &Arc<Database>) -> Result<Vec<Box<dyn pipeline::Validator>>, Failure> {
        let session = self.session(catalog)?;
        let settings = &self.profile.validate;
        let mut validators: Vec<Box<dyn pipeline::Validator>> = Vec::new();
        for name in &settings.validators {
            let mut services = Services::none().with_sql(session.clone());
            if self.asks_for("validator", name, "query")? {
                services = services.with_query(self.queries(catalog)?);
            }
            let validator = self
                .host()?
                .validator(name, services)
                .map_err(|error| load_failure(name, &error))?;
            let options = settings.options.get(name).map(serde_json::to_string);
            let options = options.and_then(Result::ok).unwrap_or_else(|| "{}".into());
            validators.push(Box::new(BoundValidator(validator.open(catalog, &options))));
        }
        Ok(validators)
    }

    fn identities(&self) -> Result<Vec<PluginIdentity>, Failure> {
        let profile = self.profile;
        let mut wanted = vec![
            ("dialect", dialect_name(&profile.database)?),
            ("planner", profile.plan.planner.clone()),
            ("generator", profile.generate.generator.clone()),
        ];
        wanted.extend(
            profile
                .validate
                .validators
                .iter()
                .map(|name| ("validator", name.clone())),
        );
        let host = self.host()?;
        wanted
            .into_iter()
            .map(|(role, name)| {
                let artifact = inspect(host, role, &name)?;
                Ok(PluginIdentity {
                    role: role.into(),
                    name: artifact.manifest.name,
                    version: artifact.manifest.version,
                    sha256: artifact.sha256,
                })
            })
            .collect()
    }
}
