//! Request bodies: refused in the API's own shape, and what they have beyond what is known is told in a header.

use axum::extract::{FromRequest, Json, Request, rejection::JsonRejection};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde::de::DeserializeOwned;

use crate::api_error::ApiError;

/// Names of the fields that were passed over.
const IGNORED: HeaderName = HeaderName::from_static("x-nl2sql-ignored-fields");

/// A JSON body.
pub(crate) struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(refused(&rejection)),
        }
    }
}

fn refused(rejection: &JsonRejection) -> ApiError {
    let status = match rejection.status() {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        other => other,
    };
    let code = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "request_too_large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
        _ => "invalid_json",
    };
    ApiError::new(status, "invalid_request_error", code, rejection.body_text())
}

/// The response with the names of the request's fields that nothing reads.
pub(crate) fn with_ignored<'a>(names: impl IntoIterator<Item = &'a String>, mut response: Response) -> Response {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    if !names.is_empty() {
        let plain = names
            .join(",")
            .chars()
            .filter(|letter| letter.is_ascii_graphic())
            .take(500)
            .collect::<String>();
        if let Ok(value) = HeaderValue::from_str(&plain) {
            response.headers_mut().insert(IGNORED, value);
        }
    }
    response
}
