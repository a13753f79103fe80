//! A small real HTTP server that speaks the OpenAI and Anthropic chat protocols, for tests that need a language model's peer.
//!
//! It listens on the loopback interface, answers by reading the prompt ([`SchemaWriter`] writes plans and question/SQL pairs over whatever
//! schema the prompt shows), and commits the faults its script tells it to. Everything it receives is kept, so that a test can
//! count requests and look for what should never have been sent.

mod faults;
mod gateway;
mod http;
mod protocol;
mod schema_writer;
mod server;
mod tls_front;

pub use faults::{Fault, Script};
pub use gateway::Gateway;
pub use protocol::{Chat, Reply};
pub use schema_writer::SchemaWriter;
pub use server::{LlmServer, Received, Responder};
pub use tls_front::TlsFront;
