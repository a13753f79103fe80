//! What a dialect plugin says about itself and about the database it speaks to.

use serde::{Deserialize, Serialize};

/// A dialect's description of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialectInfo {
    /// Canonical name, e.g. `postgres`.
    pub name: String,
    /// Other names it answers to, e.g. `postgresql`, `pg`.
    pub aliases: Vec<String>,
    /// Native driver it rides on: `sqlite`, `postgres`, `mysql` or `mssql`.
    pub driver: String,
    /// Opening and closing identifier quote, e.g. `"` and `"`, or `[` and `]`.
    pub identifier_quotes: (String, String),
    /// Notes on the dialect for the prompt of a language model, one sentence each.
    pub prompt_notes: Vec<String>,
}

/// The server a dialect writes its catalog queries for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// Native driver in use.
    pub driver: String,
    /// Version string as the server reports it.
    pub version: String,
    /// Database connected to.
    pub database: String,
    /// Schemas asked for; empty means the default schema of the login.
    pub schemas: Vec<String>,
}

/// One bulk catalog query; its `section` fixes the columns it must return (see `wit/`, interface `dialect`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogQuery {
    /// `tables`, `columns`, `keys`, `foreign-keys` or `checks`.
    pub section: String,
    /// The query.
    pub sql: String,
}
