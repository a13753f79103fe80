//! What differs between the databases.

use nl2sql_sdk::types::{DialectInfo, PluginError};

use super::reserved::{FREE_IN_SQLITE, RESERVED};

/// A native driver: the fallback for every dialect that rides on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// SQLite.
    Sqlite,
    /// PostgreSQL and its wire-compatibles.
    Postgres,
    /// MySQL, MariaDB and their wire-compatibles.
    Mysql,
    /// SQL Server.
    Mssql,
}

/// How a run's dialect spells things.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// The family it belongs to.
    pub driver: Driver,
    quotes: (String, String),
}

impl Dialect {
    /// The dialect that `info` describes.
    ///
    /// # Errors
    /// A driver whose SQL this generator does not write.
    pub fn new(info: &DialectInfo) -> Result<Self, PluginError> {
        let driver = match info.driver.as_str() {
            "sqlite" => Driver::Sqlite,
            "postgres" => Driver::Postgres,
            "mysql" => Driver::Mysql,
            "mssql" => Driver::Mssql,
            unknown => {
                return Err(PluginError::new(
                    "unknown-driver",
                    format!(
                        "the dialect `{}` names the driver `{unknown}`, whose SQL this generator does not write",
                        info.name
                    ),
                )
                .hint("choose another generator: this one writes the SQL of sqlite, postgres, mysql and mssql"));
            }
        };
        let quotes = match (&info.identifier_quotes, driver) {
            ((open, close), _) if !open.is_empty() && !close.is_empty() => (open.clone(), close.clone()),
            (_, Driver::Mysql) => ("`".to_owned(), "`".to_owned()),
            (_, Driver::Mssql) => ("[".to_owned(), "]".to_owned()),
            _ => ("\"".to_owned(), "\"".to_owned()),
        };
        Ok(Self { driver, quotes })
    }

    /// `name` as an identifier, quoted only when it has to be.
    pub fn identifier(&self, name: &str) -> String {
        if self.is_plain(name) {
            return name.to_owned();
        }
        let (open, close) = &self.quotes;
        format!(
            "{open}{}{close}",
            name.replace(close.as_str(), &format!("{close}{close}"))
        )
    }

    fn is_plain(&self, name: &str) -> bool {
        let mut characters = name.chars();
        let starts = characters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
        let folds = self.driver == Driver::Postgres && name.chars().any(|character| character.is_ascii_uppercase());
        starts
            && !folds
            && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
            && !self.reserves(&name.to_ascii_uppercase())
    }

    fn reserves(&self, word: &str) -> bool {
        let free = self.driver == Driver::Sqlite && FREE_IN_SQLITE.contains(&word);
        !free && RESERVED.binary_search(&word).is_ok()
    }

    /// `text` as a string constant.
    pub fn string(&self, text: &str) -> String {
        let mut quoted = text.replace('\'', "''");
        if self.driver == Driver::Mysql {
            quoted = quoted.replace('\\', "\\\\");
        }
        let national = self.driver == Driver::Mssql && !text.is_ascii();
        format!("{}'{quoted}'", if national { "N" } else { "" })
    }

    /// Grouping by a primary key lets the other columns of its table be selected.
    pub fn key_determines_row(&self) -> bool {
        self.driver != Driver::Mssql
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(driver: &str) -> Dialect {
        Dialect::new(&DialectInfo {
            driver: driver.to_owned(),
            ..DialectInfo::default()
        })
        .unwrap()
    }

    #[test]
    fn an_unknown_driver_is_refused_by_name() {
        let info = DialectInfo {
            name: "oracle".to_owned(),
            driver: "oci".to_owned(),
            ..DialectInfo::default()
        };
        let error = Dialect::new(&info).unwrap_err();
        assert_eq!(error.code, "unknown-driver");
        assert!(error.message.contains("`oci`"), "{}", error.message);
    }

    #[test]
    fn reserved_words_are_sorted() {
        assert!(RESERVED.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn identifiers_are_quoted_only_when_needed() {
        assert_eq!(dialect("sqlite").identifier("Stadium_ID"), "Stadium_ID");
        assert_eq!(dialect("postgres").identifier("Stadium_ID"), "\"Stadium_ID\"");
        assert_eq!(dialect("mysql").identifier("order"), "`order`");
        assert_eq!(dialect("mssql").identifier("unit price"), "[unit price]");
        assert_eq!(dialect("sqlite").identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(dialect("mssql").identifier("a]b"), "[a]]b]");
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(dialect("sqlite").string("O'Brien"), "'O''Brien'");
        assert_eq!(dialect("mysql").string("a\\b"), "'a\\\\b'");
        assert_eq!(dialect("mssql").string("华东"), "N'华东'");
    }
}
