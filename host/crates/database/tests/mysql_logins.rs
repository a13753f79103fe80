//! MySQL's ways of proving who logs in.

use crate::shared;
use crate::shared::fake_mysql::{Login, mysql_that_wants};
use crate::shared::own_server::OwnServer;
use crate::shared::servers::client;
use nl2sql_catalog::Value;
use nl2sql_database::{ConnectError, Connection, ConnectionSettings, Limits, TlsMode};

/// A version that is refused once the login stands, which tells that it stood.
const TOO_OLD: &str = "5.5.62-log";

async fn outcome(login: Login, password: &str) -> ConnectError {
    let settings = ConnectionSettings {
        tls: TlsMode::Prefer,
        password: password.into(),
        ..mysql_that_wants(login, TOO_OLD).await.parse().unwrap()
    };
    Connection::open(settings).await.unwrap_err()
}

#[tokio::test]
async fn caching_sha2_is_answered_however_the_server_proposes_it() {
    for switches in [true, false] {
        let login = Login::CachingSha2 { cached: true, switches };
        let right = outcome(login, shared::fake_mysql::PASSWORD).await;
        assert!(matches!(right, ConnectError::TooOld { .. }), "{login:?}: {right:?}");
        let wrong = outcome(login, "wrong").await;
        assert!(
            matches!(wrong, ConnectError::Authentication { .. }),
            "{login:?}: {wrong:?}"
        );
    }
}

#[tokio::test]
async fn a_password_that_is_wanted_without_tls_is_not_sent() {
    for switches in [true, false] {
        let login = Login::CachingSha2 {
            cached: false,
            switches,
        };
        let error = outcome(login, shared::fake_mysql::PASSWORD).await;
        let ConnectError::Authentication { detail, .. } = &error else {
            panic!("{login:?}: {error:?}");
        };
        assert!(detail.contains("connect with TLS"), "{detail}");
    }
}

#[tokio::test]
async fn a_password_is_not_given_away_to_who_asks_for_it() {
    for plugin in ["mysql_clear_password", "mysql_old_password", "dialog"] {
        let error = outcome(Login::By(plugin), shared::fake_mysql::PASSWORD).await;
        let ConnectError::Authentication { detail, .. } = &error else {
            panic!("{plugin}: {error:?}");
        };
        assert!(detail.contains(plugin), "{detail}");
    }
}

#[tokio::test]
async fn mariadb_takes_passwords_in_each_of_its_ways() {
    let test = "mariadb_takes_passwords_in_each_of_its_ways";
    let Some(mut server) = OwnServer::start("mysql", test) else {
        return;
    };
    server.wait();
    let password = "pä ss€'";
    let quoted = password.replace('\'', "''");
    client(
        &server.admin,
        &format!(
            "INSTALL SONAME 'auth_ed25519'; CREATE USER native IDENTIFIED BY '{quoted}';
             CREATE USER curve IDENTIFIED VIA ed25519 USING PASSWORD('{quoted}'); CREATE USER open;
             CREATE USER either IDENTIFIED VIA unix_socket OR mysql_native_password USING PASSWORD('{quoted}');"
        ),
    );
    let socket = server.data().join("own.sock").display().to_string();
    for host in ["127.0.0.1", &socket] {
        for (user, password, wrong) in [
            ("native", password, "wrong"),
            ("native", password, ""),
            ("either", password, "wrong"),
            ("open", "", "wrong"),
        ] {
            let settings = ConnectionSettings {
                host: host.to_owned(),
                user: user.into(),
                password: password.into(),
                ..server.admin.clone()
            };
            let connection = Connection::open(settings.clone()).await.unwrap();
            let sql = "SELECT SUBSTRING_INDEX(USER(), '@', 1)";
            let who = connection.run(sql, &Limits::default()).await.unwrap();
            assert_eq!(who.rows, [[Value::Text(user.into())]], "{host} {user}");
            let settings = ConnectionSettings {
                password: wrong.into(),
                ..settings
            };
            let error = Connection::open(settings).await.unwrap_err();
            assert!(
                matches!(error, ConnectError::Authentication { .. }),
                "{host} {user}: {error:?}"
            );
        }
        let settings = ConnectionSettings {
            host: host.to_owned(),
            user: "curve".into(),
            password: password.into(),
            ..server.admin.clone()
        };
        let error = Connection::open(settings).await.unwrap_err();
        let ConnectError::Authentication { detail, .. } = &error else {
            panic!("{host}: {error:?}");
        };
        assert!(detail.contains("client_ed25519"), "{detail}");
    }
}
