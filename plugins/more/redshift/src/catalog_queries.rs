//! One bulk query per section of a catalog.

/// The queries, by section.
pub const QUERIES: [(&str, &str); 3] = [
    (
        "tables",
        "SELECT table_schema, table_name, CASE table_type WHEN 'VIEW' THEN 'view' ELSE 'table' END, NULL, NULL FROM information_schema.tables WHERE table_schema NOT IN ('information_schema', 'pg_catalog')",
    ),
    (
        "columns",
        "SELECT table_schema, table_name, ordinal_position, column_name, data_type, CASE is_nullable WHEN 'YES' THEN 1 ELSE 0 END, column_default, NULL, 0, 0, NULL, NULL FROM information_schema.columns WHERE table_schema NOT IN ('information_schema', 'pg_catalog')",
    ),
    (
        "keys",
        "SELECT c.table_schema, c.table_name, c.constraint_name, CASE c.constraint_type WHEN 'PRIMARY KEY' THEN 'primary' ELSE 'unique' END, k.ordinal_position, k.column_name FROM information_schema.table_constraints AS c JOIN information_schema.key_column_usage AS k ON k.constraint_name = c.constraint_name AND k.table_schema = c.table_schema AND k.table_name = c.table_name WHERE c.constraint_type IN ('PRIMARY KEY', 'UNIQUE')",
    ),
];
