//! `GET /v1/models`

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Json, Response};
use nl2sql_app::ModelEntry;
use nl2sql_profile::ServeRight;
use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::backend::Backend;
use crate::state::ServerState;

/// List the model and its adapters.
#[utoipa::path(get, path = "/v1/models", responses((status = 200, description = "The models")))]
pub(crate) async fn list(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, ApiError> {
    caller.require(ServeRight::Chat)?;
    match &state.backend {
        Backend::Local(model) => {
            let data: Vec<Value> = model.models().iter().map(|entry| card(&state, entry)).collect();
            Ok(Json(json!({ "object": "list", "data": data })).into_response())
        }
        Backend::Endpoint(endpoint) => endpoint.models().await,
    }
}

/// Describe one model.
#[utoipa::path(get, path = "/v1/models/{model}", params(("model" = String, Path, description = "Name of the model or adapter")), responses((status = 200, description = "The model"),
    (status = 404, description = "There is none of this name", body = crate::api_error::ErrorBody)))]
pub(crate) async fn one(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    caller.require(ServeRight::Chat)?;
    match &state.backend {
        Backend::Local(model) => Ok(Json(card(&state, &state.model(model, &name)?))),
        Backend::Endpoint(_) => Err(ApiError::not_found(
            "model_not_found",
            "ask for the list of models instead",
        )),
    }
}

/// What is said of a model: neither its folder nor anything else of this machine.
fn card(state: &ServerState, entry: &ModelEntry) -> Value {
    json!({
        "id": entry.name, "object": "model", "created": state.started, "owned_by": "nl2sql",
        "root": entry.generation, "parent": entry.is_adapter.then(|| state.base_name()),
    })
}
