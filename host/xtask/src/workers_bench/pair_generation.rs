//! Pairs of a schema of many tables, generated and validated.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use super::{PLAIN, Place, Stage, Took};
use crate::generation_bench::accepted;
use crate::process::{command, run};

/// Tables of the schema, and pairs asked for.
const TABLES: usize = 2_000;
const PAIRS: u32 = 120_000;

/// A run that is planned, to be copied for each measure.
pub struct PairGeneration {
    nl2sql: PathBuf,
    folder: PathBuf,
}

impl PairGeneration {
    /// The database, and the stages before generation.
    pub fn prepare(nl2sql: &Path, folder: &Path) -> Result<Self> {
        let database = rusqlite::Connection::open(folder.join("many.sqlite"))?;
        database.execute_batch(&schema())?;
        let profile = format!(
            "[run]\nname = \"many\"\n[database]\npath = {}\n[plan]\ntotal = {PAIRS}\n",
            toml::Value::from(folder.join("many.sqlite").display().to_string())
        );
        fs::write(folder.join("many.toml"), profile)?;
        let generation = Self {
            nl2sql: nl2sql.to_owned(),
            folder: folder.to_owned(),
        };
        for stage in ["extract", "cards", "plan"] {
            run(&mut generation.command(stage, "planned", Place::Here)?)?;
        }
        Ok(generation)
    }

    fn command(&self, verb: &str, run_folder: &str, place: Place<'_>) -> Result<Command> {
        let mut command = place.command(&self.nl2sql)?;
        command
            .arg(verb)
            .args(["--quiet", "--profile"])
            .arg(self.folder.join("many.toml"))
            .arg("--run-dir")
            .arg(self.folder.join(run_folder))
            .stdout(Stdio::null());
        Ok(command)
    }
}

impl Stage for PairGeneration {
    fn title(&self) -> String {
        format!("{TABLES} tables, {PAIRS} pairs asked for: generation and validation")
    }

    fn unit(&self) -> &'static str {
        "pair"
    }

    fn run(&self, name: &str, place: Place<'_>) -> Result<Took> {
        let to = self.folder.join(name);
        run(command("cp").arg("-r").arg(self.folder.join("planned")).arg(&to))?;
        let mut generate = self.command("generate", name, place)?;
        generate.args(place.arguments());
        let took = Took::by(&mut generate)?;
        run(&mut self.command("validate", name, Place::Here)?)?;
        Ok(Took {
            items: accepted(&to)?,
            ..took
        })
    }

    fn same_bytes(&self, name: &str) -> Result<()> {
        for journal in ["samples.jsonl", "verdicts.jsonl", "rounds.jsonl"] {
            let read = |run: &str| fs::read(self.folder.join(run).join(journal));
            if read(PLAIN)? != read(name)? {
                bail!("{journal} of {name} is not that of the plain run");
            }
        }
        Ok(())
    }
}

/// Shops that belong to regions, with orders and lines: 4 tables a shop, each with a few rows.
fn schema() -> String {
    let mut sql = String::from("BEGIN;\n");
    for shop in 0..TABLES / 4 {
        let _ = write!(
            sql,
            "CREATE TABLE region_{shop} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT, population INTEGER);
             CREATE TABLE customer_{shop} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT, joined DATE, region_id INTEGER REFERENCES region_{shop}(id));
             CREATE TABLE purchase_{shop} (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer_{shop}(id), status TEXT, amount REAL, day DATE);
             CREATE TABLE line_{shop} (id INTEGER PRIMARY KEY, purchase_id INTEGER NOT NULL REFERENCES purchase_{shop}(id), product TEXT, quantity INTEGER);\n"
        );
        for row in 1..=8 {
            let _ = write!(
                sql,
                "INSERT INTO region_{shop} VALUES ({row}, 'region {row}', 'country {}', {});
                 INSERT INTO customer_{shop} VALUES ({row}, 'name {row}', 'city {}', '2024-0{row}-01', {row});
                 INSERT INTO purchase_{shop} VALUES ({row}, {row}, 'status {}', {row}.5, '2025-0{row}-02');
                 INSERT INTO line_{shop} VALUES ({row}, {row}, 'product {}', {row});\n",
                row % 3,
                row * 1_000,
                row % 4,
                row % 2,
                row % 5,
            );
        }
    }
    sql + "COMMIT;\n"
}
