//! Bulk queries of SQLite's catalog, through its table-valued pragma functions.
//!
//! Constraints have no names of their own here: a name that starts with `#` only groups rows. Comments, checks and row estimates are not in
//! any pragma; the driver reads them from the text of the CREATE statements and from the statistics. A view or virtual table without columns
//! is one that cannot be read; asking a pragma about it would fail the whole query.

/// Catalog queries of any SQLite since 3.37 (`pragma_table_list`), as section and SQL.
pub fn catalog_queries() -> Vec<(&'static str, String)> {
    let tables = "(SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow' AND ncol > 0 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\') AS l";
    vec![
        (
            "tables",
            format!(
                "SELECT NULL, l.name, CASE l.type WHEN 'view' THEN 'view' WHEN 'virtual' THEN 'virtual' ELSE 'table' END, NULL, NULL, \
                 CASE WHEN l.type = 'table' THEN l.wr ELSE 0 END \
                 FROM {tables} ORDER BY l.name"
            ),
        ),
        (
            "columns",
            format!(
                "SELECT NULL, l.name, c.cid + 1, c.name, \
                 CASE WHEN c.hidden IN (2, 3) THEN trim(replace(replace(c.type, 'GENERATED ALWAYS', ''), 'generated always', '')) ELSE c.type END, \
                 CASE WHEN c.\"notnull\" OR c.pk > 0 THEN 0 ELSE 1 END, c.dflt_value, NULL, \
                 CASE WHEN c.pk = 1 AND upper(c.type) = 'INTEGER' AND l.wr = 0 AND l.type = 'table' AND NOT EXISTS \
                 (SELECT 1 FROM pragma_index_list(l.name) AS i WHERE i.origin = 'pk') THEN 1 ELSE 0 END, \
                 CASE WHEN c.hidden IN (2, 3) THEN 1 ELSE 0 END, NULL, NULL \
                 FROM {tables}, pragma_table_xinfo(l.name) AS c WHERE c.hidden <> 1 ORDER BY l.name, c.cid"
            ),
        ),
        (
            "keys",
            format!(
                "SELECT NULL, l.name, '#pk', 'primary', c.pk, c.name FROM {tables}, pragma_table_xinfo(l.name) AS c WHERE c.pk > 0 \
                 UNION ALL \
                 SELECT NULL, l.name, CASE i.origin WHEN 'c' THEN i.name ELSE '#' || i.name END, 'unique', x.seqno + 1, x.name \
                 FROM {tables}, pragma_index_list(l.name) AS i, pragma_index_info(i.name) AS x \
                 WHERE i.\"unique\" = 1 AND i.partial = 0 AND i.origin <> 'pk' \
                 AND NOT EXISTS (SELECT 1 FROM pragma_index_info(i.name) AS e WHERE e.name IS NULL)"
            ),
        ),
        (
            "foreign-keys",
            format!(
                "SELECT NULL, l.name, '#' || f.id, f.seq + 1, f.\"from\", NULL, f.\"table\", coalesce(f.\"to\", '') \
                 FROM {tables}, pragma_foreign_key_list(l.name) AS f ORDER BY l.name, f.id, f.seq"
            ),
        ),
        (
            "indexes",
            format!(
                "SELECT NULL, l.name, i.name FROM {tables} LEFT JOIN pragma_index_list(l.name) AS i ON true WHERE l.type = 'table' ORDER BY l.name, i.name"
            ),
        ),
    ]
}
