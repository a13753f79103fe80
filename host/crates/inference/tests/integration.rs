//! Integration tests, in one binary.

mod generation;
mod scheduler;
