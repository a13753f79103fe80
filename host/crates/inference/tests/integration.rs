//! Integration tests, in one binary.

mod generation;
#[path = "../../model/tests/reference_models.rs"]
mod reference_models;
mod scheduler;
