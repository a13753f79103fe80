//! Opening a PostgreSQL session, and what its failures mean.

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::server_errors::database_error;
use crate::{ConnectError, ConnectionSettings, TlsMode, lost_connection};

/// How the connection is made.
pub(super) fn options(settings: &ConnectionSettings) -> Result<PgConnectOptions, ConnectError> {
    let mut options = PgConnectOptions::new_without_pgpass()
        .port(settings.effective_port())
        .username(if settings.user.is_empty() {
            "postgres"
        } else {
            &settings.user
        })
        .application_name("nl2sql")
        // Texts rarely come twice; the session forgets them after each statement by itself.
        .statement_cache_capacity(0)
        .ssl_mode(match settings.tls {
            TlsMode::Off => PgSslMode::Disable,
            TlsMode::Prefer => PgSslMode::Prefer,
            TlsMode::Require => PgSslMode::Require,
            TlsMode::VerifyCa => PgSslMode::VerifyFull,
        })
        .disable_statement_logging();
    options = if settings.host.starts_with('/') {
        options.socket(&settings.host)
    } else {
        options.host(&settings.host)
    };
    if !settings.password.reveal().is_empty() {
        options = options.password(settings.password.reveal());
    }
    if !settings.database.is_empty() {
        options = options.database(&settings.database);
    }
    if let Some(file) = &settings.ca_file {
        options = options.ssl_root_cert(file);
    }
    Ok(options)
}

/// SQLSTATE classes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(super) fn connect_error(settings: &ConnectionSettings, error: &sqlx::Error) -> ConnectError {
    let Some(server) = database_error(error) else {
        return lost_connection::sqlx_connect_error(settings, error);
    };
    let detail = server.message().to_owned();
    match server.code() {
        "28P01" | "28000" => ConnectError::Authentication {
            user: settings.user.clone(),
            detail,
        },
        "3D000" => ConnectError::NoSuchDatabase {
            database: settings.database.clone(),
            detail,
        },
        "42501" => ConnectError::NoRights { detail },
        "53300" | "53400" => ConnectError::TooManyConnections { detail },
        _ => ConnectError::Other {
            address: settings.address(),
            detail,
        },
    }
}
