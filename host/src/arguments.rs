//! The command line.

mod stray_value;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::commands::{
    AddArguments, AskArguments, EvalArguments, GlossaryArguments, McpArguments, ModelCommand, Page, PredictArguments,
    QueueFlag, SearchArguments, ServeArguments, TrainArguments, UpdateArguments, WorkerArguments,
};

pub use stray_value::with_hint;

/// Where to look next, at the end of `--help`.
const AFTER_HELP: &str = "\
Exit codes:
  0    done
  1    a stage failed; what was made before is kept
  2    the arguments or the profile are wrong
  3    the run folder needs a decision: edited artifact, work that would be set aside, another process
  4    the database, a plugin or the language model is not available
  130  stopped by Ctrl-C; the run can be continued

Example:
  nl2sql init shop.sqlite && nl2sql run";

/// Heading of the options that every command understands.
const GLOBAL: &str = "Global options";

/// From a private database to a fine-tuned NL2SQL model.
#[derive(Debug, Parser)]
#[command(name = "nl2sql", version, after_help = AFTER_HELP, arg_required_else_help = true)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands.
#[derive(Clone, Debug, Default, Args)]
pub struct Global {
    /// Profile by name or path; `nl2sql.toml` in the working directory by default
    #[arg(
        long,
        short,
        global = true,
        env = "NL2SQL_PROFILE",
        help_heading = GLOBAL,
        hide_env_values = true,
        value_name = "NAME"
    )]
    pub profile: Option<String>,
    /// Override one setting, e.g. --set plan.total=200; may be repeated
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "SECTION.KEY=VALUE")]
    pub set: Vec<String>,
    /// Run folder; `<run.dir>/<run.name>` by default
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "FOLDER")]
    pub run_dir: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub json: bool,
    /// Print only errors
    #[arg(long, short, global = true, help_heading = GLOBAL)]
    pub quiet: bool,
    /// Ask no language model; take answers from the run's store only
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub offline: bool,
}

/// What to do about work that is already there.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct RerunFlags {
    /// Continue with hand-edited artifacts
    #[arg(long)]
    pub accept_edits: bool,
    /// Move earlier work to superseded/ and recreate it
    #[arg(long)]
    pub redo: bool,
}

/// Flags of what may ask a language model.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct PaidFlags {
    #[command(flatten)]
    pub rerun: RerunFlags,
    /// Estimate LLM cost without sending requests
    #[arg(long)]
    pub dry_run: bool,
}

/// Flags of generation.
#[derive(Clone, Debug, Default, Args)]
pub struct GenerateFlags {
    #[command(flatten)]
    pub paid: PaidFlags,
    #[command(flatten)]
    pub queue: QueueFlag,
}

/// Flags of validation.
#[derive(Clone, Debug, Default, Args)]
pub struct ValidateFlags {
    #[command(flatten)]
    pub rerun: RerunFlags,
    #[command(flatten)]
    pub queue: QueueFlag,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented profile
    #[command(
        after_help = "Examples:\n  nl2sql init shop.sqlite\n  nl2sql init postgres://reader@db.example/shop\n  nl2sql init --ddl schema.sql --dialect mysql"
    )]
    Init {
        /// SQLite file or URL to put into the profile
        #[arg(value_name = "FILE|URL", conflicts_with_all = ["database", "ddl"])]
        source: Option<String>,
        /// The same as an option
        #[arg(long, value_name = "FILE|URL")]
        database: Option<String>,
        /// Script of CREATE statements to put into the profile in place of a database
        #[arg(long, value_name = "FILE", conflicts_with = "database", requires = "dialect")]
        ddl: Option<PathBuf>,
        /// Dialect of the database or script
        #[arg(long, value_name = "NAME")]
        dialect: Option<String>,
        /// File to write
        #[arg(long, default_value = "nl2sql.toml")]
        output: PathBuf,
    },
    /// Check profile, database, rights, plugins and folders
    #[command(after_help = "Example:\n  nl2sql doctor --profile shop.toml")]
    Doctor,
    /// Connect to the database and show what the login may do
    #[command(after_help = "Example:\n  nl2sql connect --set database.path=shop.sqlite")]
    Connect,
    /// Draft what people call tables and columns, for the profile
    #[command(
        after_help = "Examples:\n  nl2sql glossary --profile shop.toml\n  nl2sql glossary --ask --output glossary.toml"
    )]
    Glossary(GlossaryArguments),
    /// Stage 1: read the metadata of the database
    #[command(after_help = "Example:\n  nl2sql extract --profile shop.toml")]
    Extract(RerunFlags),
    /// Stage 2: write table cards, with sampled values where the profile allows them
    #[command(after_help = "Example:\n  nl2sql cards --set privacy.sample_values=true")]
    Cards(RerunFlags),
    /// Stage 3: plan topics and budgets
    #[command(after_help = "Example:\n  nl2sql plan --set plan.total=200")]
    Plan(PaidFlags),
    /// Stage 4: generate and validate pairs until the budgets are met
    #[command(after_help = "Example:\n  nl2sql generate --profile shop.toml")]
    Generate(GenerateFlags),
    /// Stage 5: validate the samples again and measure their coverage
    #[command(after_help = "Example:\n  nl2sql validate --accept-edits")]
    Validate(ValidateFlags),
    /// Stage 6: write training files and a data card
    #[command(after_help = "Example:\n  nl2sql export --set export.schema=topic")]
    Export(RerunFlags),
    /// Run all six stages, continuing where a stopped run left off
    #[command(
        after_help = "Example:\n  nl2sql run --profile shop.toml --set run.seed=7\n  nl2sql run --profile shop.toml --dry-run"
    )]
    Run(GenerateFlags),
    /// Import, inspect and merge models
    #[command(subcommand)]
    Model(ModelCommand),
    /// Train an adapter on the exported pairs
    #[command(after_help = "Example:\n  nl2sql train --model models/smollm2 --set train.num_train_epochs=1")]
    Train(TrainArguments),
    /// Generate predictions for a dataset
    #[command(after_help = "Example:\n  nl2sql predict --model models/smollm2 --adapter runs/shop/train")]
    Predict(PredictArguments),
    /// Score predictions, compare before with after and write a report
    #[command(after_help = "Example:\n  nl2sql eval --before models/smollm2 --after runs/shop/train")]
    Eval(EvalArguments),
    /// Ask the database a question
    #[command(after_help = "Example:\n  nl2sql ask \"How many customers are there?\" --run runs/shop")]
    Ask(AskArguments),
    /// Serve the model over HTTP: OpenAI's API, and questions to the database
    #[command(after_help = "Example:\n  nl2sql serve --run runs/shop")]
    Serve(ServeArguments),
    /// Serve the database to a language model's program over the Model Context Protocol
    #[command(after_help = "Example:\n  nl2sql mcp --run runs/shop")]
    Mcp(McpArguments),
    /// Do tasks of runs on other machines
    #[command(
        after_help = "Example:\n  nl2sql worker --queue nats://queue.example:4222\n  nl2sql worker --queue nats://queue.example:4222 --status"
    )]
    Worker(WorkerArguments),
    /// Add, review, inspect, check and create plugins
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Show the resolved profile
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Print a generated page of the book
    #[command(hide = true)]
    Reference {
        /// Which page
        page: Page,
    },
    /// Load an ADBC driver library and end
    #[command(hide = true, name = "adbc-probe")]
    AdbcProbe {
        /// The library
        library: PathBuf,
        /// Its entry point; empty: the usual one
        entrypoint: String,
    },
    /// Print a completion script
    #[command(after_help = "Example:\n  nl2sql completions bash > ~/.local/share/bash-completion/completions/nl2sql")]
    Completions {
        /// Shell to complete for
        shell: Shell,
    },
}

/// `nl2sql plugin`
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// List every plugin
    #[command(after_help = "Example:\n  nl2sql plugin list")]
    List,
    /// Show a plugin's description, imports and digest
    #[command(after_help = "Example:\n  nl2sql plugin inspect my-validator.wasm")]
    Inspect {
        /// Name or component file
        plugin: String,
    },
    /// Load a plugin as a run would, with its limits and pin, and call it once
    #[command(
        after_help = "Example:\n  nl2sql plugin check my-validator.wasm --options '{\"max_rows\": 100}' --database shop.sqlite"
    )]
    Check {
        /// Name or component file
        plugin: String,
        /// Options as JSON; those of the profile by default
        #[arg(long)]
        options: Option<String>,
        /// SQLite file or URL to run queries against; without it, queries are answered by nothing
        #[arg(long)]
        database: Option<String>,
    },
    /// Put a plugin.toml into a component that another tool built
    #[command(
        after_help = "Example:\n  nl2sql plugin pack judge.wasm --manifest plugin.toml --output judge.nl2sql.wasm"
    )]
    Pack {
        /// Component file
        component: PathBuf,
        /// Manifest
        #[arg(long, default_value = "plugin.toml")]
        manifest: PathBuf,
        /// File to write; the component by default
        #[arg(long)]
        output: Option<PathBuf>,
    },
    /// Add somebody else's plugin to the profile: fetch, verify and lock it
    #[command(
        after_help = "Examples:\n  nl2sql plugin add oci://registry.example.com/acme/no-cross-joins:1.2 --grant sql\n  nl2sql plugin add \
                      https://example.com/no-cross-joins.wasm\n  nl2sql plugin add no_cross_joins.wasm --unsigned"
    )]
    Add(AddArguments),
    /// Take a plugin that was added out of profile and lock
    #[command(after_help = "Example:\n  nl2sql plugin remove no-cross-joins")]
    Remove {
        /// Name
        name: String,
    },
    /// Fetch the plugins that are locked and not on this machine
    #[command(after_help = "Example:\n  nl2sql plugin install")]
    Install,
    /// Show what updates of added plugins would change; with --accept, make one
    #[command(
        after_help = "Examples:\n  nl2sql plugin update\n  nl2sql plugin update no-cross-joins --to \
                      oci://registry.example.com/acme/no-cross-joins:1.3 --accept 3a3f66844176"
    )]
    Update(UpdateArguments),
    /// Look for components in a registry
    #[command(after_help = "Example:\n  nl2sql plugin search joins --registry registry.example.com")]
    Search(SearchArguments),
    /// Check lock, signatures and digests, and what the plugins of a run did with their grants
    #[command(after_help = "Examples:\n  nl2sql plugin audit\n  nl2sql plugin audit --run-dir runs/shop")]
    Audit,
    /// Create a plugin of your own: a project that builds, with tests
    #[command(
        after_help = "Examples:\n  nl2sql plugin new validator no-select-star\n  nl2sql plugin new --language python metric answer-length"
    )]
    New {
        /// Kind of plugin
        kind: PluginKind,
        /// Name: lower-case letters, digits and hyphens
        name: String,
        /// Language to write it in
        #[arg(long, default_value = "rust")]
        language: PluginLanguage,
        /// Folder to write; the name by default
        #[arg(long)]
        folder: Option<PathBuf>,
        /// Folder of an SDK to depend on; a copy is included by default
        #[arg(long)]
        sdk: Option<PathBuf>,
    },
}

/// Languages `plugin new` can start in.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PluginLanguage {
    /// Small and fast components
    Rust,
    /// Components of 20 MB with an interpreter in them
    Python,
    /// Components of 1 MB with an interpreter in them
    #[value(name = "typescript")]
    TypeScript,
}

/// Kinds `plugin new` can start.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PluginKind {
    /// Speaks a database's SQL
    Dialect,
    /// Plans topics
    Planner,
    /// Writes pairs
    Generator,
    /// Checks samples
    Validator,
    /// Scores predictions
    Metric,
}

/// `nl2sql profile`
#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Show every setting and where it comes from
    #[command(after_help = "Example:\n  nl2sql profile show --set plan.total=200")]
    Show,
}
