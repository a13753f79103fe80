//! Throw-away databases on the test servers, made and looked at with the servers' own command-line clients.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nl2sql_database::{ConnectionSettings, TlsMode};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A database of its own on a test server, dropped with this value.
pub struct TestDatabase {
    /// Settings of the administrator.
    pub admin: ConnectionSettings,
    /// Settings of a login that may read only, once [`TestDatabase::add_reader`] was called.
    pub reader: ConnectionSettings,
    server: ConnectionSettings,
    has_reader: bool,
}

impl TestDatabase {
    /// Makes an empty database on the server of `url`.
    pub fn create(url: &str) -> Self {
        let server: ConnectionSettings = url.parse().unwrap();
        let name = format!(
            "nl2sql_test_{}_{:03}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let create = if server.driver == "mysql" {
            format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")
        } else {
            format!("CREATE DATABASE {name}")
        };
        client(&server, &create);
        let admin = ConnectionSettings {
            database: name.clone(),
            tls: TlsMode::Prefer,
            ..server.clone()
        };
        let reader = ConnectionSettings {
            user: format!("r_{name}"),
            password: "reader".into(),
            ..admin.clone()
        };
        Self {
            admin,
            reader,
            server,
            has_reader: false,
        }
    }

    /// Runs a script as the administrator; gives what the client prints.
    pub fn script(&self, sql: &str) -> String {
        client(&self.admin, sql)
    }

    /// Makes the login that may only read this database.
    pub fn add_reader(&mut self) {
        let (user, database) = (&self.reader.user, &self.admin.database);
        let sql = match self.admin.driver.as_str() {
            "mysql" => format!(
                "CREATE USER {user}@'%' IDENTIFIED BY 'reader'; GRANT SELECT, SHOW VIEW ON {database}.* TO {user}@'%';"
            ),
            _ => format!(
                "CREATE ROLE {user} LOGIN PASSWORD 'reader'; GRANT USAGE ON SCHEMA public TO {user}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user};"
            ),
        };
        self.script(&sql);
        self.has_reader = true;
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let database = &self.admin.database;
        match self.admin.driver.as_str() {
            "mysql" => {
                client(&self.server, &format!("DROP DATABASE {database}"));
                if self.has_reader {
                    client(&self.server, &format!("DROP USER {}@'%'", self.reader.user));
                }
            }
            _ => {
                client(&self.server, &format!("DROP DATABASE {database} WITH (FORCE)"));
                if self.has_reader {
                    client(&self.server, &format!("DROP ROLE {}", self.reader.user));
                }
            }
        }
    }
}

/// Whether the server takes a login.
pub fn answers(settings: &ConnectionSettings) -> bool {
    let mut command = client_command(settings);
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs `sql` with `psql` or `mysql`; panics with what the client said when it fails.
pub fn client(settings: &ConnectionSettings, sql: &str) -> String {
    let mut command = client_command(settings);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server's client is installed");
    let mut input = child.stdin.take().unwrap();
    let sql = sql.to_owned();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut input, sql.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn client_command(settings: &ConnectionSettings) -> Command {
    let port = settings.effective_port().to_string();
    if settings.driver == "mysql" {
        let mut mysql = Command::new("mysql");
        mysql.args([
            "--host",
            &settings.host,
            "--port",
            &port,
            "--user",
            &settings.user,
            "--protocol",
            "tcp",
            "--batch",
            "--skip-column-names",
        ]);
        mysql
            .args(["--default-character-set", "utf8mb4"])
            .arg(&settings.database);
        mysql.env("MYSQL_PWD", settings.password.reveal());
        mysql
    } else {
        let mut psql = Command::new("psql");
        psql.args([
            "--host",
            &settings.host,
            "--port",
            &port,
            "--username",
            &settings.user,
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
        ]);
        psql.args([
            "--set",
            "ON_ERROR_STOP=1",
            "--dbname",
            if settings.database.is_empty() {
                "postgres"
            } else {
                &settings.database
            },
        ]);
        psql.env("PGPASSWORD", settings.password.reveal())
            .env("PGCLIENTENCODING", "UTF8");
        psql
    }
}

/// A script of the shared data, without the lines that make and choose a database.
pub fn script(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let foreign = |line: &&str| {
        let line = line.trim_start().to_uppercase();
        !(line.starts_with("CREATE DATABASE")
            || line.starts_with("DROP DATABASE")
            || line.starts_with("USE ")
            || line.starts_with("\\C ")
            || line.starts_with("CREATE SCHEMA SAKILA")
            || line.starts_with("DROP SCHEMA IF EXISTS SAKILA"))
    };
    text.lines().filter(foreign).collect::<Vec<_>>().join("\n")
}
