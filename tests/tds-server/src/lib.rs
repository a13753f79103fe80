//! A small real server that speaks TDS 7.4, for tests that need a SQL Server's peer.
//!
//! It listens on the loopback interface, negotiates encryption and TLS, checks logins, and answers T-SQL from SQLite: scripts make its
//! databases ([`Database::script`]), its `sys` views describe them as one login sees them, and what SQLite cannot evaluate is refused with
//! SQL Server's own numbers. It commits the faults it is told to ([`TdsServer::plan`]), and keeps everything it receives, so that a test can
//! look for what should never have been sent.
//!
//! What it is not: an optimiser, a lock manager, or an authority on T-SQL's typing rules. Integer averages, decimal arithmetic and
//! GROUP BY follow SQLite.
//!
//! The protocol is that of [MS-TDS], to whose sections the modules refer.

mod account;
mod admission;
mod answer;
mod cell;
mod certificates;
mod collation;
mod engine;
mod faults;
mod functions;
mod login;
mod moment;
mod parameters;
mod prelogin;
mod result_columns;
mod rpc;
mod schema;
mod server;
mod session;
mod sql_type;
mod tokens;
mod transport;
mod tsql;

pub use account::Account;
pub use faults::{Fault, LOGIN, PRELOGIN};
pub use login::Login;
pub use prelogin::Encryption;
pub use schema::{Database, ScriptError};
pub use server::{Received, Setup, TdsServer};
pub use tokens::SqlError;
