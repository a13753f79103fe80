//! Parameters of URLs, refused in the API's own shape.

use std::ops::Range;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::api_error::ApiError;

/// Rows of a page where the request names no number.
const USUAL_ROWS: usize = 50;
/// Most rows of a page.
const MAX_ROWS: usize = 200;

/// What follows `?`.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(ApiError::invalid("query", rejection.body_text())),
        }
    }
}

/// Names in the path.
pub(crate) struct Named<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(names)) => Ok(Self(names)),
            Err(_) => Err(ApiError::invalid("path", "a name in the URL is no text")),
        }
    }
}

/// The rows that a page asks for.
pub(super) fn rows(offset: Option<usize>, limit: Option<usize>) -> Range<usize> {
    let start = offset.unwrap_or_default();
    start..start.saturating_add(limit.unwrap_or(USUAL_ROWS).min(MAX_ROWS))
}

/// A parameter that is left empty is left out.
pub(super) fn given(parameter: Option<String>) -> Option<String> {
    parameter.filter(|text| !text.is_empty())
}
