//! What failures of opening a PostgreSQL session mean.

use super::server_errors::{PostgresError, ServerError};
use crate::{ConnectError, ConnectionSettings};

/// Version that Redshift announces.
const REDSHIFT: u32 = 80_002;

pub(super) fn connect_error(settings: &ConnectionSettings, error: PostgresError) -> ConnectError {
    error.into_connect_error(settings, |server| server_connect_error(settings, server), login_refusal)
}

/// Ways of logging in that the protocol library does not have.
fn login_refusal(reason: &str) -> Option<String> {
    let is_login = ["authentication method", "unsupported SASL"]
        .iter()
        .any(|words| reason.contains(words));
    is_login.then(|| {
        format!(
            "{reason}; only passwords are supported, so pg_hba.conf must let this login in by scram-sha-256, md5 or password"
        )
    })
}

/// SQLSTATE classes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn server_connect_error(settings: &ConnectionSettings, server: ServerError) -> ConnectError {
    let detail = server.message;
    match server.code.as_str() {
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

/// Refuses servers that lack what the catalog queries need; one that announces nothing is given the benefit of the doubt. The number is
/// as `libpq` counts versions: `9.6.3` is 90603, `15.20` is 150020.
pub(super) fn check_version(announced: Option<u32>) -> Result<(), ConnectError> {
    match announced {
        Some(old) if old < 100_000 && old != REDSHIFT => Err(ConnectError::TooOld {
            version: format!("{}.{}.{}", old / 10_000, old / 100 % 100, old % 100),
            minimum: "PostgreSQL 10".into(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_before_10_are_refused_but_for_redshift() {
        for (announced, is_taken) in [
            (Some(90_624), false),
            (Some(150_020), true),
            (Some(190_000), true),
            (Some(80_002), true),
            (None, true),
        ] {
            assert_eq!(check_version(announced).is_ok(), is_taken, "{announced:?}");
        }
        let error = check_version(Some(90_624)).unwrap_err();
        assert!(error.to_string().contains("9.6.24"), "{error}");
    }
}
