//! SQL as the engines of four dialects understand it.
//!
//! A hand-written lexer and parser make a tree of a query; on the tree stand name resolution against a catalog, analysis, normal
//! forms, row limits and DDL. A [`Session`] binds a dialect to a catalog and offers what the service `sql` of the plugin contract does.

mod analysis;
mod ast;
mod ddl;
mod dialect;
mod error;
mod functions;
#[cfg(feature = "guest")]
pub mod guest;
mod hardness;
mod keyword;
mod lexer;
mod limit;
mod names;
mod normal_form;
mod parser;
mod quote;
mod reserved;
mod resolve;
mod schema;
mod session;
mod side_effects;
mod statement;
mod system_relations;
mod token;

pub use ddl::render_ddl;
pub use dialect::Dialect;
pub use quote::quote;
pub use session::Session;
