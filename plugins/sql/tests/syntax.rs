//! What each dialect accepts and refuses.

use nl2sql_catalog::Database;
use nl2sql_sql::{Dialect, Session};

fn check(dialect: Dialect, accepted: &[&str], refused: &[&str]) {
    let session = Session::new(dialect, &Database::default());
    for sql in accepted {
        assert_eq!(session.check_syntax(sql), Ok(()), "{}: {sql}", dialect.name());
    }
    for sql in refused {
        assert!(session.check_syntax(sql).is_err(), "{}: {sql}", dialect.name());
    }
}

#[test]
fn every_dialect_reads_the_common_core() {
    let accepted = [
        "SELECT 1",
        "select a, b as c, t.* from t where a = 1 and (b > 2 or not c <> 'x')",
        "SELECT count(*), count(DISTINCT a) FROM t GROUP BY b HAVING count(*) > 1 ORDER BY 1 DESC",
        "SELECT * FROM a JOIN b ON a.x = b.x LEFT OUTER JOIN c ON c.y = b.y CROSS JOIN d",
        "SELECT a FROM t WHERE x IN (SELECT y FROM u) AND EXISTS (SELECT 1 FROM v WHERE v.z = t.z)",
        "SELECT a FROM t UNION ALL SELECT b FROM u EXCEPT SELECT c FROM v",
        "SELECT CASE WHEN a IS NULL THEN 0 ELSE a END FROM t",
        "SELECT CASE a WHEN 1 THEN 'x' END FROM t",
        "SELECT rank() OVER (PARTITION BY a ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
        "SELECT a FROM (SELECT b AS a FROM t) AS s WHERE a BETWEEN 1 AND 2 AND a LIKE 'x%' ESCAPE '!'",
        "-- comment\nSELECT /* another */ 1;",
        "SELECT CAST(a AS INTEGER) FROM t",
    ];
    let refused = [
        "",
        ";",
        "SELECT a FROM",
        "SELECT a FROM t WHERE",
        "SELECT a, FROM t",
        "SELECT a b c FROM t",
        "SELECT (a FROM t",
        "SELECT a) FROM t",
        "SELECT a FROM t WHERE a = = 1",
        "SELECT a FROM t ORDER a",
        "SELECT a FROM t GROUP BY",
        "SELECT CASE END",
        "SELECT 'open",
        "ELECT a FROM t",
        "Here is the SQL: SELECT a FROM t",
        "SELECT a FROM t JOIN",
        "SELECT a FROM t WHERE a IN (SELECT b FROM u WHERE c, 1)",
        "SELECT a FROM t WHERE a = (SELECT b FROM u WHERE c, d)",
    ];
    for dialect in Dialect::ALL {
        check(dialect, &accepted, &refused);
    }
}

#[test]
fn sqlite_has_its_own_rules() {
    check(
        Dialect::Sqlite,
        &[
            "SELECT a IS b, a IS NOT b, a == b, a NOTNULL, a NOT NULL FROM t",
            "SELECT `a`, [b], \"c\" FROM t LIMIT 1, 2",
            "SELECT x'00ff', ?1, :name, @name, $name",
            "SELECT a FROM t WHERE a IN ()",
            "SELECT a FROM t WHERE a IN u",
            "SELECT json ->> '$.a' FROM t WHERE a GLOB 'x*' OR a REGEXP 'y'",
            "SELECT 1 'alias'",
            "SELECT * FROM t INDEXED BY i WHERE a",
            "SELECT 't'.'a', 't'.b FROM 't'",
            "SELECT a FROM t WHERE a IN json_each(b) OR a IN 'u' OR a IN main.u",
            "SELECT a FROM t, u ON t.x = u.x JOIN v USING (y), w",
            "VALUES (1, 2), (3, 4)",
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT n FROM c",
        ],
        &[
            "SELECT a FROM t LIMIT 1 1",
            "(SELECT 1)",
            "SELECT",
            "SELECT FROM t",
            "SELECT a FROM t FETCH FIRST 1 ROWS ONLY",
            "SELECT a::int FROM t",
            "SELECT x'0'",
            "SELECT 1a",
            "SELECT TOP 1 a FROM t",
            "SELECT a FROM x.y.z",
            "WITH RECURSIVE (c) AS (SELECT 1) SELECT * FROM c",
            "VALUES (1), (2) LIMIT 1",
            "SELECT 1 UNION VALUES (2) ORDER BY 1",
            "WITH c AS (SELECT 1) MERGE INTO t USING c ON a = b",
            "WITH c AS (SELECT 1) UPDATE t SET t.a = 1",
        ],
    );
}

#[test]
fn postgres_has_its_own_rules() {
    check(
        Dialect::Postgres,
        &[
            "SELECT a::int[], b AT TIME ZONE 'UTC', INTERVAL '1' DAY, DATE '2020-01-01'",
            "SELECT $$text$$, $tag$te'xt$tag$, E'\\'', U&'\\0041', B'01', X'ff'",
            "SELECT * FROM t TABLESAMPLE SYSTEM (1) WHERE a = ANY (ARRAY[1, 2])",
            "SELECT (r).f, (r).*, a[1][2:3] FROM t",
            "SELECT count(*) FILTER (WHERE a > 1), mode() WITHIN GROUP (ORDER BY a) FROM t",
            "SELECT a FROM t GROUP BY GROUPING SETS ((a), ROLLUP (b, c), ())",
            "SELECT * FROM t, LATERAL (SELECT 1) s, unnest(a) WITH ORDINALITY AS u(x, y)",
            "(SELECT 1) UNION (SELECT 2 ORDER BY 1 LIMIT 1)",
            "SELECT DISTINCT ON (a) b FROM t ORDER BY a NULLS FIRST LIMIT ALL OFFSET 2 ROWS",
            "TABLE t",
            "SELECT a @> b, a ?| c, a <-> d, a OPERATOR(pg_catalog.+) b FROM t",
            "SELECT a IS NULL IS NOT NULL, a IS NULL = b, c IS NOT NULL::boolean, a IS DISTINCT FROM b = c FROM t",
            "SELECT a IN (1) IN (true), a[1].b[2:].c, -> b, 0xFF_FF, 1_000 FROM t",
            "SELECT COLLATION FOR (a), json '{}', '1'::json, f(x => 1), v.values FROM t AS v (values, b)",
            "SELECT xmlserialize(CONTENT a AS text INDENT), (a, b) OVERLAPS (c, d) FROM t",
            "SELECT * FROM f(1) AS t(a int, b text COLLATE \"C\"), ROWS FROM (f(2) AS (a int)) AS u",
            "SELECT sum(a) OVER (ORDER BY b ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) FROM t ORDER BY a FETCH FIRST ROW WITH TIES",
            "WITH m AS (INSERT INTO t AS x (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = x.a + 1 WHERE x.b RETURNING a) SELECT a FROM m",
            "WITH s AS (SELECT 1 AS a) MERGE INTO t USING s ON t.a = s.a WHEN MATCHED AND t.b THEN UPDATE SET a = DEFAULT WHEN NOT MATCHED THEN DO NOTHING",
        ],
        &[
            "SELECT a < b < c FROM t",
            "SELECT a LIKE b LIKE c FROM t",
            "SELECT a IS DISTINCT FROM b IS DISTINCT FROM c",
            "SELECT `a` FROM t",
            "SELECT a LIMIT 1, 2",
            "SELECT user.x FROM user",
            "SELECT 1 over",
            "SELECT a FROM t WHERE a NOT NULL",
            "SELECT array[1][1]",
            "SELECT f(a)[1]",
            "SELECT a BETWEEN NOT b AND c FROM t",
            "SELECT a + limit(a)",
            "SELECT '1'::between",
            "SELECT f(null => 1)",
            "SELECT period OVERLAPS other FROM t",
            "SELECT * FROM (VALUES (1)) AS (a)",
            "SELECT * FROM t AS u (a int)",
            "SELECT * FROM rank() OVER (ORDER BY a)",
            "SELECT json_value(a)",
            "SELECT lower() 'x'",
            "SELECT 1_, 2",
            "SELECT sum(a) OVER (ROWS BETWEEN 1 FOLLOWING AND CURRENT ROW) FROM t",
            "SELECT sum(a) OVER (ROWS UNBOUNDED FOLLOWING) FROM t",
            "SELECT a FROM t FETCH FIRST 2 ROWS WITH TIES",
            "WITH s AS (SELECT 1) MERGE INTO t USING s ON true WHEN MATCHD THEN DELETE",
            "WITH s AS (SELECT 1) DELETE FROM t FROM s",
        ],
    );
}

#[test]
fn mysql_has_its_own_rules() {
    check(
        Dialect::Mysql,
        &[
            "SELECT \"text\" 'more', `a`, _utf8mb4'x', N'y', 0x1F, b'01' FROM t # comment",
            "SELECT a DIV b, a MOD b, a XOR b, a && b, a <=> b, !a, a REGEXP 'x' FROM t",
            "SELECT DATE_ADD(a, INTERVAL 1 DAY), a + INTERVAL '1:1' MINUTE_SECOND FROM t",
            "SELECT GROUP_CONCAT(DISTINCT a ORDER BY b SEPARATOR ', ') FROM t",
            "SELECT STRAIGHT_JOIN a FROM t FORCE INDEX FOR JOIN (i) STRAIGHT_JOIN u ON t.x = u.x",
            "SELECT a FROM t GROUP BY a WITH ROLLUP LIMIT 1, 2",
            "SELECT MATCH (a, b) AGAINST ('x' IN BOOLEAN MODE) FROM t",
            "SELECT @a, @@global.b, @c := 1",
            "SELECT a FROM `2nd` WHERE 1st = 1 /*! AND b = 2 */",
            "SELECT CAST(a AS UNSIGNED), CONVERT(a USING utf8mb4) FROM t",
            "SELECT order.key, \\N, LEFT(a, 1), TIMESTAMPADD(SQL_TSI_DAY, 1, b) FROM order.group AS `order`",
            "SELECT a FROM t ORDER BY a OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY",
            "SELECT a FROM t ORDER BY a FETCH FIRST ROW WITH TIES",
            "SELECT *, t.*, PREVIOUS VALUE FOR s FROM t LIMIT 5 LOCK IN SHARE MODE NOWAIT",
            "SELECT - INTERVAL 1 DAY + a, a + INTERVAL 1 DAY - INTERVAL 2 HOUR FROM t",
            "SELECT a -> '$.b', c ->> '$.d', 3 MEMBER OF (e) FROM JSON_TABLE(j, '$' COLUMNS (a INT PATH '$.a')) AS t",
        ],
        &[
            "SELECT COUNT (*) FROM t",
            "SELECT CAST(a AS TEXT) FROM t",
            "SELECT a FROM (SELECT 1)",
            "SELECT a FROM t OFFSET 1",
            "SELECT INTERVAL 1 DAY",
            "SELECT key FROM t",
            "SELECT order .key FROM t",
            "SELECT a, * FROM t",
            "SELECT LEFT(a) FROM t",
            "SELECT REPLACE(a, 'x') FROM t",
            "SELECT SUM() FROM t",
            "SELECT RANK() FROM t",
            "SELECT VALUES(1)",
            "SELECT a FROM t LIMIT @n",
            "SELECT a FROM t LIMIT 1.5",
            "SELECT a FROM f(1)",
            "SELECT a FROM x.y.z",
            "SELECT a IS DISTINCT FROM b FROM t",
            "SELECT @, a FROM t",
            "SELECT a + - + INTERVAL 1 DAY FROM t",
            "SELECT TRIM(LEADING 'x') FROM t",
            "SELECT SUBSTRING(a FROM 1 FROM 2) FROM t",
            "SELECT a -> b FROM t",
            "SELECT t.* LIKE 'x' FROM t",
        ],
    );
}

#[test]
fn tsql_has_its_own_rules() {
    check(
        Dialect::Tsql,
        &[
            "SELECT TOP (10) WITH TIES [a], alias = b FROM dbo.t AS x WITH (NOLOCK) ORDER BY a",
            "SELECT a FROM t ORDER BY a OFFSET 5 ROWS FETCH NEXT 10 ROWS ONLY",
            "SELECT x.a, y.b FROM t x CROSS APPLY f(x.c) AS y OUTER APPLY (SELECT 1 AS d) z",
            "SELECT * FROM t PIVOT (SUM(a) FOR b IN ([x], [y])) AS p",
            "SELECT a FROM t FOR JSON PATH, ROOT('r')",
            "SELECT CONVERT(VARCHAR(10), a, 120), TRY_CAST(b AS INT), N'text' FROM a..b OPTION (RECOMPILE)",
            "SELECT val FROM (VALUES (1), (2)) AS v(val)",
            "SELECT COALESCE(a, LEFT(b, 2), RIGHT(c, 1)), NULLIF(d, 0) FROM t WHERE CONTAINS(e, 'x')",
            "SELECT * FROM OPENQUERY(server, 'SELECT 1') AS q",
            "SELECT * FROM OPENJSON(@j) WITH (a INT '$.a', b NVARCHAR(MAX) AS JSON)",
            "SELECT * FROM t FOR SYSTEM_TIME AS OF '2020-01-01'",
            "SELECT CAST(a AS date) FROM #temp WHERE b !> 3",
            "SELECT CONVERT(xml, a).value('(/r)[1]', 'int') FROM t",
            "SELECT a FROM t OPTION (MAXDOP 2, HASH JOIN, OPTIMIZE FOR (@p UNKNOWN), USE HINT ('X'))",
            "SELECT k FROM f(1, DEFAULT) WHERE CONTAINS(*, 'word')",
            "SELECT\u{a0}a\u{3000}FROM t GROUP BY ALL a",
            "SELECT JSON_OBJECT('a': 1, 'b': b NULL ON NULL) FROM schema.table",
            "WITH s AS (SELECT 1 AS a) MERGE t AS x USING s ON x.a = s.a WHEN NOT MATCHED BY TARGET THEN INSERT (a) VALUES (s.a) OUTPUT $action;",
        ],
        &[
            "SELECT a FROM t LIMIT 1",
            "SELECT a FROM t OFFSET 1 ROWS",
            "SELECT a FROM (SELECT 1 AS a)",
            "SELECT user FROM t AS order",
            "SELECT a FROM dbo.where",
            "SELECT LEFT(a) FROM t",
            "SELECT DATEADD(day, 1) FROM t",
            "SELECT a FROM t OPTION (HASH SORT)",
            "SELECT JSON_OBJECT('a') FROM t",
            "WITH s AS (SELECT 1 AS a) MERGE INTO t USING s ON t.a = s.a WHN MATCHED THEN DELETE;",
        ],
    );
}

#[test]
fn errors_say_where_in_characters() {
    let session = Session::new(Dialect::Sqlite, &Database::default());
    let error = session.check_syntax("SELECT '名前',\n  FRO t t t").unwrap_err();
    assert_eq!(
        (error.position.line, error.position.column),
        (2, 9),
        "{}",
        error.message
    );
}

#[test]
fn deep_nesting_is_an_error_and_long_chains_are_not() {
    for dialect in Dialect::ALL {
        let session = Session::new(dialect, &Database::default());
        for sql in [
            format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000)),
            format!("SELECT {}1", "- ".repeat(100_000)),
            format!("SELECT {}1", "NOT ".repeat(100_000)),
            format!("SELECT * FROM {}t", "(".repeat(100_000)),
            format!("SELECT {}", "CASE WHEN ".repeat(100_000)),
            format!("SELECT {}1", "f(".repeat(100_000)),
        ] {
            assert!(session.diagnose(&sql).is_err());
        }
        for sql in [
            format!("SELECT 1{}", " + 1".repeat(50_000)),
            format!("SELECT 1 WHERE 1 = 1{}", " AND 1 = 1".repeat(50_000)),
            format!("SELECT 1{}", " UNION SELECT 1".repeat(20_000)),
        ] {
            assert_eq!(session.diagnose(&sql), Ok(vec![]));
        }
        let joins = format!("SELECT 1 FROM t{}", " CROSS JOIN t".repeat(2_000));
        assert!(session.check_syntax(&joins).is_ok());
    }
}
