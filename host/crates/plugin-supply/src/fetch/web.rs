//! Plugins from web servers.

use futures::StreamExt;
use nl2sql_plugin_host::MAX_PLUGIN_BYTES;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, StatusCode};
use url::Url;

use super::{CONNECT_TIMEOUT, Fetched, READ_TIMEOUT, SIGNATURE_SUFFIX, innermost, prepare_tls};
use crate::SupplyError;
use crate::source::is_allowed;
use crate::trust::MAX_SIGNATURE_BYTES;

/// Most addresses that a server may send to.
const MAX_REDIRECTS: usize = 5;

/// Gets a file and the signature beside it.
pub(super) async fn get(url: &Url, text: &str) -> Result<Fetched, SupplyError> {
    prepare_tls();
    let unreachable = |reason: String| SupplyError::Unreachable {
        source_text: text.to_owned(),
        reason,
    };
    let client = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .redirect(Policy::custom(redirect))
        .user_agent(concat!("nl2sql/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| unreachable(innermost(&error)))?;
    let plugin = bounded(&client, url, MAX_PLUGIN_BYTES).await.map_err(unreachable)?;
    let bytes = plugin.ok_or_else(|| unreachable("there is no such file (404)".to_owned()))?;
    let mut signature_url = url.clone();
    signature_url.set_path(&format!("{}{SIGNATURE_SUFFIX}", url.path()));
    let signature = bounded(&client, &signature_url, MAX_SIGNATURE_BYTES).await;
    let signature = signature.map_err(|reason| unreachable(format!("its signature: {reason}")))?;
    let texts = signature.map(|signature| String::from_utf8_lossy(&signature).into_owned());
    Ok(Fetched {
        bytes,
        signatures: texts.into_iter().collect(),
        resolved: None,
    })
}

fn redirect(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    if attempt.previous().len() > MAX_REDIRECTS {
        attempt.error("too many redirects")
    } else if is_allowed(attempt.url()) {
        attempt.follow()
    } else {
        attempt.error("it redirects to an address without encryption")
    }
}

/// What a server answers, at most `most` bytes of it; `None` when there is nothing.
async fn bounded(client: &Client, url: &Url, most: usize) -> Result<Option<Vec<u8>>, String> {
    let answer = client.get(url.clone()).send().await;
    let answer = answer.map_err(|error| innermost(&error))?;
    match answer.status() {
        StatusCode::NOT_FOUND => Ok(None),
        status if !status.is_success() => Err(format!("the server answered {status}")),
        _ => body(answer, most).await.map(Some),
    }
}

/// A body as it is, unpacked where the server packed it: what counts is the size of that.
async fn body(answer: Response, most: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut stream = answer.bytes_stream();
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece.map_err(|error| innermost(&error))?);
        if bytes.len() > most {
            return Err(format!("it has more than {most} bytes"));
        }
    }
    Ok(bytes)
}
