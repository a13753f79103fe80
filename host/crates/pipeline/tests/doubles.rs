//! Dependencies that live in the test process: a small shop, a dialect over plain text, a generator that counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nl2sql_catalog::{
    Analysis, Batch, Column, ColumnUse, Database, DialectInfo, Difficulty, Finding, ForeignKey, GenerateRequest,
    GeneratorContext, Plan, PlanRequest, Resolution, Sample, Severity, SyntaxError, Table, TableSource, TableUse,
    Topic, TypeClass,
};
use nl2sql_pipeline::{
    Dependencies, Dialect, Event, Failure, GeneratedBatch, GenerationExecutor, Generator, Judgement, LocalGeneration,
    LocalValidation, Observer, Planner, PluginIdentity, Source, ValidationExecutor, Validator,
};

/// Customers and their orders; one key leads nowhere.
pub fn shop() -> Database {
    let column = |name: &str, type_class| Column {
        name: name.into(),
        type_class,
        ..Column::default()
    };
    let key = |column: &str, table: &str| ForeignKey {
        columns: vec![column.into()],
        ref_table: table.into(),
        ref_columns: vec!["id".into()],
        ..ForeignKey::default()
    };
    Database {
        name: "shop".into(),
        dialect: "plain".into(),
        tables: vec![
            Table {
                name: "orders".into(),
                columns: vec![
                    column("id", TypeClass::Integer),
                    column("customer_id", TypeClass::Integer),
                    column("status", TypeClass::Text),
                ],
                primary_key: vec!["id".into()],
                foreign_keys: vec![key("customer_id", "customers"), key("id", "nowhere")],
                ..Table::default()
            },
            Table {
                name: "customers".into(),
                columns: vec![
                    column("id", TypeClass::Integer),
                    column("city", TypeClass::Text),
                    column("email", TypeClass::Text),
                ],
                primary_key: vec!["id".into()],
                ..Table::default()
            },
        ],
        ..Database::default()
    }
}

/// So many tables without relations.
pub fn tables(count: usize) -> Database {
    let table = |number: usize| Table {
        name: format!("t{number:03}"),
        columns: vec![Column {
            name: "id".into(),
            type_class: TypeClass::Integer,
            ..Column::default()
        }],
        primary_key: vec!["id".into()],
        ..Table::default()
    };
    Database {
        name: "many".into(),
        dialect: "plain".into(),
        tables: (0..count).map(table).collect(),
        ..Database::default()
    }
}

/// What may go wrong on purpose.
#[derive(Default)]
pub struct Faults {
    /// The generator fails from this call on, with this code.
    pub generator: Mutex<Option<(u64, &'static str)>>,
    /// Statements that the generator has about this table.
    pub supply: Mutex<Option<(&'static str, u32)>>,
    /// A table that takes too long to read.
    pub slow: Mutex<Option<&'static str>>,
    /// Nothing is judged before the generator was called so many times.
    pub judged_after: AtomicU64,
    /// Every validator call answers that the database is gone.
    pub database_gone: std::sync::atomic::AtomicBool,
}

/// The dependencies.
pub struct Doubles {
    pub catalog: Database,
    pub faults: Arc<Faults>,
    pub calls: Arc<AtomicU64>,
    /// Stands for the digest of the generator.
    pub generator: String,
    /// Stands for the digests of the other plugins, by role.
    pub others: BTreeMap<&'static str, &'static str>,
    /// The language model of planner and generator.
    pub model: Option<&'static str>,
    /// Calls of the generator that may wait at the same time.
    pub at_once: Option<usize>,
    /// Every other batch is judged where it is written.
    pub judges_along: bool,
}

impl Default for Doubles {
    fn default() -> Self {
        Self {
            catalog: shop(),
            faults: Arc::default(),
            calls: Arc::default(),
            generator: "counting".into(),
            others: BTreeMap::new(),
            model: None,
            at_once: None,
            judges_along: false,
        }
    }
}

impl Dependencies for Doubles {
    fn source(&self) -> Result<Box<dyn Source>, Failure> {
        Ok(Box::new(Shop(self.catalog.clone(), self.faults.clone())))
    }

    fn dialect(&self, _: &Arc<Database>) -> Result<Arc<dyn Dialect>, Failure> {
        Ok(Arc::new(Plain(DialectInfo {
            name: "plain".into(),
            ..DialectInfo::default()
        })))
    }

    fn planner(&self) -> Result<Box<dyn Planner>, Failure> {
        Ok(Box::new(TableTopics))
    }

    fn generator(&self, _: &Arc<Database>, context: GeneratorContext) -> Result<Box<dyn Generator>, Failure> {
        Ok(Box::new(Counting {
            faults: self.faults.clone(),
            calls: self.calls.clone(),
            seed: context.seed,
            at_once: self.at_once,
        }))
    }

    fn validators(&self, _: &Arc<Database>) -> Result<Vec<Box<dyn Validator>>, Failure> {
        Ok(vec![Box::new(Odd(self.faults.clone(), self.calls.clone()))])
    }

    fn generation(
        &self,
        plain: &Arc<Database>,
        context: GeneratorContext,
    ) -> Result<Box<dyn GenerationExecutor>, Failure> {
        let generation = LocalGeneration::open(self, plain, context)?;
        if !self.judges_along {
            return Ok(Box::new(generation));
        }
        Ok(Box::new(JudgedAlong {
            generation,
            validation: LocalValidation::open(self, plain)?,
        }))
    }

    fn identities(&self) -> Result<Vec<PluginIdentity>, Failure> {
        let identity = |role: &str, name: &str| PluginIdentity {
            role: role.into(),
            name: name.into(),
            version: "1".into(),
            sha256: nl2sql_pipeline::sha256_hex(self.others.get(role).unwrap_or(&name)),
            models: match role {
                "planner" | "generator" => self.model.iter().map(ToString::to_string).collect(),
                _ => Vec::new(),
            },
        };
        Ok(vec![
            identity("dialect", "plain"),
            identity("planner", "topics"),
            identity("generator", &self.generator),
            identity("validator", "odd"),
        ])
    }
}

/// Judges every other batch where it is written, as some workers do.
struct JudgedAlong {
    generation: LocalGeneration,
    validation: LocalValidation,
}

impl GenerationExecutor for JudgedAlong {
    fn looks_ahead(&self) -> bool {
        self.generation.looks_ahead()
    }

    fn generate_all(&self, requests: &[GenerateRequest<'_>]) -> Vec<Result<GeneratedBatch, Failure>> {
        let mut answers = self.generation.generate_all(requests);
        for generated in answers.iter_mut().step_by(2).flatten() {
            let judged = self.validation.judge_all(&generated.batch.samples).unwrap();
            generated.judgement = Some(Judgement::joined(judged));
        }
        answers
    }
}

struct Shop(Database, Arc<Faults>);

impl Source for Shop {
    fn catalog(&self) -> Result<(Database, Vec<String>), Failure> {
        Ok((self.0.clone(), Vec::new()))
    }

    fn values(&self, table: &Table, columns: &[&Column], _: u32) -> Result<Vec<Vec<String>>, Failure> {
        if *self.1.slow.lock().unwrap() == Some(table.name.as_str()) {
            return Err(Failure::new("database", "timeout", "stopped after 5000 ms"));
        }
        Ok(columns
            .iter()
            .map(|column| vec![format!("canary {} {}", table.name, column.name)])
            .collect())
    }
}

/// Statements of the form `SELECT <columns> FROM <table> WHERE id = <n>`.
struct Plain(DialectInfo);

impl Dialect for Plain {
    fn info(&self) -> &DialectInfo {
        &self.0
    }

    fn analyse(&self, sql: &str) -> Result<Result<Analysis, SyntaxError>, Failure> {
        let words: Vec<_> = sql.split_whitespace().collect();
        let use_of = |name: &str| TableUse {
            name: name.into(),
            source: TableSource::Catalog,
            ..TableUse::default()
        };
        let column = ColumnUse {
            name: words[1].into(),
            table: Some(0),
            resolution: Resolution::Column,
            ..ColumnUse::default()
        };
        Ok(Ok(Analysis {
            tables: vec![use_of(words[3])],
            columns: vec![column],
            features: vec!["filter".into()],
            hardness: Difficulty::Easy,
            ..Analysis::default()
        }))
    }

    fn normalise(&self, sql: &str) -> Result<Result<String, SyntaxError>, Failure> {
        Ok(Ok(sql.to_lowercase()))
    }

    fn template(&self, sql: &str) -> Result<Result<String, SyntaxError>, Failure> {
        Ok(Ok(sql
            .chars()
            .filter(|c| !c.is_ascii_digit() || sql.len().is_multiple_of(2))
            .collect()))
    }

    fn render_ddl(&self, table: &Table) -> Result<String, Failure> {
        Ok(format!("CREATE TABLE {} ()", table.name))
    }
}

/// A topic per table, budgets as equal as can be.
struct TableTopics;

impl Planner for TableTopics {
    fn plan(&self, request: &PlanRequest<'_>) -> Result<Plan, Failure> {
        let count = request.cards.len() as u32;
        let topics = request.cards.iter().enumerate().map(|(index, card)| Topic {
            name: format!("about {}", card.table),
            tables: vec![card.table.clone()],
            budget: request.total / count + u32::from((index as u32) < request.total % count),
            ..Topic::default()
        });
        Ok(Plan {
            topics: topics.collect(),
            notes: Vec::new(),
        })
    }
}

/// Numbers statements from the round on; some repeat, some are odd.
struct Counting {
    faults: Arc<Faults>,
    calls: Arc<AtomicU64>,
    seed: u64,
    at_once: Option<usize>,
}

impl Generator for Counting {
    fn at_once(&self) -> Option<usize> {
        self.at_once
    }

    fn generate(&self, request: &GenerateRequest<'_>) -> Result<Batch, Failure> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let fault = *self.faults.generator.lock().unwrap();
        if let Some((from, code)) = fault
            && call >= from
        {
            return Err(Failure::new("counting", code, "it was told to fail"));
        }
        let table = &request.topic.tables[0];
        let supply = match *self.faults.supply.lock().unwrap() {
            Some((limited, supply)) if limited == table => supply.saturating_sub(request.accepted.len() as u32),
            _ => u32::MAX,
        };
        let sample = |index: u32| {
            let number = self.seed * 7 + u64::from(request.round * 13 + index);
            Sample {
                question: format!("Which {table} has number {number}?"),
                sql: format!("SELECT id FROM {table} WHERE id = {number}"),
                language: "en".into(),
                ..Sample::default()
            }
        };
        Ok(Batch {
            samples: (0..request.want.min(supply)).map(sample).collect(),
            exhausted: request.want > supply,
            notes: Vec::new(),
        })
    }
}

/// Rejects numbers that end in 5; those that end in 0 return no row.
struct Odd(Arc<Faults>, Arc<AtomicU64>);

impl Validator for Odd {
    fn name(&self) -> &str {
        "odd"
    }

    fn check(&self, samples: &[Sample]) -> Result<Vec<Vec<Finding>>, Failure> {
        if self.0.database_gone.load(Ordering::SeqCst) {
            return Err(Failure::new("database", "unavailable", "the file is gone"));
        }
        let wanted = self.0.judged_after.load(Ordering::SeqCst);
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.1.load(Ordering::SeqCst) < wanted {
            if Instant::now() > deadline {
                return Err(Failure::new("odd", "unavailable", "nothing was asked ahead"));
            }
            // The generator may need the thread that waits here.
            rayon::yield_now();
        }
        let finding = |severity, code: &str| Finding {
            layer: "execution".into(),
            severity,
            code: code.into(),
            message: "It ends so.".into(),
            ..Finding::default()
        };
        let judge = |sample: &Sample| match sample.sql.chars().last() {
            Some('5') => vec![finding(Severity::Error, "ends-in-five")],
            Some('0') => vec![finding(Severity::Info, "empty-result")],
            _ => Vec::new(),
        };
        Ok(samples.iter().map(judge).collect())
    }
}

/// Remembers notes, and cancels after so many rounds.
#[derive(Default)]
pub struct Listener {
    pub notes: Mutex<Vec<String>>,
    pub rounds: AtomicU64,
    pub stop_after: Option<u64>,
}

impl Observer for Listener {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Note { message, .. } => self.notes.lock().unwrap().push((*message).to_owned()),
            Event::Round { .. } => {
                self.rounds.fetch_add(1, Ordering::SeqCst);
            }
            _ => {}
        }
    }

    fn cancelled(&self) -> bool {
        self.stop_after
            .is_some_and(|rounds| self.rounds.load(Ordering::SeqCst) >= rounds)
    }
}
