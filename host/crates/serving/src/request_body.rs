//! Bodies are read whole, within a time and a size, before anything is done with them.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api_error::ApiError;
use crate::state::ServerState;

/// Reads the body of a request; a client that sends it too slowly gives its place to others.
pub(crate) async fn read_body(State(state): State<Arc<ServerState>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let seconds = state.settings.header_timeout_s;
    let reading = Bytes::from_request(Request::from_parts(parts.clone(), body), &());
    let read = tokio::time::timeout(Duration::from_secs(u64::from(seconds)), reading).await;
    let error = match read {
        Ok(Ok(bytes)) => return next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(rejection)) => {
            let code = match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => "request_too_large",
                _ => "invalid_body",
            };
            ApiError::new(rejection.status(), "invalid_request_error", code, rejection.body_text())
        }
        Err(_) => {
            let message = format!("the body did not arrive within {seconds} seconds");
            ApiError::new(StatusCode::REQUEST_TIMEOUT, "invalid_request_error", "timeout", message)
        }
    };
    error.into_response()
}
