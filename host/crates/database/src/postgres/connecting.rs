//! What failures of opening a PostgreSQL session mean.

use super::server_errors::{PostgresError, ServerError};
use crate::{ConnectError, ConnectionSettings};

/// Version that Redshift announces.
const REDSHIFT: u32 = 80_002;

pub(super) fn connect_error(settings: &ConnectionSettings, error: PostgresError) -> ConnectError {
    error.into_connect_error(settings, |server| server_connect_error(settings, server))
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

/// Refuses servers that lack what the catalog queries need; one that announces nothing is given the benefit of the doubt.
pub(super) fn check_version(announced: &str) -> Result<(), ConnectError> {
    match version_number(announced) {
        Some(old) if old < 100_000 && old != REDSHIFT => Err(ConnectError::TooOld {
            version: announced.to_owned(),
            minimum: "PostgreSQL 10".into(),
        }),
        _ => Ok(()),
    }
}

/// As `libpq` counts versions: `9.6.3` is 90603, `15.20 (Debian 15.20-0)` is 150020.
fn version_number(announced: &str) -> Option<u32> {
    let numbers = announced.split([' ', '-', '+']).next()?;
    let mut numbers = numbers.split('.').map_while(|number| {
        let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse::<u32>().ok()
    });
    let major = numbers.next()?;
    let minor = numbers.next().unwrap_or(0);
    Some(if major >= 10 {
        major * 10_000 + minor
    } else {
        major * 10_000 + minor * 100 + numbers.next().unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::{check_version, version_number};

    #[test]
    fn versions_are_counted_as_libpq_counts_them() {
        for (announced, number) in [
            ("9.6.24", Some(90_624)),
            ("15.20 (Debian 15.20-0+deb12u1)", Some(150_020)),
            ("19beta1", Some(190_000)),
            ("8.0.2", Some(80_002)),
            ("", None),
        ] {
            assert_eq!(version_number(announced), number, "{announced}");
        }
        assert!(check_version("8.0.2").is_ok());
        assert!(check_version("9.6.24").is_err());
    }
}
