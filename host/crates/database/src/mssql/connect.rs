//! Opening a TDS connection: encryption, routing, and what the usual failures mean.

use tiberius::error::Error;
use tiberius::{AuthMethod, Client, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use crate::{ConnectError, ConnectionSettings, TlsMode, lost_connection};

/// What the protocol library speaks through.
pub(super) type TdsClient = Client<Compat<TcpStream>>;

type Connected = Result<TdsClient, Error>;

/// A replica that takes no connections with read-only intent.
const NO_READ_ONLY_INTENT: u32 = 979;

/// A logged-in client.
pub(super) async fn open(settings: &ConnectionSettings) -> Result<TdsClient, ConnectError> {
    if settings.host.contains('\\') {
        return Err(ConnectError::Settings(format!(
            "{} names an instance; write the host and the port that this instance listens on",
            settings.host
        )));
    }
    let config = config(settings)?;
    let mut client = routed(settings, &config, true).await;
    if matches!(&client, Err(error) if error.code() == Some(NO_READ_ONLY_INTENT)) {
        client = routed(settings, &config, false).await;
    }
    client.map_err(|error| connect_error(settings, &error))
}

/// Follows the server's word to another address once, as readable replicas and Azure's gateways ask for.
async fn routed(settings: &ConnectionSettings, config: &Config, read_only_intent: bool) -> Connected {
    match encrypted(
        settings,
        config,
        &settings.host,
        settings.effective_port(),
        read_only_intent,
    )
    .await
    {
        Err(Error::Routing { host, port }) => encrypted(settings, config, &host, port, read_only_intent).await,
        other => other,
    }
}

/// Encrypted as the settings ask; `prefer` does without where the server cannot.
async fn encrypted(
    settings: &ConnectionSettings,
    config: &Config,
    host: &str,
    port: u16,
    read_only_intent: bool,
) -> Connected {
    let mut config = config.clone();
    config.host(host);
    config.port(port);
    config.readonly(read_only_intent);
    match connect(config.clone(), host, port).await {
        Err(error) if settings.tls == TlsMode::Prefer && is_tls(&error) => {
            config.encryption(EncryptionLevel::NotSupported);
            connect(config, host, port).await
        }
        other => other,
    }
}

async fn connect(config: Config, host: &str, port: u16) -> Connected {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Client::connect(config, stream.compat_write()).await
}

/// A failed handshake, or a server that declines encryption (which the protocol library reports as a protocol error).
fn is_tls(error: &Error) -> bool {
    match error {
        Error::Tls(_) => true,
        Error::Protocol(reason) => reason.contains("encryption"),
        Error::Io { message, .. } => {
            let message = message.to_lowercase();
            ["tls", "handshake", "certificate", "fatal alert"]
                .iter()
                .any(|part| message.contains(part))
        }
        _ => false,
    }
}

/// Everything but the address.
fn config(settings: &ConnectionSettings) -> Result<Config, ConnectError> {
    let mut config = Config::new();
    if !settings.database.is_empty() {
        config.database(&settings.database);
    }
    config.application_name("nl2sql");
    // The pool limits the time of connecting, and every statement brings its own limit.
    config.handshake_timeout(None);
    config.command_timeout(None);
    // Old rows may hold halves of surrogate pairs, which the server never checks.
    config.lossy_utf16_decoding(true);
    config.authentication(AuthMethod::sql_server(&settings.user, settings.password.reveal()));
    config.encryption(match settings.tls {
        TlsMode::Off => EncryptionLevel::NotSupported,
        TlsMode::Prefer => EncryptionLevel::On,
        TlsMode::Require | TlsMode::Verify => EncryptionLevel::Required,
    });
    match (settings.tls, &settings.ca_file) {
        (TlsMode::Verify, Some(file)) => {
            let bundle = std::fs::read(file).map_err(|error| ConnectError::Tls {
                detail: format!("the CA file {} cannot be read: {error}", file.display()),
            })?;
            config.trust_cert_ca_bundle(bundle);
        }
        (TlsMode::Verify, None) => {}
        _ => config.trust_cert(),
    }
    Ok(config)
}

/// Server messages come in several lines, error texts in one.
pub(super) fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Error numbers: <https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors>.
pub(super) fn connect_error(settings: &ConnectionSettings, error: &Error) -> ConnectError {
    let other = |detail: String| ConnectError::Other {
        address: settings.address(),
        detail,
    };
    match error {
        Error::Server(server) => {
            let detail = one_line(server.message());
            match server.code() {
                18452 | 18456 | 18470 | 18486..=18488 | 40532 => ConnectError::Authentication {
                    user: settings.user.clone(),
                    detail,
                },
                911 | 4060 | 4063 => ConnectError::NoSuchDatabase {
                    database: settings.database.clone(),
                    detail,
                },
                229 | 300 | 916 => ConnectError::NoRights { detail },
                10928 | 10929 | 17809 => ConnectError::TooManyConnections { detail },
                _ => other(detail),
            }
        }
        Error::Tls(detail) => ConnectError::Tls {
            // What follows is advice about the library's own functions.
            detail: one_line(detail.split(" To connect anyway").next().unwrap_or_default()),
        },
        // Gone in the middle of a handshake is gone, and no word on the handshake.
        Error::Io { kind, message } if lost_connection::GONE.contains(kind) => {
            lost_connection::io_connect_error(settings, &std::io::Error::new(*kind, one_line(message)))
        }
        _ if is_tls(error) => ConnectError::Tls {
            detail: match error {
                Error::Protocol(_) => format!("{} does not offer encryption", settings.address()),
                error => one_line(&error.to_string()),
            },
        },
        Error::Io { kind, message } => {
            lost_connection::io_connect_error(settings, &std::io::Error::new(*kind, one_line(message)))
        }
        Error::Protocol(reason) => other(format!("what listens there does not speak TDS as expected ({reason})")),
        _ => other(one_line(&error.to_string())),
    }
}
