//! Who calls: keys with names and rights, and origins that browsers may call from.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nl2sql_profile::{ExposeSecret, ProfileError, ServeKey, ServeRight, ServeSettings, read_secret};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::api_error::ApiError;
use crate::state::ServerState;

/// What WebSockets speak.
pub(crate) const EVENTS_PROTOCOL: &str = "nl2sql.events.v1";
/// Before the key among the protocols of a WebSocket.
const KEY_PROTOCOL: &str = "nl2sql.key.";
/// Shortest key; shorter ones can be guessed.
const MIN_KEY_LENGTH: usize = 16;

/// Who sent a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Name of the key, for the audit log.
    pub name: String,
    /// What the key allows; everything where the server has no keys.
    pub key: ServeKey,
}

impl Caller {
    /// Refuses a caller without this right.
    pub(crate) fn require(&self, right: ServeRight) -> Result<(), ApiError> {
        if self.key.rights.contains(&right) {
            return Ok(());
        }
        let word = format!("{right:?}").to_lowercase();
        Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "permission_error",
            "insufficient_rights",
            format!("this key does not have the right `{word}`"),
        ))
    }
}

/// The server's keys, as digests: of equal length, so that comparing them takes the same time whatever was sent.
#[derive(Debug)]
pub struct Keys(Vec<(Caller, [u8; 32])>);

impl Keys {
    /// Reads the keys from where the profile says.
    ///
    /// # Errors
    /// When a key is missing, too short, or given twice.
    pub fn read(settings: &BTreeMap<String, ServeKey>) -> Result<Self, ProfileError> {
        let mut keys: Vec<(Caller, [u8; 32])> = Vec::new();
        for (name, key) in settings {
            let secret = read_secret(key.key_env.as_deref(), key.key_file.as_deref())?;
            let refuse = |reason: &str| ProfileError::Secret {
                what: format!("serve.keys.{name}"),
                reason: reason.to_owned(),
            };
            let secret = secret.ok_or_else(|| refuse("name its variable or file"))?;
            if secret.expose_secret().len() < MIN_KEY_LENGTH {
                return Err(refuse("a key has at least 16 characters"));
            }
            let digest: [u8; 32] = Sha256::digest(secret.expose_secret()).into();
            if keys.iter().any(|(_, other)| *other == digest) {
                return Err(refuse("another name has the same key"));
            }
            let caller = Caller {
                name: name.clone(),
                key: key.clone(),
            };
            keys.push((caller, digest));
        }
        Ok(Self(keys))
    }

    /// Whose key this is; every key is compared.
    fn owner(&self, sent: &str) -> Option<&Caller> {
        let digest: [u8; 32] = Sha256::digest(sent).into();
        self.0.iter().fold(None, |found, (caller, known)| {
            if bool::from(known.ct_eq(&digest)) {
                Some(caller)
            } else {
                found
            }
        })
    }

    fn caller(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        if self.0.is_empty() {
            return Ok(Caller {
                name: "anyone".to_owned(),
                key: ServeKey {
                    rights: ServeRight::ALL.into(),
                    ..ServeKey::default()
                },
            });
        }
        let sent = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, key)| key.trim().to_owned())
            .or_else(|| key_of_socket(headers));
        sent.and_then(|sent| self.owner(&sent)).cloned().ok_or_else(|| {
            ApiError::new(
                StatusCode::UNAUTHORIZED,
                "authentication_error",
                "invalid_api_key",
                "send a valid key as `Authorization: Bearer <key>`",
            )
        })
    }
}

/// The key among the protocols of a WebSocket, as `nl2sql.key.` and its base64 for URLs: a browser can send no other header with one.
fn key_of_socket(headers: &HeaderMap) -> Option<String> {
    let protocols = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let encoded = protocols
        .split(',')
        .find_map(|protocol| protocol.trim().strip_prefix(KEY_PROTOCOL))?;
    String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
}

/// Lets requests through whose key is known, and puts the caller into them.
pub(crate) async fn authenticate(State(state): State<Arc<ServerState>>, mut request: Request, next: Next) -> Response {
    match state.keys.caller(request.headers()) {
        Ok(caller) => {
            tracing::debug!("{} {} by {}", request.method(), request.uri().path(), caller.name);
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

/// Refuses what web pages of other places send, and names that do not belong to this server: without the latter, a page could reach a server
/// on its visitor's machine by a name that it lets point there.
pub(crate) async fn check_origin(State(state): State<Arc<ServerState>>, request: Request, next: Next) -> Response {
    let host = request.uri().authority().map(|authority| authority.as_str().to_owned());
    match refusal(request.headers(), host.as_deref(), &state.settings) {
        Some(error) => error.into_response(),
        None => next.run(request).await,
    }
}

fn refusal(headers: &HeaderMap, authority: Option<&str>, settings: &ServeSettings) -> Option<ApiError> {
    let forbidden =
        |code: &str, message: &str| Some(ApiError::new(StatusCode::FORBIDDEN, "permission_error", code, message));
    let text = |name| {
        headers
            .get(name)
            .map(|value: &HeaderValue| value.to_str().unwrap_or("?"))
    };
    let host = text(header::HOST).or(authority);
    if settings.keys.is_empty() && !host.is_some_and(is_loopback) {
        return forbidden(
            "unknown_host",
            "a server without keys answers to localhost and 127.0.0.1 only",
        );
    }
    match text(header::ORIGIN) {
        Some(origin) if !is_allowed(origin, host, settings) => {
            forbidden("unknown_origin", "pages of this origin may not call the server")
        }
        _ => None,
    }
}

fn is_loopback(host: &str) -> bool {
    let Ok(uri) = format!("http://{host}/").parse::<Uri>() else {
        return false;
    };
    let name = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    name == "localhost"
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Pages that the server itself sent, and those that the profile names.
fn is_allowed(origin: &str, host: Option<&str>, settings: &ServeSettings) -> bool {
    let scheme = if settings.certificate.is_some() {
        "https"
    } else {
        "http"
    };
    let own = host.is_some_and(|host| origin.eq_ignore_ascii_case(&format!("{scheme}://{host}")));
    own || settings.allowed_origins.iter().any(|allowed| allowed == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_are_told_from_others() {
        for host in ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example:8000",
            "10.0.0.1",
            "",
            "127.0.0.1@evil.example",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
