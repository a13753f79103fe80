//! What the host keeps for one instance, and the services as the instance sees them.

use std::sync::Arc;

use nl2sql_catalog::{ChatAnswer, ChatRequest, Message, ResultSet, Role, Table, Value};
use wasmtime::component::{Resource, ResourceTable};

use crate::bindings::services::{analysis, llm, log, query, sql, types};
use crate::convert::list;
use crate::engine::Clock;
use crate::error::Failure;
use crate::limits::{Limits, MemoryCap, SERVICE_TIMES};
use crate::services::{ChatError, LogLevel, LogSink, MatchPair, ServiceError, Services, SqlService, TracingSink};

/// Maximum length of a log message that is passed on, in bytes; the rest is cut.
const MAX_MESSAGE_BYTES: usize = 16 * 1024;

/// Maximum number of log messages of one call; the rest is dropped.
const MAX_MESSAGES: u32 = 1_000;

/// Rows of one statement, behind a handle of the guest's.
pub struct Rows {
    set: ResultSet,
    /// Bytes counted against the guest's memory while it holds the handle.
    bytes: usize,
}

/// Everything the host keeps for one instance.
pub(crate) struct State {
    plugin: Arc<str>,
    services: Services,
    clock: Arc<Clock>,
    pub(crate) memory: MemoryCap,
    pub(crate) rows: ResourceTable,
    pub(crate) wasi: crate::wasi::Randomness,
    /// Ticks the current call spent in services since its deadline was last put off.
    pub(crate) away: u64,
    /// Ticks by which the deadline of the current call may still be put off.
    patience: u64,
    /// Most ticks that one request to a service counts.
    longest_wait: u64,
    /// What the guest's panic hook said last.
    pub(crate) panic: Option<String>,
    messages: u32,
}

impl State {
    pub(crate) fn new(plugin: Arc<str>, services: Services, clock: Arc<Clock>, limits: &Limits) -> Self {
        Self {
            plugin,
            services,
            clock,
            memory: MemoryCap::new(limits.memory),
            rows: ResourceTable::new(),
            wasi: crate::wasi::Randomness::default(),
            away: 0,
            patience: 0,
            longest_wait: Clock::ticks(limits.time),
            panic: None,
            messages: 0,
        }
    }

    /// Forgets what belonged to the call before.
    pub(crate) fn begin_call(&mut self) {
        self.away = 0;
        self.patience = self.longest_wait.saturating_mul(SERVICE_TIMES.into());
        self.messages = 0;
        self.panic = None;
    }

    /// Ticks by which a deadline that has come is put off, for the time services took; none when that was too long, all in all.
    pub(crate) fn respite(&mut self) -> Option<u64> {
        let away = std::mem::take(&mut self.away);
        (away > 0 && self.patience > 0).then_some(away)
    }

    /// Whether services took longer than a call may wait for them.
    pub(crate) fn is_out_of_patience(&self) -> bool {
        self.patience == 0
    }

    /// Runs a service; its time does not count against the guest's deadline, and its failure ends the guest's call.
    fn away<R>(&mut self, work: impl FnOnce(&Services) -> wasmtime::Result<R>) -> wasmtime::Result<R> {
        let before = self.clock.now();
        let answer = work(&self.services);
        let waited = self.clock.now() - before;
        self.away += waited;
        self.patience = self.patience.saturating_sub(waited.min(self.longest_wait));
        answer
    }

    fn sql<R>(
        &mut self,
        service: &'static str,
        work: impl FnOnce(&dyn SqlService) -> Result<R, ServiceError>,
    ) -> wasmtime::Result<R> {
        self.away(|services| match &services.sql {
            Some(sql) => work(&**sql).map_err(|source| service_failure(service, source)),
            None => Err(absent(service)),
        })
    }
}

/// A service failure as a trap that [`crate::pool`] recognises.
fn service_failure(service: &'static str, source: ServiceError) -> wasmtime::Error {
    Failure::Service { service, source }.into()
}

/// Loading refuses plugins whose services are absent; this is for an instance that outlived its check.
fn absent(service: &'static str) -> wasmtime::Error {
    service_failure(service, "the service is not available here".into())
}

impl types::Host for State {}

impl analysis::Host for State {}

impl sql::Host for State {
    fn info(&mut self) -> wasmtime::Result<types::DialectInfo> {
        self.sql("sql.info", |sql| sql.info()).map(|info| (&info).into())
    }

    fn statement(&mut self, text: String) -> wasmtime::Result<analysis::StatementInfo> {
        self.sql("sql.statement", |sql| sql.statement(&text)).map(Into::into)
    }

    fn check_syntax(&mut self, text: String) -> wasmtime::Result<Result<(), analysis::SyntaxError>> {
        let answer = self.sql("sql.check-syntax", |sql| sql.check_syntax(&text))?;
        Ok(answer.map_err(Into::into))
    }

    fn diagnose(&mut self, text: String) -> wasmtime::Result<Result<Vec<types::Finding>, analysis::SyntaxError>> {
        let answer = self.sql("sql.diagnose", |sql| sql.diagnose(&text))?;
        Ok(answer.map(list).map_err(Into::into))
    }

    fn analyse(&mut self, text: String) -> wasmtime::Result<Result<analysis::Analysis, analysis::SyntaxError>> {
        let answer = self.sql("sql.analyse", |sql| sql.analyse(&text))?;
        Ok(answer.map(Into::into).map_err(Into::into))
    }

    fn with_limit(&mut self, text: String, rows: u32) -> wasmtime::Result<Result<String, analysis::SyntaxError>> {
        let answer = self.sql("sql.with-limit", |sql| sql.with_limit(&text, rows))?;
        Ok(answer.map_err(Into::into))
    }

    fn normalise(&mut self, text: String) -> wasmtime::Result<Result<String, analysis::SyntaxError>> {
        let answer = self.sql("sql.normalise", |sql| sql.normalise(&text))?;
        Ok(answer.map_err(Into::into))
    }

    fn template(&mut self, text: String) -> wasmtime::Result<Result<String, analysis::SyntaxError>> {
        let answer = self.sql("sql.template", |sql| sql.template(&text))?;
        Ok(answer.map_err(Into::into))
    }

    fn render_ddl(&mut self, table: types::Table) -> wasmtime::Result<String> {
        let table = Table::from(table);
        self.sql("sql.render-ddl", |sql| sql.render_ddl(&table))
    }

    fn quote(&mut self, identifier: String) -> wasmtime::Result<String> {
        self.sql("sql.quote", |sql| sql.quote(&identifier))
    }
}

impl query::Host for State {
    fn run(&mut self, sql: String, max_rows: u32) -> wasmtime::Result<Result<Resource<Rows>, query::QueryError>> {
        let answer = self.away(|services| match &services.query {
            Some(query) => Ok(query.run(&sql, max_rows)),
            None => Err(absent("query.run")),
        })?;
        Ok(match answer {
            Ok(set) => {
                let bytes = held_by(&set);
                self.memory.take(bytes)?;
                Ok(self.rows.push(Rows { set, bytes })?)
            }
            Err(error) => Err(query::QueryError {
                code: error.code.to_owned(),
                message: error.message,
            }),
        })
    }

    fn execution_match(
        &mut self,
        pairs: Vec<query::MatchPair>,
        definition: String,
    ) -> wasmtime::Result<Vec<query::MatchOutcome>> {
        let pairs: Vec<MatchPair> = pairs
            .into_iter()
            .map(|pair| MatchPair {
                database: pair.database,
                gold: pair.gold,
                predicted: pair.predicted,
            })
            .collect();
        let outcomes = self.away(|services| match &services.query {
            Some(query) => query
                .execution_match(&pairs, &definition)
                .map_err(|source| service_failure("query.execution-match", source)),
            None => Err(absent("query.execution-match")),
        })?;
        Ok(outcomes
            .into_iter()
            .map(|outcome| query::MatchOutcome {
                outcome: outcome.outcome.name().to_owned(),
                detail: outcome.detail,
            })
            .collect())
    }
}

impl query::HostRows for State {
    fn columns(&mut self, rows: Resource<Rows>) -> wasmtime::Result<Vec<String>> {
        Ok(self.rows.get(&rows)?.set.columns.clone())
    }

    fn row_count(&mut self, rows: Resource<Rows>) -> wasmtime::Result<u32> {
        Ok(u32::try_from(self.rows.get(&rows)?.set.rows.len()).unwrap_or(u32::MAX))
    }

    fn truncated(&mut self, rows: Resource<Rows>) -> wasmtime::Result<bool> {
        Ok(self.rows.get(&rows)?.set.truncated)
    }

    fn cells(&mut self, rows: Resource<Rows>, start: u32, count: u32) -> wasmtime::Result<Vec<Vec<Option<String>>>> {
        let rows = &self.rows.get(&rows)?.set.rows;
        let row = |row: &Vec<_>| row.iter().map(Value::display_text).collect();
        Ok(rows.iter().skip(start as usize).take(count as usize).map(row).collect())
    }

    fn drop(&mut self, rows: Resource<Rows>) -> wasmtime::Result<()> {
        let rows = self.rows.delete(rows)?;
        self.memory.give_back(rows.bytes);
        Ok(())
    }
}

/// Bytes that a result takes, roughly.
fn held_by(set: &ResultSet) -> usize {
    let cells = set.rows.iter().flatten();
    let contents: usize = cells.map(|value| size_of::<Value>() + value.byte_len()).sum();
    let names: usize = set.columns.iter().map(String::len).sum();
    size_of::<Rows>() + contents + names
}

/// The request as the host knows it, or the answer to one whose schema is none.
fn chat_request(request: llm::Request) -> Result<Result<ChatRequest, llm::LlmError>, Failure> {
    let message = |message: llm::Message| {
        let role = Role::from_name(&message.role);
        Ok(Message {
            role: role.ok_or_else(|| Failure::unknown_name("role of a chat message", &message.role, &Role::NAMES))?,
            content: message.content,
        })
    };
    let messages = request
        .messages
        .into_iter()
        .map(message)
        .collect::<Result<_, Failure>>()?;
    let schema = match request.schema.as_deref().map(serde_json::from_str).transpose() {
        Ok(schema) => schema,
        Err(error) => {
            return Ok(Err(llm::LlmError {
                code: "rejected".to_owned(),
                message: format!("the plugin's JSON schema is not JSON: {error}"),
            }));
        }
    };
    Ok(Ok(ChatRequest {
        messages,
        schema,
        temperature: request.temperature,
        max_tokens: request.max_tokens,
        stage: String::new(),
        purpose: request.purpose,
        attempt: request.attempt,
    }))
}

fn chat_answer(answer: Result<ChatAnswer, ChatError>) -> Result<llm::Answer, llm::LlmError> {
    match answer {
        Ok(answer) => Ok(llm::Answer {
            content: answer.content,
            finish_reason: answer.finish_reason.name().to_owned(),
            input_tokens: answer.input_tokens,
            output_tokens: answer.output_tokens,
        }),
        Err(error) => Err(llm::LlmError {
            code: error.code,
            message: error.message,
        }),
    }
}

impl llm::Host for State {
    fn chat(&mut self, request: llm::Request) -> wasmtime::Result<Result<llm::Answer, llm::LlmError>> {
        let request = match chat_request(request)? {
            Ok(request) => request,
            Err(refused) => return Ok(Err(refused)),
        };
        self.away(|services| match &services.llm {
            Some(model) => Ok(chat_answer(model.chat(request))),
            None => Err(absent("llm.chat")),
        })
    }

    fn chat_all(&mut self, requests: Vec<llm::Request>) -> wasmtime::Result<Vec<Result<llm::Answer, llm::LlmError>>> {
        let number = requests.len();
        let requests = requests
            .into_iter()
            .map(chat_request)
            .collect::<Result<Vec<_>, Failure>>()?;
        let requests = match requests.into_iter().collect::<Result<Vec<ChatRequest>, _>>() {
            Ok(requests) => requests,
            Err(refused) => return Ok(vec![Err(refused); number]),
        };
        self.away(|services| match &services.llm {
            Some(model) => Ok(model.chat_all(requests).into_iter().map(chat_answer).collect()),
            None => Err(absent("llm.chat-all")),
        })
    }
}

impl log::Host for State {
    fn write(&mut self, level: String, mut message: String) -> wasmtime::Result<()> {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE_BYTES));
        if level == "panic" {
            self.panic = Some(message);
            return Ok(());
        }
        let known = LogLevel::from_name(&level);
        let level = known.ok_or_else(|| Failure::unknown_name("log level", &level, &LogLevel::NAMES))?;
        if self.messages < MAX_MESSAGES {
            self.messages += 1;
            let sink: &dyn LogSink = self.services.log.as_deref().unwrap_or(&TracingSink);
            sink.write(&self.plugin, level, &message);
        }
        Ok(())
    }
}
