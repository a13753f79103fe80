//! `nl2sql` over HTTP: a model behind OpenAI's API, and questions to a database, with keys and adapters that come and go.
//!
//! [`Server::bind`] listens, [`Server::serve`] answers until it is asked to stop. What a model computes happens on the model's own thread;
//! handlers only wait.

mod api_error;
mod ask;
mod authentication;
mod backend;
mod bounded_text;
mod certificate;
mod connections;
mod event_stream;
mod identifier;
mod mcp;
mod metrics;
mod openai;
mod openapi;
mod page;
mod request_body;
mod router;
mod runs;
mod server;
mod state;
mod tls_provider;

pub use backend::{Backend, OpenAiEndpoint, OpenAiEndpointSettings};
pub use mcp::McpServer;
pub use server::{ServeError, Server};
