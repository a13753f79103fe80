//! Reads what runs what from PostgreSQL's catalog.

use super::dependencies::{Cast, Dependencies, FIRST_USER_OBJECT, Kind, Object, ObjectId};
use crate::QueryError;
use crate::catalog_rows::CatalogRow;
use crate::driver::DriverConnection;
use crate::postgres::{HARMLESS_VOLATILE, PostgresConnection};
use crate::statement_guard::{POSTGRES, RestrictedObjects};

/// Libraries of extensions whose functions reach out of the transaction, whatever they are declared.
const REACHING_LIBRARIES: &[&str] = &[
    "adminpack",
    "dblink",
    "file_fdw",
    "http",
    "plsh",
    "pg_background",
    "pg_cron",
    "pg_net",
    "pg_prewarm",
    "pg_surgery",
    "postgres_fdw",
    "oracle_fdw",
    "mysql_fdw",
    "tds_fdw",
    "aws_s3",
    "pgagent",
    "pageinspect",
];

/// Every function: number, schema, name, language, volatility, member of an extension, library, text, whether `row.name` calls it, aggregate.
const FUNCTIONS: &str = "SELECT p.oid::text, n.nspname, lower(p.proname), l.lanname, p.provolatile::text, \
    CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e') THEN '1' END, \
    p.probin::text, CASE WHEN l.lanname IN ('sql', 'plpgsql') THEN p.prosrc END, \
    CASE WHEN p.pronargs = 1 AND t.typtype IN ('c', 'p') AND n.nspname <> 'pg_catalog' THEN '1' END, \
    CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_aggregate a WHERE a.aggfnoid = p.oid) THEN '1' END \
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang \
    LEFT JOIN pg_catalog.pg_type t ON p.pronargs = 1 AND t.oid = p.proargtypes[0]";

/// Names of the user's relations, types and operators, operators with their operands and whether the server has some of the same symbol.
const OBJECTS: &str = "SELECT 'r', c.oid::text, lower(c.relname), NULL, NULL, NULL FROM pg_catalog.pg_class c \
      WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
    UNION ALL SELECT 't', t.oid::text, lower(t.typname), NULL, NULL, NULL FROM pg_catalog.pg_type t WHERE t.oid >= 16384 \
    UNION ALL SELECT 'o', o.oid::text, o.oprname, o.oprleft::text, o.oprright::text, \
      CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_operator s WHERE s.oid < 16384 AND s.oprname = o.oprname) THEN '1' END \
      FROM pg_catalog.pg_operator o WHERE o.oid >= 16384";

/// Types of the columns of relations, as far as users made the types.
const COLUMNS: &str = "SELECT a.attrelid::text, a.atttypid::text FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
    WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') \
    UNION SELECT t.typrelid::text, t.oid::text FROM pg_catalog.pg_type t WHERE t.typrelid >= 16384";

/// Foreign tables whose rows a program of the server's machine prints.
const PROGRAMS: &str = "SELECT f.ftrelid::text FROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver \
    WHERE EXISTS (SELECT 1 FROM unnest(f.ftoptions || s.srvoptions) AS o(word) WHERE o.word LIKE 'program=%')";

/// Casts by function: source, target, function, how they come about, what the target is called.
const CASTS: &str = "SELECT k.castsource::text, k.casttarget::text, k.castfunc::text, k.castcontext::text, lower(t.typname), \
    lower(pg_catalog.format_type(t.oid, NULL)) FROM pg_catalog.pg_cast k JOIN pg_catalog.pg_type t ON t.oid = k.casttarget \
    WHERE k.castfunc >= 16384";

/// What stands in the catalog's columns about what runs what. A foreign table may lead back to a relation of this database by its name.
const DECLARED: &str = "\
SELECT 'o', o.oid::text, 'f', f.id::text FROM pg_catalog.pg_operator o CROSS JOIN LATERAL (VALUES (o.oprcode::oid), (o.oprrest::oid), (o.oprjoin::oid)) AS f(id) \
  WHERE o.oid >= 16384 AND f.id <> 0 \
UNION SELECT 'f', a.aggfnoid::oid::text, 'f', f.id::text FROM pg_catalog.pg_aggregate a CROSS JOIN LATERAL (VALUES (a.aggtransfn::oid), (a.aggfinalfn::oid), \
  (a.aggcombinefn::oid), (a.aggserialfn::oid), (a.aggdeserialfn::oid), (a.aggmtransfn::oid), (a.aggminvtransfn::oid), (a.aggmfinalfn::oid)) AS f(id) \
  WHERE a.aggfnoid::oid >= 16384 AND f.id <> 0 \
UNION SELECT 'f', a.aggfnoid::oid::text, 'o', a.aggsortop::text FROM pg_catalog.pg_aggregate a WHERE a.aggsortop >= 16384 \
UNION SELECT 't', t.oid::text, 'f', f.id::text FROM pg_catalog.pg_type t CROSS JOIN LATERAL (VALUES (t.typinput::oid), (t.typoutput::oid), (t.typreceive::oid), \
  (t.typsend::oid), (t.typmodin::oid), (t.typmodout::oid)) AS f(id) WHERE t.oid >= 16384 AND f.id >= 16384 \
UNION SELECT 't', t.oid::text, 't', b.id::text FROM pg_catalog.pg_type t CROSS JOIN LATERAL (VALUES (t.typbasetype), (t.typelem)) AS b(id) \
  WHERE t.oid >= 16384 AND b.id >= 16384 \
UNION SELECT 't', t.oid::text, 'r', t.typrelid::text FROM pg_catalog.pg_type t WHERE t.typrelid >= 16384 \
UNION SELECT 't', g.rngtypid::text, 'f', f.id::text FROM pg_catalog.pg_range g CROSS JOIN LATERAL (VALUES (g.rngcanonical::oid), (g.rngsubdiff::oid)) AS f(id) \
  WHERE g.rngtypid >= 16384 AND f.id <> 0 \
UNION SELECT 't', g.rngtypid::text, 't', g.rngsubtype::text FROM pg_catalog.pg_range g WHERE g.rngsubtype >= 16384 \
UNION SELECT 't', to_jsonb(g) ->> 'rngmultitypid', 't', g.rngtypid::text FROM pg_catalog.pg_range g \
  WHERE g.rngtypid >= 16384 AND to_jsonb(g) ->> 'rngmultitypid' IS NOT NULL \
UNION SELECT 'r', f.ftrelid::text, 'r', r.oid::text FROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_class c ON c.oid = f.ftrelid \
  JOIN pg_catalog.pg_class r ON r.oid <> c.oid AND r.relname = COALESCE((SELECT substr(o.word, 12) FROM unnest(f.ftoptions) AS o(word) \
  WHERE o.word LIKE 'table\\_name=%' LIMIT 1), c.relname) WHERE r.oid >= 16384 \
UNION SELECT 't', c.opcintype::text, 'f', p.amproc::oid::text FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_amproc p ON p.amprocfamily = c.opcfamily \
  AND p.amproclefttype = c.opcintype WHERE c.oid >= 16384 AND c.opcintype >= 16384 \
UNION SELECT 'o', m.amopopr::text, 'f', p.amproc::oid::text FROM pg_catalog.pg_amop m JOIN pg_catalog.pg_amproc p ON p.amprocfamily = m.amopfamily \
  WHERE m.amopopr >= 16384 AND p.amproc::oid >= 16384 \
UNION SELECT 'r', a.attrelid::text, 't', a.atttypid::text FROM pg_catalog.pg_attribute a WHERE a.attrelid >= 16384 AND a.attnum > 0 AND a.atttypid >= 16384 \
UNION SELECT 'r', h.inhparent::text, 'r', h.inhrelid::text FROM pg_catalog.pg_inherits h WHERE h.inhparent >= 16384 \
UNION SELECT 'f', p.oid::text, 't', t.id::text FROM pg_catalog.pg_proc p CROSS JOIN LATERAL unnest(COALESCE(p.proallargtypes, p.proargtypes::oid[]) || p.prorettype) AS t(id) \
  WHERE p.oid >= 16384 AND t.id >= 16384";

/// Expressions that the server keeps as trees; numbers of functions, operators, relations and types stand behind their labels
/// (`src/include/nodes/primnodes.h` and `parsenodes.h` of PostgreSQL). Columns that older servers lack are asked for by way of JSON.
const WRITTEN: &str = "\
WITH trees(kind, id, tree) AS ( \
  SELECT 'r', c.oid, r.ev_qual::text || r.ev_action::text FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class \
    WHERE c.relkind = 'v' AND c.oid >= 16384 \
  UNION ALL SELECT 'r', p.polrelid, p.polqual::text FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid WHERE c.relrowsecurity \
  UNION ALL SELECT CASE WHEN k.conrelid <> 0 THEN 'r' ELSE 't' END, CASE WHEN k.conrelid <> 0 THEN k.conrelid ELSE k.contypid END, k.conbin::text \
    FROM pg_catalog.pg_constraint k WHERE k.conbin IS NOT NULL AND k.oid >= 16384 \
  UNION ALL SELECT 'r', i.indrelid, concat(i.indexprs::text, i.indpred::text) FROM pg_catalog.pg_index i \
    WHERE i.indrelid >= 16384 AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) \
  UNION ALL SELECT 'r', s.stxrelid, to_jsonb(s) ->> 'stxexprs' FROM pg_catalog.pg_statistic_ext s \
  UNION ALL SELECT 'r', d.adrelid, d.adbin::text FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum \
    WHERE d.adrelid >= 16384 AND to_jsonb(a) ->> 'attgenerated' <> '' \
  UNION ALL SELECT 'f', p.oid, concat(p.proargdefaults::text, to_jsonb(p) ->> 'prosqlbody') FROM pg_catalog.pg_proc p WHERE p.oid >= 16384), \
words AS (SELECT DISTINCT t.kind, t.id, left(w.word, 40) AS word FROM trees t CROSS JOIN LATERAL unnest(string_to_array(t.tree, ' :')) AS w(word) \
  WHERE split_part(w.word, ' ', 1) IN ('funcid', 'elemfuncid', 'aggfnoid', 'winfnoid', 'tsmhandler', 'opno', 'opnos', 'eqop', 'sortop', 'relid', \
    'resulttype', 'consttype', 'rowtypeid', 'targettype')), \
found AS (SELECT DISTINCT kind, id, split_part(word, ' ', 1) AS label, substring(word FROM '[1-9][0-9]*')::oid AS used FROM words WHERE word ~ '[1-9]') \
SELECT f.kind, f.id::text, CASE WHEN f.label IN ('opno', 'opnos', 'eqop', 'sortop') THEN 'o' WHEN f.label = 'relid' THEN 'r' \
  WHEN f.label IN ('resulttype', 'consttype', 'rowtypeid', 'targettype') THEN 't' ELSE 'f' END, f.used::text FROM found f \
  WHERE f.used >= 16384 OR f.label IN ('funcid', 'elemfuncid', 'aggfnoid', 'winfnoid', 'tsmhandler')";

/// What statements may not use in this database.
///
/// # Errors
/// When the catalog cannot be read.
pub(in crate::postgres) async fn restricted_objects(
    driver: &PostgresConnection,
) -> Result<RestrictedObjects, QueryError> {
    let allowed = driver.settings.allowed_functions();
    let mut made = Dependencies::default();
    for row in driver.catalog_rows(FUNCTIONS).await? {
        add_function(&mut made, &Cells(row), &allowed);
    }
    for row in driver.catalog_rows(OBJECTS).await? {
        add_object(&mut made, &Cells(row));
    }
    for row in driver.catalog_rows(PROGRAMS).await? {
        let relation = (Kind::Relation, Cells(row).number(0));
        made.reaching
            .insert(relation, "it starts a program on the server's machine".into());
    }
    for row in driver.catalog_rows(COLUMNS).await? {
        let row = Cells(row);
        made.columns.push((row.number(0), row.number(1)));
    }
    for row in driver.catalog_rows(CASTS).await? {
        made.casts.push(cast(&Cells(row)));
    }
    for query in [DECLARED, WRITTEN] {
        let rows = driver.catalog_rows(query).await?;
        made.edges.extend(rows.into_iter().filter_map(|row| edge(&Cells(row))));
    }
    Ok(made.restricted())
}

fn add_function(made: &mut Dependencies, row: &Cells, allowed: &[String]) {
    let id = (Kind::Function, row.number(0));
    let (schema, name, language) = (row.text(1), row.text(2), row.text(3));
    let is_aggregate = row.flag(9);
    let is_volatile = row.text(4) == "v" && !is_aggregate;
    let of_server = id.1 < FIRST_USER_OBJECT;
    let is_harmless = HARMLESS_VOLATILE.contains(&name) && (of_server || row.flag(5));
    made.objects.insert(
        id,
        Object {
            name: name.to_owned(),
            called_on_rows: row.flag(8),
            ..Object::default()
        },
    );
    let qualified = format!("{schema}.{name}");
    if !of_server && allowed.iter().any(|allowed| *allowed == name || *allowed == qualified) {
        made.allowed.insert(id);
        return;
    }
    let side_effects = || "the server says it can have side effects".to_owned();
    let reason = match language {
        _ if POSTGRES.forbidden_function(name).is_some() => POSTGRES.forbidden_function(name).map(str::to_owned),
        _ if is_aggregate => None,
        "c" | "internal" if of_server => (is_volatile && !is_harmless).then(side_effects),
        // An administrator may have replaced the text of one that came with the server.
        "sql" | "plpgsql" => {
            if is_volatile && !is_harmless {
                made.refused_calls.push((id, side_effects()));
            }
            made.bodies.push((id, row.text(7).to_owned()));
            None
        }
        "c" if row.flag(5) => {
            let library = row.text(6).rsplit('/').next().unwrap_or_default();
            let library = library.split('-').next().unwrap_or_default().trim_end_matches(".so");
            if REACHING_LIBRARIES.contains(&library) {
                Some(format!(
                    "it is in the library {library}, which reaches out of the transaction"
                ))
            } else {
                (is_volatile && !is_harmless).then(side_effects)
            }
        }
        "internal" if row.flag(5) => (is_volatile && !is_harmless).then(side_effects),
        "c" | "internal" => Some("it is compiled code that belongs to no extension".into()),
        other => Some(format!("it is written in {other}, which cannot be looked into")),
    };
    if let Some(reason) = reason {
        made.reaching.insert(id, reason);
    }
}

fn add_object(made: &mut Dependencies, row: &Cells) {
    let Some(kind) = kind(row.text(0)) else { return };
    let operands = [row.number(3), row.number(4)];
    made.objects.insert(
        (kind, row.number(1)),
        Object {
            name: row.text(2).to_owned(),
            operands: operands.into_iter().filter(|operand| *operand != 0).collect(),
            has_common_symbol: row.flag(5),
            called_on_rows: false,
        },
    );
}

fn cast(row: &Cells) -> Cast {
    let mut target_names = vec![row.text(4).to_owned()];
    target_names.extend(row.text(5).split_whitespace().map(str::to_owned));
    target_names.extend(other_names(row.text(4)).iter().map(|name| (*name).to_owned()));
    target_names.extend(row.text(4).strip_prefix('_').map(str::to_owned));
    Cast {
        source: row.number(0),
        target: row.number(1),
        function: row.number(2),
        is_implicit: row.text(3) == "i",
        target_names,
    }
}

/// Names of the grammar for types of the server
/// (<https://www.postgresql.org/docs/current/datatype.html#DATATYPE-TABLE>).
fn other_names(of_type: &str) -> &'static [&'static str] {
    match of_type {
        "int4" => &["int"],
        "numeric" => &["decimal", "dec"],
        "float8" => &["float", "double"],
        "float4" => &["float", "real"],
        "bpchar" | "varchar" => &["char", "character", "nchar", "national"],
        _ => &[],
    }
}

fn edge(row: &Cells) -> Option<(ObjectId, ObjectId)> {
    let user = (kind(row.text(0))?, row.number(1));
    Some((user, (kind(row.text(2))?, row.number(3))))
}

fn kind(letter: &str) -> Option<Kind> {
    Some(match letter {
        "f" => Kind::Function,
        "r" => Kind::Relation,
        "t" => Kind::Type,
        "o" => Kind::Operator,
        _ => return None,
    })
}

/// Typed access to the cells of one row.
struct Cells(CatalogRow);

impl Cells {
    fn text(&self, at: usize) -> &str {
        self.0.get(at).and_then(Option::as_deref).unwrap_or_default()
    }

    fn number(&self, at: usize) -> u32 {
        self.text(at).parse().unwrap_or(0)
    }

    fn flag(&self, at: usize) -> bool {
        self.text(at) == "1"
    }
}
