//! Integration tests, in one binary.

mod any_composition;
mod generation;
#[path = "../../model/tests/reference_models.rs"]
mod reference_models;
mod scheduler;
