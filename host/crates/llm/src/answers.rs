//! Every paid answer, on disk before it is used.
//!
//! One SQLite file, WAL and `synchronous = FULL`: an answer that [`AnswerStore::put`] returned for survives power loss. Runs can share a file, also
//! at the same time; what a run spent is kept per run, so that a resumed run counts what it had spent before.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use crate::request_leases::{self, LeaseHolder};
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
            "protocol": provider.kind,
            "model": provider.model,
            "sampling": provider.sampling,
            "structured": provider.structured,
            "extra_body": provider.body,
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

/// Whose turn it is to ask a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// This process'; it must [release](AnswerStore::release) the question when it stays without an answer.
    Ours,
    /// Another process is asking it.
    Theirs,
    /// Nobody's: the answer is there.
    Answered,
}

/// The store.
pub struct AnswerStore {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// Set where other processes may ask at the same time.
    lease_holder: Option<LeaseHolder>,
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
    ) STRICT;
    CREATE TABLE IF NOT EXISTS leases (
        digest TEXT PRIMARY KEY,
        holder TEXT NOT NULL
    ) STRICT;";

impl AnswerStore {
    /// Opens or creates the store.
    ///
    /// # Errors
    /// [`LlmError::Cache`] when the file cannot be opened or is something else.
    pub fn open(path: &Path) -> Result<Self, LlmError> {
        let mut tries = 0;
        let connection = loop {
            match prepare(path) {
                Ok(connection) => break connection,
                // The change to WAL does not wait for another process that is just making it.
                Err(error) if is_busy(&error) && tries < OPENING_TRIES => {
                    tries += 1;
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return Err(cache_error(path, &error)),
            }
        };
        Ok(Self {
            path: path.to_owned(),
            connection: Mutex::new(connection),
            lease_holder: None,
        })
    }

    /// Opens or creates a store that other processes may use at the same time.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when no lock file can be made beside it.
    pub fn open_shared(path: &Path) -> Result<Self, LlmError> {
        let store = Self::open(path)?;
        let lease_holder = LeaseHolder::announce(path).map_err(|error| cache_error(path, &error))?;
        Ok(Self {
            lease_holder: Some(lease_holder),
            ..store
        })
    }

    /// Whose turn it is to ask a question that has no answer yet; in a store of one process always its own.
    ///
    /// # Errors
    /// [`LlmError::Cache`] when the store cannot be written.
    pub fn lease(&self, digest: &RequestDigest) -> Result<Turn, LlmError> {
        let Some(lease_holder) = &self.lease_holder else {
            return Ok(Turn::Ours);
        };
        let decide = |connection: &mut Connection| -> rusqlite::Result<Turn> {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let answered = "SELECT EXISTS (SELECT 1 FROM answers WHERE digest = ?1)";
            if transaction.query_row(answered, [digest.as_str()], |row| row.get(0))? {
                return Ok(Turn::Answered);
            }
            let holder: Option<String> = transaction
                .query_row(
                    "SELECT holder FROM leases WHERE digest = ?1",
                    [digest.as_str()],
                    |row| row.get(0),
                )
                .optional()?;
            if holder.is_some_and(|holder| holder != lease_holder.name() && request_leases::lives(&self.path, &holder))
            {
                return Ok(Turn::Theirs);
            }
            transaction.execute(
                "INSERT OR REPLACE INTO leases VALUES (?1, ?2)",
                [digest.as_str(), lease_holder.name()],
            )?;
            transaction.commit()?;
            Ok(Turn::Ours)
        };
        decide(&mut self.lock()).map_err(|error| cache_error(&self.path, &error))
    }

    /// Gives a question up that stays without an answer.
    ///
    /// # Errors
    /// [`LlmError::Cache`] when the store cannot be written.
    pub fn release(&self, digest: &RequestDigest) -> Result<(), LlmError> {
        if self.lease_holder.is_none() {
            return Ok(());
        }
        self.lock()
            .execute("DELETE FROM leases WHERE digest = ?1", [digest.as_str()])
            .map(drop)
            .map_err(|error| cache_error(&self.path, &error))
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
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
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
            transaction.execute("DELETE FROM leases WHERE digest = ?1", [digest.as_str()])?;
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
                    unpriced: false,
                })
            })?;
            lines.collect()
        };
        read(&self.lock()).map_err(|error| cache_error(&self.path, &error))
    }
}

const OPENING_TRIES: u32 = 250;

fn prepare(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(TABLES)?;
    Ok(connection)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn cache_error(path: &Path, error: &dyn std::fmt::Display) -> LlmError {
    LlmError::Cache {
        path: path.to_owned(),
        message: error.to_string(),
    }
}
