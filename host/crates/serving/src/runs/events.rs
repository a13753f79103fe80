//! `GET /v1/events`: the events of runs over a WebSocket, whichever process works on them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::Response;
use nl2sql_app::runs::{EventTail, RunLibrary, ToldEvent};
use nl2sql_profile::ServeRight;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;

use super::parameters::{Parameters, given};
use super::{of_run, runs_for};
use crate::api_error::ApiError;
use crate::authentication::{Caller, EVENTS_PROTOCOL};
use crate::state::ServerState;

/// Pause between two looks at the logs.
const PAUSE: Duration = Duration::from_millis(300);
/// Looks between two looks for new runs.
const LOOKS_PER_LISTING: u32 = 10;
/// Most time that a client may take to receive a message.
const PATIENCE: Duration = Duration::from_secs(20);
/// Largest message of a client; nothing that it sends is read.
const MAX_MESSAGE: usize = 4_096;

/// Which events are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// Name of a run; every run by default.
    pub run: Option<String>,
    /// Where in the log of that run to begin, in bytes: `events_end` of the run, `end` of the last event that was received, or 0. From now on
    /// by default.
    pub from: Option<u64>,
}

/// A message: one event of one run.
#[derive(Serialize)]
struct RunEvent<'a> {
    run: &'a str,
    #[serde(flatten)]
    told: &'a ToldEvent,
}

/// Watch what happens in runs.
#[utoipa::path(get, path = "/v1/events", params(EventQuery), responses(
    (status = 101, description = "A WebSocket that sends an event a message"),
    (status = 400, description = "This is no request for a WebSocket", body = crate::api_error::ErrorBody),
    (status = 404, description = "There is no such run", body = crate::api_error::ErrorBody),
    (status = 503, description = "Too many watch", body = crate::api_error::ErrorBody)))]
pub(crate) async fn events(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    Parameters(query): Parameters<EventQuery>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let library = runs_for(&state, &caller, ServeRight::View)?;
    let upgrade = upgrade.map_err(|_| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            "websocket_expected",
            "open this URL as a WebSocket",
        )
    })?;
    let place = state.runs.sockets.clone().try_acquire_owned();
    let place = place.map_err(|_| ApiError::busy("too many others are watching; try again later"))?;
    let watched = Watched::of(library, given(query.run), query.from)?;
    let closing = state.runs.closing.get().cloned().unwrap_or_default();
    let keep_alive = Duration::from_secs(u64::from(state.settings.keep_alive_s));
    Ok(upgrade
        .protocols([EVENTS_PROTOCOL])
        .max_message_size(MAX_MESSAGE)
        .on_upgrade(move |socket| watch(socket, watched, closing, keep_alive, place)))
}

/// Sends events until the client goes or the server stops.
async fn watch(
    mut socket: WebSocket,
    mut watched: Watched,
    closing: CancellationToken,
    keep_alive: Duration,
    _place: OwnedSemaphorePermit,
) {
    let mut looks = tokio::time::interval(PAUSE);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pings = tokio::time::interval(keep_alive);
    loop {
        let sent = tokio::select! {
            () = closing.cancelled() => break,
            received = socket.recv() => match received {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
            _ = pings.tick() => send(&mut socket, [Message::Ping(Vec::new().into())]).await,
            _ = looks.tick() => {
                let looked = tokio::task::spawn_blocking(move || {
                    let messages = watched.look();
                    (watched, messages)
                });
                let Ok((back, messages)) = looked.await else { return };
                watched = back;
                send(&mut socket, messages).await
            }
        };
        if !sent {
            return;
        }
    }
    let _ = tokio::time::timeout(PATIENCE, socket.send(Message::Close(None))).await;
}

/// Whether the client took everything in time.
async fn send(socket: &mut WebSocket, messages: impl IntoIterator<Item = Message>) -> bool {
    for message in messages {
        if !matches!(tokio::time::timeout(PATIENCE, socket.send(message)).await, Ok(Ok(()))) {
            return false;
        }
    }
    true
}

/// The logs that are looked at.
struct Watched {
    library: Arc<RunLibrary>,
    tails: BTreeMap<String, EventTail>,
    /// Whether runs that are begun later are watched too.
    all: bool,
    looks: u32,
}

impl Watched {
    fn of(library: Arc<RunLibrary>, run: Option<String>, from: Option<u64>) -> Result<Self, ApiError> {
        let all = run.is_none();
        let mut tails = BTreeMap::new();
        if let Some(run) = run {
            let tail = library.events(&run, from).map_err(|error| of_run(&error))?;
            tails.insert(run, tail);
        } else {
            for name in library.names() {
                if let Ok(tail) = library.events(&name, None) {
                    tails.insert(name, tail);
                }
            }
        }
        Ok(Self {
            library,
            tails,
            all,
            looks: 0,
        })
    }

    /// What was written since the last look, as messages. A log that cannot be read for the moment is looked at again.
    fn look(&mut self) -> Vec<Message> {
        self.looks += 1;
        if self.all && self.looks.is_multiple_of(LOOKS_PER_LISTING) {
            self.find_new_runs();
        }
        let mut messages = Vec::new();
        for (run, tail) in &mut self.tails {
            for told in tail.told().unwrap_or_default() {
                let event = RunEvent { run, told: &told };
                messages.extend(serde_json::to_string(&event).map(|text| Message::Text(text.into())));
            }
        }
        messages
    }

    /// A run that is new is told from its beginning.
    fn find_new_runs(&mut self) {
        for name in self.library.names() {
            if !self.tails.contains_key(&name)
                && let Ok(tail) = self.library.events(&name, Some(0))
            {
                self.tails.insert(name, tail);
            }
        }
    }
}
