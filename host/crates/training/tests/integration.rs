//! Training against reference numbers, and its files.

mod bad_input;
mod datasets;
mod files;
mod parity;
mod peft;
mod plan;
mod recipes;
mod resume;
mod tiny_model;
