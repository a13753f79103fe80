//! What a SQL Server login may do beyond reading. SQL Server has no read-only transaction, so this check is one of its guards.

use super::MssqlDriver;
use crate::QueryError;
use crate::driver::{Driver, LoginRights};

/// Roles first, then permissions on the server, the database and its schemas; each row is a rank and one sentence.
const BEYOND_SELECT: &str = "\
SELECT 1 AS rank, 'is a member of the server role sysadmin: may do anything' AS words WHERE IS_SRVROLEMEMBER('sysadmin') = 1 \
UNION ALL SELECT 2, 'is a member of the database role ' + r.name FROM (SELECT 'db_owner' AS name UNION ALL SELECT 'db_datawriter' UNION ALL SELECT 'db_ddladmin' \
UNION ALL SELECT 'db_securityadmin' UNION ALL SELECT 'db_accessadmin' UNION ALL SELECT 'db_backupoperator') AS r WHERE IS_MEMBER(r.name) = 1 \
UNION ALL SELECT 3, 'on the server: ' + p.permission_name FROM sys.fn_my_permissions(NULL, 'SERVER') AS p \
WHERE p.permission_name NOT IN ('CONNECT SQL', 'VIEW ANY DATABASE', 'VIEW ANY DEFINITION', 'VIEW SERVER STATE') AND p.permission_name NOT LIKE 'VIEW %' \
UNION ALL SELECT 4, 'on the database: ' + p.permission_name FROM sys.fn_my_permissions(NULL, 'DATABASE') AS p \
WHERE p.permission_name NOT IN ('CONNECT', 'SELECT', 'SHOWPLAN', 'REFERENCES') AND p.permission_name NOT LIKE 'VIEW %' \
ORDER BY 1, 2";

pub(super) async fn login_rights(driver: &MssqlDriver) -> Result<LoginRights, QueryError> {
    let login = driver
        .catalog_rows("SELECT CAST(SUSER_SNAME() AS nvarchar(256))")
        .await?;
    let rows = driver.catalog_rows(BEYOND_SELECT).await?;
    Ok(LoginRights::of_rows(login, rows))
}
