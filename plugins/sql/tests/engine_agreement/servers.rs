//! PostgreSQL and MariaDB as judges: each prepares a statement inside a routine that catches the error, so that nothing is run.

use std::io::Write;
use std::process::{Command, Stdio};

/// Runs a client with a script and gives the lines it prints.
fn lines(mut client: Command, script: &str) -> Vec<String> {
    let mut child = client
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the client of the server is installed");
    let mut input = child.stdin.take().unwrap();
    let script = script.to_owned();
    let writer = std::thread::spawn(move || input.write_all(script.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(str::to_owned).collect()
}

fn judgements(lines: Vec<String>) -> Vec<Option<String>> {
    lines.into_iter().map(|line| (line != "ok").then_some(line)).collect()
}

/// The name of a database that no other run uses.
fn database_name() -> String {
    format!("nl2sql_mutants_{}", std::process::id())
}

/// A database of its own on a PostgreSQL server.
pub struct Postgres {
    url: String,
}

impl Postgres {
    /// Makes the database and its tables, where a server is named.
    pub fn with_tables(schema: &[&str]) -> Option<Self> {
        let url = std::env::var("NL2SQL_TEST_POSTGRES_URL")
            .ok()
            .filter(|url| !url.is_empty())?;
        let server = Self { url };
        server.run("", &format!("CREATE DATABASE {};", database_name()));
        let judge = "CREATE FUNCTION judge(q text) RETURNS text LANGUAGE plpgsql AS $body$ BEGIN \
            EXECUTE 'PREPARE judged AS ' || q; EXECUTE 'DEALLOCATE judged'; RETURN 'ok'; \
            EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || replace(SQLERRM, E'\\n', ' '); END $body$";
        server.run(&database_name(), &format!("{};\n{judge};", schema.join(";\n")));
        Some(server)
    }

    /// The version as the server reports it.
    pub fn version(&self) -> String {
        self.run(&database_name(), "SHOW server_version;").concat()
    }

    /// What the server says to each statement.
    pub fn judge(&self, texts: &[String]) -> Vec<Option<String>> {
        let calls: Vec<String> = texts
            .iter()
            .map(|sql| format!("SELECT judge($mutant${sql}$mutant$);"))
            .collect();
        judgements(self.run(&database_name(), &calls.join("\n")))
    }

    fn run(&self, database: &str, script: &str) -> Vec<String> {
        let mut url = self.url.clone();
        if !database.is_empty() {
            let (address, parameters) = url.split_once('?').unwrap_or((&url, ""));
            let start = address.find("://").map_or(0, |scheme| scheme + 3);
            let end = address[start..].find('/').map_or(address.len(), |slash| start + slash);
            url = format!("{}/{database}?{parameters}", &address[..end]);
        }
        let mut client = Command::new("psql");
        client.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &url]);
        lines(client, script)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.run("", &format!("DROP DATABASE {};", database_name()));
    }
}

/// A database of its own on a MariaDB or MySQL server.
pub struct MariaDb {
    url: String,
}

impl MariaDb {
    /// Makes the database and its tables, where a server is named.
    pub fn with_tables(schema: &[&str]) -> Option<Self> {
        let url = std::env::var("NL2SQL_TEST_MYSQL_URL")
            .ok()
            .filter(|url| !url.is_empty())?;
        let server = Self { url };
        server.run("", &format!("CREATE DATABASE {};", database_name()));
        let judge = "DELIMITER //\nCREATE PROCEDURE judge(q TEXT) BEGIN \
            DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN GET DIAGNOSTICS CONDITION 1 @n = MYSQL_ERRNO, @m = MESSAGE_TEXT; \
            SELECT CONCAT(@n, ' ', REPLACE(@m, '\\n', ' ')); END; \
            SET @q = q; PREPARE judged FROM @q; DEALLOCATE PREPARE judged; SELECT 'ok'; END//\nDELIMITER ;\n";
        server.run(&database_name(), &format!("{};\n{judge}", schema.join(";\n")));
        Some(server)
    }

    /// The version as the server reports it.
    pub fn version(&self) -> String {
        self.run(&database_name(), "SELECT VERSION();").concat()
    }

    /// What the server says to each statement.
    pub fn judge(&self, texts: &[String]) -> Vec<Option<String>> {
        let quoted = |sql: &String| sql.replace('\\', "\\\\").replace('\'', "\\'");
        let calls: Vec<String> = texts
            .iter()
            .map(|sql| format!("CALL judge('{}');", quoted(sql)))
            .collect();
        judgements(self.run(&database_name(), &calls.join("\n")))
    }

    fn run(&self, database: &str, script: &str) -> Vec<String> {
        let address = self.url.split_once("://").map_or(&*self.url, |(_, rest)| rest);
        let address = address.split(['/', '?']).next().unwrap_or_default();
        let (login, host) = address.rsplit_once('@').unwrap_or(("root", address));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (host, port) = host.rsplit_once(':').unwrap_or((host, "3306"));
        let mut client = Command::new("mariadb");
        client.args(["-h", host, "-P", port, "-u", user, "-B", "-N"]);
        client.env("MYSQL_PWD", password);
        if !database.is_empty() {
            client.arg(database);
        }
        lines(client, script)
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        self.run("", &format!("DROP DATABASE {};", database_name()));
    }
}
