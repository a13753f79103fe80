//! The guards of the servers alone: every attack of the suite goes to a session directly, past the look at the text.

use crate::mysql::session::MysqlSession;
use crate::postgres::session::PostgresSession;
use crate::session_pool::Session;
use crate::shared::attacks::{
    MYSQL_SCHEMA, MYSQL_STATE, POSTGRES_SCHEMA, POSTGRES_STATE, attacks, difference, stray_files,
};
use crate::shared::server_url;
use crate::shared::servers::TestDatabase;
use crate::{ConnectionSettings, Limits};

const LIMITS: Limits = Limits {
    timeout_ms: 200,
    max_rows: 100,
    max_bytes: 1 << 20,
};

/// No server can keep a stored function from what its own administrator made it do to the server; the look at the text refuses these.
const OF_THE_ADMINISTRATOR: [&str; 5] = [
    "changes_server",
    "sets_a_global",
    "writes_a_file",
    "declares_nothing",
    "setting_view",
];

/// Runs every attack; gives the first that changed the server.
async fn attack<S: Session>(settings: &ConnectionSettings, file: &str, state: impl Fn() -> String) -> Option<String> {
    let before = state();
    let mut session = S::connect(settings).await.unwrap();
    for some in attacks(file).chunks(12) {
        let texts = some.iter().map(|(sql, _)| sql.as_str());
        let aimed: Vec<&str> = texts
            .filter(|sql| {
                !OF_THE_ADMINISTRATOR
                    .iter()
                    .any(|name| sql.to_lowercase().contains(name))
            })
            .collect();
        for sql in aimed {
            let outcome = tokio::time::timeout(LIMITS.client_timeout(), session.run(sql, &LIMITS)).await;
            let lives = outcome.is_ok_and(|result| result.err().is_none_or(|error| error.code() != "unavailable"));
            if !lives || !session.is_usable() {
                S::cancel(settings, session.cancel_key()).await.ok();
                session = S::connect(settings).await.unwrap();
            }
        }
        let after = state();
        if after != before {
            let texts: Vec<&str> = some.iter().map(|(sql, _)| sql.as_str()).collect();
            return Some(format!(
                "as {}, one of\n{}\n{}",
                settings.user,
                texts.join("\n"),
                difference(&before, &after)
            ));
        }
    }
    None
}

#[tokio::test]
async fn postgres_server_guards_hold_without_the_text_guard() {
    let Some(url) = server_url(
        "NL2SQL_TEST_POSTGRES_URL",
        "postgres_server_guards_hold_without_the_text_guard",
    ) else {
        return;
    };
    let mut database = TestDatabase::create(&url);
    database.script(POSTGRES_SCHEMA);
    database.add_reader();
    let state = || database.script(POSTGRES_STATE) + &stray_files();
    for settings in [&database.admin, &database.reader] {
        assert_eq!(attack::<PostgresSession>(settings, "postgres.sql", state).await, None);
    }
}

#[tokio::test]
async fn mysql_server_guards_hold_without_the_text_guard() {
    let Some(url) = server_url(
        "NL2SQL_TEST_MYSQL_URL",
        "mysql_server_guards_hold_without_the_text_guard",
    ) else {
        return;
    };
    let mut database = TestDatabase::create(&url);
    database.script(MYSQL_SCHEMA);
    database.add_reader();
    let state = || database.script(MYSQL_STATE) + &stray_files();
    for settings in [&database.admin, &database.reader] {
        assert_eq!(attack::<MysqlSession>(settings, "mysql.sql", state).await, None);
    }
}
