//! SQL Server over the wire: connecting, TLS, the usual failures, rights.

use std::io::Write;
use std::time::Duration;

use crate::shared::tds::{PASSWORD, hurried, reader, settings, shop};
use nl2sql_database::{ConnectError, Connection, ConnectionSettings, Limits, TlsMode};
use nl2sql_tds_server::{Account, Encryption, Fault, LOGIN, PRELOGIN, SqlError};

/// The error of opening `settings`, whose message must be one clear line without the password.
async fn refusal(settings: ConnectionSettings) -> ConnectError {
    let error = Connection::open(settings).await.unwrap_err();
    let message = error.to_string();
    assert!(!message.contains(PASSWORD) && !message.contains('\n'), "{message}");
    error
}

#[tokio::test]
async fn a_login_says_who_it_is_and_that_it_only_reads() {
    let server = shop().start(0).await.unwrap();
    let connection = reader(&server).await;
    let info = connection.server_info();
    assert_eq!((info.driver.as_str(), info.database.as_str()), ("mssql", "shop"));
    assert_eq!(info.version, "16.0.1000.6");
    let login = &server.logins()[0];
    assert_eq!((login.user.as_str(), login.application.as_str()), ("reader", "nl2sql"));
    assert_eq!((login.password.as_str(), login.read_only_intent), (PASSWORD, true));
    assert!(!login.encrypted);
    let rows = connection.run("SELECT 1", &Limits::default()).await.unwrap().rows;
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn encryption_is_negotiated_as_asked_for() {
    let file = |pem: &str| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(pem.as_bytes()).unwrap();
        file
    };
    for (encryption, tls, outcome) in [
        (Encryption::Off, TlsMode::Off, Some(false)),
        (Encryption::Off, TlsMode::Prefer, Some(true)),
        (Encryption::Off, TlsMode::Require, Some(true)),
        (Encryption::Off, TlsMode::Verify, Some(true)),
        (Encryption::Required, TlsMode::Off, Some(true)),
        (Encryption::Required, TlsMode::Prefer, Some(true)),
        (Encryption::Required, TlsMode::Verify, Some(true)),
        (Encryption::NotSupported, TlsMode::Off, Some(false)),
        (Encryption::NotSupported, TlsMode::Prefer, Some(false)),
        (Encryption::NotSupported, TlsMode::Require, None),
        (Encryption::NotSupported, TlsMode::Verify, None),
    ] {
        let server = shop().encryption(encryption).start(0).await.unwrap();
        let authority = file(server.authority_pem());
        let settings = ConnectionSettings {
            tls,
            ca_file: Some(authority.path().to_owned()),
            ..settings(&server, "reader")
        };
        match (Connection::open(settings).await, outcome) {
            (Ok(connection), Some(encrypted)) => {
                assert_eq!(server.logins()[0].encrypted, encrypted, "{encryption:?} {tls:?}");
                let many = "SELECT a.[客户名], b.name FROM customer a, sales.region b, customer c, customer d";
                assert_eq!(connection.run(many, &Limits::default()).await.unwrap().rows.len(), 54);
            }
            (Err(error), None) => assert!(matches!(error, ConnectError::Tls { .. }), "{error}"),
            (result, _) => panic!("{encryption:?} {tls:?}: {result:?}"),
        }
    }
}

#[tokio::test]
async fn a_certificate_must_be_trusted_and_name_the_host() {
    let server = shop().names(&["db.example"]).start(0).await.unwrap();
    let strange = shop().start(0).await.unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(server.authority_pem().as_bytes()).unwrap();
    let verified = ConnectionSettings {
        tls: TlsMode::Verify,
        ca_file: Some(file.path().to_owned()),
        ..settings(&server, "reader")
    };
    let wrong_name = refusal(verified.clone()).await;
    assert!(matches!(wrong_name, ConnectError::Tls { .. }), "{wrong_name}");
    assert!(wrong_name.to_string().contains("127.0.0.1"), "{wrong_name}");
    let untrusted = refusal(ConnectionSettings {
        port: Some(strange.port()),
        ..verified.clone()
    })
    .await;
    assert!(matches!(untrusted, ConnectError::Tls { .. }), "{untrusted}");
    let no_file = refusal(ConnectionSettings {
        ca_file: Some("/nowhere/ca.pem".into()),
        ..verified
    })
    .await;
    assert!(no_file.to_string().contains("/nowhere/ca.pem"), "{no_file}");
    assert!(
        server.logins().is_empty() && strange.logins().is_empty(),
        "the password was sent"
    );
}

#[tokio::test]
async fn usual_mistakes_have_their_own_error() {
    let setup = shop().account(Account::reader("outsider", PASSWORD).without_database("shop"));
    let server = setup.start(0).await.unwrap();
    let good = settings(&server, "reader");
    let wrong_password = ConnectionSettings {
        password: "wrong".into(),
        ..good.clone()
    };
    let error = refusal(wrong_password).await;
    assert!(
        matches!(&error, ConnectError::Authentication { user, .. } if user == "reader"),
        "{error}"
    );
    let no_database = ConnectionSettings {
        database: "no_such".into(),
        ..good.clone()
    };
    let error = refusal(no_database).await;
    assert!(
        matches!(&error, ConnectError::NoSuchDatabase { database, .. } if database == "no_such"),
        "{error}"
    );
    let error = refusal(settings(&server, "outsider")).await;
    assert!(matches!(error, ConnectError::NoSuchDatabase { .. }), "{error}");
    for (number, class, kind) in [
        (18456, 14, "Authentication"),
        (18487, 14, "Authentication"),
        (18486, 14, "Authentication"),
        (916, 14, "NoRights"),
        (18470, 14, "Authentication"),
        (17809, 20, "TooManyConnections"),
        (10928, 16, "TooManyConnections"),
        (40615, 14, "Other"),
        (978, 14, "Other"),
        (40613, 17, "Other"),
        (17142, 14, "Other"),
        (983, 14, "Other"),
    ] {
        server.plan(Fault::Error(SqlError::new(number, class, "a\r\nlong\nstory")), LOGIN, 1);
        let error = refusal(good.clone()).await;
        let name = format!("{error:?}");
        assert!(name.starts_with(kind), "{number}: {name}");
        assert!(error.to_string().contains("a long story"), "{error}");
    }
    assert!(Connection::open(good).await.is_ok());
}

#[tokio::test]
async fn an_old_server_is_named_with_its_version() {
    let server = shop().version("10.50.6000.34").start(0).await.unwrap();
    let error = refusal(settings(&server, "reader")).await;
    assert!(matches!(error, ConnectError::TooOld { .. }), "{error}");
    assert!(error.to_string().contains("10.50.6000.34"), "{error}");
    let oldest = shop().version("11.0.2100.60").start(0).await.unwrap();
    assert!(Connection::open(settings(&oldest, "reader")).await.is_ok());
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_in_time() {
    let server = shop().start(0).await.unwrap();
    for (fault, when) in [
        (Fault::Deaf, PRELOGIN),
        (Fault::Deaf, LOGIN),
        (Fault::Deaf, "SERVERPROPERTY"),
    ] {
        server.plan(fault, when, 1);
        let hasty = ConnectionSettings {
            connect_timeout_s: 1,
            limits: hurried(),
            ..settings(&server, "reader")
        };
        let opened = tokio::time::timeout(Duration::from_secs(20), Connection::open(hasty)).await;
        let error = opened.expect("the connection hangs").unwrap_err();
        assert!(matches!(error, ConnectError::TimedOut { .. }), "{when}: {error}");
    }
}

#[tokio::test]
async fn what_does_not_speak_the_protocol_is_named() {
    let server = shop().start(0).await.unwrap();
    for fault in [Fault::Garbage, Fault::Drop, Fault::Reset] {
        for tls in [TlsMode::Off, TlsMode::Prefer, TlsMode::Require] {
            server.plan(fault.clone(), PRELOGIN, 1);
            let settings = ConnectionSettings {
                tls,
                connect_timeout_s: 2,
                ..settings(&server, "reader")
            };
            let opened = tokio::time::timeout(Duration::from_secs(20), Connection::open(settings)).await;
            let error = opened.expect("the connection hangs").unwrap_err();
            assert!(
                error.to_string().contains(&server.port().to_string()),
                "{fault:?} {tls:?}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn rights_beyond_reading_are_told() {
    let setup = shop()
        .account(Account::reader("writer", PASSWORD).with_roles(&["db_datawriter"]))
        .account(
            Account::reader("owner", PASSWORD)
                .with_roles(&["db_owner"])
                .with_permissions(&["DATABASE:CONTROL"]),
        )
        .account(Account::reader("caller", PASSWORD).with_permissions(&["DATABASE:EXECUTE"]))
        .account(Account::reader("clerk", PASSWORD).with_permissions(&["OBJECT:UPDATE"]))
        .account(Account::reader("shell", PASSWORD).with_permissions(&["XP_CMDSHELL:EXECUTE"]))
        .account(
            Account::reader("viewer", PASSWORD)
                .with_permissions(&["DATABASE:VIEW DEFINITION", "SERVER:VIEW SERVER STATE"]),
        );
    let server = setup.start(0).await.unwrap();
    for (user, words) in [
        ("reader", &[][..]),
        ("viewer", &[]),
        ("writer", &["db_datawriter"]),
        ("owner", &["db_owner", "CONTROL"]),
        ("caller", &["EXECUTE"]),
        ("clerk", &["UPDATE", "customer"]),
        ("shell", &["xp_cmdshell"]),
        ("sa", &["sysadmin", "CONTROL SERVER", "xp_cmdshell"]),
    ] {
        let connection = Connection::open(settings(&server, user)).await.unwrap();
        let rights = connection.login_rights().await.unwrap();
        assert_eq!(rights.login, user);
        assert_eq!(rights.read_only, words.is_empty(), "{user}: {rights:?}");
        let told = rights.beyond_select.join("; ");
        assert!(words.iter().all(|word| told.contains(word)), "{user}: {told}");
        assert!(rights.beyond_select.len() < 20, "{user}: {told}");
    }
    let azure = shop().edition(5).start(0).await.unwrap();
    let connection = Connection::open(settings(&azure, "sa")).await.unwrap();
    let told = connection.login_rights().await.unwrap().beyond_select.join("; ");
    assert!(
        told.contains("db_owner") && !azure.statements().iter().any(|sql| sql.contains("'SERVER'")),
        "{told}"
    );
}

#[tokio::test]
async fn rights_that_cannot_be_read_count_as_dangerous() {
    let server = shop().start(0).await.unwrap();
    let connection = reader(&server).await;
    server.plan(
        Fault::Error(SqlError::new(208, 16, "Invalid object name 'sys.fn_my_permissions'.")),
        "fn_my_permissions",
        9,
    );
    let rights = connection.login_rights().await.unwrap();
    assert!(!rights.read_only);
    assert!(rights.beyond_select[0].contains("cannot be told"), "{rights:?}");
}

#[tokio::test]
async fn an_endpoint_that_knows_only_plain_queries_is_still_good_for_them() {
    let server = shop().start(0).await.unwrap();
    let unknown = |number| Fault::Error(SqlError::new(number, 15, "This endpoint does not know that."));
    server.plan(unknown(195), "SERVERPROPERTY", 9);
    server.plan(unknown(195), "SET ", 9);
    let connection = Connection::open(settings(&server, "reader")).await.unwrap();
    assert_eq!(connection.server_info().version, "16.0.1000.6");
    assert_eq!(connection.server_info().database, "shop");
    assert!(connection.run("SELECT 1", &Limits::default()).await.is_ok());
}
