//! Server-sent events: with comments that keep a silent stream open, and an end when the request's time is over.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use serde_json::json;

use crate::state::ServerState;

/// The last event of a stream.
pub(crate) const DONE: &str = "[DONE]";

/// Data as events without names.
pub(crate) fn event_stream(state: &Arc<ServerState>, data: impl Stream<Item = String> + Send + 'static) -> Response {
    named_event_stream(state, data.map(|data| (None, data)))
}

/// Data as events, with their names where they have one.
pub(crate) fn named_event_stream(
    state: &Arc<ServerState>,
    data: impl Stream<Item = (Option<&'static str>, String)> + Send + 'static,
) -> Response {
    let deadline = tokio::time::sleep(state.request_timeout());
    let late = json!(state.timed_out().body()).to_string();
    let events = data.map(|(name, data)| {
        let event = Event::default().data(data);
        name.map_or(event.clone(), |name| event.event(name))
    });
    let ended = futures::stream::once(async move {
        deadline.await;
        Event::default().data(late)
    });
    // The time-out ends the stream; a stream that ends in time does not wait for it.
    let bounded = until(events, ended).map(Ok::<_, Infallible>);
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(u64::from(state.settings.keep_alive_s)));
    Sse::new(bounded).keep_alive(keep_alive).into_response()
}

/// Items of `stream` until it ends, or until `last` has an item, which is the last one then.
fn until<T: Send + 'static>(
    stream: impl Stream<Item = T> + Send + 'static,
    last: impl Stream<Item = T> + Send + 'static,
) -> impl Stream<Item = T> + Send + 'static {
    let state = Some((stream.boxed(), last.boxed()));
    futures::stream::unfold(state, |state| async move {
        let (mut stream, mut last) = state?;
        tokio::select! {
            biased;
            item = stream.next() => item.map(|item| (item, Some((stream, last)))),
            item = last.next() => item.map(|item| (item, None)),
        }
    })
}
