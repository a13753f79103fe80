//! From settings to the options of the protocol library.

use sqlx::ConnectOptions;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

use crate::{ConnectionSettings, TlsMode};

/// Who logs in when the settings do not say.
const DEFAULT_USER: &str = "root";

/// Texts that a session keeps prepared, after which it is replaced: giving one up is a message without an answer, behind which the next
/// command waits until the other end acknowledges it (<https://datatracker.ietf.org/doc/html/rfc896>), some 40 ms. Servers keep 16,382 for all
/// their sessions by default.
pub(super) const PREPARED_TEXTS: usize = 250;

/// How a session is opened: as the server would have it, but for the character set and the time zone.
pub(super) fn connect_options(settings: &ConnectionSettings) -> MySqlConnectOptions {
    let is_socket = settings.host.starts_with('/');
    let user = Some(settings.user.as_str()).filter(|user| !user.is_empty());
    let mut options = MySqlConnectOptions::new()
        .port(settings.effective_port())
        .username(user.unwrap_or(DEFAULT_USER))
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone("+00:00".to_owned())
        .statement_cache_capacity(PREPARED_TEXTS + 1)
        // It gives the password away to whoever asks.
        .enable_cleartext_plugin(is_socket || settings.tls == TlsMode::Verify)
        .ssl_mode(match settings.tls {
            TlsMode::Off => MySqlSslMode::Disabled,
            TlsMode::Prefer => MySqlSslMode::Preferred,
            TlsMode::Require => MySqlSslMode::Required,
            TlsMode::Verify => MySqlSslMode::VerifyIdentity,
        });
    options = if is_socket {
        options.socket(&settings.host)
    } else {
        options.host(&settings.host)
    };
    // An empty password is none: the proof of an empty text is refused.
    if !settings.password.reveal().is_empty() {
        options = options.password(settings.password.reveal());
    }
    if !settings.database.is_empty() {
        options = options.database(&settings.database);
    }
    if let Some(file) = &settings.ca_file {
        options = options.ssl_ca(file);
    }
    // Its log would show statements and their values.
    options.disable_statement_logging()
}
