//! How a client gets in: pre-login, TLS, login.

use std::io;
use std::sync::Arc;

use crate::collation::Collation;
use crate::engine::Engine;
use crate::faults::{self, Fault};
use crate::login::{self, Login};
use crate::prelogin::{self, Agreed};
use crate::server::Shared;
use crate::session::deaf;
use crate::tokens::{self, Done, change, status};
use crate::transport::{Transport, kind};

/// TDS 7.4, and what a server older than 2012 offers.
const TDS_7_4: u32 = 0x7400_0004;
const TDS_7_3: u32 = 0x730B_0003;

/// Pre-login, TLS and the login's message.
pub(crate) async fn greet(transport: &mut Transport, shared: &Shared) -> io::Result<Option<Login>> {
    let hello = transport.receive().await?;
    if hello.kind != kind::PRELOGIN {
        return Ok(None);
    }
    let (byte, agreed) = prelogin::agree(prelogin::encryption_wish(&hello.body), shared.encryption);
    let answer = prelogin::answer(shared.version_bytes(), byte);
    transport.send(kind::RESPONSE, &answer, true).await?;
    if agreed != Agreed::Clear {
        transport.handshake(Arc::clone(&shared.certificates.config)).await?;
    }
    let message = transport.receive().await?;
    let encrypted = transport.is_encrypted();
    if agreed == Agreed::LoginOnly {
        transport.end_encryption();
    }
    let login = (message.kind == kind::LOGIN)
        .then(|| login::parse(&message.body))
        .flatten();
    Ok(login.map(|login| Login { encrypted, ..login }))
}

/// Lets the client in, or says why not.
pub(crate) async fn admit(
    transport: &mut Transport,
    shared: &Shared,
    login: &Login,
    session: u16,
) -> io::Result<Option<Engine>> {
    let fault = shared.fault(faults::LOGIN);
    let refused = match fault {
        Some(Fault::Error(error)) => Err(vec![error]),
        Some(Fault::Stall | Fault::Deaf) => return deaf(transport).await.map(|()| None),
        Some(Fault::Info(_)) | None => shared.admit(login, session),
        Some(_) => return Ok(None),
    };
    let mut out = Vec::new();
    let engine = match refused {
        Ok(engine) => engine,
        Err(errors) => {
            errors.iter().for_each(|error| tokens::error(&mut out, error));
            tokens::done(&mut out, Done::Batch, status::ERROR, 0);
            transport.send(kind::RESPONSE, &out, true).await?;
            return Ok(None);
        }
    };
    let database = engine.database();
    tokens::text_change(&mut out, change::DATABASE, &database, "master");
    tokens::info(&mut out, 5701, &format!("Changed database context to '{database}'."));
    tokens::collation_change(&mut out, Collation::server_default());
    tokens::text_change(&mut out, change::LANGUAGE, "us_english", "");
    tokens::info(&mut out, 5703, "Changed language setting to us_english.");
    let newest = if shared.version_bytes()[0] < 11 {
        TDS_7_3
    } else {
        TDS_7_4
    };
    tokens::login_ack(&mut out, login.tds_version.min(newest), shared.version_bytes());
    let size = login.packet_size.clamp(512, shared.largest_packet);
    tokens::text_change(&mut out, change::PACKET_SIZE, &size.to_string(), "4096");
    tokens::done(&mut out, Done::Batch, status::FINAL, 0);
    transport.send(kind::RESPONSE, &out, true).await?;
    transport.packet_size = size as usize;
    Ok(Some(engine))
}
