//! Native drivers for SQLite, PostgreSQL, MySQL/MariaDB and SQL Server: metadata in bulk, read-only in depth, fast execution.
//!
//! ```no_run
//! # async fn example(queries: Vec<nl2sql_catalog::CatalogQuery>) -> Result<(), Box<dyn std::error::Error>> {
//! use nl2sql_database::{Connection, ConnectionSettings, Limits, SqliteReader};
//!
//! let settings: ConnectionSettings = "sqlite:shop.sqlite".parse()?; // or postgres://..., mysql://..., mssql://...
//! let connection = Connection::open(settings).await?;
//! println!("{:?}, rights: {:?}", connection.server_info(), connection.login_rights().await?);
//!
//! // The dialect plugin wrote `queries` for `connection.server_info()`.
//! let extraction = connection.extract(&queries, "sqlite").await?;
//! let table = &extraction.database.tables[0];
//! let frequent = connection.sample_values(table, 5).await?; // masking is the caller's policy
//!
//! let limits = Limits::default().with_max_rows(100);
//! let result = connection.run("SELECT 1", &limits).await?;
//! let many = connection.run_many(&["SELECT 1".into(), "SELECT 2".into()], &limits, 8).await;
//!
//! // One reader per worker thread.
//! let mut reader = connection.reader()?;
//! reader.run("SELECT 2", &limits)?;
//! let mut fast = SqliteReader::open(&ConnectionSettings::sqlite("shop.sqlite"))?;
//! fast.prepare_blocking("SELECT 3")?; // names and functions checked, nothing run
//! fast.run_blocking("SELECT 3", &limits.with_max_rows(1))?;
//! # let _ = (frequent, result, many); Ok(()) }
//! ```
//!
//! Every statement passes at least two guards. One is here: [`statement_guard`] reads the text. The others are in the database, and each
//! driver's module says which; they hold even where the text guard was fooled. Errors are sorted into
//! [`QueryError::code`]: `refused`, `timeout`, `failed`, `unavailable`.

#[cfg(test)]
extern crate self as nl2sql_database;

mod adbc;
mod catalog_rows;
mod connection;
mod connection_url;
mod ddl;
mod dialect_facts;
mod driver;
mod driver_registry;
mod error;
mod error_redaction;
mod limits;
mod lost_connection;
mod mssql;
mod mysql;
mod postgres;
mod secret;
#[cfg(test)]
#[path = "../tests"]
mod integration {
    pub mod shared;
}
#[cfg(test)]
use integration::shared;
#[cfg(test)]
mod server_guards;
mod server_reader;
mod session_error;
mod session_pool;
mod session_runtime;
mod settings;
mod sqlite;
pub mod statement_guard;
mod table_filter;
mod unreadable;
mod value_samples;
mod wkb;

pub use adbc::{AdbcSettings, LIBRARY_LOADED, ProbeCommand, load_adbc_library};
pub use catalog_rows::{CatalogRow, Extraction};
pub use connection::Connection;
pub use dialect_facts::{DialectFacts, RowLimit};
pub use driver::{Driver, DriverConnection, LoginRights, QueryReader};
pub use driver_registry::DriverRegistry;
pub use error::{ConnectError, ExtractError, QueryError};
pub use limits::Limits;
pub use nl2sql_ddl::ScriptRules;
pub use nl2sql_profile::TlsMode;
pub use secret::Secret;
pub use settings::ConnectionSettings;
pub use sqlite::{InvalidText, SqliteCopy, SqliteFile, SqliteReader};
pub use unreadable::UnreadableColumn;
pub use value_samples::{ColumnValues, SAMPLED_ROWS};
