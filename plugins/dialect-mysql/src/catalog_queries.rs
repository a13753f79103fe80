//! Bulk queries of MySQL's and MariaDB's `information_schema`.

/// Catalog queries of MySQL 5.7 and MariaDB 10.2 and later, as section and SQL. `schemas` empty means the current database.
pub fn catalog_queries(version: &str, schemas: &[String]) -> Vec<(&'static str, String)> {
    let mariadb = version.to_ascii_lowercase().contains("mariadb");
    let scope = |column: &str| scope(column, schemas);
    let mut queries = vec![
        (
            "tables",
            format!(
                "SELECT TABLE_SCHEMA, TABLE_NAME, CASE TABLE_TYPE WHEN 'VIEW' THEN 'view' ELSE 'table' END, \
                 CASE TABLE_TYPE WHEN 'VIEW' THEN NULL ELSE TABLE_COMMENT END, CASE TABLE_TYPE WHEN 'VIEW' THEN NULL ELSE TABLE_ROWS END \
                 FROM information_schema.TABLES WHERE {} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW')",
                scope("TABLE_SCHEMA")
            ),
        ),
        (
            "columns",
            format!(
                "SELECT TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_TYPE, CASE IS_NULLABLE WHEN 'YES' THEN '1' ELSE '0' END, {}, \
                 COLUMN_COMMENT, CASE WHEN EXTRA LIKE '%auto_increment%' THEN '1' ELSE '0' END, \
                 CASE WHEN EXTRA REGEXP 'VIRTUAL|STORED|PERSISTENT' THEN '1' ELSE '0' END, {}, NULL \
                 FROM information_schema.COLUMNS WHERE {} ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION",
                default_expression(mariadb),
                labels(),
                scope("TABLE_SCHEMA")
            ),
        ),
        (
            "keys",
            format!(
                "SELECT s.TABLE_SCHEMA, s.TABLE_NAME, s.INDEX_NAME, CASE s.INDEX_NAME WHEN 'PRIMARY' THEN 'primary' ELSE 'unique' END, s.SEQ_IN_INDEX, s.COLUMN_NAME \
                 FROM information_schema.STATISTICS s WHERE {} AND s.NON_UNIQUE = 0 AND s.COLUMN_NAME IS NOT NULL",
                scope("s.TABLE_SCHEMA")
            ),
        ),
        (
            "foreign-keys",
            format!(
                "SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME \
                 FROM information_schema.KEY_COLUMN_USAGE WHERE {} AND REFERENCED_TABLE_NAME IS NOT NULL",
                scope("TABLE_SCHEMA")
            ),
        ),
    ];
    queries.push((
        "indexes",
        format!(
            "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS WHERE {0} UNION ALL \
             SELECT TABLE_SCHEMA, TABLE_NAME, NULL FROM information_schema.TABLES WHERE {0} AND TABLE_TYPE = 'BASE TABLE'",
            scope("TABLE_SCHEMA")
        ),
    ));
    queries.extend(checks(mariadb, version, schemas).map(|sql| ("checks", sql)));
    queries
}

fn scope(column: &str, schemas: &[String]) -> String {
    if schemas.is_empty() {
        return format!("{column} = DATABASE()");
    }
    let names: Vec<String> = schemas
        .iter()
        .map(|name| format!("'{}'", name.replace('\\', "\\\\").replace('\'', "''")))
        .collect();
    format!("{column} IN ({})", names.join(", "))
}

/// MariaDB tells SQL text, with `NULL` for none; MySQL tells the bare literal unless it is an expression.
fn default_expression(mariadb: bool) -> &'static str {
    if mariadb {
        "CASE WHEN COLUMN_DEFAULT = 'NULL' THEN NULL ELSE COLUMN_DEFAULT END"
    } else {
        "CASE WHEN COLUMN_DEFAULT IS NULL OR EXTRA LIKE '%DEFAULT_GENERATED%' OR COLUMN_DEFAULT LIKE 'CURRENT_TIMESTAMP%' \
         OR DATA_TYPE IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double', 'bit', 'year') THEN COLUMN_DEFAULT ELSE QUOTE(COLUMN_DEFAULT) END"
    }
}

/// `enum('a','it''s')` as the JSON array `["a","it's"]`. The server escapes backslashes and line breaks by backslashes, as JSON does.
fn labels() -> String {
    let inner =
        "SUBSTRING(COLUMN_TYPE, LOCATE('(', COLUMN_TYPE) + 2, CHAR_LENGTH(COLUMN_TYPE) - LOCATE('(', COLUMN_TYPE) - 3)";
    let escaped = format!("REPLACE({inner}, '\"', '\\\\\"')");
    format!(
        "CASE WHEN DATA_TYPE IN ('enum', 'set') THEN CONCAT('[\"', REPLACE(REPLACE(REPLACE({escaped}, ''',''', CHAR(31)), '''''', ''''), CHAR(31), '\",\"'), '\"]') END"
    )
}

/// MySQL has check constraints since 8.0.16; MariaDB names their tables itself.
fn checks(mariadb: bool, version: &str, schemas: &[String]) -> Option<String> {
    if mariadb {
        return Some(format!(
            "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE {}",
            scope("CONSTRAINT_SCHEMA", schemas)
        ));
    }
    let mut numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let mut number = || numbers.next().unwrap_or(0);
    ((number(), number(), number()) >= (8, 0, 16)).then(|| {
        format!(
            "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, c.CONSTRAINT_NAME, c.CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS c \
             JOIN information_schema.TABLE_CONSTRAINTS t ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME \
             AND t.CONSTRAINT_TYPE = 'CHECK' WHERE {}",
            scope("t.TABLE_SCHEMA", schemas)
        )
    })
}
