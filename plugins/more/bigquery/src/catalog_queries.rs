//! One bulk query per section of a catalog.

/// The queries, by section.
pub const QUERIES: [(&str, &str); 2] = [
    (
        "tables",
        "SELECT table_schema, table_name, CASE table_type WHEN 'VIEW' THEN 'view' WHEN 'MATERIALIZED VIEW' THEN 'materialized-view' ELSE 'table' END, NULL, NULL FROM INFORMATION_SCHEMA.TABLES",
    ),
    (
        "columns",
        "SELECT table_schema, table_name, ordinal_position, column_name, data_type, CASE is_nullable WHEN 'YES' THEN 1 ELSE 0 END, column_default, NULL, 0, CASE is_generated WHEN 'ALWAYS' THEN 1 ELSE 0 END, NULL, NULL FROM INFORMATION_SCHEMA.COLUMNS",
    ),
];
