//! What the host keeps for one instance, and the services as the instance sees them.

use std::sync::Arc;

use nl2sql_catalog::{ResultSet, Value};
use wasmtime::component::{Resource, ResourceTable};

use crate::disclosure::Disclosure;
use crate::engine::Clock;
use crate::error::Failure;
use crate::guest_output::{GuestOutput, Output};
use crate::limits::{MemoryCap, SERVICE_TIMES};
use crate::loaded::Loaded;
use crate::plugin_use::UseCounter;
use crate::services::{
    LlmService, LogLevel, LogSink, MatchOutcome, MatchPair, QueryError, QueryService, ServiceError, Services,
    SqlService, TracingSink,
};

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
    disclosure: Arc<Disclosure>,
    /// Whether the instance asked for rows, or for what follows from rows.
    pub(crate) has_read_rows: bool,
    pub(crate) memory: MemoryCap,
    counter: Arc<UseCounter>,
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
    output: GuestOutput,
    messages: u32,
}

impl State {
    pub(crate) fn new(plugin: &Loaded, services: Services) -> Self {
        let limits = &plugin.limits;
        let counter = plugin.counter(&services);
        Self {
            counter,
            plugin: plugin.name().into(),
            services,
            clock: plugin.clock.clone(),
            disclosure: plugin.disclosure.clone(),
            has_read_rows: false,
            memory: MemoryCap::new(limits.memory),
            rows: ResourceTable::new(),
            wasi: crate::wasi::Randomness::default(),
            away: 0,
            patience: 0,
            longest_wait: Clock::ticks(limits.time),
            panic: None,
            output: GuestOutput::default(),
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

    /// Takes what the guest writes to an output; whole lines go to its log.
    pub(crate) fn print(&mut self, output: Output, bytes: impl Iterator<Item = u8>) {
        for line in self.output.write(output, bytes) {
            self.log(level_of(output), line);
        }
    }

    /// Ends the lines that the guest left unfinished. Gives the end of what went to standard error in this call.
    pub(crate) fn end_output(&mut self) -> Option<String> {
        for output in [Output::Stdout, Output::Stderr] {
            if let Some(line) = self.output.end(output) {
                self.log(level_of(output), line);
            }
        }
        self.output.take_tail()
    }

    /// Asks the run's dialect.
    pub(crate) fn sql<R>(
        &mut self,
        service: &'static str,
        work: impl FnOnce(&dyn SqlService) -> Result<R, ServiceError>,
    ) -> wasmtime::Result<R> {
        self.counter.sql();
        self.away(|services| match &services.sql {
            Some(sql) => work(&**sql).map_err(|source| service_failure(service, source)),
            None => Err(absent(service)),
        })
    }

    /// Asks the language model this many things.
    pub(crate) fn llm<R>(
        &mut self,
        service: &'static str,
        requests: usize,
        work: impl FnOnce(&dyn LlmService) -> R,
    ) -> wasmtime::Result<R> {
        self.counter.requests(requests);
        self.away(|services| match &services.llm {
            Some(model) => Ok(work(&**model)),
            None => Err(absent(service)),
        })
    }

    fn query<R>(
        &mut self,
        service: &'static str,
        work: impl FnOnce(&dyn QueryService) -> wasmtime::Result<R>,
    ) -> wasmtime::Result<R> {
        self.has_read_rows = true;
        self.away(|services| match &services.query {
            Some(query) => work(&**query),
            None => Err(absent(service)),
        })
    }

    /// Runs one statement; its rows stay here behind the handle.
    pub(crate) fn run_query(
        &mut self,
        sql: &str,
        max_rows: u32,
    ) -> wasmtime::Result<Result<Resource<Rows>, QueryError>> {
        let answer = self.query("query.run", |query| Ok(query.run(sql, max_rows)))?;
        self.counter.statement(answer.as_ref().map_or(0, |set| set.rows.len()));
        Ok(match answer {
            Ok(set) => {
                let bytes = held_by(&set);
                self.memory.take(bytes)?;
                Ok(self.rows.push(Rows { set, bytes })?)
            }
            Err(error) => Err(error),
        })
    }

    /// Runs and compares pairs.
    pub(crate) fn match_results(
        &mut self,
        pairs: &[MatchPair],
        definition: &str,
    ) -> wasmtime::Result<Vec<MatchOutcome>> {
        const SERVICE: &str = "query.execution-match";
        self.counter.comparisons(pairs.len());
        self.query(SERVICE, |query| {
            query
                .execution_match(pairs, definition)
                .map_err(|source| service_failure(SERVICE, source))
        })
    }

    /// The rows behind a handle.
    pub(crate) fn rows(&self, rows: &Resource<Rows>) -> wasmtime::Result<&ResultSet> {
        Ok(&self.rows.get(rows)?.set)
    }

    /// Lets the rows behind a handle go.
    pub(crate) fn drop_rows(&mut self, rows: Resource<Rows>) -> wasmtime::Result<()> {
        let rows = self.rows.delete(rows)?;
        self.memory.give_back(rows.bytes);
        Ok(())
    }

    /// Passes a message on to the run's log, as far as it may be told and the call has not said too much.
    pub(crate) fn log(&mut self, level: LogLevel, message: String) {
        if self.messages >= MAX_MESSAGES {
            return;
        }
        self.messages += 1;
        let sink: &dyn LogSink = self.services.log.as_deref().unwrap_or(&TracingSink);
        match self.disclosure.withholds_log() {
            None => sink.write(&self.plugin, level, &shortened(message)),
            Some(Some(notice)) => sink.write(&self.plugin, LogLevel::Warn, &notice),
            Some(None) => {}
        }
    }

    /// Keeps what a panic said for the error of the call that it ends.
    pub(crate) fn panicked(&mut self, message: String) {
        self.panic = Some(shortened(message));
    }
}

fn level_of(output: Output) -> LogLevel {
    match output {
        Output::Stdout => LogLevel::Info,
        Output::Stderr => LogLevel::Warn,
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

/// Bytes that a result takes, roughly.
fn held_by(set: &ResultSet) -> usize {
    let cells = set.rows.iter().flatten();
    let contents: usize = cells.map(|value| size_of::<Value>() + value.byte_len()).sum();
    let names: usize = set.columns.iter().map(String::len).sum();
    size_of::<Rows>() + contents + names
}

fn shortened(mut message: String) -> String {
    message.truncate(message.floor_char_boundary(MAX_MESSAGE_BYTES));
    message
}
