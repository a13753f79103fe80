//! What a request goes through before a model sees it: the caller's right, the backend that answers, the shape of the body.

use std::sync::Arc;

use axum::response::Response;
use nl2sql_app::ServedModel;
use nl2sql_profile::ServeRight;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::backend::Backend;
use crate::state::ServerState;

/// A request that is let in.
pub(crate) enum Received<'a, T> {
    /// For the model of this process.
    Local(&'a Arc<ServedModel>, T),
    /// The endpoint behind this server has answered it.
    Forwarded(Response),
}

/// Reads `body` for the model of this process, or hands it on to `path` of the endpoint behind this server.
///
/// # Errors
/// Without the right to chat, where the endpoint fails, and where the body is not a request.
pub(crate) async fn receive<'a, T: DeserializeOwned>(
    state: &'a ServerState,
    caller: &Caller,
    path: &str,
    body: Value,
) -> Result<Received<'a, T>, ApiError> {
    caller.require(ServeRight::Chat)?;
    let model = match &state.backend {
        Backend::Local(model) => model,
        Backend::Endpoint(endpoint) => return endpoint.forward(path, body).await.map(Received::Forwarded),
    };
    let request = serde_json::from_value(body).map_err(|error| ApiError::invalid("body", error.to_string()))?;
    Ok(Received::Local(model, request))
}
