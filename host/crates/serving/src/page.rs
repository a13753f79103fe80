//! `GET /`: the page, as `cargo xtask page` built it and the program embeds it.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::api_error::ApiError;
use crate::runs::parameters::Named;

/// A file of the page.
struct PageFile {
    name: &'static str,
    bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/page_files.rs"));

/// The page and the server alone: nothing is loaded from elsewhere, nothing frames it, no script stands in its text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";
/// What is said in place of the page.
const NO_PAGE: &str = "This nl2sql was built without its page, for which Node is needed: run `cargo xtask page` and build again. The API is \
                       described at /openapi.json.\n";

/// The page.
pub(crate) async fn index() -> Response {
    match file("index.html") {
        Some(file) => sent(file, "no-cache"),
        None => (StatusCode::OK, [(CONTENT_TYPE, "text/plain; charset=utf-8")], NO_PAGE).into_response(),
    }
}

/// Its scripts and styles, whose names say what they hold.
pub(crate) async fn asset(Named(name): Named<String>) -> Response {
    match file(&name).filter(|file| file.name != "index.html") {
        Some(file) => sent(file, "public, max-age=31536000, immutable"),
        None => ApiError::not_found("unknown_url", "there is no such part of the page").into_response(),
    }
}

fn file(name: &str) -> Option<&'static PageFile> {
    FILES.iter().find(|file| file.name == name)
}

fn sent(file: &'static PageFile, caching: &'static str) -> Response {
    let kind = match file.name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "application/octet-stream",
    };
    let headers: [(HeaderName, HeaderValue); 5] = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static(caching)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, file.bytes).into_response()
}
