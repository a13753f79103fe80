//! The server over real connections, with a model small enough for a test.

mod access;
mod adapters;
mod ask;
mod chat;
mod connections;
mod described_answers;
mod endpoint;
mod faults;
mod javascript_clients;
mod mcp;
mod metrics;
mod official_client;
mod response_format;
mod runs;
mod security;
mod served;

#[path = "../../database/tests/shared/servers.rs"]
#[allow(dead_code)]
mod servers;

#[path = "../../worker/tests/nats.rs"]
#[allow(dead_code)]
mod nats;
