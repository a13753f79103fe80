//! `GET /openapi.json`: the API in OpenAPI's words, made from the handlers.

mod answers;
mod streams;
mod whole_numbers;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};
use utoipa::{Modify, openapi};

use self::answers::describe_answers;
use self::streams::describe_streams;
use self::whole_numbers::bound_whole_numbers;
use crate::api_error::ErrorBody;
use crate::ask;
use crate::metrics;
use crate::openai::{adapters, chat, completions, models, responses};
use crate::runs::{access, coverage, evaluation, events, listing, pairs, review, training, workers};
use crate::state::ServerState;

/// The API.
#[derive(OpenApi)]
#[openapi(
    info(title = "nl2sql", description = "Models and questions to a database."),
    paths(
        models::list, models::one, chat::chat, completions::complete, responses::respond, adapters::load, adapters::unload, ask::ask, ask::query, ask::feedback,
        access::access, listing::list, listing::one, coverage::coverage, pairs::list, pairs::facets, pairs::one, review::review, training::training,
        evaluation::evaluation, evaluation::questions, workers::workers, events::events,
        metrics::metrics, crate::router::health
    ),
    components(schemas(ErrorBody)),
    security(("key" = [])),
    modifiers(&WithKeys, &WithErrors, &WithTags)
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

/// Every route answers errors alike: without a key, with a body that is none, past a limit, out of time.
struct WithErrors;

impl Modify for WithErrors {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let body = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("ErrorBody")))
            .build();
        let error = ResponseBuilder::new()
            .description("The request is not served; the body says why")
            .content("application/json", body)
            .build();
        let routes = document.paths.paths.values_mut();
        let operations = routes.flat_map(|route| [&mut route.get, &mut route.post].into_iter().flatten());
        operations.for_each(|operation: &mut Operation| {
            let responses = &mut operation.responses.responses;
            responses.insert("default".to_owned(), error.clone().into());
        });
    }
}

/// Routes in groups, by what they are for.
struct WithTags;

impl Modify for WithTags {
    fn modify(&self, document: &mut openapi::OpenApi) {
        for (path, route) in &mut document.paths.paths {
            let operations = [&mut route.get, &mut route.post].into_iter().flatten();
            operations.for_each(|operation: &mut Operation| operation.tags = Some(vec![group(path).to_owned()]));
        }
    }
}

fn group(path: &str) -> &'static str {
    match path.trim_start_matches("/v1/").split('/').next().unwrap_or_default() {
        "models" | "chat" | "completions" | "responses" => "OpenAI",
        "load_lora_adapter" | "unload_lora_adapter" => "Adapters",
        "ask" | "query" | "feedback" => "Questions",
        "runs" | "events" | "workers" | "access" => "Runs",
        _ => "Server",
    }
}

/// The document. Where there are no keys, none is asked for.
pub(crate) async fn document(State(state): State<Arc<ServerState>>) -> Json<Value> {
    let mut document = Api::openapi();
    if state.settings.keys.is_empty() {
        document.security = None;
    }
    let mut document = json!(document);
    describe_answers(&mut document);
    describe_streams(&mut document);
    bound_whole_numbers(&mut document);
    Json(document)
}
