//! The service `sql`: the run's dialect, whichever plugin provides it, bound to the run's catalog.

pub use crate::bindings::services::sql::{
    analyse, check_syntax, diagnose, info, normalise, quote, render_ddl, statement, template, with_limit,
};
