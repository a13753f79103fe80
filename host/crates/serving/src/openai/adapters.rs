//! `POST /v1/load_lora_adapter` and `/v1/unload_lora_adapter`, as vLLM has them.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use nl2sql_app::{AdapterError, ServedModel};
use nl2sql_profile::ServeRight;
use serde::Deserialize;
use utoipa::ToSchema;

use super::json_body::JsonBody;
use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::backend::Backend;
use crate::state::ServerState;

/// An adapter to load.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct LoadAdapter {
    /// Name it gets in the API.
    pub lora_name: String,
    /// Its folder, relative to `serve.adapters`.
    pub lora_path: String,
}

/// An adapter to unload.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct UnloadAdapter {
    /// Its name.
    pub lora_name: String,
}

/// Load an adapter.
#[utoipa::path(post, path = "/v1/load_lora_adapter", request_body = LoadAdapter, responses(
    (status = 200, description = "Loaded", body = String, content_type = "text/plain"),
    (status = 400, description = "The adapter cannot be used", body = crate::api_error::ErrorBody),
    (status = 409, description = "The model's folder was changed since the server began", body = crate::api_error::ErrorBody)))]
pub(crate) async fn load(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    JsonBody(request): JsonBody<LoadAdapter>,
) -> Result<String, ApiError> {
    caller.require(ServeRight::Admin)?;
    let model = local(&state)?;
    let named = !request.lora_name.is_empty() && request.lora_name.chars().all(|letter| !letter.is_control());
    if !named {
        return Err(ApiError::invalid("lora_name", "give a name without control characters"));
    }
    let folder = folder_of(state.settings.adapters.as_deref(), &request.lora_path)?;
    model.load_adapter(&request.lora_name, &folder).await.map_err(refused)?;
    Ok(format!(
        "Success: LoRA adapter '{}' added successfully.",
        request.lora_name
    ))
}

/// Unload an adapter.
#[utoipa::path(post, path = "/v1/unload_lora_adapter", request_body = UnloadAdapter, responses(
    (status = 200, description = "Unloaded; requests under way keep it to their end", body = String, content_type = "text/plain"),
    (status = 404, description = "There is none of this name", body = crate::api_error::ErrorBody)))]
pub(crate) async fn unload(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    JsonBody(request): JsonBody<UnloadAdapter>,
) -> Result<String, ApiError> {
    caller.require(ServeRight::Admin)?;
    local(&state)?.unload_adapter(&request.lora_name).map_err(refused)?;
    Ok(format!(
        "Success: LoRA adapter '{}' removed successfully.",
        request.lora_name
    ))
}

fn local(state: &ServerState) -> Result<&Arc<ServedModel>, ApiError> {
    match &state.backend {
        Backend::Local(model) => Ok(model),
        Backend::Endpoint(_) => Err(ApiError::invalid(
            "lora_name",
            "adapters are loaded where the model runs",
        )),
    }
}

/// The folder of an adapter, which lies below the one that the profile names, links resolved.
fn folder_of(root: Option<&Path>, path: &str) -> Result<PathBuf, ApiError> {
    let refuse = |reason: &str| ApiError::invalid("lora_path", reason);
    let root = root.ok_or_else(|| refuse("adapters are not loaded by request: serve.adapters names no folder"))?;
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if path.is_empty() || !Path::new(path).components().all(plain) {
        return Err(refuse("give a path below serve.adapters, without `..`"));
    }
    let missing = |_| refuse("there is no such folder below serve.adapters");
    let root = root.canonicalize().map_err(missing)?;
    let folder = root.join(path).canonicalize().map_err(missing)?;
    // The same words as for a folder that is missing: what lies elsewhere is nobody's business.
    (folder.starts_with(&root) && folder.is_dir())
        .then_some(folder)
        .ok_or_else(|| refuse("there is no such folder below serve.adapters"))
}

/// What may be said of an adapter that was refused; paths of this machine are left out.
fn refused(error: AdapterError) -> ApiError {
    match error {
        AdapterError::Exists(_) => ApiError::invalid("lora_name", error.to_string()),
        AdapterError::Unknown(_) => ApiError::not_found("model_not_found", error.to_string()),
        AdapterError::Replaced(_) => {
            tracing::warn!("an adapter was not loaded: {error}");
            ApiError::new(
                StatusCode::CONFLICT,
                "invalid_request_error",
                "model_replaced",
                "the model's folder was changed since the server began; adapters can be loaded after a restart",
            )
        }
        AdapterError::Model(_) | AdapterError::Inference(_) | AdapterError::Unreadable(_) => {
            tracing::warn!("an adapter was not loaded: {error}");
            ApiError::new(
                StatusCode::BAD_REQUEST,
                "invalid_request_error",
                "adapter_unusable",
                "the folder holds no adapter of this model; the server's log says why",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adapters_outside_of_their_folder_are_refused() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("adapters");
        std::fs::create_dir_all(root.join("shop")).unwrap();
        std::fs::create_dir_all(place.path().join("secret")).unwrap();
        assert!(folder_of(Some(&root), "shop").is_ok());
        for path in ["", "..", "../secret", "shop/../../secret", "/etc", "none", "shop\0"] {
            assert!(folder_of(Some(&root), path).is_err(), "{path:?}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(place.path().join("secret"), root.join("link")).unwrap();
            assert!(folder_of(Some(&root), "link").is_err());
        }
        assert!(folder_of(None, "shop").is_err());
    }
}
