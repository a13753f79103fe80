//! A plugin's bytes and signatures, from wherever its source says. Nothing is read from the bytes here.

mod bounded_body;
mod file;
mod registry;
mod web;
mod web_client;

use std::collections::BTreeMap;
use std::time::Duration;

use nl2sql_profile::RegistrySettings;

use crate::SupplyError;
use crate::source::Source;

pub(crate) use registry::Registry;
pub use registry::SIGNATURE_MEDIA_TYPE;

/// What is put behind the name of a plugin's file for that of its signature, as minisign does.
const SIGNATURE_SUFFIX: &str = ".minisig";

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How long nothing may come.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How long all of it may take.
pub(crate) const FETCH_TIMEOUT: Duration = Duration::from_secs(300);

/// What a source gave.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fetched {
    /// The plugin, as it was served.
    pub(crate) bytes: Vec<u8>,
    /// Signatures that were beside it.
    pub(crate) signatures: Vec<String>,
    /// Digest of the manifest in a registry.
    pub(crate) resolved: Option<String>,
}

/// Fetches what lies at a source. `text` names it in errors.
pub(crate) async fn fetch(
    source: &Source,
    text: &str,
    registries: &BTreeMap<String, RegistrySettings>,
) -> Result<Fetched, SupplyError> {
    let fetching = async {
        match source {
            Source::File(path) => file::read(path, text),
            Source::Web(url) => web::get(url, text).await,
            Source::Registry(reference) => {
                let registry = Registry::of(reference.registry(), registries, text)?;
                registry.pull(reference).await
            }
        }
    };
    match tokio::time::timeout(FETCH_TIMEOUT, fetching).await {
        Ok(fetched) => fetched,
        Err(_) => Err(SupplyError::Unreachable {
            source_text: text.to_owned(),
            reason: format!("it took longer than {} s", FETCH_TIMEOUT.as_secs()),
        }),
    }
}

/// The last cause of an error, which is where the transport says what happened.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
