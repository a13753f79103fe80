//! One bulk query per section of a catalog.

/// The queries, by section.
pub const QUERIES: [(&str, &str); 2] = [
    (
        "tables",
        "SELECT table_schema, table_name, CASE table_type WHEN 'VIEW' THEN 'view' WHEN 'MATERIALIZED VIEW' THEN 'materialized-view' ELSE 'table' END, comment, row_count FROM information_schema.tables WHERE table_schema NOT IN ('information_schema', 'INFORMATION_SCHEMA', 'pg_catalog')",
    ),
    (
        "columns",
        "SELECT table_schema, table_name, ordinal_position, column_name, data_type, CASE is_nullable WHEN 'YES' THEN 1 ELSE 0 END, column_default, comment, CASE is_identity WHEN 'YES' THEN 1 ELSE 0 END, 0, NULL, NULL FROM information_schema.columns WHERE table_schema NOT IN ('information_schema', 'INFORMATION_SCHEMA', 'pg_catalog')",
    ),
];
