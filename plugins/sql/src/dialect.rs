//! The four SQL dialects.

/// A dialect of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite 3.40.
    Sqlite,
    /// PostgreSQL 15 and later.
    Postgres,
    /// MySQL 8.0 and MariaDB 10.11, default SQL mode.
    Mysql,
    /// SQL Server 2022, QUOTED_IDENTIFIER on.
    Tsql,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Dialect; 4] = [Self::Sqlite, Self::Postgres, Self::Mysql, Self::Tsql];

    /// Canonical name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Tsql => "tsql",
        }
    }

    /// The dialect with this [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// Opening and closing identifier quote.
    pub fn identifier_quotes(self) -> (char, char) {
        match self {
            Self::Sqlite | Self::Postgres => ('"', '"'),
            Self::Mysql => ('`', '`'),
            Self::Tsql => ('[', ']'),
        }
    }
}
