//! Dialects, and the service `sql` that stands on them.

use std::sync::Arc;

use nl2sql_catalog::{
    Analysis, CatalogQuery, Database, DialectInfo, Finding, ServerInfo, StatementInfo, SyntaxError, Table,
};
use wasmtime::Store;
use wasmtime::component::ResourceAny;

use crate::bindings::dialect::exports::nl2sql::plugin::dialect::{Guest, GuestSession};
use crate::bindings::dialect::{DialectPlugin as World, DialectPluginPre};
use crate::bindings::services::types;
use crate::convert::{check_severities, list};
use crate::error::CallError;
use crate::host::Kinded;
use crate::loaded::Loaded;
use crate::pool::Pool;
use crate::services::{ServiceError, Services, SqlService};
use crate::state::State;

/// A loaded dialect; usable from several threads at once.
#[derive(Clone)]
pub struct DialectPlugin {
    pre: DialectPluginPre<State>,
    services: Services,
    pool: Arc<Pool<World>>,
}

impl Kinded for DialectPlugin {
    const KIND: crate::Kind = crate::Kind::Dialect;

    fn bind(plugin: Arc<Loaded>, services: Services) -> wasmtime::Result<Self> {
        let pre = DialectPluginPre::new(plugin.pre.clone())?;
        let bind = {
            let pre = pre.clone();
            move |store: &mut Store<State>| pre.instantiate(store)
        };
        let pool = Arc::new(Pool::new(plugin, services.clone(), bind));
        Ok(Self { pre, services, pool })
    }
}

impl DialectPlugin {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.pool.plugin().name()
    }

    /// The dialect's description of itself.
    pub fn info(&self) -> Result<DialectInfo, CallError> {
        self.call("dialect.info", |store, dialect| dialect.call_info(store))
            .map(Into::into)
    }

    /// One bulk query per section of a catalog.
    pub fn catalog_queries(&self, server: &ServerInfo) -> Result<Vec<CatalogQuery>, CallError> {
        let server = server.into();
        self.call("dialect.catalog-queries", |store, dialect| {
            dialect.call_catalog_queries(store, &server)
        })
        .map(list)
    }

    /// CREATE TABLE text for a prompt, comments included.
    pub fn render_ddl(&self, table: &Table) -> Result<String, CallError> {
        let table = table.into();
        self.call("dialect.render-ddl", |store, dialect| {
            dialect.call_render_ddl(store, &table)
        })
    }

    /// An identifier, quoted where the dialect needs it.
    pub fn quote(&self, identifier: &str) -> Result<String, CallError> {
        self.call("dialect.quote", |store, dialect| dialect.call_quote(store, identifier))
    }

    /// Binds the dialect to a catalog. Instances are made as threads call.
    pub fn open(&self, database: &Database) -> DialectSession {
        let catalog: types::Catalog = database.into();
        let pre = self.pre.clone();
        let bind = move |store: &mut Store<State>| {
            let world = pre.instantiate(&mut *store)?;
            let session = world
                .nl2sql_plugin_dialect()
                .session()
                .call_constructor(store, &catalog)?;
            Ok((world, session))
        };
        DialectSession {
            pool: Pool::new(self.pool.plugin().clone(), self.services.clone(), bind),
        }
    }

    fn call<R>(
        &self,
        call: &'static str,
        work: impl FnOnce(&mut Store<State>, &Guest) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        self.pool
            .call(call, |store, world| work(store, world.nl2sql_plugin_dialect()))
    }
}

/// A dialect bound to one catalog; usable from several threads at once, and the run's [`SqlService`].
pub struct DialectSession {
    pool: Pool<(World, ResourceAny)>,
}

impl DialectSession {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.pool.plugin().name()
    }

    /// The dialect's description of itself.
    pub fn info(&self) -> Result<DialectInfo, CallError> {
        self.dialect("dialect.info", |store, dialect| dialect.call_info(store))
            .map(Into::into)
    }

    /// CREATE TABLE text for a prompt, comments included.
    pub fn render_ddl(&self, table: &Table) -> Result<String, CallError> {
        let table = table.into();
        self.dialect("dialect.render-ddl", |store, dialect| {
            dialect.call_render_ddl(store, &table)
        })
    }

    /// An identifier, quoted where the dialect needs it.
    pub fn quote(&self, identifier: &str) -> Result<String, CallError> {
        self.dialect("dialect.quote", |store, dialect| dialect.call_quote(store, identifier))
    }

    /// Kind and read-only verdict; a text that is no SELECT is classified, not parsed.
    pub fn statement(&self, sql: &str) -> Result<StatementInfo, CallError> {
        self.session("dialect.session.statement", |store, session, handle| {
            session.call_statement(store, handle, sql)
        })
        .map(Into::into)
    }

    /// Whether the text is one statement of the dialect.
    pub fn check_syntax(&self, sql: &str) -> Result<Result<(), SyntaxError>, CallError> {
        let answer = self.session("dialect.session.check-syntax", |store, session, handle| {
            session.call_check_syntax(store, handle, sql)
        })?;
        Ok(answer.map_err(Into::into))
    }

    /// What the engine would report when preparing the statement; empty for a good one.
    pub fn diagnose(&self, sql: &str) -> Result<Result<Vec<Finding>, SyntaxError>, CallError> {
        const CALL: &str = "dialect.session.diagnose";
        let answer = self.session(CALL, |store, session, handle| session.call_diagnose(store, handle, sql))?;
        if let Ok(findings) = &answer {
            check_severities(findings).map_err(|failure| self.pool.fault(CALL, failure))?;
        }
        Ok(answer.map(list).map_err(Into::into))
    }

    /// Everything about the statement.
    pub fn analyse(&self, sql: &str) -> Result<Result<Analysis, SyntaxError>, CallError> {
        const CALL: &str = "dialect.session.analyse";
        let answer = self.session(CALL, |store, session, handle| session.call_analyse(store, handle, sql))?;
        if let Ok(analysis) = &answer {
            check_severities(&analysis.findings).map_err(|failure| self.pool.fault(CALL, failure))?;
        }
        Ok(answer.map(Into::into).map_err(Into::into))
    }

    /// The statement with its row count limited to `rows`.
    pub fn with_limit(&self, sql: &str, rows: u32) -> Result<Result<String, SyntaxError>, CallError> {
        let answer = self.session("dialect.session.with-limit", |store, session, handle| {
            session.call_with_limit(store, handle, sql, rows)
        })?;
        Ok(answer.map_err(Into::into))
    }

    /// Comments stripped, keywords and unquoted identifiers in lower case, single spaces.
    pub fn normalise(&self, sql: &str) -> Result<Result<String, SyntaxError>, CallError> {
        let answer = self.session("dialect.session.normalise", |store, session, handle| {
            session.call_normalise(store, handle, sql)
        })?;
        Ok(answer.map_err(Into::into))
    }

    /// The normal form with every literal replaced by `?`.
    pub fn template(&self, sql: &str) -> Result<Result<String, SyntaxError>, CallError> {
        let answer = self.session("dialect.session.template", |store, session, handle| {
            session.call_template(store, handle, sql)
        })?;
        Ok(answer.map_err(Into::into))
    }

    fn dialect<R>(
        &self,
        call: &'static str,
        work: impl FnOnce(&mut Store<State>, &Guest) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        self.pool
            .call(call, |store, (world, _)| work(store, world.nl2sql_plugin_dialect()))
    }

    fn session<R>(
        &self,
        call: &'static str,
        work: impl FnOnce(&mut Store<State>, GuestSession<'_>, ResourceAny) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        self.pool.call(call, |store, (world, handle)| {
            work(store, world.nl2sql_plugin_dialect().session(), *handle)
        })
    }
}

impl SqlService for DialectSession {
    fn info(&self) -> Result<DialectInfo, ServiceError> {
        Ok(Self::info(self)?)
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
