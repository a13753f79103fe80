//! From settings to the options of the protocol library.

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::{ConnectionSettings, TlsMode};

/// Who logs in when the settings do not say.
const DEFAULT_USER: &str = "postgres";

/// Texts that a session keeps parsed; see [`super::session`].
pub(super) const PARSED_TEXTS: usize = 128;

/// How a session is opened.
pub(super) fn connect_options(settings: &ConnectionSettings) -> PgConnectOptions {
    let user = Some(settings.user.as_str()).filter(|user| !user.is_empty());
    let user = user.unwrap_or(DEFAULT_USER);
    // The server's own choice; left out, the library asks the environment.
    let database = Some(settings.database.as_str()).filter(|database| !database.is_empty());
    let options = PgConnectOptions::new_without_pgpass()
        .host(&settings.host)
        .port(settings.effective_port())
        .username(user)
        .password(settings.password.reveal())
        .database(database.unwrap_or(user))
        .application_name("nl2sql")
        .extra_float_digits(None)
        .statement_cache_capacity(PARSED_TEXTS + 1)
        .ssl_mode(match settings.tls {
            TlsMode::Off => PgSslMode::Disable,
            TlsMode::Prefer => PgSslMode::Prefer,
            TlsMode::Require => PgSslMode::Require,
            TlsMode::Verify => PgSslMode::VerifyFull,
        });
    let options = match &settings.ca_file {
        Some(file) => options.ssl_root_cert(file),
        None => options,
    };
    let options = match &settings.current_schema {
        Some(schema) => options.options([("search_path", quoted_name(schema))]),
        None => options,
    };
    // Its log would show statements and their values.
    options.disable_statement_logging()
}

fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
