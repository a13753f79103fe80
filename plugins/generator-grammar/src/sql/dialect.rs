//! What differs between the databases.

use nl2sql_sdk::types::DialectInfo;

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
    pub fn new(info: &DialectInfo) -> Self {
        let driver = match info.driver.as_str() {
            "postgres" => Driver::Postgres,
            "mysql" => Driver::Mysql,
            "mssql" => Driver::Mssql,
            _ => Driver::Sqlite,
        };
        let quotes = match (&info.identifier_quotes, driver) {
            ((open, close), _) if !open.is_empty() && !close.is_empty() => (open.clone(), close.clone()),
            (_, Driver::Mysql) => ("`".to_owned(), "`".to_owned()),
            (_, Driver::Mssql) => ("[".to_owned(), "]".to_owned()),
            _ => ("\"".to_owned(), "\"".to_owned()),
        };
        Self { driver, quotes }
    }

    /// `name` as an identifier, quoted only when it has to be.
    pub fn identifier(&self, name: &str) -> String {
        if self.is_plain(name) {
            return name.to_owned();
        }
        let (open, close) = &self.quotes;
        format!("{open}{}{close}", name.replace(close.as_str(), &format!("{close}{close}")))
    }

    fn is_plain(&self, name: &str) -> bool {
        let mut characters = name.chars();
        let starts = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
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

/// Words of [`RESERVED`] that people use as names and SQLite leaves free.
const FREE_IN_SQLITE: &[&str] = &[
    "BLOB", "CALL", "CHANGE", "CHAR", "CONDITION", "CURRENT", "DATABASE", "DATABASES", "DOUBLE", "DUMP", "EMPTY", "FILE",
    "FLOAT", "FUNCTION", "GROUPING", "GROUPS", "INT", "INTEGER", "INTERVAL", "KEY", "KEYS", "LEAD", "LINES", "LOAD",
    "LOCK", "LONG", "MATCH", "OPTION", "OVERLAPS", "PERCENT", "PLAN", "PRECISION", "PROCEDURE", "PUBLIC", "RANGE",
    "RANK", "READ", "REPLACE", "RULE", "SCHEMA", "SCHEMAS", "SHOW", "SIGNAL", "SQL", "STATISTICS", "SYSTEM", "TOP",
    "USAGE", "USE", "USER", "VIEW", "WRITE",
];

/// Words that at least one of the four databases reserves, sorted.
const RESERVED: &[&str] = &[
    "ACCESSIBLE", "ADD", "ALL", "ALTER", "ANALYSE", "ANALYZE", "AND", "ANY", "ARRAY", "AS", "ASC", "ASYMMETRIC", "AUTHORIZATION", "AUTOINCREMENT", "BACKUP", "BEFORE", "BEGIN", "BETWEEN", "BIGINT", "BINARY", "BLOB", "BOTH", "BREAK", "BROWSE", "BULK", "BY", "CALL", "CASCADE", "CASE", "CAST", "CHANGE", "CHAR", "CHARACTER", "CHECK", "CHECKPOINT", "CLOSE", "CLUSTERED", "COALESCE", "COLLATE", "COLLATION", "COLUMN", "COMMIT", "COMPUTE", "CONCURRENTLY", "CONDITION", "CONSTRAINT", "CONTAINS", "CONTAINSTABLE", "CONTINUE", "CONVERT", "CREATE", "CROSS", "CUBE", "CUME_DIST", "CURRENT", "CURRENT_CATALOG", "CURRENT_DATE", "CURRENT_ROLE", "CURRENT_SCHEMA", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "CURSOR", "DATABASE", "DATABASES", "DAY_HOUR", "DBCC", "DEALLOCATE", "DEC", "DECIMAL", "DECLARE", "DEFAULT", "DEFERRABLE", "DELAYED", "DELETE", "DENSE_RANK", "DENY", "DESC", "DESCRIBE", "DETERMINISTIC", "DISK", "DISTINCT", "DISTINCTROW", "DISTRIBUTED", "DIV", "DO", "DOUBLE", "DROP", "DUAL", "DUMP", "EACH", "ELSE", "ELSEIF", "EMPTY", "ENCLOSED", "END", "ERRLVL", "ESCAPE", "ESCAPED", "EXCEPT", "EXEC", "EXECUTE", "EXISTS", "EXIT", "EXPLAIN", "EXTERNAL", "FALSE", "FETCH", "FILE", "FILLFACTOR", "FIRST_VALUE", "FLOAT", "FLOAT4", "FLOAT8", "FOR", "FORCE", "FOREIGN", "FREETEXT", "FREETEXTTABLE", "FREEZE", "FROM", "FULL", "FULLTEXT", "FUNCTION", "GENERATED", "GET", "GLOB", "GOTO", "GRANT", "GROUP", "GROUPING", "GROUPS", "HAVING", "HIGH_PRIORITY", "HOLDLOCK", "IDENTITY", "IDENTITYCOL", "IDENTITY_INSERT", "IF", "IGNORE", "ILIKE", "IN", "INDEX", "INFILE", "INITIALLY", "INNER", "INOUT", "INSENSITIVE", "INSERT", "INT", "INTEGER", "INTERSECT", "INTERVAL", "INTO", "IS", "ISNULL", "ITERATE", "JOIN", "JSON_TABLE", "KEY", "KEYS", "KILL", "LAG", "LAST_VALUE", "LATERAL", "LEAD", "LEADING", "LEAVE", "LEFT", "LIKE", "LIMIT", "LINEAR", "LINENO", "LINES", "LOAD", "LOCALTIME", "LOCALTIMESTAMP", "LOCK", "LONG", "LOOP", "LOW_PRIORITY", "MATCH", "MAXVALUE", "MERGE", "MOD", "MODIFIES", "NATIONAL", "NATURAL", "NOCHECK", "NONCLUSTERED", "NOT", "NOTHING", "NOTNULL", "NTH_VALUE", "NTILE", "NULL", "NULLIF", "NUMERIC", "OF", "OFF", "OFFSET", "OFFSETS", "ON", "ONLY", "OPEN", "OPENQUERY", "OPENROWSET", "OPENXML", "OPTIMIZE", "OPTION", "OPTIONALLY", "OR", "ORDER", "OUT", "OUTER", "OUTFILE", "OVER", "OVERLAPS", "PARTITION", "PERCENT", "PERCENT_RANK", "PIVOT", "PLACING", "PLAN", "PRECISION", "PRIMARY", "PRINT", "PROC", "PROCEDURE", "PUBLIC", "PURGE", "RAISERROR", "RANGE", "RANK", "READ", "READS", "READTEXT", "READ_WRITE", "REAL", "RECONFIGURE", "RECURSIVE", "REFERENCES", "REGEXP", "RELEASE", "RENAME", "REPEAT", "REPLACE", "REPLICATION", "REQUIRE", "RESTORE", "RESTRICT", "RETURN", "RETURNING", "REVERT", "REVOKE", "RIGHT", "RLIKE", "ROLLBACK", "ROW", "ROWCOUNT", "ROWGUIDCOL", "ROWS", "ROW_NUMBER", "RULE", "SAVE", "SCHEMA", "SCHEMAS", "SELECT", "SENSITIVE", "SEPARATOR", "SESSION_USER", "SET", "SETUSER", "SHOW", "SHUTDOWN", "SIGNAL", "SIMILAR", "SMALLINT", "SOME", "SPATIAL", "SPECIFIC", "SQL", "SSL", "STARTING", "STATISTICS", "STORED", "STRAIGHT_JOIN", "SYMMETRIC", "SYSTEM", "SYSTEM_USER", "TABLE", "TABLESAMPLE", "TERMINATED", "TEXTSIZE", "THEN", "TO", "TOP", "TRAILING", "TRAN", "TRANSACTION", "TRIGGER", "TRUE", "TRUNCATE", "UNDO", "UNION", "UNIQUE", "UNLOCK", "UNPIVOT", "UNSIGNED", "UPDATE", "UPDATETEXT", "USAGE", "USE", "USER", "USING", "VALUES", "VARBINARY", "VARCHAR", "VARIADIC", "VARYING", "VERBOSE", "VIEW", "VIRTUAL", "WAITFOR", "WHEN", "WHERE", "WHILE", "WINDOW", "WITH", "WITHIN", "WRITE", "WRITETEXT", "XOR", "YEAR_MONTH", "ZEROFILL",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(driver: &str) -> Dialect {
        Dialect::new(&DialectInfo { driver: driver.to_owned(), ..DialectInfo::default() })
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
