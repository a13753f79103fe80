//! Runs as others see them: what their folders hold, while a process of this or another program works on them.
//!
//! A [`RunLibrary`] knows the runs by name; nothing outside of its folders can be asked for. Everything is read from the run folder, and what
//! people decide is written there, so that a server that is started again shows the same. Paths of this machine are cut out of what is told.

mod coverage_report;
mod evaluation_report;
mod event_tail;
mod file_stamp;
mod library;
mod overview;
mod pair_filter;
mod pair_list;
mod plain_text;
mod progress;
mod review;
mod reviewer;
mod run_error;
mod training_report;
mod watched_run;

pub use coverage_report::{CoverageReport, TopicCoverage};
pub use evaluation_report::{ChangeFilter, EvaluationReport, QuestionPage};
pub use event_tail::{EventTail, ToldEvent};
pub use library::{RunEntry, RunLibrary};
pub use overview::{Held, RunOverview};
pub use pair_filter::PairFilter;
pub use pair_list::{HistoryStep, ListedPair, PairFacets, PairPage, Rule, WholePair};
pub use progress::{PredictionProgress, RunNote, RunState, StageProgress, StageStanding};
pub use review::Decision;
pub use run_error::RunError;
pub use training_report::{TrainingCurves, TrainingReport};
