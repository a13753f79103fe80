//! `nl2sql extract`, `cards`, `plan`, `generate`, `validate`, `export`: one stage alone.

use nl2sql_pipeline::Stage;

use super::run::with_pipeline;
use crate::arguments::{Global, RerunFlags};
use crate::failure::{CommandError, Exit};

pub fn run(global: &Global, stage: Stage, rerun: RerunFlags) -> Result<Exit, CommandError> {
    with_pipeline(global, rerun, |pipeline, rerun| pipeline.run_stage(stage, rerun))
}
