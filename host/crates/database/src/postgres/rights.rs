//! What a PostgreSQL login may do beyond reading.

use super::PostgresConnection;
use crate::QueryError;
use crate::driver::{DriverConnection, LoginRights};

/// Attributes of the role, then memberships, then grants; each row is one sentence.
const BEYOND_SELECT: &str = "\
SELECT 1, 'superuser: may do anything, guards of the server included' FROM pg_roles WHERE rolname = session_user AND rolsuper \
UNION ALL SELECT 1, 'may become the superuser ' || r.rolname FROM pg_roles r, pg_roles me WHERE me.rolname = session_user AND NOT me.rolsuper \
  AND r.rolsuper AND pg_has_role(me.oid, r.oid, 'MEMBER') \
UNION ALL SELECT 2, 'may create roles' FROM pg_roles WHERE rolname = session_user AND rolcreaterole AND NOT rolsuper \
UNION ALL SELECT 2, 'may create databases' FROM pg_roles WHERE rolname = session_user AND rolcreatedb AND NOT rolsuper \
UNION ALL SELECT 2, 'may replicate, and so read everything' FROM pg_roles WHERE rolname = session_user AND rolreplication AND NOT rolsuper \
UNION ALL SELECT 2, 'bypasses row-level security' FROM pg_roles WHERE rolname = session_user AND rolbypassrls AND NOT rolsuper \
UNION ALL SELECT 1, 'is a member of ' || r.rolname FROM pg_roles r, pg_roles me WHERE me.rolname = session_user AND NOT me.rolsuper \
  AND r.rolname IN ('pg_write_all_data', 'pg_write_server_files', 'pg_read_server_files', 'pg_execute_server_program', 'pg_signal_backend', 'pg_maintain', \
  'pg_checkpoint', 'pg_create_subscription') AND pg_has_role(me.oid, r.oid, 'MEMBER') \
UNION ALL SELECT 3, 'owns ' || count(*) || ' tables, e.g. ' || min(n.nspname || '.' || c.relname) || ', and may change or drop them' \
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles me ON me.rolname = session_user AND NOT me.rolsuper \
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND pg_has_role(me.oid, c.relowner, 'MEMBER') HAVING count(*) > 0 \
UNION ALL SELECT 3, 'may write to ' || count(*) || ' tables, e.g. ' || min(n.nspname || '.' || c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
  WHERE c.relkind IN ('r', 'p', 'f', 'v') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%' \
  AND (has_table_privilege(session_user, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') OR has_any_column_privilege(session_user, c.oid, 'INSERT, UPDATE')) \
  HAVING count(*) > 0 \
UNION ALL SELECT 3, 'may advance ' || count(*) || ' sequences, e.g. ' || min(n.nspname || '.' || c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
  WHERE CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(session_user, c.oid, 'USAGE, UPDATE') ELSE false END HAVING count(*) > 0 \
UNION ALL SELECT 4, 'may create objects in the schema ' || n.nspname FROM pg_namespace n \
  WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND has_schema_privilege(session_user, n.oid, 'CREATE') \
UNION ALL SELECT 4, 'may create schemas in this database' WHERE has_database_privilege(session_user, current_database(), 'CREATE') \
UNION ALL SELECT 5, 'may call ' || count(*) || ' functions that run with the rights of their owner and may change data, e.g. ' || min(n.nspname || '.' || p.proname) \
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles me ON me.rolname = session_user AND NOT me.rolsuper \
  WHERE p.prosecdef AND p.provolatile = 'v' AND n.nspname <> 'pg_catalog' AND NOT pg_has_role(me.oid, p.proowner, 'MEMBER') \
  AND has_function_privilege(session_user, p.oid, 'EXECUTE') AND has_schema_privilege(session_user, n.oid, 'USAGE') HAVING count(*) > 0 \
ORDER BY 1, 2";

/// What the guards promise.
const PROMISE: &str = "Every statement is one query in a read-only transaction that is rolled back. Functions that the server calls volatile are \
    refused, and so is every view, policy, operator, cast, type, aggregate and function that reaches other servers, programs, files or code which \
    cannot be looked into, as the catalog was when the connection was opened. Not looked through: what other servers do when a foreign table is \
    read, and compiled functions of extensions that are declared stable or immutable.";

pub(super) async fn login_rights(driver: &PostgresConnection) -> Result<LoginRights, QueryError> {
    let login = driver.catalog_rows("SELECT session_user::text").await?;
    let rows = driver.catalog_rows(BEYOND_SELECT).await?;
    let mut rights = LoginRights::of_rows(login, rows, PROMISE);
    match &driver.unseen_effects {
        Some(reason) => {
            rights.read_only = false;
            rights.beyond_select.push(format!(
                "the catalog cannot be looked through for objects that reach out of the transaction: {reason}"
            ));
        }
        None => rights.notes.extend(driver.restricted.summary()),
    }
    Ok(rights)
}
