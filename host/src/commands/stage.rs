//! `nl2sql extract`, `cards`, `plan`, `generate`, `validate`, `export`: one stage alone.

use nl2sql_pipeline::Stage;

use super::dry_run;
use super::run::with_pipeline;
use crate::arguments::{Global, PaidFlags, RerunFlags};
use crate::failure::{CommandError, Exit};

pub fn run(global: &Global, stage: Stage, rerun: RerunFlags) -> Result<Exit, CommandError> {
    with_pipeline(global, rerun, |pipeline, rerun| pipeline.run_stage(stage, rerun))
}

/// A stage that may ask a language model.
pub fn run_paid(global: &Global, stage: Stage, flags: PaidFlags) -> Result<Exit, CommandError> {
    if flags.dry_run {
        return dry_run::run(global, &[stage]);
    }
    run(global, stage, flags.rerun)
}
