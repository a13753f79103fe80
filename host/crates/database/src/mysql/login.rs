//! Encryption and login (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html>).

use std::collections::HashMap;
use std::path::Path;

use mysql_common::auth::plugins::{AuthProc, ChallengeResponsePlugin, Context, Response};
use mysql_common::collations::CollationId;
use mysql_common::constants::CapabilityFlags;
use mysql_common::packets::{
    AuthMoreData, AuthPlugin, AuthSwitchRequest, HandshakePacket, HandshakeResponse, SslRequest,
};

use super::server_errors::MysqlError;
use super::wire::{MAX_PACKET, Wire, parsed, unexpected};
use crate::{ConnectError, ConnectionSettings, TlsMode, stream};

/// Who logs in when the settings do not say.
const DEFAULT_USER: &str = "root";

/// What the server must be able to do.
const NEEDED: CapabilityFlags = CapabilityFlags::CLIENT_PROTOCOL_41.union(CapabilityFlags::CLIENT_SECURE_CONNECTION);

/// What is asked for when the server has it. Several statements in one command, files of this machine and several results of one statement
/// are not among it.
const WANTED: CapabilityFlags = NEEDED
    .union(CapabilityFlags::CLIENT_LONG_PASSWORD)
    .union(CapabilityFlags::CLIENT_LONG_FLAG)
    .union(CapabilityFlags::CLIENT_TRANSACTIONS)
    .union(CapabilityFlags::CLIENT_PLUGIN_AUTH)
    .union(CapabilityFlags::CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA)
    .union(CapabilityFlags::CLIENT_CONNECT_ATTRS);

/// Ways that a server may propose to everybody; others are for single users.
const PROPOSED: [AuthPlugin<'static>; 3] = [
    AuthPlugin::MysqlNativePassword,
    AuthPlugin::CachingSha2Password,
    AuthPlugin::Sha256Password,
];

/// First bytes of the packets of a login.
const LOGGED_IN: u8 = 0x00;
const MORE_DATA: u8 = 0x01;
const SWITCH: u8 = 0xfe;

/// A connection that the server has let in.
pub(super) async fn log_in(settings: &ConnectionSettings) -> Result<Wire, MysqlError> {
    let socket = settings.host.starts_with('/');
    let stream = if socket {
        stream::over_socket(Path::new(&settings.host)).await?
    } else {
        stream::over_tcp(settings).await?
    };
    let mut wire = Wire::new(stream);
    let greeting: HandshakePacket<'_> = parsed(wire.answer().await?, ())?;
    let greeting = greeting.into_owned();
    if !greeting.capabilities().contains(NEEDED) {
        return Err(unexpected("it is older than version 4.1 of the protocol").into());
    }
    let mut capabilities = WANTED & greeting.capabilities();
    // The server goes by what it reads first, which is the request for encryption if there is one.
    capabilities.set(CapabilityFlags::CLIENT_CONNECT_WITH_DB, !settings.database.is_empty());
    let tls = encrypts(settings, socket, greeting.capabilities())?;
    if tls {
        capabilities |= CapabilityFlags::CLIENT_SSL;
        wire.reply(&SslRequest::new(
            capabilities,
            MAX_PACKET,
            CollationId::UTF8MB4_GENERAL_CI as u8,
        ));
        wire.send().await?;
        wire = wire.encrypted(settings).await?;
    }
    let mut proof = Proof::new(settings, &greeting, socket, tls)?;
    let first = proof.answer_to_nonce()?;
    introduce(&mut wire, settings, capabilities, &proof, first);
    wire.send().await?;
    prove(&mut wire, &mut proof).await?;
    Ok(wire)
}

/// Whether to encrypt. A socket of this machine needs no encryption, and is encrypted only when that is asked for.
fn encrypts(settings: &ConnectionSettings, socket: bool, server: CapabilityFlags) -> Result<bool, ConnectError> {
    let offered = server.contains(CapabilityFlags::CLIENT_SSL);
    match settings.tls {
        TlsMode::Off => Ok(false),
        TlsMode::Prefer => Ok(offered && !socket),
        TlsMode::Require | TlsMode::VerifyCa if offered => Ok(true),
        TlsMode::Require | TlsMode::VerifyCa => Err(ConnectError::Tls {
            detail: format!("{} does not offer encryption", settings.address()),
        }),
    }
}

/// Says who logs in, with the first part of the proof.
fn introduce(
    wire: &mut Wire,
    settings: &ConnectionSettings,
    capabilities: CapabilityFlags,
    proof: &Proof<'_>,
    first: Option<Vec<u8>>,
) {
    // Any version since 5.5.3 stands for four-byte UTF-8.
    const SINCE_UTF8MB4: (u16, u16, u16) = (5, 5, 3);
    let has = |flag| capabilities.contains(flag);
    let attributes = HashMap::from([("program_name".to_owned(), "nl2sql".to_owned())]);
    wire.reply(&HandshakeResponse::new(
        first,
        SINCE_UTF8MB4,
        Some(proof.user().as_bytes()),
        Some(settings.database.as_bytes()).filter(|name| !name.is_empty()),
        Some(proof.plugin.clone()).filter(|_| has(CapabilityFlags::CLIENT_PLUGIN_AUTH)),
        capabilities,
        Some(attributes).filter(|_| has(CapabilityFlags::CLIENT_CONNECT_ATTRS)),
        MAX_PACKET,
    ));
}

/// Answers what the server asks until it lets us in.
async fn prove(wire: &mut Wire, proof: &mut Proof<'_>) -> Result<(), MysqlError> {
    loop {
        let packet = wire.answer().await?;
        let answer = match packet[0] {
            LOGGED_IN => return Ok(()),
            MORE_DATA => {
                let more: AuthMoreData<'_> = parsed(packet, ())?;
                proof.answer_to(more.data())?
            }
            SWITCH if packet.len() == 1 => return Err(proof.refused("mysql_old_password").into()),
            SWITCH => {
                let request: AuthSwitchRequest<'_> = parsed(packet, ())?;
                proof.switch(request.auth_plugin().into_owned(), request.plugin_data())?;
                proof.answer_to_nonce()?
            }
            other => return Err(unexpected(&format!("{other:#04x} in the middle of a login")).into()),
        };
        if let Some(answer) = answer {
            wire.reply_bytes(&answer);
            wire.send().await?;
        }
    }
}

/// The proof of who we are, in the way the server asks for.
struct Proof<'a> {
    settings: &'a ConnectionSettings,
    plugin: AuthPlugin<'static>,
    procedure: AuthProc,
    /// What the server made up for this login.
    nonce: Vec<u8>,
    socket: bool,
    tls: bool,
}

impl<'a> Proof<'a> {
    /// Begins with what the server proposes, if that is known; it asks for another way when this user needs one.
    fn new(
        settings: &'a ConnectionSettings,
        greeting: &HandshakePacket<'_>,
        socket: bool,
        tls: bool,
    ) -> Result<Self, ConnectError> {
        let mut proof = Self {
            settings,
            plugin: AuthPlugin::MysqlNativePassword,
            procedure: AuthProc::MysqlNativePassword(Default::default()),
            nonce: greeting.nonce(),
            socket,
            tls,
        };
        if let Some(plugin) = greeting.auth_plugin()
            && PROPOSED.contains(&plugin)
        {
            proof.switch(plugin.into_owned(), &greeting.nonce())?;
        }
        Ok(proof)
    }

    fn user(&self) -> &str {
        if self.settings.user.is_empty() {
            DEFAULT_USER
        } else {
            &self.settings.user
        }
    }

    /// Goes over to another way.
    fn switch(&mut self, plugin: AuthPlugin<'static>, nonce: &[u8]) -> Result<(), ConnectError> {
        let name = String::from_utf8_lossy(plugin.as_bytes()).into_owned();
        // One gives the password away to whoever asks, the other to whoever listens.
        let trusted = self.socket || (self.tls && self.settings.tls == TlsMode::VerifyCa);
        if plugin == AuthPlugin::MysqlOldPassword || (plugin == AuthPlugin::MysqlClearPassword && !trusted) {
            return Err(self.refused(&name));
        }
        self.procedure = plugin.init().map_err(|_| self.refused(&name))?;
        self.plugin = plugin;
        self.nonce = nonce.to_vec();
        Ok(())
    }

    fn answer_to_nonce(&mut self) -> Result<Option<Vec<u8>>, ConnectError> {
        let nonce = self.nonce.clone();
        self.answer_to(&nonce)
    }

    fn answer_to(&mut self, challenge: &[u8]) -> Result<Option<Vec<u8>>, ConnectError> {
        let circumstances = Circumstances {
            password: self.settings.password.reveal().as_bytes(),
            nonce: &self.nonce,
            socket: self.socket,
            tls: self.tls,
        };
        let answer = self.procedure.run(circumstances, challenge);
        match answer.map_err(|error| self.failed(error.to_string()))? {
            Response::Next { packet } | Response::Last { packet } => Ok(packet),
        }
    }

    fn refused(&self, plugin: &str) -> ConnectError {
        self.failed(format!(
            "the server asks for a proof by `{plugin}`, which is not known here, or gives the password away \
             (`mysql_clear_password` needs TLS with a verified certificate)"
        ))
    }

    fn failed(&self, detail: String) -> ConnectError {
        ConnectError::Authentication {
            user: self.user().to_owned(),
            detail,
        }
    }
}

/// What a way of proving must know.
struct Circumstances<'a> {
    password: &'a [u8],
    nonce: &'a [u8],
    socket: bool,
    tls: bool,
}

impl Context for Circumstances<'_> {
    fn pass(&self) -> &[u8] {
        self.password
    }

    fn is_ipc_transport(&self) -> bool {
        self.socket
    }

    fn is_tls_transport(&self) -> bool {
        self.tls
    }

    fn scramble(&self) -> &[u8] {
        self.nonce
    }

    fn server_key_pem(&self) -> Option<&[u8]> {
        None
    }
}
