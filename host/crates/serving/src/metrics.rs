//! `GET /metrics`: figures for Prometheus, under vLLM's names where vLLM has them.
//!
//! Names: <https://docs.vllm.ai/en/stable/design/metrics.html>. Format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Extension, MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use nl2sql_inference::SchedulerFigures;
use nl2sql_profile::ServeRight;
use prometheus::proto::MetricFamily;
use prometheus::{
    Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TEXT_FORMAT,
    TextEncoder,
};

use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::backend::Backend;
use crate::state::ServerState;

/// Upper bounds of time to the first token, in seconds: a prefix that was kept, to a long prompt behind others.
const FIRST_TOKEN_SECONDS: [f64; 13] = [
    0.001, 0.005, 0.01, 0.02, 0.04, 0.08, 0.1, 0.25, 0.5, 1.0, 2.5, 7.5, 20.0,
];
/// Upper bounds of whole requests, in seconds.
const REQUEST_SECONDS: [f64; 12] = [0.005, 0.02, 0.1, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];

/// What is counted as requests come and go.
pub(crate) struct Metrics {
    registry: Registry,
    model: String,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    first_token_seconds: Histogram,
}

impl Metrics {
    /// Nothing counted yet, for a model of this name.
    pub(crate) fn new(model: &str) -> Result<Self, prometheus::Error> {
        let requests = IntCounterVec::new(
            Opts::new("nl2sql_http_requests_total", "Requests answered."),
            &["route", "status"],
        )?;
        let request_seconds = HistogramVec::new(
            HistogramOpts::new(
                "nl2sql_http_request_duration_seconds",
                "Seconds from a request to the head of its answer.",
            )
            .buckets(REQUEST_SECONDS.to_vec()),
            &["route"],
        )?;
        let first_token_seconds = Histogram::with_opts(
            HistogramOpts::new(
                "vllm:time_to_first_token_seconds",
                "Seconds from a request to the first token of its answer.",
            )
            .const_label("model_name", model)
            .buckets(FIRST_TOKEN_SECONDS.to_vec()),
        )?;
        let registry = Registry::new();
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(request_seconds.clone()))?;
        registry.register(Box::new(first_token_seconds.clone()))?;
        Ok(Self {
            registry,
            model: model.to_owned(),
            requests,
            request_seconds,
            first_token_seconds,
        })
    }

    /// A token came, the first one of its answer.
    pub(crate) fn first_token(&self, waited: Duration) {
        self.first_token_seconds.observe(waited.as_secs_f64());
    }

    fn answered(&self, route: &str, status: u16, waited: Duration) {
        self.requests.with_label_values(&[route, &status.to_string()]).inc();
        self.request_seconds
            .with_label_values(&[route])
            .observe(waited.as_secs_f64());
    }

    /// All figures in Prometheus' text format.
    fn text(&self, scheduler: Option<SchedulerFigures>) -> Result<String, prometheus::Error> {
        let mut families = self.registry.gather();
        if let Some(figures) = scheduler {
            families.extend(self.of_scheduler(&figures)?);
        }
        TextEncoder::new().encode_to_string(&families)
    }

    /// The scheduler keeps its own counts; they are read when somebody asks.
    fn of_scheduler(&self, figures: &SchedulerFigures) -> Result<Vec<MetricFamily>, prometheus::Error> {
        let registry = Registry::new();
        let described = |name, help| Opts::new(name, help).const_label("model_name", self.model.clone());
        for (name, help, value) in [
            (
                "vllm:num_requests_running",
                "Requests in the running batch.",
                figures.running,
            ),
            (
                "vllm:num_requests_waiting",
                "Requests that wait for a place.",
                figures.waiting,
            ),
        ] {
            let gauge = IntGauge::with_opts(described(name, help))?;
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
            registry.register(Box::new(gauge))?;
        }
        let usage = Gauge::with_opts(described(
            "vllm:kv_cache_usage_perc",
            "Share of the memory for keys and values in use, from 0 to 1.",
        ))?;
        usage.set(figures.memory_in_use as f64 / 1e6);
        registry.register(Box::new(usage))?;
        for (name, help, value) in [
            ("vllm:prompt_tokens_total", "Tokens of prompts.", figures.prompt_tokens),
            (
                "vllm:generation_tokens_total",
                "Tokens of answers.",
                figures.generated_tokens,
            ),
            (
                "vllm:prefix_cache_queries_total",
                "Tokens of prompts looked up in the prefix cache.",
                figures.prompt_tokens,
            ),
            (
                "vllm:prefix_cache_hits_total",
                "Tokens of prompts found in the prefix cache.",
                figures.reused_tokens,
            ),
            (
                "vllm:num_preemptions_total",
                "Requests that gave their memory to others and were computed again.",
                figures.evictions,
            ),
        ] {
            let counter = IntCounter::with_opts(described(name, help))?;
            counter.inc_by(value);
            registry.register(Box::new(counter))?;
        }
        Ok(registry.gather())
    }
}

/// Counts every request by its route, never by what stands in its path.
pub(crate) async fn count_requests(State(state): State<Arc<ServerState>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let started = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    state
        .metrics
        .answered(route, response.status().as_u16(), started.elapsed());
    response
}

/// Figures for Prometheus.
#[utoipa::path(get, path = "/metrics", responses((status = 200, description = "Figures in Prometheus' text format", body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, ApiError> {
    caller.require(ServeRight::Admin)?;
    let scheduler = match &state.backend {
        Backend::Local(model) => Some(model.figures()),
        Backend::Endpoint(_) => None,
    };
    let text = state
        .metrics
        .text(scheduler)
        .map_err(|_| ApiError::internal("the figures cannot be written"))?;
    Ok(([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response())
}
