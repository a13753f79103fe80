//! One bulk query per section of a catalog.

/// The queries, by section.
pub const QUERIES: [(&str, &str); 5] = [
    (
        "tables",
        "SELECT schema_name, table_name, 'table', comment, estimated_size FROM duckdb_tables() WHERE NOT internal AND database_name = current_database() UNION ALL SELECT schema_name, view_name, 'view', comment, NULL FROM duckdb_views() WHERE NOT internal AND database_name = current_database()",
    ),
    (
        "columns",
        "SELECT schema_name, table_name, column_index, column_name, data_type, is_nullable, column_default, comment, 0, 0, CASE WHEN data_type LIKE 'ENUM(%)' THEN '[' || array_to_string(['\"' || replace(replace(replace(label, '''''', ''''), '\\', '\\\\'), '\"', '\\\"') || '\"' FOR label IN regexp_extract_all(data_type[6:-2], '''((?:[^'']|'''')*)''', 1)], ', ') || ']' END, CASE WHEN data_type LIKE '%]' THEN 'array' WHEN data_type LIKE 'STRUCT(%' OR data_type LIKE 'MAP(%' THEN 'json' WHEN data_type LIKE 'TIMESTAMP%' THEN 'datetime' END FROM duckdb_columns() WHERE NOT internal AND database_name = current_database()",
    ),
    (
        "keys",
        "SELECT schema_name, table_name, coalesce(constraint_name, constraint_text), CASE constraint_type WHEN 'PRIMARY KEY' THEN 'primary' ELSE 'unique' END, unnest(generate_series(1, len(constraint_column_names))), unnest(constraint_column_names) FROM duckdb_constraints() WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE') AND database_name = current_database()",
    ),
    (
        "foreign-keys",
        "SELECT schema_name, table_name, coalesce(constraint_name, constraint_text), unnest(generate_series(1, len(constraint_column_names))), unnest(constraint_column_names), schema_name, referenced_table, unnest(referenced_column_names) FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY' AND database_name = current_database()",
    ),
    (
        "checks",
        "SELECT schema_name, table_name, constraint_name, expression FROM duckdb_constraints() WHERE constraint_type = 'CHECK' AND database_name = current_database()",
    ),
];
