//! Errors in the shape of OpenAI's API, which its clients read.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use nl2sql_inference::InferenceError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::bounded_text::bounded;

/// Seconds after which a client may try again when the queue was full.
const RETRY_AFTER: &str = "1";

/// The body of an error.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// What went wrong.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// For people.
    pub message: String,
    /// Kind of error, e.g. `invalid_request_error`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The field it is about.
    pub param: Option<String>,
    /// Code for programs.
    pub code: Option<String>,
}

/// An error with its status.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    detail: Box<ErrorDetail>,
}

impl ApiError {
    /// Every error is made here, so that none is longer than [`bounded`] lets it be.
    pub(crate) fn new(status: StatusCode, kind: &str, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            detail: Box::new(ErrorDetail {
                message: bounded(message.into()),
                kind: kind.to_owned(),
                param: None,
                code: Some(code.to_owned()),
            }),
        }
    }

    /// The request cannot be served as it stands.
    pub(crate) fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            "invalid_value",
            message,
        )
        .about(param)
    }

    /// Something is asked for that is not here.
    pub(crate) fn not_found(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", code, message)
    }

    /// No model of this name may be asked here.
    pub(crate) fn no_model(name: &str) -> Self {
        Self::not_found("model_not_found", format!("there is no model `{name}`")).about("model")
    }

    /// The server failed. What is said must not tell more than a stranger may know.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "internal_error",
            message,
        )
    }

    /// Try again later.
    pub(crate) fn busy(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "server_error", "overloaded", message)
    }

    /// The time of a request, in seconds, is over.
    pub(crate) fn timed_out(seconds: u32) -> Self {
        let message = format!("the answer took longer than {seconds} seconds");
        Self::new(StatusCode::GATEWAY_TIMEOUT, "server_error", "timeout", message)
    }

    #[must_use]
    pub(crate) fn about(mut self, param: &str) -> Self {
        self.detail.param = Some(param.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn with_code(mut self, code: &str) -> Self {
        self.detail.code = Some(code.to_owned());
        self
    }

    /// The body, for streams that have begun already.
    pub(crate) fn body(&self) -> ErrorBody {
        ErrorBody {
            error: (*self.detail).clone(),
        }
    }

    pub(crate) fn message(&self) -> &str {
        &self.detail.message
    }
}

impl From<&InferenceError> for ApiError {
    fn from(error: &InferenceError) -> Self {
        match error {
            InferenceError::QueueFull { .. } => Self::busy(format!("{error}. Try again later.")),
            InferenceError::Request { reason, help, .. } => Self::invalid("messages", format!("{reason}. {help}")),
            InferenceError::OutOfMemory => Self::busy(error.to_string()),
            _ => Self::internal("the model failed to answer; the server's log says why"),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
