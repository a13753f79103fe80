//! Names of the files of a run.

/// Resolved profile, versions, seeds and plugin digests.
pub const RUN: &str = "run.toml";
/// The catalog.
pub const METADATA: &str = "metadata.json";
/// Cards, pages and sampled values.
pub const CARDS: &str = "cards.json";
/// The cards to read.
pub const CARDS_TEXT: &str = "cards.md";
/// Topics and budgets.
pub const PLAN: &str = "plan.json";
/// Journal of samples.
pub const SAMPLES: &str = "samples.jsonl";
/// Journal of verdicts, one per sample.
pub const VERDICTS: &str = "verdicts.jsonl";
/// Journal of what people decided about samples.
pub const REVIEWS: &str = "reviews.jsonl";
/// Journal of what people said about answers.
pub const FEEDBACK: &str = "serve/verified.jsonl";
/// Journal of finished rounds of generation; a round without its line did not happen.
pub const ROUNDS: &str = "rounds.jsonl";
/// Template, hardness and features of each accepted sample.
pub const ANALYSIS: &str = "analysis.jsonl";
/// Coverage of tables, columns, foreign keys and features.
pub const COVERAGE: &str = "coverage.json";
/// Folder of the training files.
pub const EXPORT: &str = "export";
/// What each stage read and wrote.
pub const STAGES: &str = "stages.json";
/// Progress, with times; the one file that differs between equal runs.
pub const EVENTS: &str = "events.jsonl";
/// Held while a process works on the folder.
pub const LOCK: &str = ".lock";
/// What was set aside by `--redo`.
pub const SUPERSEDED: &str = "superseded";
