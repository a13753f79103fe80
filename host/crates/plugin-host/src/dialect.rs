//! Dialects, and the service `sql` that stands on them.

use std::sync::{Arc, OnceLock};

use nl2sql_catalog::{
    Analysis, CatalogQuery, Database, DialectInfo, Finding, NameRules, ServerInfo, StatementInfo, SyntaxError, Table,
};
use wasmtime::Store;

use crate::contract::{Answer, DialectBinding, DialectInstance, DialectSessionInstance, Read, Version};
use crate::error::{CallError, Failure};
use crate::host::Kinded;
use crate::loaded::Loaded;
use crate::pool::Pool;
use crate::services::{ServiceError, Services, SqlService};
use crate::state::State;

/// A loaded dialect; usable from several threads at once.
#[derive(Clone)]
pub struct DialectPlugin {
    binding: Arc<dyn DialectBinding>,
    services: Services,
    pool: Arc<Pool<Box<dyn DialectInstance>>>,
    /// What the contract it was built for has no words for.
    inherited: Option<Arc<DialectInfo>>,
}

impl Kinded for DialectPlugin {
    const KIND: crate::Kind = crate::Kind::Dialect;

    fn bind(plugin: Arc<Loaded>, services: Services) -> wasmtime::Result<Self> {
        let binding: Arc<dyn DialectBinding> = plugin.contract().dialect(plugin.pre.clone())?.into();
        let bind = {
            let binding = binding.clone();
            move |store: &mut Store<State>| Ok(Ok(binding.instantiate(store)?))
        };
        let pool = Arc::new(Pool::new(plugin, services.clone(), bind));
        Ok(Self {
            binding,
            services,
            pool,
            inherited: None,
        })
    }
}

impl DialectPlugin {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.pool.plugin().name()
    }

    /// The dialect's description of itself.
    pub fn info(&self) -> Result<DialectInfo, CallError> {
        let info = self.pool.answer("dialect.info", |store, dialect| dialect.info(store))?;
        Ok(completed(info, self.inherited.as_deref()))
    }

    /// Whether the contract it was built for has words for a description.
    pub(crate) fn describes_itself(&self) -> bool {
        self.pool.plugin().version != Version::V0_1
    }

    /// The same, completed with the description of a dialect over the same driver.
    pub(crate) fn inheriting(self, description: Option<DialectInfo>) -> Self {
        Self {
            inherited: description.map(Arc::new),
            ..self
        }
    }

    /// One bulk query per section of a catalog.
    pub fn catalog_queries(&self, server: &ServerInfo) -> Result<Vec<CatalogQuery>, CallError> {
        const CALL: &str = "dialect.catalog-queries";
        if !self.pool.plugin().reads_catalogs {
            let plugin = self.name().to_owned();
            return Err(self.pool.fault(CALL, Failure::CatalogQueries { plugin }));
        }
        self.pool
            .answer(CALL, |store, dialect| dialect.catalog_queries(store, server))
    }

    /// CREATE TABLE text for a prompt, comments included.
    pub fn render_ddl(&self, table: &Table) -> Result<String, CallError> {
        self.pool
            .answer("dialect.render-ddl", |store, dialect| dialect.render_ddl(store, table))
    }

    /// An identifier, quoted where the dialect needs it.
    pub fn quote(&self, identifier: &str) -> Result<String, CallError> {
        self.pool
            .answer("dialect.quote", |store, dialect| dialect.quote(store, identifier))
    }

    /// Binds the dialect to a catalog. Instances are made as threads call.
    pub fn open(&self, database: &Database) -> DialectSession {
        let (binding, database) = (self.binding.clone(), database.clone());
        let bind = move |store: &mut Store<State>| binding.open(store, &database);
        DialectSession {
            pool: Pool::new(self.pool.plugin().clone(), self.services.clone(), bind),
            inherited: self.inherited.clone(),
            description: OnceLock::new(),
        }
    }
}

/// A dialect bound to one catalog; usable from several threads at once, and the run's [`SqlService`].
pub struct DialectSession {
    pool: Pool<Box<dyn DialectSessionInstance>>,
    inherited: Option<Arc<DialectInfo>>,
    /// Asked for once: it is long, and some look at it for each statement.
    description: OnceLock<Arc<DialectInfo>>,
}

/// A description with what it does not say itself.
fn completed(info: DialectInfo, inherited: Option<&DialectInfo>) -> DialectInfo {
    let Some(inherited) = inherited else { return info };
    DialectInfo {
        name: info.name,
        aliases: info.aliases,
        driver: info.driver,
        prompt_notes: info.prompt_notes,
        names: NameRules {
            quotes: info.names.quotes,
            ..inherited.names.clone()
        },
        ..inherited.clone()
    }
}

impl DialectSession {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.pool.plugin().name()
    }

    /// The dialect's description of itself.
    pub fn info(&self) -> Result<Arc<DialectInfo>, CallError> {
        if let Some(known) = self.description.get() {
            return Ok(known.clone());
        }
        let info = self.ask("dialect.info", |store, session| session.dialect().info(store))?;
        let info = Arc::new(completed(info, self.inherited.as_deref()));
        Ok(self.description.get_or_init(|| info).clone())
    }

    /// CREATE TABLE text for a prompt, comments included.
    pub fn render_ddl(&self, table: &Table) -> Result<String, CallError> {
        self.ask("dialect.render-ddl", |store, session| {
            session.dialect().render_ddl(store, table)
        })
    }

    /// An identifier, quoted where the dialect needs it.
    pub fn quote(&self, identifier: &str) -> Result<String, CallError> {
        self.ask("dialect.quote", |store, session| {
            session.dialect().quote(store, identifier)
        })
    }

    /// Kind and read-only verdict; a text that is no SELECT is classified, not parsed.
    pub fn statement(&self, sql: &str) -> Result<StatementInfo, CallError> {
        self.ask("dialect.session.statement", |store, session| {
            session.statement(store, sql)
        })
    }

    /// Whether the text is one statement of the dialect.
    pub fn check_syntax(&self, sql: &str) -> Result<Result<(), SyntaxError>, CallError> {
        self.read("dialect.session.check-syntax", |store, session| {
            session.check_syntax(store, sql)
        })
    }

    /// What the engine would report when preparing the statement; empty for a good one.
    pub fn diagnose(&self, sql: &str) -> Result<Result<Vec<Finding>, SyntaxError>, CallError> {
        self.read("dialect.session.diagnose", |store, session| {
            session.diagnose(store, sql)
        })
    }

    /// Everything about the statement.
    pub fn analyse(&self, sql: &str) -> Result<Result<Analysis, SyntaxError>, CallError> {
        self.read("dialect.session.analyse", |store, session| session.analyse(store, sql))
    }

    /// The statement with its row count limited to `rows`.
    pub fn with_limit(&self, sql: &str, rows: u32) -> Result<Result<String, SyntaxError>, CallError> {
        self.read("dialect.session.with-limit", |store, session| {
            session.with_limit(store, sql, rows)
        })
    }

    /// Comments stripped, keywords and unquoted identifiers in lower case, single spaces.
    pub fn normalise(&self, sql: &str) -> Result<Result<String, SyntaxError>, CallError> {
        self.read("dialect.session.normalise", |store, session| {
            session.normalise(store, sql)
        })
    }

    /// The normal form with every literal replaced by `?`.
    pub fn template(&self, sql: &str) -> Result<Result<String, SyntaxError>, CallError> {
        self.read("dialect.session.template", |store, session| {
            session.template(store, sql)
        })
    }

    fn ask<R>(
        &self,
        call: &'static str,
        work: impl FnOnce(&mut Store<State>, &dyn DialectSessionInstance) -> Answer<R>,
    ) -> Result<R, CallError> {
        self.pool.answer(call, |store, session| work(store, &**session))
    }

    fn read<R>(
        &self,
        call: &'static str,
        work: impl FnOnce(&mut Store<State>, &dyn DialectSessionInstance) -> Read<R>,
    ) -> Result<Result<R, SyntaxError>, CallError> {
        self.ask(call, work)
    }
}

impl SqlService for DialectSession {
    fn info(&self) -> Result<DialectInfo, ServiceError> {
        Ok(Self::info(self)?.as_ref().clone())
    }

    fn statement(&self, sql: &str) -> Result<StatementInfo, ServiceError> {
        Ok(Self::statement(self, sql)?)
    }

    fn check_syntax(&self, sql: &str) -> Result<Result<(), SyntaxError>, ServiceError> {
        Ok(Self::check_syntax(self, sql)?)
    }

    fn diagnose(&self, sql: &str) -> Result<Result<Vec<Finding>, SyntaxError>, ServiceError> {
        Ok(Self::diagnose(self, sql)?)
    }

    fn analyse(&self, sql: &str) -> Result<Result<Analysis, SyntaxError>, ServiceError> {
        Ok(Self::analyse(self, sql)?)
    }

    fn with_limit(&self, sql: &str, rows: u32) -> Result<Result<String, SyntaxError>, ServiceError> {
        Ok(Self::with_limit(self, sql, rows)?)
    }

    fn normalise(&self, sql: &str) -> Result<Result<String, SyntaxError>, ServiceError> {
        Ok(Self::normalise(self, sql)?)
    }

    fn template(&self, sql: &str) -> Result<Result<String, SyntaxError>, ServiceError> {
        Ok(Self::template(self, sql)?)
    }

    fn render_ddl(&self, table: &Table) -> Result<String, ServiceError> {
        Ok(Self::render_ddl(self, table)?)
    }

    fn quote(&self, identifier: &str) -> Result<String, ServiceError> {
        Ok(Self::quote(self, identifier)?)
    }
}
