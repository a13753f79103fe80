//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::commands::{EvalArguments, ModelCommand, Page, PredictArguments, TrainArguments};

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
  nl2sql init --database shop.sqlite && nl2sql run";

/// From a private database to training data for NL2SQL models.
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
        hide_env_values = true,
        value_name = "NAME"
    )]
    pub profile: Option<String>,
    /// Overrides one setting, e.g. --set plan.total=200; may be given several times
    #[arg(long, global = true, value_name = "SECTION.KEY=VALUE")]
    pub set: Vec<String>,
    /// Run folder; `<run.dir>/<run.name>` by default
    #[arg(long, global = true, value_name = "FOLDER")]
    pub run_dir: Option<PathBuf>,
    /// Prints one JSON document instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Prints errors alone
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Asks no language model; answers come from the run's store or not at all
    #[arg(long, global = true)]
    pub offline: bool,
}

/// What to do about work that is already there.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct RerunFlags {
    /// Goes on with artifacts that were changed by hand
    #[arg(long)]
    pub accept_edits: bool,
    /// Sets earlier work aside in superseded/ and makes it anew
    #[arg(long)]
    pub redo: bool,
}

/// Flags of what may ask a language model.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct PaidFlags {
    #[command(flatten)]
    pub rerun: RerunFlags,
    /// Says what the language model is expected to cost, and asks nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Writes a commented profile
    #[command(after_help = "Example:\n  nl2sql init --database shop.sqlite")]
    Init {
        /// SQLite file or URL to put into the profile
        #[arg(long, value_name = "FILE|URL")]
        database: Option<String>,
        /// File to write
        #[arg(long, default_value = "nl2sql.toml")]
        output: PathBuf,
    },
    /// Checks profile, database, rights, plugins and folders
    #[command(after_help = "Example:\n  nl2sql doctor --profile shop.toml")]
    Doctor,
    /// Connects to the database and says what it is and what the login may do
    #[command(after_help = "Example:\n  nl2sql connect --set database.path=shop.sqlite")]
    Connect,
    /// Stage 1: reads the metadata of the database
    #[command(after_help = "Example:\n  nl2sql extract --profile shop.toml")]
    Extract(RerunFlags),
    /// Stage 2: writes table cards, with values where the profile lets them out
    #[command(after_help = "Example:\n  nl2sql cards --set privacy.sample_values=true")]
    Cards(RerunFlags),
    /// Stage 3: plans topics and budgets
    #[command(after_help = "Example:\n  nl2sql plan --set plan.total=200")]
    Plan(PaidFlags),
    /// Stage 4: generates and validates pairs until the budgets are met
    #[command(after_help = "Example:\n  nl2sql generate --profile shop.toml")]
    Generate(PaidFlags),
    /// Stage 5: judges the samples again and measures their coverage
    #[command(after_help = "Example:\n  nl2sql validate --accept-edits")]
    Validate(RerunFlags),
    /// Stage 6: writes training files and a data card
    #[command(after_help = "Example:\n  nl2sql export --set export.schema=topic")]
    Export(RerunFlags),
    /// All six stages, continuing where a stopped run left off
    #[command(
        after_help = "Example:\n  nl2sql run --profile shop.toml --set run.seed=7\n  nl2sql run --profile shop.toml --dry-run"
    )]
    Run(PaidFlags),
    /// Imports, inspects and merges models
    #[command(subcommand)]
    Model(ModelCommand),
    /// Fine-tunes an adapter on the exported pairs
    #[command(after_help = "Example:\n  nl2sql train --model models/smollm2 --set train.num_train_epochs=1")]
    Train(TrainArguments),
    /// Lets a model answer a dataset
    #[command(after_help = "Example:\n  nl2sql predict --model models/smollm2 --adapter runs/shop/train")]
    Predict(PredictArguments),
    /// Scores predictions, compares before with after and writes a report
    #[command(after_help = "Example:\n  nl2sql eval --before models/smollm2 --after runs/shop/train")]
    Eval(EvalArguments),
    /// Lists, inspects, checks and starts plugins
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Shows the resolved profile
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Print a generated page of the book
    #[command(hide = true)]
    Reference {
        /// Which page
        page: Page,
    },
    /// Prints a completion script
    #[command(after_help = "Example:\n  nl2sql completions bash > ~/.local/share/bash-completion/completions/nl2sql")]
    Completions {
        /// Shell to complete for
        shell: Shell,
    },
}

/// `nl2sql plugin`
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Every plugin there is
    #[command(after_help = "Example:\n  nl2sql plugin list")]
    List,
    /// What a plugin says about itself, what it imports, its digest
    #[command(after_help = "Example:\n  nl2sql plugin inspect my-validator.wasm")]
    Inspect {
        /// Name or component file
        plugin: String,
    },
    /// Loads a plugin as a run would, with its grants
    #[command(after_help = "Example:\n  nl2sql plugin check validator-schema")]
    Check {
        /// Name or component file
        plugin: String,
    },
    /// Starts a plugin of your own: a Rust package that builds
    #[command(after_help = "Example:\n  nl2sql plugin new validator no-select-star")]
    New {
        /// What it is to do
        kind: PluginKind,
        /// Name: lower-case letters, digits and hyphens
        name: String,
        /// Folder to write; the name by default
        #[arg(long)]
        folder: Option<PathBuf>,
        /// Folder of an SDK to depend on; without one, a copy comes along
        #[arg(long)]
        sdk: Option<PathBuf>,
    },
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
    /// Every setting, with the place it comes from
    #[command(after_help = "Example:\n  nl2sql profile show --set plan.total=200")]
    Show,
}
