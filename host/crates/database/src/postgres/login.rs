//! Encryption and login (<https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP>).

use std::io;
use std::path::Path;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::server_errors::{PostgresError, ServerError};
use super::wire::Wire;
use crate::stream::{self, Stream};
use crate::{ConnectError, ConnectionSettings, TlsMode};

/// Who logs in when the settings do not say.
const DEFAULT_USER: &str = "postgres";

/// A connection that the server has let in, and the version it announced.
pub(super) async fn log_in(settings: &ConnectionSettings) -> Result<(Wire, String), PostgresError> {
    let stream = if settings.host.starts_with('/') {
        let socket = format!("{}/.s.PGSQL.{}", settings.host, settings.effective_port());
        stream::over_socket(Path::new(&socket)).await?
    } else {
        stream::over_tcp(settings).await?
    };
    let mut wire = Wire::new(encrypted(stream, settings).await?);
    start(&mut wire, settings).await?;
    authenticate(&mut wire, settings).await?;
    let version = announced_version(&mut wire).await?;
    Ok((wire, version))
}

/// Encrypts as the settings ask, if the server agrees.
async fn encrypted(
    mut stream: Box<dyn Stream>,
    settings: &ConnectionSettings,
) -> Result<Box<dyn Stream>, PostgresError> {
    if settings.tls == TlsMode::Off {
        return Ok(stream);
    }
    let mut request = BytesMut::new();
    frontend::ssl_request(&mut request);
    stream.write_all(&request).await?;
    match stream.read_u8().await? {
        b'S' => Ok(stream::encrypted(stream, settings).await?),
        b'N' if settings.tls == TlsMode::Prefer => Ok(stream),
        b'N' => Err(PostgresError::Connect(ConnectError::Tls {
            detail: format!("{} does not offer encryption", settings.address()),
        })),
        other => Err(unexpected(&format!("{other:#04x} when asked for encryption"))),
    }
}

async fn start(wire: &mut Wire, settings: &ConnectionSettings) -> io::Result<()> {
    let mut parameters = vec![
        ("user", user(settings)),
        ("application_name", "nl2sql"),
        ("client_encoding", "UTF8"),
    ];
    if !settings.database.is_empty() {
        parameters.push(("database", &settings.database));
    }
    wire.message(|outgoing| frontend::startup_message(parameters, outgoing))?;
    wire.send().await
}

fn user(settings: &ConnectionSettings) -> &str {
    if settings.user.is_empty() {
        DEFAULT_USER
    } else {
        &settings.user
    }
}

/// Proves who we are in the way the server asks for.
async fn authenticate(wire: &mut Wire, settings: &ConnectionSettings) -> Result<(), PostgresError> {
    let password = settings.password.reveal().as_bytes();
    loop {
        match received(wire).await? {
            Message::AuthenticationOk => return Ok(()),
            Message::AuthenticationCleartextPassword => {
                wire.message(|outgoing| frontend::password_message(password, outgoing))?;
                wire.send().await?;
            }
            Message::AuthenticationMd5Password(body) => {
                let hash = authentication::md5_hash(user(settings).as_bytes(), password, body.salt());
                wire.message(|outgoing| frontend::password_message(hash.as_bytes(), outgoing))?;
                wire.send().await?;
            }
            Message::AuthenticationSasl(body) if offers_scram(&body)? => scram(wire, password).await?,
            Message::NoticeResponse(_) => {}
            _ => {
                return Err(PostgresError::Connect(ConnectError::Authentication {
                    user: user(settings).to_owned(),
                    detail: "the server asks for another proof than a password".into(),
                }));
            }
        }
    }
}

fn offers_scram(offer: &AuthenticationSaslBody) -> io::Result<bool> {
    offer.mechanisms().any(|mechanism| Ok(mechanism == SCRAM_SHA_256))
}

/// Proves that the password is known without telling it, and that the server knows it too
/// (<https://www.postgresql.org/docs/current/sasl-authentication.html>).
async fn scram(wire: &mut Wire, password: &[u8]) -> Result<(), PostgresError> {
    let mut scram = ScramSha256::new(password, ChannelBinding::unsupported());
    wire.message(|outgoing| frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), outgoing))?;
    wire.send().await?;
    let Message::AuthenticationSaslContinue(body) = received(wire).await? else {
        return Err(unexpected("no challenge in a SCRAM login"));
    };
    scram.update(body.data())?;
    wire.message(|outgoing| frontend::sasl_response(scram.message(), outgoing))?;
    wire.send().await?;
    let Message::AuthenticationSaslFinal(body) = received(wire).await? else {
        return Err(unexpected("no proof at the end of a SCRAM login"));
    };
    Ok(scram.finish(body.data())?)
}

/// The next message of the server, which may be its refusal.
async fn received(wire: &mut Wire) -> Result<Message, PostgresError> {
    match wire.receive().await? {
        Message::ErrorResponse(error) => Err(PostgresError::Server(ServerError::read(&error)?)),
        message => Ok(message),
    }
}

/// What the server tells about itself once the login stands.
async fn announced_version(wire: &mut Wire) -> Result<String, PostgresError> {
    let mut version = String::new();
    loop {
        match received(wire).await? {
            Message::ParameterStatus(status) if status.name()? == "server_version" => {
                version = status.value()?.to_owned()
            }
            Message::ReadyForQuery(_) => return Ok(version),
            _ => {}
        }
    }
}

fn unexpected(what: &str) -> PostgresError {
    PostgresError::Io(stream::unexpected("PostgreSQL", what))
}
