//! The LLM stages through the real program, against a real server that misbehaves, and with a model on this machine.

mod asked;
mod budgets;
mod canaries;
mod company_network;
mod disclosure;
mod faults;
mod interrupted;
mod judge;
mod large_schema;
mod local_model;
mod offline;
pub mod peer;
mod predictions;
mod secrets;
