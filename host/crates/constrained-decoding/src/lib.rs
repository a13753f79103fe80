//! What a model may write next, given the catalog of a database and the rules of its dialect.
//!
//! Lexically constrained decoding in the spirit of PICARD (Scholak et al. 2021, <https://arxiv.org/abs/2109.05093>): while a model
//! writes, [`DecodingState`] says whether the text so far can still become a statement whose every name is in the [`SchemaConstraint`],
//! and [`TokenMask`] forbids the tokens after which it could not. Words and marks are admitted by the place they stand in: what is open, the
//! clause, and what stood last.
//!
//! ```
//! use std::sync::Arc;
//! use nl2sql_catalog::{Database, DialectInfo, Table};
//! use nl2sql_constrained_decoding::{DecodingState, DialectRules, SchemaConstraint};
//!
//! let singer = Table { name: "singer".into(), ..Table::default() };
//! let catalog = Database { tables: vec![singer], ..Database::default() };
//! let constraint = SchemaConstraint::new(&catalog, DialectRules::of(&DialectInfo::default()));
//! let mut state = DecodingState::new(Arc::new(constraint));
//! assert!(state.push(b"SELECT count(*) FROM sing"));
//! assert!(!state.push(b"le"));
//! ```

mod argument_count;
mod called;
mod columns;
mod conditions;
mod decoding_state;
mod dialect_rules;
mod frame;
mod join_condition;
mod join_keys;
mod keywords;
mod marks;
mod members;
mod name_set;
mod operands;
mod parens;
mod place;
mod previous;
mod schema_constraint;
mod scope;
mod selected_row;
mod sql_words;
mod statement;
mod table_expressions;
mod tables;
mod token_mask;

pub use decoding_state::DecodingState;
pub use dialect_rules::DialectRules;
pub use schema_constraint::SchemaConstraint;
pub use token_mask::{Selection, TokenMask};
