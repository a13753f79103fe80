//! `nl2sql connect`, `doctor` and `run` with a SQL Server's peer behind them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use nl2sql_tds_server::{Account, Database, Encryption, Setup, TdsServer};

const SHOP: &str = "
CREATE TABLE customers (id int IDENTITY(1, 1) NOT NULL PRIMARY KEY, city nvarchar(40) NOT NULL, joined date NULL, points int NULL);
CREATE TABLE orders (id int NOT NULL PRIMARY KEY, customer_id int NOT NULL REFERENCES customers (id), status varchar(10) NULL,
    amount decimal(10, 2) NOT NULL, placed datetime NULL);
CREATE TABLE [order items] (order_id int NOT NULL REFERENCES orders (id), product nvarchar(40) NOT NULL, quantity int NULL,
    PRIMARY KEY (order_id, product));
INSERT INTO customers VALUES (1, 'Oslo', '2024-01-02', 10), (2, 'Bergen', '2024-05-06', 25), (3, 'Oslo', NULL, 7), (4, 'Narvik', '2023-11-30', 99);
INSERT INTO orders VALUES (1, 1, 'open', 12.5, '2024-02-01 10:00'), (2, 1, 'paid', 80, '2024-02-03'), (3, 2, 'paid', 7.25, '2024-06-01'),
    (4, 4, 'sent', 31, '2023-12-24 18:30'), (5, 3, 'open', 64, NULL);
INSERT INTO [order items] VALUES (1, 'lamp', 2), (1, 'rug', 1), (2, 'lamp', 1), (3, 'vase', 4), (4, 'rug', 2), (5, 'vase', 1);
EXEC sp_addextendedproperty 'MS_Description', N'客户', 'SCHEMA', 'dbo', 'TABLE', 'customers';
";

const PASSWORD: &str = "hunter2;'客";

async fn shop() -> TdsServer {
    let setup = Setup::new()
        .names(&["localhost", "127.0.0.1"])
        .encryption(Encryption::Required)
        .database(Database::new("shop").unwrap().script(SHOP).unwrap())
        .account(Account::reader("reader", PASSWORD))
        .account(Account::administrator("sa", PASSWORD));
    setup.start(0).await.unwrap()
}

fn profile(folder: &Path, server: &TdsServer, user: &str) {
    fs::write(folder.join("ca.pem"), server.authority_pem()).unwrap();
    fs::write(folder.join("password"), format!("{PASSWORD}\n")).unwrap();
    let text = format!(
        "[run]\nname = \"shop\"\ndir = \"runs\"\n\n[database]\ndriver = \"mssql\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{user}\"\n\
         password_file = \"password\"\ndatabase = \"shop\"\ntls = \"verify\"\nca = \"ca.pem\"\n\n[plan]\ntotal = 60\n\n\
         [validate]\nvalidators = [\"validator-syntax\", \"validator-schema\", \"validator-execution\"]\n",
        server.port()
    );
    fs::write(folder.join("nl2sql.toml"), text).unwrap();
}

async fn nl2sql(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nl2sql"));
    command.current_dir(folder).args(arguments).env("NO_COLOR", "1");
    let output: Output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&text).replace('│', " ");
    (
        output.status.code(),
        words.split_whitespace().collect::<Vec<_>>().join(" "),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn connect_and_doctor_report_login_rights() {
    let server = shop().await;
    let folder = tempfile::tempdir().unwrap();
    profile(folder.path(), &server, "reader");
    let (code, text) = nl2sql(folder.path(), &["connect"]).await;
    assert_eq!(code, Some(0), "{text}");
    for part in ["16.0.1000.6", "database shop", "login reader", "read-only"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (code, text) = nl2sql(folder.path(), &["doctor"]).await;
    assert_eq!(code, Some(0), "{text}");
    profile(folder.path(), &server, "sa");
    let (code, text) = nl2sql(folder.path(), &["doctor"]).await;
    assert_ne!(code, Some(0), "{text}");
    for part in ["sysadmin", "xp_cmdshell", "db_owner", "allow_write_login"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (code, text) = nl2sql(folder.path(), &["extract"]).await;
    assert_ne!(code, Some(0), "{text}");
    assert!(text.contains("sysadmin"), "{text}");
    let (code, text) = nl2sql(folder.path(), &["extract", "--set", "database.allow_write_login=true"]).await;
    assert_eq!(code, Some(0), "{text}");
    fs::write(folder.path().join("password"), "wrong").unwrap();
    let (code, text) = nl2sql(folder.path(), &["connect"]).await;
    assert_ne!(code, Some(0), "{text}");
    assert!(text.contains("refused the login of sa"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_pairs_run_on_sql_server() {
    let server = shop().await;
    let folder = tempfile::tempdir().unwrap();
    profile(folder.path(), &server, "reader");
    let (code, text) = nl2sql(folder.path(), &["run"]).await;
    assert_eq!(code, Some(0), "{text}");
    let metadata = fs::read_to_string(folder.path().join("runs/shop/metadata.json")).unwrap();
    assert!(
        metadata.contains("客户") && metadata.contains("order items"),
        "{metadata}"
    );
    let verdicts = fs::read_to_string(folder.path().join("runs/shop/verdicts.jsonl")).unwrap();
    let accepted = verdicts
        .lines()
        .filter(|line| line.contains("\"accepted\":true"))
        .count();
    assert!(accepted >= 40, "{accepted} accepted: {text}");
    for text in server.statements() {
        let own = text.starts_with("SET ")
            || text.starts_with("SELECT @@TRANCOUNT; IF")
            || text.starts_with("BEGIN TRANSACTION");
        let query = ["select", "with", "values", "("]
            .iter()
            .any(|word| text.to_lowercase().starts_with(word));
        assert!(own || query, "{text}");
    }
    // The password is nowhere in what the run leaves behind.
    let mut folders = vec![folder.path().join("runs")];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                assert!(
                    !String::from_utf8_lossy(&bytes).contains("hunter2"),
                    "{}",
                    path.display()
                );
            }
        }
    }
}
