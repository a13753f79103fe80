//! One bulk query per section of a catalog.

/// The queries, by section.
pub const QUERIES: [(&str, &str); 3] = [
    (
        "tables",
        "SELECT NULL, name, multiIf(engine = 'MaterializedView', 'materialized-view', endsWith(engine, 'View'), 'view', 'table'), nullIf(comment, ''), total_rows FROM system.tables WHERE database = currentDatabase() AND NOT is_temporary",
    ),
    (
        "columns",
        "SELECT NULL, table, position, name, type, startsWith(type, 'Nullable'), nullIf(default_expression, ''), nullIf(comment, ''), 0, default_kind IN ('MATERIALIZED', 'ALIAS'), NULL, NULL FROM system.columns WHERE database = currentDatabase()",
    ),
    (
        "keys",
        "SELECT NULL, table, 'primary', 'primary', position, name FROM system.columns WHERE database = currentDatabase() AND is_in_primary_key",
    ),
];
