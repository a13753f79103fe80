//! `GET /openapi.json`: the API in OpenAPI's words, made from the handlers.

use axum::response::Json;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, openapi};

use crate::api_error::ErrorBody;
use crate::ask;
use crate::metrics;
use crate::openai::{adapters, chat, completions, models, responses};
use crate::runs::{access, coverage, evaluation, events, listing, pairs, review, training};

/// The API.
#[derive(OpenApi)]
#[openapi(
    info(title = "nl2sql", description = "Models and questions to a database."),
    paths(
        models::list, models::one, chat::chat, completions::complete, responses::respond, adapters::load, adapters::unload, ask::ask, ask::query, ask::feedback,
        access::access, listing::list, listing::one, coverage::coverage, pairs::list, pairs::facets, pairs::one, review::review, training::training,
        evaluation::evaluation, evaluation::questions, events::events,
        metrics::metrics, crate::router::health
    ),
    components(schemas(ErrorBody)),
    security(("key" = [])),
    modifiers(&WithKeys)
)]
struct Api;

struct WithKeys;

impl Modify for WithKeys {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("key", scheme);
    }
}

/// The document.
pub(crate) async fn document() -> Json<openapi::OpenApi> {
    Json(Api::openapi())
}
