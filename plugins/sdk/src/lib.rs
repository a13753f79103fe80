#![doc = include_str!("../README.md")]

#[doc(hidden)]
pub mod bindings;

mod findings;
mod panic_report;
mod register;

pub mod description;
pub mod dialect;
pub mod generator;
pub mod llm;
pub mod log;
pub mod metric;
#[cfg(feature = "json")]
pub mod options;
pub mod planner;
pub mod query;
pub mod sql;
pub mod validator;

pub use bindings::services::{analysis, types};
pub use dialect::{Dialect, DialectSession};
pub use generator::Generator;
pub use metric::Metric;
pub use planner::Planner;
pub use validator::Validator;

#[doc(hidden)]
pub use panic_report::install as install_panic_report;
