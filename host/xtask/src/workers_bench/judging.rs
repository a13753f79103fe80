//! Predictions that are judged by execution, over a SQLite file and over PostgreSQL.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::postgres_server::PostgresServer;
use super::{PLAIN, Place, Stage, Took};

/// Names the URL of PostgreSQL's superuser.
pub const POSTGRES: &str = "NL2SQL_TEST_POSTGRES_URL";

/// Predictions.
const ROWS: usize = 100_000;

/// Rows of the larger table.
const PURCHASES: usize = 1_000;

/// Database, login and password on PostgreSQL.
const DATABASE: &str = "nl2sql_bench_judging";
const READER: &str = "nl2sql_bench_reader";
const PASSWORD: &str = "reads-only";

/// Names the variable with that password.
const PASSWORD_VARIABLE: &str = "NL2SQL_BENCH_PASSWORD";

/// Predictions, their references, and the database they are about.
pub struct Judging {
    nl2sql: PathBuf,
    folder: PathBuf,
    engine: &'static str,
    /// Where the database is.
    database: Database,
}

/// What is asked.
enum Database {
    /// SQLite files in a folder.
    Files(PathBuf),
    /// The one that the profile names, on this server.
    Server(PostgresServer),
}

impl Judging {
    pub fn on_sqlite(nl2sql: &Path, folder: &Path) -> Result<Self> {
        let databases = folder.join("databases");
        fs::create_dir_all(&databases)?;
        rusqlite::Connection::open(databases.join("shop.sqlite"))?.execute_batch(&shop())?;
        fs::write(folder.join("shop.toml"), "[run]\nname = \"shop\"\n")?;
        Self::with_predictions(nl2sql, folder, "a SQLite file", Database::Files(databases))
    }

    /// On a database of its own, read by a login that can do nothing else.
    pub fn on_postgres(nl2sql: &Path, folder: &Path, postgres: PostgresServer) -> Result<Self> {
        let execute = |url: &str, script: &str| -> Result<()> {
            let path = folder.join("script.sql");
            fs::write(&path, script)?;
            PostgresServer::execute(url, &path)
        };
        let (server, _) = postgres
            .url
            .rsplit_once('/')
            .context("the URL of PostgreSQL names no database")?;
        execute(
            &postgres.url,
            &format!(
                "DROP DATABASE IF EXISTS {DATABASE};\nCREATE DATABASE {DATABASE};\nDROP ROLE IF EXISTS {READER};\n\
                 CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORD}';\n"
            ),
        )?;
        let reads = format!("{}GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER};\n", shop());
        execute(&format!("{server}/{DATABASE}"), &reads)?;
        let address = server.rsplit(['@', '/']).next().unwrap_or_default();
        fs::write(
            folder.join("shop.toml"),
            format!(
                "[run]\nname = \"shop\"\n[database]\nurl = \"postgres://{READER}@{address}/{DATABASE}\"\n\
                 password_env = \"{PASSWORD_VARIABLE}\"\n[evaluate.db_ids]\n\"*\" = {{}}\n"
            ),
        )?;
        Self::with_predictions(nl2sql, folder, "PostgreSQL", Database::Server(postgres))
    }

    fn with_predictions(nl2sql: &Path, folder: &Path, engine: &'static str, database: Database) -> Result<Self> {
        let mut dataset = BufWriter::new(File::create(folder.join("dataset.jsonl"))?);
        let mut predictions = BufWriter::new(File::create(folder.join("predictions.jsonl"))?);
        for row in 0..ROWS {
            let (question, gold) = (format!("question {row}"), statement(row, row));
            // Every third asks for something else.
            let predicted = statement(row, if row % 3 == 0 { row + 7 } else { row });
            writeln!(
                dataset,
                "{}",
                json!({ "db_id": "shop", "question": question, "query": gold })
            )?;
            writeln!(
                predictions,
                "{}",
                json!({ "prompt": question, "predict": predicted, "label": gold })
            )?;
        }
        dataset.flush()?;
        predictions.flush()?;
        Ok(Self {
            nl2sql: nl2sql.to_owned(),
            folder: folder.to_owned(),
            engine,
            database,
        })
    }
}

impl Stage for Judging {
    fn title(&self) -> String {
        format!("{ROWS} predictions judged by execution over {}", self.engine)
    }

    fn unit(&self) -> &'static str {
        "row"
    }

    fn secrets(&self) -> &'static [(&'static str, &'static str)] {
        &[(PASSWORD_VARIABLE, PASSWORD)]
    }

    fn hold_server_to(&self, cores: usize) -> Result<()> {
        match &self.database {
            Database::Server(postgres) => postgres.hold_to(cores),
            Database::Files(_) => Ok(()),
        }
    }

    fn server_cpu(&self) -> Result<f64> {
        match &self.database {
            Database::Server(postgres) => postgres.cpu(),
            Database::Files(_) => Ok(0.0),
        }
    }

    fn run(&self, name: &str, place: Place<'_>) -> Result<Took> {
        let mut eval = place.command(&self.nl2sql)?;
        eval.current_dir(&self.folder)
            .envs(self.secrets().iter().copied())
            .args([
                "eval",
                "--quiet",
                "--profile",
                "shop.toml",
                "--dataset",
                "dataset.jsonl",
            ])
            .args(["--after", "predictions.jsonl", "--output", name])
            .stdout(Stdio::null());
        if let Database::Files(databases) = &self.database {
            eval.arg("--databases").arg(databases);
        }
        eval.args(place.arguments());
        Ok(Took {
            items: ROWS as f64,
            ..Took::by(&mut eval)?
        })
    }

    /// Of each row's verdict. The other files show rows of results too, which come in the order of the engine's plan.
    fn same_bytes(&self, name: &str) -> Result<()> {
        let verdicts = |of: &str| fs::read(self.folder.join(of).join("report.csv"));
        if verdicts(PLAIN)? != verdicts(name)? {
            bail!("the verdicts of {name} are not those of the plain evaluation");
        }
        Ok(())
    }
}

/// The statement of a row, in one of four shapes, with a literal of its own.
fn statement(row: usize, literal: usize) -> String {
    let (city, amount) = (literal % 40, literal % 900);
    match row % 4 {
        0 => format!(
            "SELECT name FROM customer WHERE city = 'city {city}' AND id > {} ORDER BY name",
            literal % 97
        ),
        1 => format!(
            "SELECT COUNT(*) FROM purchase WHERE amount > {amount}.25 AND customer_id <> {}",
            literal % 89
        ),
        2 => format!(
            "SELECT c.city, COUNT(*) FROM customer AS c JOIN purchase AS p ON p.customer_id = c.id \
             WHERE p.amount < {amount} AND c.id < {} GROUP BY c.city",
            20 + literal % 83
        ),
        _ => format!(
            "SELECT MAX(amount), MIN(amount) FROM purchase WHERE customer_id = {}",
            literal % 500
        ),
    }
}

/// Five hundred customers and what they bought.
fn shop() -> String {
    let mut sql = String::from(
        "BEGIN;\nCREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT);\n\
         CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer(id), amount REAL);\n",
    );
    for id in 0..500 {
        let _ = writeln!(
            sql,
            "INSERT INTO customer VALUES ({id}, 'name {id}', 'city {}');",
            id % 40
        );
    }
    for id in 0..PURCHASES {
        let (customer, amount) = (id * 7 % 500, id * 13 % 1_000);
        let _ = writeln!(sql, "INSERT INTO purchase VALUES ({id}, {customer}, {amount}.5);");
    }
    sql + "CREATE INDEX purchase_customer ON purchase (customer_id);\nCOMMIT;\nANALYZE;\n"
}
