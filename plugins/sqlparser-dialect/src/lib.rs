#![doc = include_str!("../README.md")]

mod analysis;
mod catalog_index;
mod ddl;
mod guest;
mod hardness;
mod identifiers;
mod limit;
mod names;
mod normal_form;
mod output_columns;
mod parsed;
mod phrases;
mod session;
mod sources;
mod verdict;

pub use guest::{Guest, SqlparserDialect};
pub use session::Session;
pub use sqlparser;
