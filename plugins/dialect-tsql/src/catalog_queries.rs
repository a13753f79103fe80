//! Bulk queries of SQL Server's `sys` views; comments are the extended property `MS_Description`.

/// Catalog queries of SQL Server 2012 and later, as section and SQL. `schemas` empty means the login's default schema.
pub fn catalog_queries(schemas: &[String]) -> Vec<(&'static str, String)> {
    let objects = objects(schemas);
    vec![
        (
            "tables",
            format!(
                "SELECT o.schema_name, o.name, CASE o.type WHEN 'V' THEN CASE WHEN EXISTS (SELECT 1 FROM sys.indexes vi WHERE vi.object_id = o.object_id AND vi.index_id = 1) \
                 THEN 'materialized-view' ELSE 'view' END ELSE 'table' END, CAST(p.value AS nvarchar(4000)), r.row_count \
                 FROM {objects} {} \
                 LEFT JOIN (SELECT object_id, SUM(rows) AS row_count FROM sys.partitions WHERE index_id IN (0, 1) GROUP BY object_id) AS r ON r.object_id = o.object_id",
                description("p", "0")
            ),
        ),
        (
            "columns",
            format!(
                "SELECT o.schema_name, o.name, c.column_id, c.name, {}, CASE c.is_nullable WHEN 1 THEN '1' ELSE '0' END, d.definition, CAST(p.value AS nvarchar(4000)), \
                 CASE c.is_identity WHEN 1 THEN '1' ELSE '0' END, CASE WHEN c.is_computed = 1 OR c.system_type_id = 189 THEN '1' ELSE '0' END, NULL, {} \
                 FROM {objects} JOIN sys.columns AS c ON c.object_id = o.object_id JOIN sys.types AS t ON t.user_type_id = c.user_type_id \
                 LEFT JOIN sys.types AS b ON b.user_type_id = c.system_type_id AND b.system_type_id = c.system_type_id \
                 LEFT JOIN sys.default_constraints AS d ON d.object_id = c.default_object_id {}",
                type_name(),
                type_class(),
                description("p", "c.column_id")
            ),
        ),
        (
            "keys",
            format!(
                "SELECT o.schema_name, o.name, i.name, CASE i.is_primary_key WHEN 1 THEN 'primary' ELSE 'unique' END, x.key_ordinal, c.name \
                 FROM {objects} JOIN sys.indexes AS i ON i.object_id = o.object_id AND i.is_unique = 1 AND i.has_filter = 0 AND i.is_disabled = 0 \
                 JOIN sys.index_columns AS x ON x.object_id = i.object_id AND x.index_id = i.index_id AND x.is_included_column = 0 AND x.key_ordinal > 0 \
                 JOIN sys.columns AS c ON c.object_id = o.object_id AND c.column_id = x.column_id"
            ),
        ),
        (
            "foreign-keys",
            format!(
                "SELECT o.schema_name, o.name, f.name, x.constraint_column_id, c.name, rs.name, r.name, rc.name \
                 FROM {objects} JOIN sys.foreign_keys AS f ON f.parent_object_id = o.object_id \
                 JOIN sys.foreign_key_columns AS x ON x.constraint_object_id = f.object_id \
                 JOIN sys.columns AS c ON c.object_id = o.object_id AND c.column_id = x.parent_column_id \
                 JOIN sys.objects AS r ON r.object_id = f.referenced_object_id JOIN sys.schemas AS rs ON rs.schema_id = r.schema_id \
                 JOIN sys.columns AS rc ON rc.object_id = r.object_id AND rc.column_id = x.referenced_column_id"
            ),
        ),
        (
            "checks",
            format!(
                "SELECT o.schema_name, o.name, k.name, k.definition FROM {objects} JOIN sys.check_constraints AS k ON k.parent_object_id = o.object_id \
                 WHERE k.definition IS NOT NULL"
            ),
        ),
    ]
}

/// `o`: user tables and views with the name of their schema.
fn objects(schemas: &[String]) -> String {
    let scope = if schemas.is_empty() {
        "s.name = COALESCE(SCHEMA_NAME(), N'dbo')".to_owned()
    } else {
        let names: Vec<String> = schemas
            .iter()
            .map(|name| format!("N'{}'", name.replace('\'', "''")))
            .collect();
        format!("s.name IN ({})", names.join(", "))
    };
    format!(
        "(SELECT a.object_id, a.name, RTRIM(a.type) AS type, s.name AS schema_name FROM sys.objects AS a JOIN sys.schemas AS s ON s.schema_id = a.schema_id \
         WHERE a.type IN ('U', 'V') AND a.is_ms_shipped = 0 AND a.name <> 'sysdiagrams' AND {scope}) AS o"
    )
}

fn description(alias: &str, column: &str) -> String {
    format!(
        "LEFT JOIN sys.extended_properties AS {alias} ON {alias}.class = 1 AND {alias}.major_id = o.object_id AND {alias}.minor_id = {column} AND {alias}.name = 'MS_Description'"
    )
}

/// The type as CREATE TABLE spells it; lengths of national types count characters, -1 is `max`.
fn type_name() -> &'static str {
    "CASE WHEN t.is_user_defined = 1 THEN t.name \
     WHEN t.name IN ('nvarchar', 'nchar') THEN t.name + '(' + CASE c.max_length WHEN -1 THEN 'max' ELSE CAST(c.max_length / 2 AS varchar(10)) END + ')' \
     WHEN t.name IN ('varchar', 'char', 'varbinary', 'binary') THEN t.name + '(' + CASE c.max_length WHEN -1 THEN 'max' ELSE CAST(c.max_length AS varchar(10)) END + ')' \
     WHEN t.name IN ('decimal', 'numeric') THEN t.name + '(' + CAST(c.precision AS varchar(10)) + ',' + CAST(c.scale AS varchar(10)) + ')' \
     WHEN t.name IN ('datetime2', 'datetimeoffset', 'time') THEN t.name + '(' + CAST(c.scale AS varchar(10)) + ')' ELSE t.name END"
}

/// `bit` is T-SQL's boolean, `timestamp` its row version; alias types count as what they are made of.
fn type_class() -> &'static str {
    "CASE WHEN b.name = 'bit' THEN 'boolean' WHEN b.name = 'timestamp' THEN 'binary' WHEN t.name IN ('geometry', 'geography') THEN 'geometry' \
     WHEN t.is_user_defined = 0 THEN NULL WHEN b.name IN ('tinyint', 'smallint', 'int', 'bigint') THEN 'integer' \
     WHEN b.name IN ('decimal', 'numeric', 'money', 'smallmoney') THEN 'decimal' WHEN b.name IN ('float', 'real') THEN 'float' \
     WHEN b.name IN ('char', 'varchar', 'text', 'nchar', 'nvarchar', 'ntext', 'xml') THEN 'text' WHEN b.name = 'date' THEN 'date' WHEN b.name = 'time' THEN 'time' \
     WHEN b.name IN ('datetime', 'datetime2', 'smalldatetime', 'datetimeoffset') THEN 'datetime' WHEN b.name = 'uniqueidentifier' THEN 'uuid' \
     WHEN b.name IN ('binary', 'varbinary', 'image') THEN 'binary' ELSE 'other' END"
}
