//! `GET /v1/models`

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Json, Response};
use nl2sql_app::ModelEntry;
use nl2sql_profile::ServeRight;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::backend::Backend;
use crate::runs::parameters::Named;
use crate::state::ServerState;

/// What can be asked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ModelList {
    /// `list`
    pub object: &'static str,
    /// The model and its adapters.
    pub data: Vec<ModelCard>,
}

/// A model or adapter.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ModelCard {
    /// Its name.
    pub id: String,
    /// `model`
    pub object: &'static str,
    /// Seconds since 1970 when the server began.
    pub created: u64,
    /// `nl2sql`
    pub owned_by: &'static str,
    /// Digest of the weights.
    pub root: String,
    /// Name of the model that an adapter belongs to.
    pub parent: Option<String>,
}

/// List the model and its adapters.
#[utoipa::path(get, path = "/v1/models", responses((status = 200, description = "The models", body = ModelList)))]
pub(crate) async fn list(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, ApiError> {
    caller.require(ServeRight::Chat)?;
    match &state.backend {
        Backend::Local(model) => {
            let data = model.models().iter().map(|entry| card(&state, entry)).collect();
            Ok(Json(ModelList { object: "list", data }).into_response())
        }
        Backend::Endpoint(endpoint) => {
            Ok(Json(json!({ "object": "list", "data": endpoint.models().await? })).into_response())
        }
    }
}

/// Describe one model.
#[utoipa::path(get, path = "/v1/models/{model}", params(("model" = String, Path, description = "Name of the model or adapter")), responses((status = 200, description = "The model", body = ModelCard),
    (status = 404, description = "There is none of this name", body = crate::api_error::ErrorBody)))]
pub(crate) async fn one(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Result<Response, ApiError> {
    caller.require(ServeRight::Chat)?;
    match &state.backend {
        Backend::Local(model) => Ok(Json(card(&state, &state.model(model, &name)?)).into_response()),
        Backend::Endpoint(endpoint) => Ok(Json(endpoint.one_model(&name).await?).into_response()),
    }
}

/// What is said of a model: neither its folder nor anything else of this machine.
fn card(state: &ServerState, entry: &ModelEntry) -> ModelCard {
    ModelCard {
        id: entry.name.clone(),
        object: "model",
        created: state.started,
        owned_by: "nl2sql",
        root: entry.generation.clone(),
        parent: entry.is_adapter.then(|| state.base_name()),
    }
}
