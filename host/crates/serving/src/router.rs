//! Every route, and what each request passes on its way.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;
use utoipa::ToSchema;

use crate::api_error::ApiError;
use crate::ask;
use crate::authentication::{authenticate, check_origin};
use crate::identifier::unique;
use crate::mcp;
use crate::metrics::{self, count_requests};
use crate::openai::{adapters, chat, completions, models, responses};
use crate::openapi;
use crate::page;
use crate::request_body::read_body;
use crate::runs;
use crate::state::ServerState;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id that is taken over from a client.
const MAX_REQUEST_ID: usize = 128;

/// The server as a service.
pub(crate) fn router(state: Arc<ServerState>, stop: &CancellationToken) -> Router {
    let body_limit = state.settings.max_body_kib as usize * 1_024;
    let mut guarded = Router::new()
        .route("/v1/models", get(models::list))
        .route("/v1/models/{model}", get(models::one))
        .route("/v1/chat/completions", post(chat::chat))
        .route("/v1/completions", post(completions::complete))
        .route("/v1/responses", post(responses::respond))
        .route("/v1/load_lora_adapter", post(adapters::load))
        .route("/v1/unload_lora_adapter", post(adapters::unload))
        .route("/v1/ask", post(ask::ask))
        .route("/v1/query", post(ask::query))
        .route("/v1/feedback", post(ask::feedback))
        .route("/metrics", get(metrics::metrics))
        .merge(runs::routes());
    if let Some(assistant) = &state.assistant {
        guarded = guarded.route_service("/mcp", mcp::over_http(assistant, stop.child_token(), &state.settings));
    }
    // What was added last is passed first: nobody's body is read who has no key.
    let guarded = guarded
        .route_layer(from_fn_with_state(state.clone(), read_body))
        .route_layer(from_fn_with_state(state.clone(), authenticate));
    let open = Router::new()
        .route("/health", get(health))
        .route("/openapi.json", get(openapi::document))
        .route("/", get(page::index))
        .route("/assets/{file}", get(page::asset));
    guarded
        .merge(open)
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(body_limit))
        .layer(from_fn_with_state(state.clone(), check_origin))
        .layer(cors(&state))
        .layer(from_fn_with_state(state.clone(), count_requests))
        .layer(CatchPanicLayer::custom(|_| {
            ApiError::internal("the request could not be answered; this is a defect of nl2sql").into_response()
        }))
        .layer(from_fn(with_request_id))
        .with_state(state)
}

/// Web pages of the origins that the profile names; of no others.
fn cors(state: &ServerState) -> CorsLayer {
    let origins = state.settings.allowed_origins.iter();
    let origins: Vec<HeaderValue> = origins.filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return CorsLayer::new();
    }
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([REQUEST_ID])
        .max_age(Duration::from_secs(600))
}

/// Every answer names its request. A client's own name is kept where it is a plain, short word.
async fn with_request_id(mut request: Request, next: Next) -> Response {
    let plain = |id: &&HeaderValue| {
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        id.len() <= MAX_REQUEST_ID && id.as_bytes().iter().all(word)
    };
    let sent = request.headers().get(&REQUEST_ID).filter(plain).cloned();
    let id = sent.or_else(|| HeaderValue::from_str(&unique("req-")).ok());
    let Some(id) = id else {
        return next.run(request).await;
    };
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let mut response = next.run(request).await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

async fn unknown_route() -> ApiError {
    ApiError::not_found(
        "unknown_url",
        "there is nothing at this URL; /openapi.json lists what there is",
    )
}

async fn wrong_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "invalid_request_error",
        "method_not_allowed",
        "this URL takes another method; /openapi.json lists them",
    )
}

/// Whether the server answers.
#[utoipa::path(get, path = "/health", security(()), responses((status = 200, description = "It does", body = Health)))]
pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// That the server answers.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`
    pub status: &'static str,
}
