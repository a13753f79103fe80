//! The databases that examples are asked of, by name: the run's own, or those of a folder of SQLite files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nl2sql_catalog::{Analysis, Database, Plan, SyntaxError, Topic};
use nl2sql_constrained_decoding::{DialectRules, SchemaConstraint};
use nl2sql_database::{Connection, ConnectionSettings};
use nl2sql_evaluation::query_runner::QueryRunner;
use nl2sql_evaluation::scoring::SqlReader;
use nl2sql_pipeline::{CardsArtifact, Failure, SchemaPart, Source, artifact};
use nl2sql_plugin_host::DialectSession;
use nl2sql_profile::{ExportSettings, SchemaStyle};
use nl2sql_sql_lexer::LexicalRules;
use serde::de::DeserializeOwned;

use crate::Session;
use crate::database_source::DatabaseSource;
use crate::plugins::{call_failure, load_failure};
use crate::query_service::RunDatabase;
use crate::sqlite_databases::SqliteDatabases;

/// One database: its catalog, and its dialect bound to that.
pub struct RegisteredDatabase {
    pub catalog: Arc<Database>,
    pub session: Arc<DialectSession>,
    /// Its cards: those of the run, or without values.
    cards: CardsArtifact,
    /// Topics of the run; none for other databases.
    topics: Vec<Topic>,
}

impl RegisteredDatabase {
    /// The schema part of prompts, as a layout shows it.
    ///
    /// # Errors
    /// When the dialect plugin fails.
    pub fn schema_part(&self, layout: &ExportSettings) -> Result<SchemaPart, Failure> {
        SchemaPart::new(&self.catalog, &self.cards, layout, |table| {
            self.session.render_ddl(table).map_err(|error| call_failure(&error))
        })
    }

    /// The run's topic of this name.
    pub fn topic(&self, name: &str) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.name == name)
    }

    /// CREATE TABLE text of every table.
    ///
    /// # Errors
    /// When the dialect plugin fails.
    pub fn schema(&self) -> Result<String, Failure> {
        let tables = self.catalog.tables.iter().map(|table| self.session.render_ddl(table));
        let texts: Vec<String> = tables.collect::<Result<_, _>>().map_err(|error| call_failure(&error))?;
        Ok(texts
            .iter()
            .map(|text| text.trim_end())
            .collect::<Vec<_>>()
            .join(SchemaStyle::Ddl.between_tables()))
    }
}

/// Databases by name, opened when they are first asked for.
pub struct DatabaseRegistry {
    session: Arc<Session>,
    folder: Option<PathBuf>,
    runner: Arc<dyn QueryRunner>,
    opened: Mutex<BTreeMap<String, Arc<RegisteredDatabase>>>,
}

impl DatabaseRegistry {
    /// The SQLite files below `folder`.
    pub fn of_folder(session: Arc<Session>, folder: &Path) -> Self {
        let runner = Arc::new(SqliteDatabases::new(folder, statement_timeout(&session)));
        Self {
            session,
            folder: Some(folder.to_owned()),
            runner,
            opened: Mutex::default(),
        }
    }

    /// The session's own database.
    ///
    /// # Errors
    /// When it cannot be connected to or its catalog cannot be read.
    pub fn of_run(session: Arc<Session>) -> Result<Self, Failure> {
        let connection = session.connection()?;
        let dialect = session.dialect()?;
        let source = DatabaseSource {
            connection: connection.clone(),
            dialect: dialect.clone(),
            runtime: session.runtime().clone(),
        };
        let (catalog, _) = source.catalog()?;
        let own = Arc::new(RegisteredDatabase {
            cards: artifact_of_run(&session.place().folder, artifact::CARDS)
                .unwrap_or_else(|| CardsArtifact::without_values(&catalog, &session.profile().cards)),
            topics: artifact_of_run::<Plan>(&session.place().folder, artifact::PLAN)
                .map_or_else(Vec::new, |plan| plan.topics),
            session: Arc::new(dialect.open(&catalog)),
            catalog: Arc::new(catalog),
        });
        let names = [
            String::new(),
            own.catalog.name.clone(),
            connection.server_info().database.clone(),
        ];
        let opened = names.into_iter().map(|name| (name, own.clone())).collect();
        let limits = connection.settings().limits.with_timeout(statement_timeout(&session));
        let runner = Arc::new(RunDatabase {
            connection,
            catalog: Arc::clone(&own.catalog),
            limits,
        });
        Ok(Self {
            session,
            folder: None,
            runner,
            opened: Mutex::new(opened),
        })
    }

    /// What runs statements on them.
    pub fn runner(&self) -> Arc<dyn QueryRunner> {
        self.runner.clone()
    }

    /// The session they belong to.
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// The database of this name. Blocks the calling thread.
    ///
    /// # Errors
    /// When there is none, or its catalog cannot be read.
    pub fn get(&self, name: &str) -> Result<Arc<RegisteredDatabase>, Failure> {
        if let Some(known) = self.opened.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(known.clone());
        }
        let Some(folder) = &self.folder else {
            return Err(Failure::new(
                "database",
                "unavailable",
                format!("the run does not read a database `{name}`"),
            )
            .with_hint("Give the folder of the databases with --databases"));
        };
        let file = SqliteDatabases::new(folder, Duration::from_secs(1))
            .file(name)
            .map_err(|error| Failure::new("database", "unavailable", error.to_string()))?;
        let database = Arc::new(self.open(&file)?);
        self.opened
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), database.clone());
        Ok(database)
    }

    fn open(&self, file: &Path) -> Result<RegisteredDatabase, Failure> {
        let connection = self
            .session
            .runtime()
            .block_on(|| Connection::open(ConnectionSettings::sqlite(file)))
            .map_err(|error| Failure::new("database", "unavailable", error.to_string()))?;
        let dialect = self
            .session
            .plugins()?
            .dialect("sqlite")
            .map_err(|error| load_failure("sqlite", &error))?;
        let source = DatabaseSource {
            connection,
            dialect: dialect.clone(),
            runtime: self.session.runtime().clone(),
        };
        let (catalog, _) = source.catalog()?;
        let session = Arc::new(dialect.open(&catalog));
        Ok(RegisteredDatabase {
            cards: CardsArtifact::without_values(&catalog, &self.session.profile().cards),
            topics: Vec::new(),
            catalog: Arc::new(catalog),
            session,
        })
    }

    /// What statements about each of these databases may be written with; one without tables constrains nothing. Blocks, as
    /// [`get`](Self::get) does.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn schema_constraints<'n>(
        &self,
        databases: impl IntoIterator<Item = &'n str>,
    ) -> Result<BTreeMap<String, Arc<SchemaConstraint>>, Failure> {
        let mut constraints = BTreeMap::new();
        for database in databases.into_iter().collect::<BTreeSet<_>>() {
            let catalog = &self.get(database)?.catalog;
            let constraint = SchemaConstraint::new(catalog, DialectRules::of_dialect(&catalog.dialect));
            if !constraint.is_empty() {
                constraints.insert(database.to_owned(), Arc::new(constraint));
            }
        }
        Ok(constraints)
    }
}

fn statement_timeout(session: &Session) -> Duration {
    Duration::from_millis(session.profile().database.statement_timeout_ms)
}

/// What the prompts of the run's training pairs were made from.
fn artifact_of_run<T: DeserializeOwned>(run_folder: &Path, name: &str) -> Option<T> {
    let bytes = std::fs::read(run_folder.join(name)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

impl SqlReader for DatabaseRegistry {
    fn analyse(&self, database: &str, sql: &str) -> Result<Analysis, SyntaxError> {
        let broken = |message: String| SyntaxError {
            message,
            ..SyntaxError::default()
        };
        let asked = self.get(database).map_err(|error| broken(error.to_string()))?;
        asked
            .session
            .analyse(sql)
            .unwrap_or_else(|error| Err(broken(error.to_string())))
    }

    fn lexical_rules(&self, database: &str) -> LexicalRules {
        let dialect = self.get(database).ok().and_then(|asked| asked.session.info().ok());
        dialect.map_or(LexicalRules::GENERIC, |info| info.lexical)
    }
}
