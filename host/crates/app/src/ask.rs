//! Questions to a database: statements are written, checked, run and compared, and what most of them return is the answer.

mod access_policy;
mod answer;
mod audit_log;
mod candidate;
mod json_value;
mod language;
mod readable_names;
mod schema_search;
mod served_generator;
mod statement_check;
mod statement_writer;
mod unnamed_columns;
mod verified_pairs;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use nl2sql_catalog::Database;
use nl2sql_constrained_decoding::SchemaConstraint;
use nl2sql_evaluation::dataset::Example;
use nl2sql_evaluation::extraction::extract_sql_of;
use nl2sql_evaluation::named_values::leaves_out;
use nl2sql_evaluation::prediction::{ChatPrompt, Completion};
use nl2sql_evaluation::scoring::SqlReader;
use nl2sql_profile::{AskSettings, DecodingConstraint, ExportSettings};

use self::candidate::{Candidate, vote};
use self::language::{Wording, language_of};
use self::readable_names::ReadableNames;
use self::statement_check::check_statement;
use crate::{AppError, DatabaseRegistry, PromptWriter, Session, off_runtime};

pub use access_policy::AccessPolicy;
pub use answer::{Answer, AnswerColumn, AskEvent, AskFinding, Explanation, ResultTable, Unanswered};
pub use audit_log::{AuditLine, AuditLog};
pub use nl2sql_pipeline::{Feedback, FeedbackVerdict};
pub use schema_search::{ColumnDescription, TableDescription};
pub use served_generator::ServedGenerator;
pub use statement_writer::StatementWriter;
pub use verified_pairs::{SimilarPair, VerifiedPairs};

/// Longest question, in characters.
const MAX_QUESTION: usize = 4_000;
/// Longest statement that somebody sends, in bytes.
const MAX_STATEMENT: usize = 64 << 10;

/// A question.
#[derive(Clone, Debug, Default)]
pub struct AskRequest {
    /// In any language.
    pub question: String,
    /// Its language as a BCP 47 tag; otherwise its letters or the profile's `plan.language` say it.
    pub language: Option<String>,
    /// Most rows; the policy's and the profile's limits hold all the same.
    pub limit: Option<u32>,
    /// Whether rows are wanted, or the statement alone.
    pub run: bool,
    /// Whether to tell what the statement reads.
    pub explain: bool,
}

/// Why a question or statement was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It cannot be asked.
    #[error("{message}")]
    Invalid {
        /// The field of the request that is wrong.
        field: &'static str,
        /// Why.
        message: String,
    },
    /// The statement is not allowed, or wrong.
    #[error("{message}")]
    Refused {
        /// Stable code.
        code: String,
        /// Why.
        message: String,
    },
    /// Something that the answer needs does not work.
    #[error("{told}: {reason}")]
    Unavailable {
        /// What does not work, in words that a stranger may read.
        told: &'static str,
        /// Why, for the log and for who runs the program: it may name addresses and files.
        reason: String,
    },
}

impl AskError {
    fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Invalid { field, message }
    }

    pub(crate) fn unavailable(told: &'static str, reason: impl ToString) -> Self {
        let reason = reason.to_string();
        Self::Unavailable { told, reason }
    }
}

/// What answers questions.
pub struct Answerer {
    /// Writes statements.
    pub writer: StatementWriter,
    /// How it is asked.
    pub layout: ExportSettings,
    /// Name of the model or adapter.
    pub model: String,
    /// Digest of its weights; empty where it is behind an endpoint.
    pub generation: String,
}

/// Answers questions about the session's database.
pub struct Assistant {
    databases: Arc<DatabaseRegistry>,
    catalog: Arc<Database>,
    answerer: Answerer,
    settings: AskSettings,
    /// Language of questions that nothing is known about.
    language: String,
    names: ReadableNames,
    pairs: VerifiedPairs,
    audit: Mutex<AuditLog>,
}

impl Assistant {
    /// Opens the session's database. Blocks for a while.
    ///
    /// # Errors
    /// When the database cannot be opened, the run folder cannot be written, or an endpoint's statements are to be held to names.
    pub fn open(session: &Arc<Session>, answerer: Answerer) -> Result<Self, AppError> {
        let constrain = session.profile().ask.constrain;
        if constrain != DecodingConstraint::None && matches!(answerer.writer, StatementWriter::Endpoint(_)) {
            return Err(AppError::Usage(
                "ask.constrain masks tokens while a model on this machine writes, and the answers of an endpoint cannot be constrained so: \
                 leave --endpoint out, or set ask.constrain to \"none\""
                    .into(),
            ));
        }
        let databases = Arc::new(DatabaseRegistry::of_run(session.clone())?);
        let folder = serve_folder(session);
        std::fs::create_dir_all(&folder).map_err(|error| AppError::unwritable(&folder, &error))?;
        Ok(Self {
            catalog: databases.get("")?.catalog.clone(),
            databases,
            answerer,
            settings: session.profile().ask.clone(),
            language: session.profile().plan.language.clone(),
            names: ReadableNames::new(constrain),
            pairs: VerifiedPairs::open(&session.place().folder)?,
            audit: Mutex::new(AuditLog::open(folder.join("audit.jsonl"))?),
        })
    }

    /// The catalog of the database.
    pub fn catalog(&self) -> &Database {
        &self.catalog
    }

    /// Tables whose names or comments, or those of their columns, have this in them.
    pub fn schema(&self, wanted: Option<&str>, policy: &AccessPolicy) -> Vec<TableDescription> {
        schema_search::search(&self.catalog, wanted, policy)
    }

    /// Checks what somebody thinks of an answer: a statement that is said to be right must be one that the caller may run. Answers it with
    /// the language of its question.
    ///
    /// # Errors
    /// When it is none, or the question cannot be asked.
    pub async fn checked_feedback(
        self: &Arc<Self>,
        feedback: Feedback,
        policy: &AccessPolicy,
    ) -> Result<Feedback, AskError> {
        check_question(&feedback.question)?;
        check_length(&feedback.sql)?;
        let language = Some(feedback.language.as_str()).filter(|tag| !tag.is_empty());
        let language = language_of(language, &feedback.question, &self.language)?;
        if feedback.verdict != FeedbackVerdict::Wrong {
            self.check(&feedback.sql, policy).await?;
        }
        Ok(Feedback { language, ..feedback })
    }

    /// Keeps what somebody thinks of an answer.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn keep(self: &Arc<Self>, feedback: Feedback) -> Result<(), AskError> {
        let assistant = self.clone();
        let kept = off_runtime(move || assistant.pairs.add(feedback)).await;
        kept.map_err(|error| AskError::unavailable("the verdict cannot be kept", error))
    }

    /// Verified pairs for a question: those whose statements the caller may run as the database is now, the likest first.
    async fn similar(self: &Arc<Self>, question: &str, policy: &AccessPolicy) -> Result<Vec<SimilarPair>, AskError> {
        let wanted = self.settings.similar_pairs as usize;
        let mut shown = Vec::with_capacity(wanted);
        for pair in self.pairs.similar(question) {
            if shown.len() == wanted {
                break;
            }
            match self.check(&pair.sql, policy).await {
                Ok(()) => shown.push(pair),
                Err(error @ AskError::Unavailable { .. }) => return Err(error),
                Err(AskError::Refused { .. } | AskError::Invalid { .. }) => {}
            }
        }
        Ok(shown)
    }

    /// Writes a line of the audit log.
    ///
    /// # Errors
    /// When it cannot be written; then nothing may be answered either.
    pub fn record(&self, line: &AuditLine) -> Result<(), AskError> {
        let mut audit = self.audit.lock().unwrap_or_else(PoisonError::into_inner);
        audit
            .append(line)
            .map_err(|error| AskError::unavailable("the audit log cannot be written", error))
    }

    /// Answers a question; `told` hears what happens on the way.
    ///
    /// # Errors
    /// When it cannot be asked, or the model or the database does not answer. A question that was understood but has no certain answer is
    /// an [`Answer`] that says so.
    pub async fn ask(
        self: &Arc<Self>,
        request: &AskRequest,
        policy: &AccessPolicy,
        told: &(dyn Fn(AskEvent) + Sync),
    ) -> Result<Answer, AskError> {
        let started = Instant::now();
        check_question(&request.question)?;
        let language = language_of(request.language.as_deref(), &request.question, &self.language)?;
        let similar = self.similar(&request.question, policy).await?;
        let (prompt, named_values) = self.prompt(&request.question, &similar, policy).await?;
        told(AskEvent::Writing {
            statements: self.settings.candidates + 1,
        });
        let names = self.readable_names(policy).await?;
        let texts = self.statements(prompt, names).await?;
        let mut candidates = Vec::with_capacity(texts.len());
        for text in texts {
            let candidate = self.candidate(text, &named_values, request, policy).await?;
            told(AskEvent::Checked {
                sql: candidate.sql.clone(),
                ran: candidate.result.is_some(),
            });
            candidates.push(candidate);
        }
        let wording = Wording::of(&language);
        let mut answer = vote(candidates, self.settings.threshold, request.explain, wording);
        answer.similar = similar;
        answer.language = language;
        answer.question.clone_from(&request.question);
        answer.database.clone_from(&self.catalog.name);
        answer.model.clone_from(&self.answerer.model);
        answer.generation.clone_from(&self.answerer.generation);
        answer.seconds = started.elapsed().as_secs_f64();
        if !request.run {
            answer.table = None;
        }
        Ok(answer)
    }

    /// Runs a statement that somebody wrote, under the same guards.
    ///
    /// # Errors
    /// When it is refused, wrong, or the database does not answer.
    pub async fn query(
        self: &Arc<Self>,
        sql: &str,
        limit: Option<u32>,
        policy: &AccessPolicy,
    ) -> Result<ResultTable, AskError> {
        check_length(sql)?;
        let checked = self.checked(sql.to_owned(), policy.clone()).await?;
        if let Some(refusal) = checked.refusal() {
            return Err(refusal);
        }
        self.run(sql, self.row_limit(limit, policy)).await
    }

    /// Checks a statement without running it.
    ///
    /// # Errors
    /// When it is refused or wrong.
    pub async fn check(self: &Arc<Self>, sql: &str, policy: &AccessPolicy) -> Result<(), AskError> {
        let checked = self.checked(sql.to_owned(), policy.clone()).await?;
        checked.refusal().map_or(Ok(()), Err)
    }

    fn row_limit(&self, limit: Option<u32>, policy: &AccessPolicy) -> usize {
        let own = policy.max_rows.unwrap_or(self.settings.max_rows);
        limit.unwrap_or(own).min(own).min(self.settings.max_rows) as usize
    }

    async fn run(&self, sql: &str, rows: usize) -> Result<ResultTable, AskError> {
        let result = self.databases.runner().run("", sql, rows).await;
        match result {
            Ok(result) => Ok(ResultTable::of(&result)),
            Err(failure) => Err(statement_check::of_failure(&failure)),
        }
    }

    /// The question in the model's prompt layout, behind turns that show verified pairs, the likest last; and the values that it names, each by
    /// its spellings.
    async fn prompt(
        self: &Arc<Self>,
        question: &str,
        similar: &[SimilarPair],
        policy: &AccessPolicy,
    ) -> Result<(ChatPrompt, Arc<[Vec<String>]>), AskError> {
        let shown = similar.iter().rev();
        let history = shown.map(|pair| (pair.question.clone(), pair.sql.clone())).collect();
        let (assistant, question, policy) = (self.clone(), question.trim().to_owned(), policy.clone());
        off_runtime(move || {
            let mut example = Example {
                question,
                bare: true,
                ..Example::default()
            };
            PromptWriter::new(&assistant.databases, &assistant.answerer.layout)
                .naming_only(|table, column| policy.allows_qualified(table, column))
                .write(&mut example)
                .map_err(|error| AskError::unavailable("the question cannot be put to the model", error))?;
            let prompt = ChatPrompt {
                system: example.system,
                user: example.prompt,
                history,
                ..ChatPrompt::default()
            };
            Ok((prompt, example.named_values.into()))
        })
        .await
    }

    /// What statements may be written with.
    async fn readable_names(
        self: &Arc<Self>,
        policy: &AccessPolicy,
    ) -> Result<Option<Arc<SchemaConstraint>>, AskError> {
        let (assistant, policy) = (self.clone(), policy.clone());
        let names = off_runtime(move || assistant.names.of(&policy, &assistant.databases)).await;
        names.map_err(|error| AskError::unavailable("the database cannot be read", error))
    }

    /// What the model writes: the likeliest statement, then samples.
    async fn statements(
        &self,
        prompt: ChatPrompt,
        names: Option<Arc<SchemaConstraint>>,
    ) -> Result<Vec<Completion>, AskError> {
        let prompts = (0..=self.settings.candidates).map(|attempt| ChatPrompt {
            attempt,
            ..prompt.clone()
        });
        let prompts: Vec<ChatPrompt> = prompts.collect();
        let answers: Mutex<Vec<Option<Result<Completion, String>>>> = Mutex::new(vec![None; prompts.len()]);
        let take = |at: usize, answer| {
            if let Some(slot) = answers.lock().unwrap_or_else(PoisonError::into_inner).get_mut(at) {
                *slot = Some(answer);
            }
        };
        self.answerer.writer.write(prompts, names, &take).await;
        let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut texts = Vec::new();
        let mut failure = "it was stopped".to_owned();
        for answer in answers.into_iter().flatten() {
            match answer {
                Ok(completion) => texts.push(completion),
                Err(reason) => failure = reason,
            }
        }
        if texts.is_empty() {
            return Err(AskError::unavailable("the model gave no answer", failure));
        }
        Ok(texts)
    }

    /// What became of one text of the model.
    async fn candidate(
        self: &Arc<Self>,
        completion: Completion,
        named_values: &Arc<[Vec<String>]>,
        request: &AskRequest,
        policy: &AccessPolicy,
    ) -> Result<Candidate, AskError> {
        let (assistant, named_values) = (self.clone(), named_values.clone());
        let (sql, cut, leaves_out) = off_runtime(move || {
            let reader: &dyn SqlReader = &*assistant.databases;
            let sql = extract_sql_of(Some(reader), "", &completion.text);
            // A statement that ends where the answer was cut off may be the beginning of another one, and run all the same.
            let cut = completion.is_cut_off() && completion.text.trim_end().ends_with(&sql);
            let leaves_out = leaves_out(&named_values, &sql, &reader.lexical_rules(""));
            (sql, cut, leaves_out)
        })
        .await;
        if cut {
            return Ok(Candidate::cut_off(sql));
        }
        let checked = self.checked(sql.clone(), policy.clone()).await?;
        let mut candidate = Candidate {
            sql,
            findings: checked.findings,
            explanation: checked.explanation,
            leaves_out,
            result: None,
        };
        if !candidate.findings.is_empty() {
            return Ok(candidate);
        }
        match self.run(&candidate.sql, self.row_limit(request.limit, policy)).await {
            Ok(table) => candidate.result = Some(table),
            Err(AskError::Refused { code, message }) => candidate.findings.push(AskFinding { code, message }),
            Err(other) => return Err(other),
        }
        Ok(candidate)
    }

    /// Reads a statement in the dialect. Plugins block, so that it is done off the runtime.
    async fn checked(
        self: &Arc<Self>,
        sql: String,
        policy: AccessPolicy,
    ) -> Result<statement_check::CheckedStatement, AskError> {
        let assistant = self.clone();
        off_runtime(move || {
            let database = assistant
                .databases
                .get("")
                .map_err(|error| AskError::unavailable("the database cannot be read", error))?;
            check_statement(&database.session, &database.catalog, &sql, &policy)
        })
        .await
    }
}

fn check_question(question: &str) -> Result<(), AskError> {
    if question.trim().is_empty() {
        return Err(AskError::invalid("question", "the question is empty"));
    }
    if question.chars().count() > MAX_QUESTION {
        return Err(AskError::invalid(
            "question",
            format!("a question has at most {MAX_QUESTION} characters"),
        ));
    }
    Ok(())
}

fn check_length(sql: &str) -> Result<(), AskError> {
    if sql.len() > MAX_STATEMENT {
        return Err(AskError::invalid(
            "sql",
            format!("a statement has at most {MAX_STATEMENT} bytes"),
        ));
    }
    Ok(())
}

/// Where a server keeps what it must not lose.
fn serve_folder(session: &Session) -> PathBuf {
    session.place().folder.join("serve")
}
