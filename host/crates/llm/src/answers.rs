//! Every paid answer, on disk before it is used.
//!
//! One SQLite file, WAL and `synchronous = FULL`: an answer that [`AnswerStore::put`] returned for survives power loss. Runs can share a file;
//! what a run spent is kept per run, so that a resumed run counts what it had spent before.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use crate::usage::UsageLine;
use crate::{ChatAnswer, ChatRequest, LlmError, ProviderSettings};

/// Identity of a request: SHA-256 over what is asked, of which model and with which sampling. Keys, URLs and headers are no part of it, so a
/// recording can be replayed anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestDigest(String);

impl RequestDigest {
    /// The digest of `request` when the chain starts with `provider`.
    pub fn of(request: &ChatRequest, provider: &ProviderSettings) -> Self {
        let identity = serde_json::json!({
            "messages": request.messages,
            "schema": request.schema,
            "temperature": request.temperature,
            "max_tokens": request.max_tokens.unwrap_or(provider.max_tokens),
            "attempt": request.attempt,
            "protocol": provider.protocol,
            "model": provider.model,
            "sampling": provider.sampling,
            "structured": provider.structured,
            "extra_body": provider.extra_body,
        });
        Self(hex::encode(Sha256::digest(identity.to_string())))
    }

    /// Lower-case hexadecimal, 64 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An answer with what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredAnswer {
    /// The answer.
    pub answer: ChatAnswer,
    /// Name of the provider that gave it.
    pub provider: String,
    /// What it cost when it was given.
    pub cost: f64,
}

/// The store.
pub struct AnswerStore {
    path: PathBuf,
    connection: Mutex<Connection>,
}

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS answers (
        digest TEXT PRIMARY KEY,
        request TEXT NOT NULL,
        answer TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        cost REAL NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS spending (
        run TEXT NOT NULL,
        digest TEXT NOT NULL,
        stage TEXT NOT NULL,
        purpose TEXT NOT NULL,
        provider TEXT NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cost REAL NOT NULL,
        PRIMARY KEY (run, digest)
    ) STRICT;";

impl AnswerStore {
    /// Opens or creates the store.
    ///
    /// # Errors
    /// [`LlmError::Cache`] when the file cannot be opened or is something else.
    pub fn open(path: &Path) -> Result<Self, LlmError> {
        let prepare = || -> rusqlite::Result<Connection> {
            let connection = Connection::open(path)?;
            connection.busy_timeout(Duration::from_secs(10))?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.execute_batch(TABLES)?;
            Ok(connection)
        };
        let connection = prepare().map_err(|error| cache_error(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            connection: Mutex::new(connection),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to a request, if there is one.
    ///
    /// # Errors
    /// [`LlmError::Cache`] when the store cannot be read.
    pub fn get(&self, digest: &RequestDigest) -> Result<Option<StoredAnswer>, LlmError> {
        let row = self
            .lock()
            .prepare_cached("SELECT answer, provider, cost FROM answers WHERE digest = ?1")
            .and_then(|mut query| {
                query
                    .query_row([digest.as_str()], |row| {
                        Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
                    })
                    .optional()
            })
            .map_err(|error| cache_error(&self.path, &error))?;
        row.map(|(answer, provider, cost)| {
            let answer = serde_json::from_str(&answer).map_err(|error| cache_error(&self.path, &error))?;
            Ok(StoredAnswer { answer, provider, cost })
        })
        .transpose()
    }

    /// Stores an answer and what `run` spent on it, in one transaction.
    ///
    /// # Errors
    /// [`LlmError::Cache`] when the store cannot be written, e.g. on a full disk.
    pub fn put(
        &self,
        run: &str,
        digest: &RequestDigest,
        request: &ChatRequest,
        model: &str,
        stored: &StoredAnswer,
    ) -> Result<(), LlmError> {
        let request_text = serde_json::to_string(request).map_err(|error| cache_error(&self.path, &error))?;
        let answer_text = serde_json::to_string(&stored.answer).map_err(|error| cache_error(&self.path, &error))?;
        let write = |connection: &mut Connection| -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            transaction.execute(
                "INSERT OR REPLACE INTO answers VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    digest.as_str(),
                    request_text,
                    answer_text,
                    stored.provider,
                    model,
                    stored.cost
                ],
            )?;
            transaction.execute(
                "INSERT OR REPLACE INTO spending VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    run,
                    digest.as_str(),
                    request.stage,
                    request.purpose,
                    stored.provider,
                    stored.answer.input_tokens,
                    stored.answer.output_tokens,
                    stored.cost
                ],
            )?;
            transaction.commit()
        };
        write(&mut self.lock()).map_err(|error| cache_error(&self.path, &error))
    }

    /// What a run has spent, by stage, purpose and provider, in that order.
    ///
    /// # Errors
    /// [`LlmError::Cache`] when the store cannot be read.
    pub fn spending(&self, run: &str) -> Result<Vec<UsageLine>, LlmError> {
        let read = |connection: &Connection| -> rusqlite::Result<Vec<UsageLine>> {
            let mut query = connection.prepare(
                "SELECT stage, purpose, provider, count(*), sum(input_tokens), sum(output_tokens), sum(cost)
                 FROM spending WHERE run = ?1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
            )?;
            let lines = query.query_map([run], |row| {
                Ok(UsageLine {
                    stage: row.get(0)?,
                    purpose: row.get(1)?,
                    provider: row.get(2)?,
                    requests: row.get::<_, i64>(3)?.unsigned_abs(),
                    input_tokens: row.get::<_, i64>(4)?.unsigned_abs(),
                    output_tokens: row.get::<_, i64>(5)?.unsigned_abs(),
                    cost: row.get(6)?,
                })
            })?;
            lines.collect()
        };
        read(&self.lock()).map_err(|error| cache_error(&self.path, &error))
    }
}

fn cache_error(path: &Path, error: &dyn std::fmt::Display) -> LlmError {
    LlmError::Cache {
        path: path.to_owned(),
        message: error.to_string(),
    }
}
