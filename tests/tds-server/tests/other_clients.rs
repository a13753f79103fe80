//! Independent clients against the test server, so that our idea of the protocol is theirs: FreeTDS and python-tds.
//!
//! Needs FreeTDS' `tsql` in the path (Debian's `freetds-bin`), and `NL2SQL_TEST_PYTHON`, a Python with the package `python-tds`.

use std::io::Write;
use std::process::{Command, Stdio};

use nl2sql_tds_server::{Account, Database, Encryption, Received, Setup, TdsServer};

const SCRIPT: &str = "
CREATE TABLE every_type (
    a bit, b tinyint, c smallint, d int NOT NULL, e bigint, f decimal(10, 2), g money, h smallmoney, i real, j float, k date, l time(3),
    m datetime, n smalldatetime, o datetime2(7), p datetimeoffset(0), q char(5), r varchar(20) COLLATE Chinese_PRC_CI_AS, s nchar(3),
    t nvarchar(20), u nvarchar(max), v text, w ntext, x varbinary(10), y uniqueidentifier, z xml, aa sql_variant
);
INSERT INTO every_type VALUES (1, 255, -2, 3, 4000000000, -1.5, 12.3456, 0.0001, 1.5, 1e100, '2020-02-29', '01:02:03.5',
    '2020-02-29 13:14:15.997', '2020-02-29 13:14', '2020-02-29 13:14:15.1234567', '2020-02-29 13:14:15 +02:00', 'ab', N'客户', N'客',
    N'客户', replicate(N'长', 5000), 'text', N'文', 0x00FF, '6F9619FF-8B86-D011-B42D-00C04FC964FF', '<a/>', 7);
INSERT INTO every_type (d) VALUES (4);
";

async fn server(encryption: Encryption) -> TdsServer {
    let setup = Setup::new()
        .names(&["localhost", "127.0.0.1"])
        .encryption(encryption)
        .database(Database::new("types").unwrap().script(SCRIPT).unwrap())
        .account(Account::administrator("sa", "secret"));
    setup.start(0).await.unwrap()
}

async fn run(mut command: Command, input: String) -> (bool, String) {
    let work = move || {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn tsql(server: &TdsServer, version: &str, password: &str) -> Command {
    let mut tsql = Command::new("tsql");
    tsql.args([
        "-H",
        "127.0.0.1",
        "-p",
        &server.port().to_string(),
        "-U",
        "sa",
        "-P",
        password,
        "-D",
        "types",
        "-J",
        "UTF-8",
    ])
    .env("TDSVER", version)
    .env("LC_ALL", "C.UTF-8");
    tsql
}

#[tokio::test(flavor = "multi_thread")]
async fn freetds_understands_the_server() {
    if Command::new("tsql").arg("-C").output().is_err() {
        println!("skipped: freetds_understands_the_server needs FreeTDS' tsql");
        return;
    }
    let statements = "SELECT * FROM every_type\ngo\nSELECT TOP 1 name FROM sys.tables\ngo\nBEGIN TRAN\nDELETE FROM every_type\nROLLBACK\n\
                      SELECT COUNT(*) AS n FROM every_type\ngo\nSELECT nothing FROM every_type\ngo\nPRINT 'said'\ngo\nexit\n";
    for encryption in [Encryption::NotSupported, Encryption::Off, Encryption::Required] {
        for version in ["7.3", "7.4"] {
            let server = server(encryption).await;
            let (_, text) = run(tsql(&server, version, "secret"), statements.to_owned()).await;
            for part in [
                "客户",
                "长长长",
                "12.3456",
                "4000000000",
                "every_type",
                "Msg 207",
                "said",
                "6F9619FF-8B86-D011-B42D-00C04FC964FF",
            ] {
                assert!(text.contains(part), "{encryption:?} {version}: {part} in {text}");
            }
            let login = &server.logins()[0];
            assert_eq!((login.user.as_str(), login.password.as_str()), ("sa", "secret"));
            assert_eq!(
                login.encrypted,
                encryption != Encryption::NotSupported,
                "{encryption:?}"
            );
        }
    }
    let server = server(Encryption::Off).await;
    let (success, text) = run(tsql(&server, "7.4", "wrong"), "exit\n".into()).await;
    assert!(!success && text.contains("18456"), "{text}");
}

const TALK: &str = r#"
import datetime, decimal, sys, uuid
import pytds
connect = dict(dsn="127.0.0.1", port=int(sys.argv[1]), database="types", user="sa", password="secret", autocommit=True)
with pytds.connect(**connect) as connection:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM every_type")
        full, empty = cursor.fetchall()
        assert full[:6] == (True, 255, -2, 3, 4000000000, decimal.Decimal("-1.50")), full[:6]
        assert full[6:8] == (decimal.Decimal("12.3456"), decimal.Decimal("0.0001")), full[6:8]
        assert full[8:10] == (1.5, 1e100), full[8:10]
        assert full[10] == datetime.date(2020, 2, 29) and full[11] == datetime.time(1, 2, 3, 500000), full[10:12]
        assert full[12] == datetime.datetime(2020, 2, 29, 13, 14, 15, 997000), full[12]
        assert full[13] == datetime.datetime(2020, 2, 29, 13, 14) and full[14] == datetime.datetime(2020, 2, 29, 13, 14, 15, 123456), full[13:15]
        assert full[15].utcoffset() == datetime.timedelta(hours=2) and full[15].hour == 13, full[15]
        assert full[16:20] == ("ab   ", "客户", "客  ", "客户"), full[16:20]
        assert len(full[20]) == 5000 and full[21:23] == ("text", "文"), full[21:23]
        assert full[23] == b"\x00\xff" and full[24] == uuid.UUID("6F9619FF-8B86-D011-B42D-00C04FC964FF"), full[23:25]
        assert full[25:] == ("<a/>", 7), full[25:]
        assert empty[3] == 4 and all(value is None for at, value in enumerate(empty) if at != 3), empty
        cursor.execute("SELECT d FROM every_type WHERE d > %s AND q = %s", (2, "ab"))
        assert cursor.fetchall() == [(3,)]
        try:
            cursor.execute("SELECT * FROM nowhere")
        except pytds.Error as error:
            assert "nowhere" in str(error)
        else:
            raise AssertionError("nowhere was found")
        cursor.execute("SELECT a.d FROM every_type a, every_type b, sys.columns c, sys.columns d, sys.columns e")
        assert cursor.fetchone()[0] in (3, 4)
        cursor.cancel()
        cursor.execute("SELECT 1")
        assert cursor.fetchall() == [(1,)]
connect["autocommit"] = False
with pytds.connect(**connect) as connection:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM every_type")
    connection.rollback()
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM every_type")
        assert cursor.fetchall() == [(2,)]
print("understood")
"#;

#[tokio::test(flavor = "multi_thread")]
async fn python_tds_understands_the_server() {
    let python = std::env::var("NL2SQL_TEST_PYTHON").ok();
    let python = python.filter(|python| {
        let imports = Command::new(python).args(["-c", "import pytds"]).output();
        imports.is_ok_and(|output| output.status.success())
    });
    let Some(python) = python else {
        println!("skipped: python_tds_understands_the_server needs NL2SQL_TEST_PYTHON with python-tds");
        return;
    };
    let server = server(Encryption::Off).await;
    let mut command = Command::new(python);
    command.args(["-c", TALK, &server.port().to_string()]);
    let (success, text) = run(command, String::new()).await;
    assert!(success && text.contains("understood"), "{text}");
    assert!(
        server
            .received()
            .iter()
            .any(|(_, received)| *received == Received::Attention)
    );
}
