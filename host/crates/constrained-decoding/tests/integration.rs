//! Constraints on whole statements, against Spider's queries where they are at hand.

mod described;
mod shared;
mod statements;
