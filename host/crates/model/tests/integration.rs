//! Models against reference numbers, and files that are damaged.

mod bad_input;
mod families;
mod gguf;
mod parity;
mod reference_models;
mod templates;
