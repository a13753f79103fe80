//! The databases that examples are asked of, by name: the run's own, or those of a folder of SQLite files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use nl2sql_catalog::{Analysis, Column, Database, DialectInfo, Plan, SyntaxError, Table, Topic};
use nl2sql_constrained_decoding::{DialectRules, SchemaConstraint};
use nl2sql_database::{Connection, ConnectionSettings};
use nl2sql_evaluation::query_runner::QueryRunner;
use nl2sql_evaluation::scoring::SqlReader;
use nl2sql_pipeline::{
    CardsArtifact, Failure, SchemaPart, SearchedValues, Source, ValueSearch, apply_glossary, artifact,
    read_searched_values, values_of,
};
use nl2sql_plugin_host::DialectSession;
use nl2sql_profile::{DatabasePlace, DecodingConstraint, ExportSettings, Profile, SchemaStyle};
use nl2sql_sql_lexer::LexicalRules;
use serde::de::DeserializeOwned;

use crate::Session;
use crate::database_source::DatabaseSource;
use crate::plugins::{call_failure, load_failure};
use crate::query_service::RunDatabase;
use crate::server_databases::ServerDatabases;
use crate::sqlite_databases::SqliteDatabases;

/// One database: its catalog, and its dialect bound to that.
pub struct RegisteredDatabase {
    pub catalog: Arc<Database>,
    pub session: Arc<DialectSession>,
    /// Its cards: those of the run, or without values.
    cards: CardsArtifact,
    /// Topics of the run; none for other databases.
    topics: Vec<Topic>,
    /// Where values are read that the cards do not have.
    source: DatabaseSource,
    read_values: OnceLock<SearchedValues>,
    value_search: OnceLock<Arc<ValueSearch>>,
}

impl RegisteredDatabase {
    /// The schema part of prompts, as a layout shows it; `may_show` says of which columns (table, column) values may be shown. Blocks, the first
    /// time that values are.
    ///
    /// # Errors
    /// When the dialect plugin fails, or the database cannot be read.
    pub fn schema_part(
        &self,
        layout: &ExportSettings,
        profile: &Profile,
        may_show: &dyn Fn(&str, &str) -> bool,
    ) -> Result<SchemaPart, Failure> {
        let shown = match layout.reads_values() {
            true => Some(self.searched_values(profile)?),
            false => None,
        };
        let values = |table: &Table, column: &Column| match shown {
            Some(values) if may_show(&table.qualified_name(), &column.name) => values_of(values, table, column),
            _ => &[],
        };
        SchemaPart::new(&self.catalog, &self.cards, layout, values, |table| {
            self.session.render_ddl(table).map_err(|error| call_failure(&error))
        })
    }

    /// The values that prompts may show: those that the run's cards have, else those of the database. Blocks, the first time.
    fn searched_values(&self, profile: &Profile) -> Result<&SearchedValues, Failure> {
        let of_cards = &self.cards.searched_values;
        if !of_cards.is_empty() || !profile.privacy.sample_values {
            return Ok(of_cards);
        }
        if let Some(values) = self.read_values.get() {
            return Ok(values);
        }
        let read = read_searched_values(&self.catalog, &self.source, &profile.cards, &profile.privacy);
        let (values, notes) = read.map_err(|error| Failure::new("database", "unavailable", error.to_string()))?;
        for note in notes {
            tracing::warn!("{}: {note}", self.catalog.name);
        }
        Ok(self.read_values.get_or_init(|| values))
    }

    /// What finds the values that questions say. Blocks, the first time.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn value_search(&self, profile: &Profile) -> Result<Arc<ValueSearch>, Failure> {
        if let Some(search) = self.value_search.get() {
            return Ok(search.clone());
        }
        let search = ValueSearch::new(&self.catalog, self.searched_values(profile)?);
        Ok(self.value_search.get_or_init(|| Arc::new(search)).clone())
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

/// Where databases come from.
enum RegistrySource {
    /// Files of a folder.
    Folder {
        path: PathBuf,
        runner: Arc<SqliteDatabases>,
    },
    /// The run's server; places that were opened, so that many ids share one connection.
    Server {
        runner: Arc<ServerDatabases>,
        places: Mutex<BTreeMap<DatabasePlace, OpenedPlace>>,
    },
}

/// A place of the run's server, with its catalog and what runs statements there.
type OpenedPlace = (Arc<RegisteredDatabase>, Arc<RunDatabase>);

/// Databases by name, opened when they are first asked for.
pub struct DatabaseRegistry {
    session: Arc<Session>,
    source: RegistrySource,
    opened: Mutex<BTreeMap<String, Arc<RegisteredDatabase>>>,
}

impl DatabaseRegistry {
    /// The SQLite files below `folder`.
    pub fn of_folder(session: Arc<Session>, folder: &Path) -> Self {
        let runner = Arc::new(SqliteDatabases::new(folder, statement_timeout(&session)));
        Self {
            session,
            source: RegistrySource::Folder {
                path: folder.to_owned(),
                runner,
            },
            opened: Mutex::default(),
        }
    }

    /// The session's own database, and those of its server that `evaluate.db_ids` names.
    ///
    /// # Errors
    /// When it cannot be connected to or its catalog cannot be read.
    pub fn of_run(session: Arc<Session>) -> Result<Self, Failure> {
        let own_place = DatabasePlace::default();
        let own = open_place(&session, session.connection()?, &own_place)?;
        let runner = Arc::new(ServerDatabases::default());
        let names = [
            String::new(),
            own.0.catalog.name.clone(),
            own.1.connection.server_info().database.clone(),
        ];
        let mut opened = BTreeMap::new();
        for name in names {
            runner.add(&name, own.1.clone());
            opened.insert(name, own.0.clone());
        }
        Ok(Self {
            session,
            source: RegistrySource::Server {
                runner,
                places: Mutex::new(BTreeMap::from([(own_place, own)])),
            },
            opened: Mutex::new(opened),
        })
    }

    /// What runs statements on them.
    pub fn runner(&self) -> Arc<dyn QueryRunner> {
        match &self.source {
            RegistrySource::Folder { runner, .. } => runner.clone(),
            RegistrySource::Server { runner, .. } => runner.clone(),
        }
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
        let database = match &self.source {
            RegistrySource::Folder { path, .. } => Arc::new(self.file(path, name)?),
            RegistrySource::Server { runner, places } => {
                let (database, run) = self.place(name, places)?;
                runner.add(name, run);
                database
            }
        };
        self.opened
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), database.clone());
        Ok(database)
    }

    /// The place of the run's server that an id is mapped to.
    fn place(&self, name: &str, places: &Mutex<BTreeMap<DatabasePlace, OpenedPlace>>) -> Result<OpenedPlace, Failure> {
        let ids = &self.session.profile().evaluate.db_ids;
        let Some(place) = ids.get(name).or_else(|| ids.get("*")) else {
            let message = format!("the run does not read a database `{name}`");
            let hint = format!(
                "Say where it lies on the server with evaluate.db_ids, e.g. --set 'evaluate.db_ids={{ {name:?} = {{}} }}' for the run's own \
                 database, or give a folder of SQLite files with --databases"
            );
            return Err(Failure::new("database", "unavailable", message).with_hint(hint));
        };
        let mut places = places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = places.get(place) {
            return Ok(known.clone());
        }
        let opened = open_place(&self.session, self.session.connection_to(place)?, place)?;
        places.insert(place.clone(), opened.clone());
        Ok(opened)
    }

    fn file(&self, folder: &Path, name: &str) -> Result<RegisteredDatabase, Failure> {
        let file = SqliteDatabases::new(folder, Duration::from_secs(1))
            .file(name)
            .map_err(|error| Failure::new("database", "unavailable", error.to_string()))?;
        self.open(&file)
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
            source,
            read_values: OnceLock::new(),
            value_search: OnceLock::new(),
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
        constrain: DecodingConstraint,
    ) -> Result<BTreeMap<String, Arc<SchemaConstraint>>, Failure> {
        let mut constraints = BTreeMap::new();
        for database in databases.into_iter().collect::<BTreeSet<_>>() {
            let catalog = self.get(database)?.catalog.clone();
            let constraint = self.schema_constraint(database, &catalog, constrain)?;
            constraints.extend(constraint.map(|constraint| (database.to_owned(), constraint)));
        }
        Ok(constraints)
    }

    /// What statements about as much of a database as `catalog` shows may be written with; nothing where it has no tables. Blocks, as
    /// [`get`](Self::get) does.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) fn schema_constraint(
        &self,
        database: &str,
        catalog: &Database,
        constrain: DecodingConstraint,
    ) -> Result<Option<Arc<SchemaConstraint>>, Failure> {
        let info = self
            .get(database)?
            .session
            .info()
            .map_err(|error| call_failure(&error))?;
        let rules = DialectRules::of(&info);
        let constraint = match constrain {
            DecodingConstraint::None => return Ok(None),
            DecodingConstraint::Schema => SchemaConstraint::new(catalog, rules),
            DecodingConstraint::Keys => SchemaConstraint::along_keys(catalog, rules),
        };
        Ok((!constraint.is_empty()).then(|| Arc::new(constraint)))
    }

    /// What the dialect of a database says of itself, where both can be had.
    fn description(&self, database: &str) -> Option<Arc<DialectInfo>> {
        self.get(database).ok()?.session.info().ok()
    }
}

/// Reads the catalog behind a connection of the run's server.
fn open_place(session: &Arc<Session>, connection: Connection, place: &DatabasePlace) -> Result<OpenedPlace, Failure> {
    let dialect = session.dialect()?;
    let source = DatabaseSource {
        connection: connection.clone(),
        dialect: dialect.clone(),
        runtime: session.runtime().clone(),
    };
    let (mut catalog, _) = source.catalog()?;
    if *place == DatabasePlace::default() {
        apply_glossary(&session.profile().glossary, &mut catalog)
            .map_err(|error| Failure::new("glossary", "bad-glossary", error.to_string()))?;
    }
    // Cards and topics of the run are about its own database.
    let run_folder = Some(&session.place().folder).filter(|_| *place == DatabasePlace::default());
    let cards = run_folder.and_then(|folder| artifact_of_run(folder, artifact::CARDS));
    let plan: Option<Plan> = run_folder.and_then(|folder| artifact_of_run(folder, artifact::PLAN));
    let database = Arc::new(RegisteredDatabase {
        cards: cards.unwrap_or_else(|| CardsArtifact::without_values(&catalog, &session.profile().cards)),
        topics: plan.map_or_else(Vec::new, |plan| plan.topics),
        session: Arc::new(dialect.open(&catalog)),
        catalog: Arc::new(catalog),
        source,
        read_values: OnceLock::new(),
        value_search: OnceLock::new(),
    });
    let limits = connection.settings().limits.with_timeout(statement_timeout(session));
    let run = Arc::new(RunDatabase {
        connection,
        catalog: Arc::clone(&database.catalog),
        limits,
    });
    Ok((database, run))
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

    fn is_statement(&self, database: &str, sql: &str) -> bool {
        let checked = self.get(database).map(|asked| asked.session.check_syntax(sql));
        matches!(checked, Ok(Ok(Ok(()))))
    }

    fn lexical_rules(&self, database: &str) -> LexicalRules {
        let info = self.description(database);
        info.map_or(LexicalRules::GENERIC, |info| info.lexical)
    }

    fn query_words(&self, database: &str) -> Vec<String> {
        self.description(database)
            .map(|info| info.guard.query_words.clone())
            .unwrap_or_default()
    }
}
