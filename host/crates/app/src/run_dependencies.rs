//! What the stages of a run need, made when a stage asks for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nl2sql_catalog::{Database, GeneratorContext};
use nl2sql_llm::{LlmClient, LlmError, UsageReport};
use nl2sql_pipeline as pipeline;
use nl2sql_pipeline::{Dependencies, Failure, PluginIdentity};
use nl2sql_plugin_host::{DialectSession, LlmService, LogSink, Manifest, Services};
use nl2sql_profile::{GenerateSettings, Profile, Protocol, ProviderSettings};
use nl2sql_worker::ChatRelay;
use tokio_util::sync::CancellationToken;

use crate::database_source::DatabaseSource;
use crate::fleet::{Fleet, RelayedChats, ReportedLog};
use crate::llm_service::{FleetLlm, StageLlm, spending};
use crate::plugin_log::PluginLog;
use crate::plugin_probe::{probe_stages, refuse_options_of_nobody};
use crate::plugins::{call_failure, inspect, load_failure};
use crate::query_service::RunQueries;
use crate::stage_plugins::{BoundDialect, BoundGenerator, BoundPlanner, BoundValidator};
use crate::{Session, advised, weights_identity};

/// What the stages of a run work with, made from a session when a stage asks for it.
pub struct RunDependencies {
    session: Arc<Session>,
    cancellation: CancellationToken,
    llm: Mutex<Option<LlmClient>>,
    log: Arc<dyn LogSink>,
    /// Does the work of generation and validation, where the profile names a queue.
    fleet: Option<Fleet>,
    /// Asks language models, where this is a worker's.
    chats: Option<ChatRelay>,
}

impl RunDependencies {
    /// The dependencies of the session's run; `cancellation` stops requests to language models.
    pub fn new(session: Arc<Session>, cancellation: CancellationToken) -> Self {
        Self {
            log: Arc::new(PluginLog::new(&session.place().folder)),
            fleet: Fleet::of(&session, &cancellation),
            session,
            cancellation,
            llm: Mutex::default(),
            chats: None,
        }
    }

    /// The dependencies of a run that this process works for; its coordinator asks the language models and has the log.
    pub(crate) fn of_worker(
        session: Arc<Session>,
        cancellation: CancellationToken,
        chats: ChatRelay,
        log: Arc<ReportedLog>,
    ) -> Self {
        Self {
            log,
            chats: Some(chats),
            fleet: None,
            ..Self::new(session, cancellation)
        }
    }

    /// The profile of the run.
    pub(crate) fn profile(&self) -> &Profile {
        self.session.profile()
    }

    /// Ends what workers were asked to do for a job: for good where it is `complete`.
    ///
    /// # Errors
    /// When the queue cannot be used.
    pub(crate) fn end_fleet(&self, job: &str, complete: bool) -> Result<(), Failure> {
        self.fleet.as_ref().map_or(Ok(()), |fleet| fleet.end(job, complete))
    }

    fn dialect_session(&self, catalog: &Database) -> Result<Arc<DialectSession>, Failure> {
        Ok(Arc::new(self.session.dialect()?.open(catalog)))
    }

    fn logged(&self) -> Services {
        Services::none().with_log(self.log.clone())
    }

    /// Services of a stage's plugin: the language model where it asks for one and the profile names one, the others where they are given.
    fn services(&self, stage: &'static str, kind: &str, plugin: &str) -> Result<Services, Failure> {
        if self.session.profile().llm.provider.is_empty() || !self.session.plugin_imports(kind, plugin, "llm")? {
            return Ok(self.logged());
        }
        Ok(self.logged().with_llm(self.chats_of(stage)?))
    }

    /// The language models as the plugins of a stage ask them.
    fn chats_of(&self, stage: &'static str) -> Result<Arc<dyn LlmService>, Failure> {
        let runtime = self.session.runtime().clone();
        Ok(match &self.chats {
            Some(relay) => Arc::new(RelayedChats::new(relay.clone(), runtime, stage)),
            None => Arc::new(StageLlm::new(self.language_model()?, runtime, stage)),
        })
    }

    /// The language models as workers ask them, where a plugin of the run does; their requests name their stage.
    fn chats_of_workers(&self, identities: &[PluginIdentity]) -> Result<Option<Arc<dyn LlmService>>, Failure> {
        if identities.iter().all(|plugin| plugin.models.is_empty()) {
            return Ok(None);
        }
        let runtime = self.session.runtime().clone();
        Ok(Some(Arc::new(FleetLlm::new(self.language_model()?, runtime))))
    }

    /// The language models of the profile, first to last, as provider and model; local ones by their weights.
    fn models(&self) -> Vec<String> {
        let profile = self.session.profile();
        let named = profile.llm.chain().map(|(name, provider)| {
            let folder = provider.path.as_ref().or(profile.model.path.as_ref());
            let model = match folder.filter(|_| provider.kind == Protocol::Local) {
                // Weights that are gone are reported by the stage that wants them.
                Some(folder) => weights_identity::of(folder, provider.adapter.as_deref())
                    .unwrap_or_else(|_| folder.display().to_string()),
                None => provider.model.clone(),
            };
            format!("{name}/{model}")
        });
        named.collect()
    }

    fn language_model(&self) -> Result<LlmClient, Failure> {
        let mut slot = self.llm.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*slot {
            return Ok(client.clone());
        }
        let client = self
            .session
            .language_model(self.cancellation.clone())
            .map_err(|error| Failure::new("language model", "unavailable", advised(&error)))?;
        Ok(slot.insert(client).clone())
    }

    /// What the run has spent on language models, earlier processes included, with the answers that came from the store in this one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn usage(&self) -> Result<UsageReport, LlmError> {
        let settings = &self.session.profile().llm;
        let mut report = match &*self.llm.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(client) => client.usage()?,
            None => UsageReport {
                lines: spending(settings, self.session.place())?,
                ..UsageReport::default()
            },
        };
        for line in &mut report.lines {
            let provider = settings.providers.get(&line.provider);
            line.unpriced = line.cost == 0.0 && provider.is_none_or(ProviderSettings::is_unpriced);
        }
        Ok(report)
    }

    /// The validators of the profile that can work: where nothing runs, those that run statements are left out.
    fn usable_validators(&self) -> Result<Vec<String>, Failure> {
        let mut usable = Vec::new();
        let executes = self.session.executes()?;
        for name in &self.session.profile().validate.validators {
            if executes || !self.session.plugin_imports("validator", name, "query")? {
                usable.push(name.clone());
            }
        }
        Ok(usable)
    }

    fn queries(&self, catalog: &Arc<Database>) -> Result<Arc<RunQueries>, Failure> {
        let timeout = Duration::from_millis(self.session.profile().validate.timeout_ms);
        Ok(Arc::new(RunQueries::new(
            self.session.connection()?,
            Arc::clone(catalog),
            self.session.runtime().clone(),
            timeout,
        )))
    }

    /// How many calls of a plugin may wait for the language model at once: as many as its provider takes requests.
    fn waiting_calls(&self, kind: &str, plugin: &str) -> Result<Option<usize>, Failure> {
        let provider = self.session.profile().llm.chain().next().map(|(_, provider)| provider);
        let asks = self.session.plugin_imports(kind, plugin, "llm")?;
        Ok(provider
            .filter(|_| asks)
            .map(|provider| provider.rate.concurrency as usize))
    }
}

impl Dependencies for RunDependencies {
    fn source(&self) -> Result<Box<dyn pipeline::Source>, Failure> {
        Ok(Box::new(DatabaseSource {
            connection: self.session.connection()?,
            dialect: self.session.dialect()?,
            runtime: self.session.runtime().clone(),
        }))
    }

    fn dialect(&self, catalog: &Arc<Database>) -> Result<Arc<dyn pipeline::Dialect>, Failure> {
        let session = self.dialect_session(catalog)?;
        let info = session.info().map_err(|error| call_failure(&error))?;
        Ok(Arc::new(BoundDialect { session, info }))
    }

    fn planner(&self) -> Result<Box<dyn pipeline::Planner>, Failure> {
        let name = &self.session.profile().plan.planner;
        let planner = self
            .session
            .plugins()?
            .planner(name, self.services("plan", "planner", name)?);
        Ok(Box::new(BoundPlanner(
            planner.map_err(|error| load_failure(name, &error))?,
        )))
    }

    fn generator(
        &self,
        plain: &Arc<Database>,
        context: GeneratorContext,
    ) -> Result<Box<dyn pipeline::Generator>, Failure> {
        let name = &self.session.profile().generate.generator;
        let mut services = self
            .services("generate", "generator", name)?
            .with_sql(self.dialect_session(plain)?);
        if self.session.plugin_imports("generator", name, "query")? {
            services = services.with_query(self.queries(plain)?);
        }
        let generator = self
            .session
            .plugins()?
            .generator(name, services)
            .map_err(|error| load_failure(name, &error))?;
        let session = generator.open(&context);
        Ok(Box::new(BoundGenerator {
            session,
            at_once: self.waiting_calls("generator", name)?,
        }))
    }

    fn validators(&self, catalog: &Arc<Database>) -> Result<Vec<Box<dyn pipeline::Validator>>, Failure> {
        let session = self.dialect_session(catalog)?;
        let settings = &self.session.profile().validate;
        let mut validators: Vec<Box<dyn pipeline::Validator>> = Vec::new();
        for name in &self.usable_validators()? {
            let mut services = self.services("validate", "validator", name)?.with_sql(session.clone());
            if self.session.plugin_imports("validator", name, "query")? {
                services = services.with_query(self.queries(catalog)?);
            }
            let validator = self
                .session
                .plugins()?
                .validator(name, services)
                .map_err(|error| load_failure(name, &error))?;
            let options = settings.options.get(name).map(serde_json::to_string);
            let options = options.and_then(Result::ok).unwrap_or_else(|| "{}".into());
            validators.push(Box::new(BoundValidator(validator.open(catalog, &options))));
        }
        Ok(validators)
    }

    fn generation(
        &self,
        plain: &Arc<Database>,
        context: GeneratorContext,
    ) -> Result<Box<dyn pipeline::GenerationExecutor>, Failure> {
        match &self.fleet {
            Some(fleet) => {
                let identities = self.identities()?;
                let chats = self.chats_of_workers(&identities)?;
                let at_once = self.waiting_calls("generator", &self.session.profile().generate.generator)?;
                fleet.generation(plain, &context, &identities, chats, at_once)
            }
            None => Ok(Box::new(pipeline::LocalGeneration::open(self, plain, context)?)),
        }
    }

    fn validation(&self, catalog: &Arc<Database>) -> Result<Box<dyn pipeline::ValidationExecutor>, Failure> {
        match &self.fleet {
            Some(fleet) => {
                let identities = self.identities()?;
                let chats = self.chats_of_workers(&identities)?;
                fleet.validation(catalog, &identities, chats)
            }
            None => Ok(Box::new(pipeline::LocalValidation::open(self, catalog)?)),
        }
    }

    fn preflight(&self, catalog: &Arc<Database>) -> Result<(), Failure> {
        let profile = self.session.profile();
        let asks = |kind, name: &str| self.session.plugin_imports(kind, name, "llm");
        let mut paid = asks("planner", &profile.plan.planner)? || asks("generator", &profile.generate.generator)?;
        for name in &profile.validate.validators {
            paid |= asks("validator", name)?;
        }
        if paid {
            probe_stages(&self.session, catalog)
        } else {
            Ok(())
        }
    }

    fn identities(&self) -> Result<Vec<PluginIdentity>, Failure> {
        refuse_options_of_nobody(&self.session)?;
        let profile = self.session.profile();
        let mut wanted = vec![
            ("dialect", self.session.dialect_plugin()?),
            ("planner", profile.plan.planner.clone()),
            ("generator", profile.generate.generator.clone()),
        ];
        wanted.extend(self.usable_validators()?.into_iter().map(|name| ("validator", name)));
        let host = self.session.plugins()?;
        wanted
            .into_iter()
            .map(|(role, name)| {
                let artifact = inspect(host, role, &name)?;
                if role == "generator" {
                    refuse_unspoken(&profile.generate, &artifact.manifest)?;
                }
                let asks = artifact.manifest.imports.contains_key("llm");
                let models = if asks { self.models() } else { Vec::new() };
                Ok(PluginIdentity {
                    role: role.into(),
                    name: artifact.manifest.name,
                    version: artifact.manifest.version,
                    sha256: artifact.sha256,
                    models,
                })
            })
            .collect()
    }
}

/// Languages that a generator does not speak are refused before anything is made, not when its turn comes.
fn refuse_unspoken(settings: &GenerateSettings, generator: &Manifest) -> Result<(), Failure> {
    let wanted = settings.languages.iter().filter(|(_, weight)| **weight > 0.0);
    let unspoken: Vec<&str> = wanted
        .map(|(tag, _)| tag.as_str())
        .filter(|tag| !generator.speaks(tag))
        .collect();
    if unspoken.is_empty() {
        return Ok(());
    }
    let message = format!(
        "generate.languages asks for {}, and {} words questions in {} alone",
        unspoken.join(" and "),
        generator.name,
        generator.languages.join(" and ")
    );
    Err(Failure::new(&generator.name, "unsupported-language", message)
        .with_hint("Leave these languages out, or set generate.generator to \"generator-llm\""))
}
