//! Connections to the servers of strangers: how long they may take, where they may lead, which certificates count.

use std::path::Path;
use std::sync::Once;

use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Certificate, Client};

use super::{CONNECT_TIMEOUT, READ_TIMEOUT, innermost};
use crate::source::is_allowed;

/// Most addresses that a server may send to.
const MAX_REDIRECTS: usize = 5;

/// A client that trusts the system's certificate authorities, and those of the file `ca`.
pub(super) fn web_client(ca: Option<&Path>) -> Result<Client, String> {
    prepare_tls();
    let authorities = ca.map(certificates).transpose()?.unwrap_or_default();
    Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .redirect(Policy::custom(redirect))
        .tls_certs_merge(authorities)
        .user_agent(concat!("nl2sql/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| innermost(&error))
}

/// The cryptography that connections use, once for the process.
fn prepare_tls() {
    static TLS: Once = Once::new();
    // Another part of the program may have installed it; either serves.
    TLS.call_once(|| drop(rustls::crypto::aws_lc_rs::default_provider().install_default()));
}

fn certificates(file: &Path) -> Result<Vec<Certificate>, String> {
    let pem = std::fs::read(file).map_err(|error| format!("its `ca` {} cannot be read: {error}", file.display()))?;
    let certificates = Certificate::from_pem_bundle(&pem).ok();
    certificates
        .filter(|certificates| !certificates.is_empty())
        .ok_or_else(|| format!("its `ca` {} holds no PEM certificate", file.display()))
}

fn redirect(attempt: Attempt<'_>) -> Action {
    // What came over an encrypted connection does not lead to servers of this machine.
    let was_encrypted = attempt.previous().iter().any(|url| url.scheme() == "https");
    if attempt.previous().len() > MAX_REDIRECTS {
        attempt.error("too many redirects")
    } else if attempt.url().scheme() == "https" || (is_allowed(attempt.url()) && !was_encrypted) {
        attempt.follow()
    } else {
        attempt.error("it redirects to an address without encryption")
    }
}
