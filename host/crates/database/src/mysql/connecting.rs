//! Opening a MySQL session, and what its failures mean.

use sqlx::ConnectOptions;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

use super::server_errors::server_error;
use super::session::STATEMENT_CACHE;
use crate::{ConnectError, ConnectionSettings, TlsMode, lost_connection};

/// How the connection is made.
pub(super) fn options(settings: &ConnectionSettings) -> MySqlConnectOptions {
    let mut options = MySqlConnectOptions::new()
        .port(settings.effective_port())
        .username(if settings.user.is_empty() {
            "root"
        } else {
            &settings.user
        })
        .statement_cache_capacity(STATEMENT_CACHE + 8)
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .charset("utf8mb4")
        .ssl_mode(match settings.tls {
            TlsMode::Off => MySqlSslMode::Disabled,
            TlsMode::Prefer => MySqlSslMode::Preferred,
            TlsMode::Require => MySqlSslMode::Required,
            TlsMode::VerifyCa => MySqlSslMode::VerifyIdentity,
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
        options = options.ssl_ca(file);
    }
    options
}

/// Error numbers: <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>,
/// <https://mariadb.com/kb/en/mariadb-error-codes/>.
pub(super) fn connect_error(settings: &ConnectionSettings, error: &sqlx::Error) -> ConnectError {
    let Some(server) = server_error(error) else {
        return lost_connection::sqlx_connect_error(settings, error);
    };
    let detail = server.message().to_owned();
    match server.number() {
        1045 | 1130 | 1251 | 1698 | 1862 => ConnectError::Authentication {
            user: settings.user.clone(),
            detail,
        },
        1049 => ConnectError::NoSuchDatabase {
            database: settings.database.clone(),
            detail,
        },
        1044 | 1142 | 1227 => ConnectError::NoRights { detail },
        1040 | 1203 | 1226 => ConnectError::TooManyConnections { detail },
        3159 => ConnectError::Tls { detail },
        _ => ConnectError::Other {
            address: settings.address(),
            detail,
        },
    }
}
