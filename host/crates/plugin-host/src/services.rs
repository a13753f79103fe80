//! What the host does for plugins. The binary implements these over its drivers and providers; a dialect session implements
//! [`SqlService`].

use std::error::Error as StdError;
use std::sync::Arc;

use nl2sql_catalog::{
    Analysis, ChatAnswer, ChatRequest, DialectInfo, Finding, Outcome, ResultSet, StatementInfo, SyntaxError, Table,
};

/// A service failed, and with it the call of the plugin that used it. What a plugin is meant to handle is in the answers instead.
pub type ServiceError = Box<dyn StdError + Send + Sync>;

/// The run's dialect, bound to the run's catalog.
pub trait SqlService: Send + Sync {
    /// The dialect's description of itself.
    fn info(&self) -> Result<DialectInfo, ServiceError>;
    /// Kind and read-only verdict.
    fn statement(&self, sql: &str) -> Result<StatementInfo, ServiceError>;
    /// Whether the text is one statement of the dialect.
    fn check_syntax(&self, sql: &str) -> Result<Result<(), SyntaxError>, ServiceError>;
    /// What the engine would report when preparing the statement.
    fn diagnose(&self, sql: &str) -> Result<Result<Vec<Finding>, SyntaxError>, ServiceError>;
    /// Everything about the statement.
    fn analyse(&self, sql: &str) -> Result<Result<Analysis, SyntaxError>, ServiceError>;
    /// The statement with its row count limited.
    fn with_limit(&self, sql: &str, rows: u32) -> Result<Result<String, SyntaxError>, ServiceError>;
    /// The normal form.
    fn normalise(&self, sql: &str) -> Result<Result<String, SyntaxError>, ServiceError>;
    /// The normal form without literals.
    fn template(&self, sql: &str) -> Result<Result<String, SyntaxError>, ServiceError>;
    /// CREATE TABLE text for a prompt.
    fn render_ddl(&self, table: &Table) -> Result<String, ServiceError>;
    /// An identifier, quoted where the dialect needs it.
    fn quote(&self, identifier: &str) -> Result<String, ServiceError>;
}

/// Why a statement gave no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// `refused`, `timeout`, `failed` or `unavailable`.
    pub code: &'static str,
    /// What the guard or the engine said.
    pub message: String,
}

/// A gold statement and a prediction for the same database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchPair {
    /// Database as the host knows it; empty for the run's own.
    pub database: String,
    /// Reference answer.
    pub gold: String,
    /// Prediction.
    pub predicted: String,
}

/// Outcome of one comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchOutcome {
    /// How it ended.
    pub outcome: Outcome,
    /// What the engine or the guard said where there is no comparison, or how the results differ.
    pub detail: Option<String>,
}

/// Read-only statements against the run's database.
pub trait QueryService: Send + Sync {
    /// Runs one statement and keeps at most `max_rows` rows.
    fn run(&self, sql: &str, max_rows: u32) -> Result<ResultSet, QueryError>;
    /// Runs and compares pairs under a named definition; one outcome per pair, in order.
    fn execution_match(&self, pairs: &[MatchPair], definition: &str) -> Result<Vec<MatchOutcome>, ServiceError>;
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatError {
    /// `budget`, `offline-miss`, `unavailable`, `rejected` or `cancelled`.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// The profile's language model.
pub trait LlmService: Send + Sync {
    /// Asks once.
    fn chat(&self, request: ChatRequest) -> Result<ChatAnswer, ChatError>;

    /// Asks several things at once; answers come in the order of the requests.
    fn chat_all(&self, requests: Vec<ChatRequest>) -> Vec<Result<ChatAnswer, ChatError>> {
        requests.into_iter().map(|request| self.chat(request)).collect()
    }
}

/// How important a log message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something looks wrong.
    Warn,
    /// Something worth knowing.
    Info,
    /// Something for the plugin's author.
    Debug,
}

impl LogLevel {
    /// Every name the contract knows.
    pub(crate) const NAMES: [&str; 4] = ["error", "warn", "info", "debug"];

    /// The name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }

    /// The level of this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "error" => Some(Self::Error),
            "warn" => Some(Self::Warn),
            "info" => Some(Self::Info),
            "debug" => Some(Self::Debug),
            _ => None,
        }
    }
}

/// Where plugins' log messages go.
pub trait LogSink: Send + Sync {
    /// Writes one message.
    fn write(&self, plugin: &str, level: LogLevel, message: &str);
}

/// Sends messages on to `tracing`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingSink;

impl LogSink for TracingSink {
    fn write(&self, plugin: &str, level: LogLevel, message: &str) {
        match level {
            LogLevel::Error => tracing::error!(target: "plugin", plugin, "{message}"),
            LogLevel::Warn => tracing::warn!(target: "plugin", plugin, "{message}"),
            LogLevel::Info => tracing::info!(target: "plugin", plugin, "{message}"),
            LogLevel::Debug => tracing::debug!(target: "plugin", plugin, "{message}"),
        }
    }
}

/// The services at hand. One that is absent is no fault as long as no plugin uses it.
#[derive(Clone, Default)]
pub struct Services {
    /// The run's dialect.
    pub sql: Option<Arc<dyn SqlService>>,
    /// The run's database.
    pub query: Option<Arc<dyn QueryService>>,
    /// The profile's language model.
    pub llm: Option<Arc<dyn LlmService>>,
    /// The run's log; `tracing` when absent.
    pub log: Option<Arc<dyn LogSink>>,
    /// What is used of them is no use of the run's: a plugin is being tried.
    pub on_trial: bool,
}

impl Services {
    /// No service but the log.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same with a dialect.
    pub fn with_sql(mut self, sql: Arc<dyn SqlService>) -> Self {
        self.sql = Some(sql);
        self
    }

    /// The same with a database.
    pub fn with_query(mut self, query: Arc<dyn QueryService>) -> Self {
        self.query = Some(query);
        self
    }

    /// The same with a language model.
    pub fn with_llm(mut self, llm: Arc<dyn LlmService>) -> Self {
        self.llm = Some(llm);
        self
    }

    /// The same with a log.
    pub fn with_log(mut self, log: Arc<dyn LogSink>) -> Self {
        self.log = Some(log);
        self
    }

    /// Whether a service is at hand.
    pub(crate) fn has(&self, service: &str) -> bool {
        match service {
            "sql" => self.sql.is_some(),
            "query" => self.query.is_some(),
            "llm" => self.llm.is_some(),
            _ => false,
        }
    }
}
