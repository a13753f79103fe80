//! Errors of opening a connection, as the operating system and the TLS library give them.

use std::io::ErrorKind;

use crate::{ConnectError, ConnectionSettings};

/// A connection that went away while it was set up, which says nothing about a TLS handshake that was under way.
pub(crate) const GONE: [ErrorKind; 3] = [
    ErrorKind::UnexpectedEof,
    ErrorKind::BrokenPipe,
    ErrorKind::ConnectionAborted,
];

/// The usual failure behind an I/O error while connecting.
pub(crate) fn io_connect_error(settings: &ConnectionSettings, error: &std::io::Error) -> ConnectError {
    let (address, detail) = (settings.address(), error.to_string());
    let words = detail.to_lowercase();
    let unknown = [
        "lookup",
        "name or service",
        "nodename",
        "no such host",
        "name resolution",
        "not known",
    ];
    if unknown.iter().any(|part| words.contains(part)) {
        return ConnectError::UnknownHost {
            host: settings.host.clone(),
            detail,
        };
    }
    if GONE.contains(&error.kind()) {
        return ConnectError::Other {
            address,
            detail: "the connection was closed before it stood".into(),
        };
    }
    if ["certificate", "tls", "handshake", "unknownissuer", "invalid peer"]
        .iter()
        .any(|part| words.contains(part))
    {
        return ConnectError::Tls { detail };
    }
    match error.kind() {
        ErrorKind::ConnectionRefused
        | ErrorKind::NotFound
        | ErrorKind::ConnectionReset
        | ErrorKind::HostUnreachable => ConnectError::Refused { address, detail },
        ErrorKind::TimedOut => ConnectError::TimedOut {
            address,
            seconds: settings.connect_timeout_s,
        },
        ErrorKind::PermissionDenied => ConnectError::NoRights { detail },
        _ => ConnectError::Other { address, detail },
    }
}

/// A server's version text has numbers in front: `15.4 (Debian ...)`, `10.11.6-MariaDB`.
pub(crate) fn major_minor(version: &str) -> (u32, u32) {
    let mut numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .skip_while(|part| part.is_empty())
        .map_while(|part| part.parse::<u32>().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::major_minor;

    #[test]
    fn versions_start_with_their_numbers() {
        assert_eq!(major_minor("15.4 (Debian 15.4-1)"), (15, 4));
        assert_eq!(major_minor("10.11.6-MariaDB"), (10, 11));
        assert_eq!(major_minor("PostgreSQL 8.0.2 on i686, Redshift"), (8, 0));
        assert_eq!(major_minor("unknown"), (0, 0));
    }
}
