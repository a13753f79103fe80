//! Runs batches for one session, on SQLite.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::types::Value;
use rusqlite::{Connection, InterruptHandle};
use tokio::sync::mpsc::Sender;

use crate::account::Account;
use crate::functions;
use crate::parameters::bind;
use crate::result_columns::announce;
use crate::schema::{Database, fill, quoted, sql_error};
use crate::sql_type::Column;
use crate::tokens::SqlError;
use crate::tsql::{Surroundings, Token, split, to_sqlite, tokens};

/// What happens while a batch runs, in order.
#[derive(Debug)]
pub(crate) enum Event {
    Columns(Vec<Column>),
    Row(Vec<Value>),
    /// A statement has ended, with the number of its rows if it counts any.
    Done(Option<u64>),
    Error(SqlError),
    Info(String),
    Began,
    Committed,
    RolledBack,
}

/// Rows looked at before the types of computed columns are told.
const ROWS_LOOKED_AT: usize = 1_000;

/// SET options that are taken note of or make no difference here.
const OPTIONS: &[&str] = &[
    "xact_abort",
    "lock_timeout",
    "dateformat",
    "textsize",
    "implicit_transactions",
    "rowcount",
    "nocount",
    "language",
    "quoted_identifier",
    "ansi_nulls",
    "ansi_padding",
    "ansi_warnings",
    "ansi_null_dflt_on",
    "arithabort",
    "concat_null_yields_null",
    "transaction",
    "deadlock_priority",
    "cursor_close_on_commit",
    "query_governor_cost_limit",
    "ansi_defaults",
    "datefirst",
    "noexec",
    "parseonly",
    "fmtonly",
];

/// One session's view of a database.
pub(crate) struct Engine {
    connection: Connection,
    account: Account,
    surroundings: Surroundings,
    aborts_on_error: bool,
    row_limit: Option<usize>,
    /// Set by an attention.
    pub(crate) cancelled: Arc<AtomicBool>,
    /// Statements kept by sp_prepare.
    pub(crate) prepared: HashMap<i64, (String, String)>,
}

/// A statement that went well, or the server's refusal.
pub(crate) type Outcome = Result<(), SqlError>;

impl Engine {
    /// Opens the database for an account.
    pub(crate) fn open(
        database: &Database,
        account: &Account,
        version: &str,
        edition: i64,
        session: u16,
    ) -> Result<Self, SqlError> {
        let connection = Connection::open_in_memory().map_err(sql_error)?;
        let attach =
            |file: &str, schema: &str| connection.execute(&format!("ATTACH DATABASE ?1 AS {}", quoted(schema)), [file]);
        for schema in database.schemas() {
            attach(&database.file(schema).to_string_lossy(), schema).map_err(sql_error)?;
        }
        attach(":memory:", "sys").map_err(sql_error)?;
        functions::register(&connection, &account.identity(database, version, edition)).map_err(sql_error)?;
        fill(&connection, database, &account.visibility()).map_err(sql_error)?;
        connection
            .execute_batch("CREATE TABLE main.my_permissions (entity_class TEXT, permission_name \"nvarchar(60)\")")
            .map_err(sql_error)?;
        for permission in &account.permissions {
            let (class, name) = permission.split_once(':').unwrap_or(("DATABASE", permission));
            connection
                .execute("INSERT INTO main.my_permissions VALUES (?1, ?2)", [class, name])
                .map_err(sql_error)?;
        }
        Ok(Self {
            connection,
            account: account.clone(),
            surroundings: Surroundings {
                database: database.name.clone(),
                version_text: format!("Microsoft SQL Server 2022 (Test) - {version} (X64)"),
                session,
                ..Surroundings::default()
            },
            aborts_on_error: false,
            row_limit: None,
            cancelled: Arc::default(),
            prepared: HashMap::new(),
        })
    }

    pub(crate) fn database(&self) -> String {
        self.surroundings.database.clone()
    }

    pub(crate) fn interrupt_handle(&self) -> InterruptHandle {
        self.connection.get_interrupt_handle()
    }

    /// As it was when the session began.
    pub(crate) fn reset(&mut self) {
        if self.surroundings.open_transactions > 0 {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        self.surroundings.open_transactions = 0;
        self.aborts_on_error = false;
        self.row_limit = None;
        self.prepared.clear();
    }

    /// Runs a batch; an error ends it. The receiver going away cancels it.
    pub(crate) fn run(&mut self, text: &str, parameters: &[(String, Value)], events: &Sender<Event>) {
        let outcome = tokens(text)
            .map_err(|message| SqlError::new(105, 15, message))
            .and_then(|tokens| {
                split(&tokens)
                    .into_iter()
                    .try_for_each(|statement| self.statement(statement, parameters, events))
            });
        if self.cancelled.load(Ordering::Relaxed) {
            self.abort(events);
        } else if let Err(error) = outcome {
            let _ = events.blocking_send(Event::Error(error));
            self.abort(events);
        }
    }

    /// What XACT_ABORT asks for.
    fn abort(&mut self, events: &Sender<Event>) {
        if self.aborts_on_error && self.surroundings.open_transactions > 0 {
            let _ = self.roll_back(events);
        }
    }

    fn statement(&mut self, statement: &[Token], parameters: &[(String, Value)], events: &Sender<Event>) -> Outcome {
        let first = statement[0].name().unwrap_or_default().to_lowercase();
        match first.as_str() {
            "select" | "with" | "values" | "" => self.select(statement, parameters, events),
            "set" => self.set(statement, events),
            "begin" => self.begin(statement, events),
            "commit" => self.commit(events),
            "rollback" => self.roll_back(events),
            "if" => self.conditional(statement, parameters, events),
            "print" | "raiserror" | "throw" => said(&first, statement, events),
            "waitfor" => self.wait(statement, events),
            "insert" | "update" | "delete" | "merge" | "truncate" => self.change(&first, statement, parameters, events),
            "create" | "alter" | "drop" => self.define(statement, events),
            "use" if statement.get(1).and_then(Token::name) == Some(&self.surroundings.database) => done(events, None),
            "use" => Err(SqlError::new(
                911,
                16,
                "Database does not exist. Make sure that the name is entered correctly.",
            )),
            "exec" | "execute" => {
                let name = statement.get(1).and_then(Token::name).unwrap_or_default();
                Err(SqlError::new(
                    2812,
                    16,
                    format!("Could not find stored procedure '{name}'."),
                ))
            }
            other => Err(SqlError::new(102, 15, format!("Incorrect syntax near '{other}'."))),
        }
    }

    fn select(&mut self, statement: &[Token], parameters: &[(String, Value)], events: &Sender<Event>) -> Outcome {
        if statement.iter().any(|token| token.is("into")) {
            return self.denied("CREATE TABLE", 262);
        }
        let rewritten = to_sqlite(statement, &self.surroundings)?;
        let mut query = self.connection.prepare(&rewritten.sql).map_err(sql_error)?;
        let declared: Vec<Option<Column>> = query
            .columns()
            .enumerate()
            .map(|(at, column)| {
                let cast = rewritten.casts.get(at).cloned().flatten();
                cast.as_deref()
                    .or(column.decl_type())
                    .and_then(|text| Column::declared(column.name(), text))
            })
            .collect();
        let names: Vec<String> = query.column_names().map(str::to_owned).collect();
        bind(&mut query, parameters)?;
        let mut rows = query.raw_query();
        let (mut early, mut count) = (Vec::new(), 0u64);
        let mut announced = false;
        while self.row_limit.is_none_or(|limit| count < limit as u64) {
            let Some(row) = rows.next().map_err(sql_error)? else {
                break;
            };
            let values = (0..names.len())
                .map(|at| row.get(at))
                .collect::<Result<Vec<Value>, _>>()
                .map_err(sql_error)?;
            count += 1;
            if announced {
                send(events, Event::Row(values))?;
                continue;
            }
            early.push(values);
            if early.len() == ROWS_LOOKED_AT || declared.iter().all(Option::is_some) {
                announce(&names, &declared, &mut early, events)?;
                announced = true;
            }
        }
        if !announced {
            announce(&names, &declared, &mut early, events)?;
        }
        self.surroundings.last_rows = count;
        done(events, Some(count))
    }

    fn set(&mut self, statement: &[Token], events: &Sender<Event>) -> Outcome {
        let option = statement
            .get(1)
            .and_then(Token::name)
            .unwrap_or_default()
            .to_lowercase();
        if !OPTIONS.contains(&option.as_str()) {
            return Err(SqlError::new(
                195,
                15,
                format!("'{option}' is not a recognized SET option."),
            ));
        }
        match (option.as_str(), statement.get(2)) {
            ("xact_abort", Some(value)) => self.aborts_on_error = value.is("on"),
            ("rowcount", Some(Token::Number(number))) => self.row_limit = number.parse().ok().filter(|rows| *rows > 0),
            _ => {}
        }
        done(events, None)
    }

    fn begin(&mut self, statement: &[Token], events: &Sender<Event>) -> Outcome {
        if !statement
            .get(1)
            .is_some_and(|token| token.is_one_of(&["tran", "transaction"]))
        {
            return Err(SqlError::new(102, 15, "Incorrect syntax near 'BEGIN'."));
        }
        if self.surroundings.open_transactions == 0 {
            self.connection.execute_batch("BEGIN").map_err(sql_error)?;
            send(events, Event::Began)?;
        }
        self.surroundings.open_transactions += 1;
        done(events, None)
    }

    fn commit(&mut self, events: &Sender<Event>) -> Outcome {
        match self.surroundings.open_transactions {
            0 => return Err(no_transaction("COMMIT")),
            1 => {
                self.connection.execute_batch("COMMIT").map_err(sql_error)?;
                send(events, Event::Committed)?;
            }
            _ => {}
        }
        self.surroundings.open_transactions -= 1;
        done(events, None)
    }

    fn roll_back(&mut self, events: &Sender<Event>) -> Outcome {
        if self.surroundings.open_transactions == 0 {
            return Err(no_transaction("ROLLBACK"));
        }
        self.surroundings.open_transactions = 0;
        self.connection.execute_batch("ROLLBACK").map_err(sql_error)?;
        // After an attention nobody listens.
        let _ = events.blocking_send(Event::RolledBack);
        let _ = events.blocking_send(Event::Done(None));
        Ok(())
    }

    /// `IF condition statement`, where the statement begins with a word that no condition holds.
    fn conditional(&mut self, statement: &[Token], parameters: &[(String, Value)], events: &Sender<Event>) -> Outcome {
        let starts = [
            "rollback", "commit", "begin", "select", "print", "drop", "exec", "delete", "insert", "update",
        ];
        let mut depth = 0;
        let then = statement.iter().position(|token| {
            match token {
                Token::Mark("(") => depth += 1,
                Token::Mark(")") => depth -= 1,
                _ => {}
            }
            depth == 0 && token.is_one_of(&starts)
        });
        let then = then.ok_or_else(|| SqlError::new(102, 15, "Incorrect syntax near 'IF'."))?;
        let condition = to_sqlite(&statement[1..then], &self.surroundings)?;
        let holds: bool = self
            .connection
            .query_row(
                &format!("SELECT CASE WHEN {} THEN 1 ELSE 0 END", condition.sql),
                [],
                |row| row.get(0),
            )
            .map_err(sql_error)?;
        if holds {
            self.statement(&statement[then..], parameters, events)
        } else {
            done(events, None)
        }
    }

    fn wait(&mut self, statement: &[Token], events: &Sender<Event>) -> Outcome {
        let clock = match statement.get(2) {
            Some(Token::Text(clock)) => crate::moment::Moment::parse(clock),
            _ => None,
        };
        let ticks = clock
            .ok_or_else(|| SqlError::new(148, 15, "Incorrect time syntax in time string used with WAITFOR."))?
            .ticks;
        for _ in 0..ticks / 100_000 {
            if self.cancelled.load(Ordering::Relaxed) || events.is_closed() {
                return Err(SqlError::new(3617, 11, "Query was canceled by user."));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        done(events, None)
    }

    fn denied(&self, what: &str, number: i32) -> Outcome {
        let database = &self.surroundings.database;
        Err(SqlError::new(
            number,
            14,
            format!("{what} permission denied in database '{database}'."),
        ))
    }

    fn change(
        &mut self,
        verb: &str,
        statement: &[Token],
        parameters: &[(String, Value)],
        events: &Sender<Event>,
    ) -> Outcome {
        let verb = verb.to_uppercase();
        if !self.account.may(&format!("DATABASE:{verb}")) {
            return Err(SqlError::new(
                229,
                14,
                format!("The {verb} permission was denied on the object."),
            ));
        }
        let rewritten = to_sqlite(statement, &self.surroundings)?;
        let mut prepared = self.connection.prepare(&rewritten.sql).map_err(sql_error)?;
        bind(&mut prepared, parameters)?;
        let count = prepared.raw_execute().map_err(sql_error)? as u64;
        done(events, Some(count))
    }

    fn define(&mut self, statement: &[Token], events: &Sender<Event>) -> Outcome {
        if !self.account.may("DATABASE:CREATE TABLE") {
            return self.denied("CREATE TABLE", 262);
        }
        let rewritten = to_sqlite(statement, &self.surroundings)?;
        self.connection.execute_batch(&rewritten.sql).map_err(sql_error)?;
        done(events, None)
    }
}

fn no_transaction(what: &str) -> SqlError {
    let number = if what == "COMMIT" { 3902 } else { 3903 };
    SqlError::new(
        number,
        16,
        format!("The {what} TRANSACTION request has no corresponding BEGIN TRANSACTION."),
    )
}

pub(crate) fn send(events: &Sender<Event>, event: Event) -> Outcome {
    let gone = |_| SqlError::new(3617, 11, "Query was canceled by user.");
    events.blocking_send(event).map_err(gone)
}

fn done(events: &Sender<Event>, rows: Option<u64>) -> Outcome {
    send(events, Event::Done(rows))
}

/// PRINT says something; RAISERROR and THROW fail with it.
fn said(verb: &str, statement: &[Token], events: &Sender<Event>) -> Outcome {
    let text = statement.iter().find_map(|token| match token {
        Token::Text(text) => Some(text.clone()),
        _ => None,
    });
    let text = text.unwrap_or_default();
    if verb != "print" {
        return Err(SqlError::new(50_000, 16, text));
    }
    send(events, Event::Info(text))?;
    done(events, None)
}
