//! One bulk query per section of a catalog.

/// The queries, by section.
pub const QUERIES: [(&str, &str); 4] = [
    (
        "tables",
        "SELECT NULL, table_name, 'table', (SELECT comments FROM user_tab_comments c WHERE c.table_name = t.table_name), num_rows FROM user_tables t UNION ALL SELECT NULL, view_name, 'view', NULL, NULL FROM user_views",
    ),
    (
        "columns",
        "SELECT NULL, c.table_name, c.column_id, c.column_name, c.data_type, CASE c.nullable WHEN 'Y' THEN 1 ELSE 0 END, NULL, m.comments, CASE c.identity_column WHEN 'YES' THEN 1 ELSE 0 END, 0, NULL, NULL FROM user_tab_columns c LEFT JOIN user_col_comments m ON m.table_name = c.table_name AND m.column_name = c.column_name",
    ),
    (
        "keys",
        "SELECT NULL, c.table_name, c.constraint_name, CASE c.constraint_type WHEN 'P' THEN 'primary' ELSE 'unique' END, k.position, k.column_name FROM user_constraints c JOIN user_cons_columns k ON k.constraint_name = c.constraint_name WHERE c.constraint_type IN ('P', 'U')",
    ),
    (
        "foreign-keys",
        "SELECT NULL, c.table_name, c.constraint_name, k.position, k.column_name, NULL, r.table_name, r.column_name FROM user_constraints c JOIN user_cons_columns k ON k.constraint_name = c.constraint_name JOIN user_cons_columns r ON r.constraint_name = c.r_constraint_name AND r.position = k.position WHERE c.constraint_type = 'R'",
    ),
];
