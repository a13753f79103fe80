//! Training against reference numbers, and its files.

mod bad_input;
mod datasets;
mod files;
mod kernels;
mod parity;
mod peft;
mod plan;
mod recipes;
#[path = "../../model/tests/reference_models.rs"]
mod reference_models;
mod resume;
mod tiny_model;
