//! Integration tests of the crate.

mod accuracy;
mod names;
mod own_parser;
mod phrases;
mod rewriting;
