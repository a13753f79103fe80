//! Every bench of the project, its peer in the same run: `cargo xtask bench <name>`.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::answers_bench;
use crate::demo::{Profile, build_program};
use crate::generation_bench;
use crate::process::{command, run};
use crate::{checkout, plugins, python, services, small_model, startup, workers_bench};

/// Names the Python that has a bench's peer; without it one is made below the build folder.
const PYTHON: &str = "NL2SQL_PEER_PYTHON";

/// Names the folder of shared data, where it is not beside the checkout.
const SHARED: &str = "NL2SQL_SHARED";

/// Tells a bench where the shared data is.
const BENCH_DATA: &str = "NL2SQL_BENCH_DATA";

/// What to measure.
#[derive(Args)]
pub struct BenchArguments {
    /// Which bench
    #[arg(value_enum)]
    bench: Bench,
    /// Passed on to the bench, e.g. a folder of other lists
    #[arg(last = true)]
    more: Vec<String>,
}

/// A bench.
#[derive(Clone, Copy, ValueEnum)]
enum Bench {
    /// Valid and invalid statements that the dialects, sqlparser and sqlglot accept, and verdicts of real engines
    Dialects,
    /// Syntax and schema through WASM on one core against sqlglot, parse and walk
    Validation,
    /// What a call of a plugin costs
    Calls,
    /// How long the program takes to start, and the six stages on the demo when everything is warm
    Startup,
    /// Statements and extraction against psycopg2, PyMySQL and SQLAlchemy
    Database,
    /// BLEU and ROUGE against LLaMA-Factory's metric code
    TextMetrics,
    /// Execution match against the official test-suite evaluator, whose folder is named after `--`
    ExecutionMatch,
    /// LoRA training against transformers and PEFT
    Training,
    /// Greedy decoding, alone and sixteen rows at once, against transformers
    Decode,
    /// Generation, validation and judging by 1 to 8 workers over a queue, against one process without; `-- --help` shows its flags
    Workers,
    /// Serving at 1, 4 and 16 rows against llama.cpp's server and transformers
    Serving,
    /// Questions of people that a small model answers after training on generated pairs; `-- --help` shows its flags
    Answers,
    /// Pairs a CPU second, stage by stage, of the demo, the shared data or the SQLite files named after `--`
    Generation,
}

impl Bench {
    /// Packages its peer needs.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Dialects | Self::Validation => &["sqlglot[c]"],
            Self::Answers | Self::Calls | Self::Startup | Self::Generation | Self::Workers => &[],
            Self::Database => &["psycopg2-binary", "PyMySQL", "SQLAlchemy"],
            Self::TextMetrics => &["nltk", "jieba", "rouge-chinese"],
            Self::ExecutionMatch => &["nltk", "sqlparse", "tqdm"],
            Self::Serving => &["torch", "transformers", "gguf", "xllamacpp"],
            Self::Training | Self::Decode => &["torch", "transformers", "peft"],
        }
    }

    /// The Python with its peer.
    fn python(self) -> Result<PathBuf> {
        match env::var_os(PYTHON) {
            Some(named) => Ok(named.into()),
            None => python::with_packages(&checkout::target().join("peers"), self.packages()),
        }
    }
}

/// Builds what a bench measures and its peer, and runs both.
pub fn run_bench(arguments: &BenchArguments) -> Result<()> {
    let (bench, more) = (arguments.bench, &arguments.more);
    match bench {
        Bench::Dialects => dialects(bench, more),
        Bench::Validation => on_plugins("validation", bench, more),
        Bench::Calls => {
            plugins::build()?;
            run(&mut cargo_bench("calls", more))
        }
        Bench::Startup => startup::measure(),
        Bench::Database => {
            let mut peers = cargo_bench("peers", more);
            run(peers.envs(services::up()?).env(PYTHON, bench.python()?))
        }
        Bench::TextMetrics => {
            let mut example = example("text_metrics_bench")?;
            example.arg(plugins::build()?);
            example.arg(shared_data()?.join("metric/metric_fixture.jsonl"));
            run(example.arg(bench.python()?).args(more))
        }
        Bench::ExecutionMatch => {
            plugins::build()?;
            let mut example = example("execution_match_bench")?;
            example.arg(shared_data()?.join("spider"));
            if let [evaluator, rest @ ..] = more.as_slice() {
                example.arg(evaluator).arg(bench.python()?).args(rest);
            }
            run(&mut example)
        }
        Bench::Training => training(bench, more),
        Bench::Decode => decode(bench, more),
        Bench::Workers => workers_bench::run_workers(more),
        Bench::Serving => serving(bench, more),
        Bench::Answers => answers_bench::run_answers(more),
        Bench::Generation => generation_bench::run_generation(more, shared_data().ok().as_deref()),
    }
}

/// A bench of the built plugins with the shared data at hand.
fn on_plugins(name: &str, bench: Bench, more: &[String]) -> Result<()> {
    plugins::build()?;
    let python = bench.python()?;
    let mut bench = cargo_bench(name, more);
    run(bench.env(PYTHON, python).env(BENCH_DATA, shared_data()?))
}

/// The lists of a folder; those of the shared data come with verdicts of the engines.
fn dialects(bench: Bench, more: &[String]) -> Result<()> {
    on_plugins("dialects", bench, more)?;
    if !more.is_empty() {
        return Ok(());
    }
    let mut verdicts = cargo_bench("engine_verdicts", more);
    run(verdicts.envs(services::up()?).env(BENCH_DATA, shared_data()?))
}

fn training(bench: Bench, more: &[String]) -> Result<()> {
    let model = small_model::smollm2(&build_program(Profile::Release)?)?;
    run(cargo("build").args(["--release", "--example", "throughput"]))?;
    let built = Profile::Release.folder();
    let script = checkout::root().join("host/crates/training/benches/throughput.py");
    run(command(bench.python()?)
        .arg(script)
        .arg(built.join("examples/throughput"))
        .arg(model)
        .args(more))
}

fn decode(bench: Bench, more: &[String]) -> Result<()> {
    let model = small_model::smollm2(&build_program(Profile::Release)?)?;
    let python = bench.python()?;
    run(cargo_bench("decode", more)
        .env("NL2SQL_BENCH_MODEL", model)
        .env(PYTHON, python))
}

fn serving(bench: Bench, more: &[String]) -> Result<()> {
    let program = build_program(Profile::Release)?;
    let model = small_model::smollm2(&program)?;
    let script = checkout::root().join("host/crates/serving/benches/serving.py");
    run(command(bench.python()?)
        .arg(script)
        .arg(&program)
        .arg(model)
        .arg(small_model::gguf()?)
        .args(more))
}

/// Over the whole workspace, so that dependencies have the features that tests and program have, and are compiled once for all.
fn cargo(verb: &str) -> Command {
    let mut cargo = command("cargo");
    cargo
        .current_dir(checkout::root())
        .env("CARGO_TARGET_DIR", checkout::target())
        .args([verb, "--workspace"]);
    cargo
}

/// A bench target.
fn cargo_bench(name: &str, more: &[String]) -> Command {
    let mut cargo = cargo("bench");
    cargo.args(["--profile", "release", "--bench", name, "--"]).args(more);
    cargo
}

/// An example, built and ready to run.
fn example(name: &str) -> Result<Command> {
    run(cargo("build").args(["--release", "--example", name]))?;
    Ok(command(Profile::Release.folder().join("examples").join(name)))
}

/// The folder `data` of the shared data.
fn shared_data() -> Result<PathBuf> {
    let beside = checkout::root().join("../shared");
    let data = env::var_os(SHARED).map_or(beside, PathBuf::from).join("data");
    if !data.is_dir() {
        bail!(
            "this bench measures on shared data, and there is none in {}; name its folder in {SHARED}",
            data.display()
        );
    }
    Ok(data.canonicalize()?)
}
