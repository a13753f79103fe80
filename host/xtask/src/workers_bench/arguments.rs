//! What the bench is told.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// What workers bring, and what coordinator and queue cost
#[derive(Parser)]
pub struct WorkersArguments {
    /// The program, where it is built
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
    /// What is measured
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [MeasuredStage::Pairs, MeasuredStage::Sqlite, MeasuredStage::Postgres])]
    pub stages: Vec<MeasuredStage>,
    /// Numbers of workers
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 4, 8])]
    pub workers: Vec<usize>,
}

/// What is done by workers.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MeasuredStage {
    /// Generation and validation of pairs about 2,000 tables
    Pairs,
    /// Predictions judged over a SQLite file
    Sqlite,
    /// Predictions judged over PostgreSQL
    Postgres,
}

impl MeasuredStage {
    /// Name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pairs => "pairs",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}
