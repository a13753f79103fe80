//! SQL of the four dialects: what is valid, what names mean, and what is read-only.

mod engine_agreement;
mod engine_rules;
mod names;
mod read_only;
mod rewriting;
mod robustness;
mod shared_data;
mod syntax;
mod tsql_attacks;
