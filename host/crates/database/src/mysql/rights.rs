//! What a MySQL or MariaDB login may do beyond reading, from `SHOW GRANTS` as `information_schema` tells it.

use super::MysqlDriver;
use crate::QueryError;
use crate::driver::{Driver, LoginRights};

/// Privileges that only read.
const READING: &str =
    "('USAGE', 'SELECT', 'SHOW VIEW', 'SHOW DATABASES', 'PROCESS', 'EXECUTE', 'REPLICATION CLIENT', 'BINLOG MONITOR')";

pub(super) async fn login_rights(driver: &MysqlDriver) -> Result<LoginRights, QueryError> {
    // information_schema spells grantees 'user'@'host'; CURRENT_USER() gives user@host, and the host has no @.
    let me = "CONCAT('''', SUBSTRING(CURRENT_USER(), 1, CHAR_LENGTH(CURRENT_USER()) - LOCATE('@', REVERSE(CURRENT_USER()))), '''@''', \
              SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')";
    let sql = format!(
        "SELECT 1, 'on the whole server', GROUP_CONCAT(DISTINCT PRIVILEGE_TYPE ORDER BY PRIVILEGE_TYPE SEPARATOR ', ') \
         FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = {me} AND PRIVILEGE_TYPE NOT IN {READING} HAVING COUNT(*) > 0 \
         UNION ALL SELECT 2, CONCAT('on the database ', TABLE_SCHEMA), GROUP_CONCAT(DISTINCT PRIVILEGE_TYPE ORDER BY PRIVILEGE_TYPE SEPARATOR ', ') \
         FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE = {me} AND PRIVILEGE_TYPE NOT IN {READING} GROUP BY TABLE_SCHEMA \
         UNION ALL SELECT 3, CONCAT('on the table ', TABLE_SCHEMA, '.', TABLE_NAME), GROUP_CONCAT(DISTINCT PRIVILEGE_TYPE ORDER BY PRIVILEGE_TYPE SEPARATOR ', ') \
         FROM information_schema.TABLE_PRIVILEGES WHERE GRANTEE = {me} AND PRIVILEGE_TYPE NOT IN {READING} GROUP BY TABLE_SCHEMA, TABLE_NAME \
         ORDER BY 1, 2"
    );
    let login = driver.catalog_rows("SELECT CURRENT_USER()").await?;
    let login = login.into_iter().flatten().flatten().next().unwrap_or_default();
    let rows = driver.catalog_rows(&sql).await?;
    Ok(LoginRights::new(login, rows.into_iter().filter_map(sentence).collect()))
}

fn sentence(row: Vec<Option<String>>) -> Option<String> {
    let mut cells = row.into_iter().skip(1);
    let (place, privileges) = (cells.next()??, cells.next()??);
    let danger = if privileges.split(", ").any(|right| right == "FILE") {
        " (FILE reads and writes files of the server)"
    } else {
        ""
    };
    Some(format!("{place}: {privileges}{danger}"))
}
