//! Plugins from web servers.

use nl2sql_plugin_host::MAX_PLUGIN_BYTES;
use reqwest::{Client, StatusCode};
use url::Url;

use super::bounded_body::{self, BodyError};
use super::web_client::web_client;
use super::{Fetched, SIGNATURE_SUFFIX, innermost};
use crate::SupplyError;
use crate::trust::MAX_SIGNATURE_BYTES;

/// Gets a file and the signature beside it.
pub(super) async fn get(url: &Url, text: &str) -> Result<Fetched, SupplyError> {
    let unreachable = |reason: String| SupplyError::Unreachable {
        source_text: text.to_owned(),
        reason,
    };
    let client = web_client(None).map_err(unreachable)?;
    let plugin = file(&client, url, MAX_PLUGIN_BYTES).await.map_err(unreachable)?;
    let bytes = plugin.ok_or_else(|| unreachable("there is no such file (404)".to_owned()))?;
    let mut signature_url = url.clone();
    signature_url.set_path(&format!("{}{SIGNATURE_SUFFIX}", url.path()));
    let signature = file(&client, &signature_url, MAX_SIGNATURE_BYTES).await;
    let signature = signature.map_err(|reason| unreachable(format!("its signature: {reason}")))?;
    let texts = signature.map(|signature| String::from_utf8_lossy(&signature).into_owned());
    Ok(Fetched {
        bytes,
        signatures: texts.into_iter().collect(),
        resolved: None,
    })
}

/// What a server answers, at most `most` bytes of it; `None` when there is nothing.
async fn file(client: &Client, url: &Url, most: usize) -> Result<Option<Vec<u8>>, String> {
    let answer = client.get(url.clone()).send().await;
    let answer = answer.map_err(|error| innermost(&error))?;
    match answer.status() {
        StatusCode::NOT_FOUND => Ok(None),
        status if !status.is_success() => Err(format!("the server answered {status}")),
        _ => match bounded_body::read(answer, most).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(BodyError::TooLarge) => Err(format!("it has more than {most} bytes")),
            Err(BodyError::Broken(reason)) => Err(reason),
        },
    }
}
