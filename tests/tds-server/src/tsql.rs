//! T-SQL, as far as the server understands it: tokens, statements, and their SQLite equivalent.

mod lexer;
mod rewrite;
mod statements;
mod structure;

pub(crate) use lexer::{Token, tokens};
pub(crate) use rewrite::{Surroundings, to_sqlite};
pub(crate) use statements::split;
