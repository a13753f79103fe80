//! What failures of opening a MySQL session mean.

use super::server_errors::{MysqlError, ServerError};
use crate::{ConnectError, ConnectionSettings, lost_connection};

pub(super) fn connect_error(settings: &ConnectionSettings, error: MysqlError) -> ConnectError {
    error.into_connect_error(settings, |server| server_connect_error(settings, server), login_refusal)
}

/// Ways of logging in that the protocol library does not have.
fn login_refusal(reason: &str) -> Option<String> {
    if reason.starts_with("RSA ") {
        return Some(
            "the server wants the password encrypted by a key that it sends along, which proves nothing about the server; connect \
             with TLS (`caching_sha2_password` and `sha256_password` need it)"
                .into(),
        );
    }
    if reason == "mysql_cleartext_plugin disabled" {
        return Some(
            "the server asks for the password itself (`mysql_clear_password`), which is only sent over TLS with a verified certificate"
                .into(),
        );
    }
    let plugin = reason.strip_prefix("unknown authentication plugin: ")?;
    Some(format!(
        "the server asks for a proof by `{plugin}`, which is not supported; give this login mysql_native_password or \
         caching_sha2_password"
    ))
}

/// Error numbers: <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>,
/// <https://mariadb.com/kb/en/mariadb-error-codes/>.
fn server_connect_error(settings: &ConnectionSettings, server: ServerError) -> ConnectError {
    let detail = server.message;
    match server.number {
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

/// Refuses servers that lack what the guards need.
pub(super) fn check_version(version: &str) -> Result<(), ConnectError> {
    let minimum = if version.contains("MariaDB") { (10, 2) } else { (5, 7) };
    if lost_connection::major_minor(version) < minimum {
        return Err(ConnectError::TooOld {
            version: version.to_owned(),
            minimum: "MySQL 5.7 or MariaDB 10.2".into(),
        });
    }
    Ok(())
}
