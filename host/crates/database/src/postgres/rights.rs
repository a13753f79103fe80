//! What a PostgreSQL login may do beyond reading.

use super::PostgresDriver;
use crate::QueryError;
use crate::driver::{Driver, LoginRights};

/// Attributes of the role, then memberships, then grants; each row is one sentence.
const BEYOND_SELECT: &str = "\
SELECT 1, 'superuser: may do anything, guards of the server included' FROM pg_roles WHERE rolname = session_user AND rolsuper \
UNION ALL SELECT 2, 'may create roles' FROM pg_roles WHERE rolname = session_user AND rolcreaterole AND NOT rolsuper \
UNION ALL SELECT 2, 'may create databases' FROM pg_roles WHERE rolname = session_user AND rolcreatedb AND NOT rolsuper \
UNION ALL SELECT 2, 'may replicate, and so read everything' FROM pg_roles WHERE rolname = session_user AND rolreplication AND NOT rolsuper \
UNION ALL SELECT 2, 'bypasses row-level security' FROM pg_roles WHERE rolname = session_user AND rolbypassrls AND NOT rolsuper \
UNION ALL SELECT 1, 'is a member of ' || r.rolname FROM pg_roles r, pg_roles me WHERE me.rolname = session_user AND NOT me.rolsuper \
  AND r.rolname IN ('pg_write_all_data', 'pg_write_server_files', 'pg_read_server_files', 'pg_execute_server_program', 'pg_signal_backend', 'pg_maintain') \
  AND pg_has_role(me.oid, r.oid, 'MEMBER') \
UNION ALL SELECT 3, 'may write to ' || count(*) || ' tables, e.g. ' || min(n.nspname || '.' || c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
  WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%' \
  AND (has_table_privilege(session_user, c.oid, 'INSERT') OR has_table_privilege(session_user, c.oid, 'UPDATE') \
    OR has_table_privilege(session_user, c.oid, 'DELETE') OR has_table_privilege(session_user, c.oid, 'TRUNCATE')) HAVING count(*) > 0 \
UNION ALL SELECT 4, 'may create objects in the schema ' || n.nspname FROM pg_namespace n \
  WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND has_schema_privilege(session_user, n.oid, 'CREATE') \
UNION ALL SELECT 4, 'may create schemas in this database' WHERE has_database_privilege(session_user, current_database(), 'CREATE') \
ORDER BY 1, 2";

pub(super) async fn login_rights(driver: &PostgresDriver) -> Result<LoginRights, QueryError> {
    let login = driver.catalog_rows("SELECT session_user::text").await?;
    let rows = driver.catalog_rows(BEYOND_SELECT).await?;
    Ok(LoginRights::of_rows(login, rows))
}
