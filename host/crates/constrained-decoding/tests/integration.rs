//! Constraints on whole statements, against Spider's queries where they are at hand.

mod described;
mod endings;
mod functions;
mod random_statements;
mod shared;
mod statements;
