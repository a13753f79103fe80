//! Bulk queries of PostgreSQL's catalog. System schemas, temporary objects, partitions (also those that inherit everything they have, as they
//! were made before PostgreSQL 10), members of extensions and relations the login may not read are left out.

/// Catalog queries of PostgreSQL 10 and later, as section and SQL. `schemas` empty means the login's current schema.
pub fn catalog_queries(version: &str, schemas: &[String]) -> Vec<(&'static str, String)> {
    let major: u32 = version
        .chars()
        .take_while(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .unwrap_or(15);
    let generated = if major >= 12 { "a.attgenerated <> ''" } else { "false" };
    let key_width = if major >= 11 { "i.indnkeyatts" } else { "i.indnatts" };
    let relations = relations(schemas);
    vec![
        (
            "tables",
            format!(
                "SELECT c.nspname, c.relname, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized-view' WHEN 'f' THEN 'virtual' \
                 ELSE 'table' END, d.description, CASE WHEN c.relkind IN ('v', 'f') OR c.reltuples < 0 THEN NULL ELSE c.reltuples::bigint END \
                 FROM {relations} LEFT JOIN pg_catalog.pg_description d \
                 ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_catalog.pg_class'::regclass"
            ),
        ),
        ("columns", columns(&relations, generated)),
        (
            "keys",
            format!(
                "SELECT c.nspname, c.relname, x.relname, CASE WHEN i.indisprimary THEN 'primary' ELSE 'unique' END, k.ordinal, a.attname \
                 FROM {relations} JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL \
                 JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
                 CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ordinal) \
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum WHERE k.ordinal <= {key_width}"
            ),
        ),
        (
            "foreign-keys",
            format!(
                "SELECT c.nspname, c.relname, f.conname, k.ordinal, a.attname, rn.nspname, r.relname, ra.attname \
                 FROM {relations} JOIN pg_catalog.pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f' \
                 JOIN pg_catalog.pg_class r ON r.oid = f.confrelid JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace \
                 CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS k(own, other, ordinal) \
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.own \
                 JOIN pg_catalog.pg_attribute ra ON ra.attrelid = r.oid AND ra.attnum = k.other"
            ),
        ),
        (
            "checks",
            format!(
                "SELECT c.nspname, c.relname, f.conname, pg_catalog.pg_get_expr(f.conbin, f.conrelid) \
                 FROM {relations} JOIN pg_catalog.pg_constraint f ON f.conrelid = c.oid AND f.contype = 'c'"
            ),
        ),
    ]
}

/// `c`: the relations that count, with the name of their schema.
fn relations(schemas: &[String]) -> String {
    let scope = if schemas.is_empty() {
        "n.nspname = current_schema()".to_owned()
    } else {
        let names: Vec<String> = schemas
            .iter()
            .map(|name| format!("'{}'", name.replace('\'', "''")))
            .collect();
        format!("n.nspname IN ({})", names.join(", "))
    };
    format!(
        "(SELECT r.oid, r.relname, r.relkind, r.reltuples, n.nspname FROM pg_catalog.pg_class r \
         JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace \
         WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f') AND r.relpersistence <> 't' AND NOT r.relispartition AND {scope} \
         AND (NOT EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h WHERE h.inhrelid = r.oid) \
         OR EXISTS (SELECT 1 FROM pg_catalog.pg_attribute l WHERE l.attrelid = r.oid AND l.attnum > 0 AND l.attislocal AND NOT l.attisdropped)) \
         AND (has_table_privilege(r.oid, 'SELECT') OR has_any_column_privilege(r.oid, 'SELECT')) \
         AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = r.oid AND e.deptype = 'e')) AS c"
    )
}

/// Domains count as what they are made of; types of extensions go by their category (`pg_type.typcategory`).
fn columns(relations: &str, generated: &str) -> String {
    format!(
        "SELECT c.nspname, c.relname, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), \
         CASE WHEN a.attnotnull THEN '0' ELSE '1' END, CASE WHEN {generated} THEN NULL ELSE pg_catalog.pg_get_expr(ad.adbin, ad.adrelid) END, d.description, \
         CASE WHEN a.attidentity <> '' OR pg_catalog.pg_get_expr(ad.adbin, ad.adrelid) LIKE 'nextval(%' THEN '1' ELSE '0' END, \
         CASE WHEN {generated} THEN '1' ELSE '0' END, en.labels, \
         CASE WHEN b.typtype = 'e' THEN 'enum' WHEN t.typcategory = 'A' THEN 'array' WHEN b.typname IN ('geometry', 'geography') THEN 'geometry' \
         WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN NULL \
         WHEN b.typcategory = 'S' THEN 'text' WHEN b.typcategory = 'B' THEN 'boolean' WHEN b.typname IN ('int2', 'int4', 'int8') THEN 'integer' \
         WHEN b.typname IN ('float4', 'float8') THEN 'float' WHEN b.typcategory = 'N' THEN 'decimal' WHEN b.typname = 'date' THEN 'date' \
         WHEN b.typname IN ('time', 'timetz') THEN 'time' WHEN b.typcategory = 'D' THEN 'datetime' WHEN b.typname IN ('json', 'jsonb') THEN 'json' \
         WHEN b.typname = 'uuid' THEN 'uuid' ELSE 'other' END \
         FROM {relations} JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END \
         LEFT JOIN pg_catalog.pg_attrdef ad ON ad.adrelid = c.oid AND ad.adnum = a.attnum \
         LEFT JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = a.attnum AND d.classoid = 'pg_catalog.pg_class'::regclass \
         LEFT JOIN (SELECT enumtypid, json_agg(enumlabel::text ORDER BY enumsortorder)::text AS labels FROM pg_catalog.pg_enum GROUP BY enumtypid) en \
         ON en.enumtypid = b.oid"
    )
}
