//! How many questions of people a small model answers: `cargo xtask bench answers`.
//!
//! Pairs of every database are generated, joined and trained on; then the questions that people wrote are asked. Every step is a command
//! of the program, and one that is done is not done again. What people asked is read by predictions and scores alone.

mod arguments;
mod joint_pairs;
mod left_out;
mod questions;
mod recipe;
mod score_table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Parser;

use self::arguments::AnswersArguments;
use self::joint_pairs::join_pairs;
use self::questions::Questions;
use self::recipe::{Recipe, write_recipe};
use self::score_table::{Score, print_table};
use crate::demo::{Profile, build_program};
use crate::process::{announce, command, run};
use crate::small_model;

/// A way of writing answers, and the settings that make it, whatever the recipe says. A second look samples candidates where the first answer
/// does not run or finds nothing, a look at doubtful ones also where it leaves out a value that the prompt names; a vote is what people get
/// from `ask`.
const DECODINGS: [(&str, &[&str]); 8] = [
    ("greedy", &["evaluate.constrain=\"none\"", "evaluate.candidates=0"]),
    ("schema", &["evaluate.constrain=\"schema\"", "evaluate.candidates=0"]),
    ("keys", &["evaluate.constrain=\"keys\"", "evaluate.candidates=0"]),
    ("candidates", CANDIDATES),
    ("second-look", SECOND_LOOK),
    ("keys-second-look", KEYS_SECOND_LOOK),
    ("doubtful", DOUBTFUL),
    ("vote", VOTE),
];

const CANDIDATES: &[&str] = &[
    "evaluate.constrain=\"none\"",
    "evaluate.candidates=8",
    "evaluate.candidates_for=\"failing\"",
];

const SECOND_LOOK: &[&str] = &[
    "evaluate.constrain=\"schema\"",
    "evaluate.candidates=6",
    "evaluate.candidates_for=\"empty\"",
];

const KEYS_SECOND_LOOK: &[&str] = &[
    "evaluate.constrain=\"keys\"",
    "evaluate.candidates=6",
    "evaluate.candidates_for=\"empty\"",
];

const DOUBTFUL: &[&str] = &[
    "evaluate.constrain=\"schema\"",
    "evaluate.candidates=6",
    "evaluate.candidates_for=\"doubtful\"",
];

const VOTE: &[&str] = &[
    "evaluate.constrain=\"schema\"",
    "evaluate.candidates=6",
    "evaluate.candidates_for=\"every\"",
];

/// Runs the steps that are missing, and prints the table.
pub fn run_answers(more: &[String]) -> Result<()> {
    let name = "cargo xtask bench answers --".to_owned();
    let arguments = AnswersArguments::parse_from(std::iter::once(&name).chain(more));
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None => build_program(Profile::Release)?,
    };
    let model = match &arguments.model {
        Some(model) => model.clone(),
        None => small_model::smollm2(&program)?,
    };
    fs::create_dir_all(&arguments.out)?;
    let bench = Bench {
        questions: Questions::read(&arguments.questions())?,
        program,
        model,
        arguments,
    };
    bench.measure()
}

/// What is measured, with what.
struct Bench {
    arguments: AnswersArguments,
    program: PathBuf,
    model: PathBuf,
    questions: Questions,
}

impl Bench {
    fn measure(&self) -> Result<()> {
        let recipe = write_recipe(&self.arguments)?;
        for database in &self.questions.databases {
            self.generate(database, &recipe)?;
        }
        self.train(&recipe)?;
        let mut scores = Vec::new();
        let asked = self.questions.write(&self.arguments.out)?;
        for (language, file) in asked
            .into_iter()
            .filter(|(language, _)| self.arguments.asks_in(language))
        {
            for (decoding, settings) in DECODINGS {
                if self.arguments.decodes(decoding) {
                    scores.push(self.score(&format!("{language}-{decoding}"), &file, settings, &recipe)?);
                }
            }
        }
        print_table(&scores, &self.questions.databases);
        Ok(())
    }

    /// A run of one database: it goes on where it stopped.
    fn generate(&self, database: &str, recipe: &Recipe) -> Result<()> {
        let file = self
            .arguments
            .databases()
            .join(database)
            .join(format!("{database}.sqlite"));
        ensure!(file.is_file(), "{} is not there", file.display());
        let path = toml::Value::from(file.display().to_string());
        run(self.nl2sql("run", &recipe.pairs, &self.run_folder(database)).args([
            "--quiet",
            "--set",
            &format!("database.path={path}"),
        ]))
    }

    /// Trains on the pairs of all databases; a training that ended is not begun again.
    fn train(&self, recipe: &Recipe) -> Result<()> {
        let adapter = self.adapter();
        if adapter.join("adapter_model.safetensors").is_file() {
            return Ok(());
        }
        let runs: Vec<PathBuf> = self
            .questions
            .databases
            .iter()
            .map(|name| self.run_folder(name))
            .collect();
        join_pairs(&runs, &recipe.joint)?;
        announce("training");
        self.timed(
            "training",
            self.nl2sql("train", &recipe.training, &self.joint_run())
                .arg("--model")
                .arg(&self.model)
                .arg("--output")
                .arg(&adapter),
        )
    }

    /// Predicts and scores; predictions that are there are kept by the program.
    fn score(&self, name: &str, questions: &Path, settings: &[&str], recipe: &Recipe) -> Result<Score> {
        let folder = self.arguments.out.join("answers").join(name);
        let settings: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
        let asked = |command: &mut Command| {
            command
                .args(&settings)
                .arg("--dataset")
                .arg(questions)
                .arg("--databases")
                .arg(self.arguments.databases())
                .arg("--output")
                .arg(&folder);
        };
        if !folder.join("report.json").is_file() {
            let mut predict = self.nl2sql("predict", &recipe.training, &self.joint_run());
            asked(&mut predict);
            predict
                .arg("--model")
                .arg(&self.model)
                .arg("--adapter")
                .arg(self.adapter());
            self.timed(name, &mut predict)?;
            let mut eval = self.nl2sql("eval", &recipe.training, &self.joint_run());
            asked(&mut eval);
            run(eval.arg("--after").arg(&folder))?;
        }
        Score::read(name, &folder, self.minutes(name))
    }

    /// Runs a command and adds what it took to what it took before, if it was stopped.
    fn timed(&self, name: &str, command: &mut Command) -> Result<()> {
        let start = Instant::now();
        let outcome = run(command);
        let minutes = self.minutes(name).unwrap_or_default() + start.elapsed().as_secs_f64() / 60.0;
        fs::write(self.minutes_file(name), minutes.to_string())?;
        outcome
    }

    fn minutes(&self, name: &str) -> Option<f64> {
        fs::read_to_string(self.minutes_file(name)).ok()?.parse().ok()
    }

    fn minutes_file(&self, name: &str) -> PathBuf {
        self.arguments.out.join(format!("{name}.minutes"))
    }

    fn run_folder(&self, database: &str) -> PathBuf {
        self.arguments.out.join("runs").join(database)
    }

    fn adapter(&self) -> PathBuf {
        self.arguments.out.join("adapter")
    }

    /// The run folder of what concerns all databases.
    fn joint_run(&self) -> PathBuf {
        self.run_folder("all")
    }

    fn nl2sql(&self, verb: &str, profile: &Path, run_folder: &Path) -> Command {
        let mut nl2sql = command(&self.program);
        nl2sql
            .arg(verb)
            .arg("--profile")
            .arg(profile)
            .arg("--run-dir")
            .arg(run_folder);
        nl2sql
    }
}
