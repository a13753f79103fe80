//! Which statements can change nothing, and what the others are.

use nl2sql_catalog::Database;
use nl2sql_sql::{Dialect, Session};

#[test]
fn statements_are_told_apart() {
    for (dialect, sql, kind, read_only) in [
        (Dialect::Sqlite, "SELECT 1", "select", true),
        (Dialect::Sqlite, "WITH c AS (SELECT 1) SELECT * FROM c", "select", true),
        (Dialect::Sqlite, "VALUES (1)", "values", true),
        (Dialect::Sqlite, "PRAGMA table_info(t)", "pragma", false),
        (Dialect::Sqlite, "EXPLAIN SELECT 1", "explain", false),
        (Dialect::Sqlite, "Sure! SELECT 1", "unknown", false),
        (Dialect::Sqlite, "SELECT load_extension('x')", "select", false),
        (Dialect::Sqlite, "SELECT 1; DROP TABLE t", "select", false),
        (Dialect::Sqlite, "WITH c AS (SELECT 1) DELETE FROM t", "delete", false),
        (Dialect::Sqlite, "CREATE TEMP TABLE t (a)", "create-table", false),
        (Dialect::Sqlite, "SELECT FROM", "select", false),
        (
            Dialect::Postgres,
            "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
            "select",
            false,
        ),
        (Dialect::Postgres, "SELECT a INTO b FROM c", "select", false),
        (Dialect::Postgres, "SELECT a FROM b FOR UPDATE", "select", false),
        (Dialect::Postgres, "SELECT pg_sleep(1)", "select", false),
        (
            Dialect::Postgres,
            "SELECT pg_catalog.set_config('a', 'b', false)",
            "select",
            false,
        ),
        (Dialect::Postgres, "INSERT INTO t VALUES (1)", "insert", false),
        (Dialect::Mysql, "SELECT a INTO OUTFILE 'x' FROM t", "select", false),
        (Dialect::Mysql, "SELECT @a := 1", "select", false),
        (Dialect::Mysql, "SELECT SLEEP(1)", "select", false),
        (Dialect::Mysql, "SELECT a FROM t LOCK IN SHARE MODE", "select", false),
        (Dialect::Mysql, "CALL p()", "call", false),
        (Dialect::Tsql, "EXEC sp_who", "exec", false),
        (Dialect::Tsql, "SELECT @a = 1", "select", false),
        (
            Dialect::Tsql,
            "SELECT * FROM OPENROWSET('x', 'y', 'z') AS r",
            "select",
            false,
        ),
        (Dialect::Tsql, "SELECT NEXT VALUE FOR s", "select", false),
        (Dialect::Tsql, "SELECT a INTO #b FROM c", "select", false),
    ] {
        let session = Session::new(dialect, &Database::default());
        let info = session.statement(sql);
        assert_eq!(
            (info.kind.as_str(), info.read_only),
            (kind, read_only),
            "{sql}: {:?}",
            info.reason
        );
        assert_eq!(info.reason.is_none(), read_only, "{sql}");
    }
}
