//! `GET /v1/access`: what the caller may do here.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::Json;
use nl2sql_profile::ServeRight;
use serde::Serialize;
use utoipa::ToSchema;

use crate::authentication::Caller;
use crate::state::ServerState;

/// What the caller may do here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Access {
    /// Name of the key.
    pub caller: String,
    /// `chat`, `ask`, `view`, `review`, `admin`.
    #[schema(value_type = Vec<String>)]
    pub rights: Vec<ServeRight>,
    /// Name of the database that questions go to.
    pub database: Option<String>,
    /// Name of the run that the server was started with.
    pub run: Option<String>,
    /// Whether runs may have workers, which `/v1/workers` tells of.
    pub workers: bool,
}

/// Tell what the caller may do.
#[utoipa::path(get, path = "/v1/access", responses((status = 200, description = "Name and rights of the key, database and run", body = Access),
    (status = 401, description = "The key is not known", body = crate::api_error::ErrorBody)))]
pub(crate) async fn access(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
) -> Json<Access> {
    let assistant = state.assistant.as_ref();
    let library = state.runs.library.get();
    Json(Access {
        caller: caller.name,
        rights: caller.key.rights,
        database: assistant.map(|assistant| assistant.catalog().name.clone()),
        run: library.map(|library| library.own().to_owned()),
        workers: state.runs.workers.get().is_some(),
    })
}
