//! The commented profile that a new project starts with.

use std::io::{ErrorKind, Write};
use std::path::Path;

use nl2sql_profile::STARTER;
use url::Url;

use crate::AppError;

/// The setting of the starter that names a database, with its comment.
const DATABASE_SETTING: &str = "path = \"my.sqlite\"               # a SQLite file ...";
/// The setting of the starter that names the variable of a password.
const PASSWORD_SETTING: &str = "# password_env = \"SHOP_PASSWORD\" # the variable that holds the password, ...";
/// The setting of the starter that names a dialect.
const DIALECT_SETTING: &str = "# dialect = \"\"                 ";
/// The variable a profile names where a URL came with a password.
pub const PASSWORD_VARIABLE: &str = "NL2SQL_DATABASE_PASSWORD";

/// A starter profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StarterProfile {
    /// Its text.
    pub text: String,
    /// The variable that has to hold the password, because a password is never written.
    pub password_variable: Option<&'static str>,
}

impl StarterProfile {
    /// The starter for a database: the path of a SQLite file, or a URL.
    ///
    /// # Errors
    /// When a URL cannot be read.
    pub fn new(database: Option<&str>) -> Result<Self, AppError> {
        let Some(database) = database else {
            return Ok(Self {
                text: STARTER.to_owned(),
                password_variable: None,
            });
        };
        if let Some(scheme) =
            scheme_of(database).filter(|_| !database.contains("://") && !database.starts_with("jdbc:"))
        {
            return Err(AppError::Usage(format!(
                "`{database}` is neither the path of a SQLite file nor a URL that this nl2sql knows: for a file write `./{database}`; a database behind another \
                 driver is described in the profile ([database] driver and dialect), so run `nl2sql init` and edit it there, with driver = \"{scheme}\""
            )));
        }
        if Path::new(database)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("sql"))
        {
            return Err(AppError::Usage(format!(
                "`{database}` looks like a script and no database: for a script of CREATE statements write `nl2sql init --ddl {database} --dialect <name>`"
            )));
        }
        if !database.contains("://") && !database.starts_with("jdbc:") {
            let setting = format!("path = {}   # the SQLite file", quoted(database));
            return Ok(Self {
                text: STARTER.replacen(DATABASE_SETTING, &setting, 1),
                password_variable: None,
            });
        }
        let (address, had_password) = without_password(database)?;
        let kind = match address.split(':').next().unwrap_or_default() {
            "postgres" | "postgresql" => "the PostgreSQL server",
            "mysql" => "the MySQL server",
            "mariadb" => "the MariaDB server",
            "mssql" | "sqlserver" | "jdbc" => "the SQL Server",
            "sqlite" => "the SQLite file",
            _ => "the database",
        };
        let setting = format!("url = {}   # {kind}", quoted(&address));
        let mut text = STARTER.replacen(DATABASE_SETTING, &setting, 1);
        if had_password {
            let setting = format!("password_env = \"{PASSWORD_VARIABLE}\"   # the variable that holds the password");
            text = text.replacen(PASSWORD_SETTING, &setting, 1);
        }
        Ok(Self {
            text,
            password_variable: had_password.then_some(PASSWORD_VARIABLE),
        })
    }

    /// The starter for a script of CREATE statements.
    pub fn of_script(script: &Path) -> Self {
        let setting = format!(
            "ddl = {}   # a script of CREATE statements in place of a database; nothing runs",
            quoted(&script.display().to_string())
        );
        Self {
            text: STARTER.replacen(DATABASE_SETTING, &setting, 1),
            password_variable: None,
        }
    }

    /// The same with the dialect named.
    #[must_use]
    pub fn with_dialect(self, dialect: &str) -> Self {
        let setting = format!("dialect = {}", quoted(dialect));
        Self {
            text: self.text.replacen(DIALECT_SETTING, &setting, 1),
            ..self
        }
    }

    /// Writes the profile where no file is.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), AppError> {
        let unwritable = |error: std::io::Error| match error.kind() {
            ErrorKind::AlreadyExists => AppError::Unwritable {
                path: path.to_owned(),
                reason: "it exists already. Name another file with --output, or remove it".into(),
            },
            _ => AppError::unwritable(path, &error),
        };
        let mut file = std::fs::File::create_new(path).map_err(unwritable)?;
        file.write_all(self.text.as_bytes()).map_err(unwritable)
    }
}

/// What stands before the colon, where it can be the scheme of a URL; a single letter is a drive.
fn scheme_of(database: &str) -> Option<&str> {
    let (scheme, _) = database.split_once(':')?;
    let valid = scheme.len() > 1
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    valid.then_some(scheme)
}

/// A TOML string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The URL without its password, and whether it had one.
fn without_password(database: &str) -> Result<(String, bool), AppError> {
    if let Some(rest) = database.strip_prefix("jdbc:") {
        let (kept, dropped): (Vec<&str>, Vec<&str>) = rest.split(';').partition(|part| !is_password(part));
        return Ok((format!("jdbc:{}", kept.join(";")), !dropped.is_empty()));
    }
    // The parser's message is not shown with the URL, which may hold a password.
    let mut url =
        Url::parse(database).map_err(|error| AppError::Usage(format!("the database URL cannot be read: {error}")))?;
    let mut had_password = url.password().is_some();
    if had_password && url.set_password(None).is_err() {
        return Err(AppError::Usage("the database URL has a password and no host".into()));
    }
    let kept: Vec<String> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_password(pair))
        .map(str::to_owned)
        .collect();
    had_password |= url.query().is_some_and(|query| query.split('&').any(is_password));
    let kept = kept.join("&");
    url.set_query((!kept.is_empty()).then_some(kept.as_str()));
    Ok((url.to_string(), had_password))
}

/// Whether `name=value` is a password.
fn is_password(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
    ["password", "pwd", "pass", "passwd"].contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_urls_are_never_written() {
        for url in [
            "mysql://reader:s3cr3t@db.example/shop",
            "postgres://db.example/shop?user=reader&password=s3cr3t&sslmode=require",
            "jdbc:sqlserver://db.example:1433;databaseName=shop;password=s3cr3t;encrypt=true",
        ] {
            let starter = StarterProfile::new(Some(url)).unwrap();
            assert!(!starter.text.contains("s3cr3t"), "{url}");
            assert_eq!(starter.password_variable, Some(PASSWORD_VARIABLE), "{url}");
            assert!(
                starter.text.contains("\npassword_env = \"NL2SQL_DATABASE_PASSWORD\""),
                "{url}"
            );
        }
    }

    #[test]
    fn what_is_no_password_stays_in_the_url() {
        let starter = StarterProfile::new(Some("postgres://reader:x@db/shop?password=x&sslmode=require")).unwrap();
        assert!(
            starter
                .text
                .contains("url = \"postgres://reader@db/shop?sslmode=require\"   # the PostgreSQL server"),
            "{}",
            starter.text
        );
    }

    #[test]
    fn what_looks_like_a_url_of_another_driver_is_no_path() {
        for database in ["duckdb:x", "duckdb:shop.duckdb", "snowflake:account"] {
            let refused = StarterProfile::new(Some(database)).unwrap_err().to_string();
            assert!(refused.contains(database) && refused.contains("driver"), "{refused}");
        }
        let script = StarterProfile::new(Some("dumps/schema.SQL")).unwrap_err().to_string();
        assert!(script.contains("--ddl dumps/schema.SQL --dialect"), "{script}");
        for path in ["./duckdb:x", "C:shop.sqlite", "shop.sqlite"] {
            assert!(StarterProfile::new(Some(path)).is_ok(), "{path}");
        }
    }

    #[test]
    fn scripts_are_named_with_their_dialect() {
        let starter = StarterProfile::of_script(Path::new("schema.sql")).with_dialect("mysql");
        assert!(starter.text.contains("\nddl = \"schema.sql\"   # a script"));
        assert!(
            starter.text.contains("\ndialect = \"mysql\"  # sqlite, postgres"),
            "{}",
            starter.text
        );
        assert!(!starter.text.contains("\npath = "));
    }

    #[test]
    fn a_file_is_named_by_its_path() {
        let starter = StarterProfile::new(Some("shop.sqlite")).unwrap();
        assert!(starter.text.contains("\npath = \"shop.sqlite\"   # the SQLite file\n"));
        assert_eq!(starter.password_variable, None);
    }
}
