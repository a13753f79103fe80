//! Opening connections: encryption in every mode, and one clear error for each usual failure.

use std::path::PathBuf;
use std::time::Duration;

use crate::shared::fake_mysql::mysql_of_version;
use crate::shared::fake_servers::{
    postgres_of_version, postgres_that_hangs_up_on_a_handshake, postgres_that_rejects, silent,
};
use crate::shared::own_server::OwnServer;
use crate::shared::server_url;
use crate::shared::servers::{TestDatabase, client};
use nl2sql_catalog::Value;
use nl2sql_database::{ConnectError, Connection, ConnectionSettings, Limits, TlsMode};

const POSTGRES: &str = "NL2SQL_TEST_POSTGRES_URL";
const MYSQL: &str = "NL2SQL_TEST_MYSQL_URL";

/// Folder with `authority.pem`, which signed the certificates of the test servers for `localhost`, and `stranger.pem`, which did not.
fn certificates(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("NL2SQL_TEST_CERTIFICATES").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: {test} needs NL2SQL_TEST_CERTIFICATES, which `cargo xtask services up` sets");
    }
    folder
}

/// Whether the server says that the connection is encrypted.
async fn is_encrypted(server: &TestDatabase, connection: &Connection) -> bool {
    if server.admin.driver == "mysql" {
        let sql = "SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'SSL_VERSION'";
        let result = connection.run(sql, &Limits::default()).await.unwrap();
        return matches!(&result.rows[0][0], Value::Text(version) if version.starts_with("TLS"));
    }
    let sql = "SELECT bool_or(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) \
               WHERE a.datname = current_database() AND a.application_name = 'nl2sql'";
    server.script(sql).trim() == "t"
}

#[tokio::test]
async fn connections_are_as_encrypted_as_they_were_asked_to_be() {
    let test = "connections_are_as_encrypted_as_they_were_asked_to_be";
    let Some(folder) = certificates(test) else { return };
    for variable in [POSTGRES, MYSQL] {
        let Some(url) = server_url(variable, test) else {
            continue;
        };
        let server = TestDatabase::create(&url);
        let open = |tls: TlsMode, host: &str, authority: Option<&str>| {
            Connection::open(ConnectionSettings {
                tls,
                host: host.to_owned(),
                ca_file: authority.map(|file| folder.join(file)),
                pool_size: 1,
                ..server.admin.clone()
            })
        };
        for (tls, host, authority, encrypted) in [
            (TlsMode::Off, "127.0.0.1", None, false),
            (TlsMode::Prefer, "127.0.0.1", None, true),
            (TlsMode::Require, "127.0.0.1", None, true),
            (TlsMode::Require, "127.0.0.1", Some("stranger.pem"), true),
            (TlsMode::Verify, "localhost", Some("authority.pem"), true),
        ] {
            let connection = open(tls, host, authority).await.unwrap();
            assert_eq!(
                is_encrypted(&server, &connection).await,
                encrypted,
                "{variable} {tls:?} {host} {authority:?}"
            );
            connection.close().await;
        }
        for (host, authority) in [
            ("localhost", Some("stranger.pem")),
            ("localhost", None),
            ("127.0.0.1", Some("authority.pem")),
        ] {
            let error = open(TlsMode::Verify, host, authority).await.unwrap_err();
            assert!(
                matches!(error, ConnectError::Tls { .. }),
                "{variable} {host} {authority:?}: {error}"
            );
        }
        let missing = open(TlsMode::Verify, "localhost", Some("no-such-file.pem"))
            .await
            .unwrap_err();
        assert!(
            missing.to_string().contains("no-such-file.pem"),
            "{variable}: {missing}"
        );
    }
}

#[tokio::test]
async fn a_server_without_encryption_is_refused_when_it_is_required() {
    for tls in [TlsMode::Require, TlsMode::Verify] {
        for url in [
            postgres_that_rejects("28P01").await,
            mysql_of_version("10.11.6-MariaDB").await,
        ] {
            let settings = ConnectionSettings {
                tls,
                ..url.parse().unwrap()
            };
            let error = Connection::open(settings).await.unwrap_err();
            assert!(matches!(error, ConnectError::Tls { .. }), "{url} {tls:?}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_server_gone_during_the_handshake_is_worth_another_try() {
    let settings = ConnectionSettings {
        tls: TlsMode::Require,
        ..postgres_that_hangs_up_on_a_handshake().await.parse().unwrap()
    };
    let error = Connection::open(settings).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(!error.to_string().contains("check tls"), "{error}");
}

#[tokio::test]
async fn a_refused_login_says_so_and_shows_no_password() {
    for (code, is_right) in [
        (
            "28P01",
            (|error| matches!(error, ConnectError::Authentication { .. })) as fn(&ConnectError) -> bool,
        ),
        ("28000", |error| matches!(error, ConnectError::Authentication { .. })),
        ("3D000", |error| matches!(error, ConnectError::NoSuchDatabase { .. })),
        ("42501", |error| matches!(error, ConnectError::NoRights { .. })),
        ("53300", |error| {
            matches!(error, ConnectError::TooManyConnections { .. })
        }),
        ("57P03", |error| error.is_transient()),
    ] {
        for tls in [TlsMode::Off, TlsMode::Prefer] {
            let settings = ConnectionSettings {
                tls,
                ..postgres_that_rejects(code).await.parse().unwrap()
            };
            let error = Connection::open(settings).await.unwrap_err();
            assert!(is_right(&error), "{code}: {error:?}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}

#[tokio::test]
async fn postgres_takes_passwords_in_each_of_its_ways() {
    let test = "postgres_takes_passwords_in_each_of_its_ways";
    let Some(mut server) = OwnServer::start("postgres", test) else {
        return;
    };
    server.wait();
    let password = "pä ss€'";
    let role = |name: &str| format!("CREATE ROLE {name} LOGIN PASSWORD '{}';", password.replace('\'', "''"));
    let roles = format!(
        "{}{}SET password_encryption = 'md5';{}",
        role("scram"),
        role("clear"),
        role("digest")
    );
    client(&server.admin, &roles);
    let ways = "host all scram all scram-sha-256\nhost all digest all md5\nhost all clear all password\nhost all postgres all trust\n";
    std::fs::write(server.data().join("pg_hba.conf"), ways).unwrap();
    server.kill();
    server.run();
    server.wait();
    for user in ["scram", "digest", "clear"] {
        let settings = ConnectionSettings {
            user: user.into(),
            password: password.into(),
            database: "postgres".into(),
            ..server.admin.clone()
        };
        let connection = Connection::open(settings.clone()).await.unwrap();
        let who = connection.run("SELECT session_user::text", &Limits::default()).await;
        assert_eq!(who.unwrap().rows, [[Value::Text(user.into())]]);
        for wrong in ["wrong", ""] {
            let settings = ConnectionSettings {
                password: wrong.into(),
                ..settings.clone()
            };
            let error = Connection::open(settings).await.unwrap_err();
            assert!(
                matches!(error, ConnectError::Authentication { .. }),
                "{user}: {error:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_server_too_old_is_named_with_what_is_needed() {
    for url in [
        postgres_of_version("9.6.24").await,
        mysql_of_version("5.5.62-log").await,
        mysql_of_version("10.1.48-MariaDB").await,
    ] {
        let settings = ConnectionSettings {
            tls: TlsMode::Off,
            ..url.parse().unwrap()
        };
        let error = Connection::open(settings).await.unwrap_err();
        assert!(matches!(error, ConnectError::TooOld { .. }), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_in_time() {
    for scheme in ["postgres", "mysql", "mssql"] {
        let (_listener, address) = silent();
        let settings: ConnectionSettings = format!("{scheme}://u:hunter2@{address}/x?connect_timeout=1")
            .parse()
            .unwrap();
        let opening = tokio::time::timeout(Duration::from_secs(20), Connection::open(settings));
        let error = opening.await.expect("the limit on connecting holds").unwrap_err();
        assert!(
            matches!(error, ConnectError::TimedOut { seconds: 1, .. }),
            "{scheme}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_login_without_rights_on_the_database_is_told() {
    for variable in [POSTGRES, MYSQL] {
        let Some(url) = server_url(variable, "a_login_without_rights_on_the_database_is_told") else {
            continue;
        };
        let mut server = TestDatabase::create(&url);
        server.add_reader();
        let (user, database) = (&server.reader.user, &server.admin.database);
        server.script(&if variable == MYSQL {
            format!("REVOKE ALL PRIVILEGES, GRANT OPTION FROM {user}@'%'")
        } else {
            format!("REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")
        });
        let error = Connection::open(server.reader.clone()).await.unwrap_err();
        assert!(matches!(error, ConnectError::NoRights { .. }), "{variable}: {error:?}");
    }
}

#[tokio::test]
async fn rights_beyond_reading_are_found_wherever_they_come_from() {
    if let Some(url) = server_url(POSTGRES, "rights_beyond_reading_are_found_wherever_they_come_from") {
        let mut server = TestDatabase::create(&url);
        server.script("CREATE TABLE t (a int, b int); CREATE SEQUENCE s");
        server.add_reader();
        let user = server.reader.user.clone();
        for (grant, words, revoke) in [
            (
                format!("GRANT UPDATE (a) ON t TO {user}"),
                "may write",
                format!("REVOKE UPDATE (a) ON t FROM {user}"),
            ),
            (
                format!("GRANT USAGE ON SEQUENCE s TO {user}"),
                "may advance",
                format!("REVOKE ALL ON SEQUENCE s FROM {user}"),
            ),
            (
                format!("GRANT pg_write_all_data TO {user}"),
                "pg_write_all_data",
                format!("REVOKE pg_write_all_data FROM {user}"),
            ),
            (
                format!("ALTER TABLE t OWNER TO {user}"),
                "owns",
                "ALTER TABLE t OWNER TO postgres".into(),
            ),
            (
                format!("ALTER ROLE {user} CREATEROLE"),
                "create roles",
                format!("ALTER ROLE {user} NOCREATEROLE"),
            ),
            (
                format!("GRANT CREATE ON SCHEMA public TO {user}"),
                "schema public",
                format!("REVOKE CREATE ON SCHEMA public FROM {user}"),
            ),
        ] {
            server.script(&grant);
            let connection = Connection::open(server.reader.clone()).await.unwrap();
            let rights = connection.login_rights().await.unwrap();
            assert!(
                !rights.read_only && rights.beyond_select.join(";").contains(words),
                "{grant}: {rights:?}"
            );
            server.script(&revoke);
            assert!(connection.login_rights().await.unwrap().read_only, "{revoke}");
        }
    }
    if let Some(url) = server_url(MYSQL, "rights_beyond_reading_are_found_wherever_they_come_from") {
        let mut server = TestDatabase::create(&url);
        server.script("CREATE TABLE t (a int, b int)");
        server.add_reader();
        let (user, database) = (server.reader.user.clone(), server.admin.database.clone());
        let role = format!("w_{database}");
        server.script(&format!("CREATE ROLE {role}; GRANT INSERT ON {database}.* TO {role}"));
        for (grant, words, revoke) in [
            (
                format!("GRANT UPDATE (a) ON t TO {user}@'%'"),
                "UPDATE (`a`)",
                format!("REVOKE UPDATE (a) ON t FROM {user}@'%'"),
            ),
            (
                format!("GRANT FILE ON *.* TO {user}@'%'"),
                "files of the server",
                format!("REVOKE FILE ON *.* FROM {user}@'%'"),
            ),
            (
                format!("GRANT {role} TO {user}@'%'; SET DEFAULT ROLE {role} FOR {user}@'%'"),
                "INSERT",
                format!("SET DEFAULT ROLE NONE FOR {user}@'%'; REVOKE {role} FROM {user}@'%'"),
            ),
        ] {
            server.script(&grant);
            let connection = Connection::open(server.reader.clone()).await.unwrap();
            let rights = connection.login_rights().await.unwrap();
            assert!(
                !rights.read_only && rights.beyond_select.join(";").contains(words),
                "{grant}: {rights:?}"
            );
            server.script(&revoke);
        }
        server.script(&format!("DROP ROLE {role}"));
        let rights = Connection::open(server.reader.clone())
            .await
            .unwrap()
            .login_rights()
            .await
            .unwrap();
        assert!(rights.read_only, "{rights:?}");
    }
}
