//! What a SQL Server login may do beyond reading. SQL Server has no read-only transaction, so this check is one of its guards.

use super::{MssqlConnection, first_text};
use crate::QueryError;
use crate::catalog_rows::CatalogRow;
use crate::driver::{DriverConnection, LoginRights};

/// Each query gives one sentence a row, the most dangerous first.
struct Probe {
    /// What the login's rights are on, for the case that the server does not tell.
    place: &'static str,
    query: &'static str,
    /// Whether a database that stands alone, as in Azure, has such rights.
    in_single_databases: bool,
}

const PROBES: [Probe; 6] = [
    Probe {
        place: "server roles",
        query: "SELECT N'is a member of the server role ' + r.name + N': may do anything' FROM \
                (SELECT N'sysadmin' AS name UNION ALL SELECT N'securityadmin') AS r WHERE IS_SRVROLEMEMBER(r.name) = 1 \
                UNION ALL SELECT N'is a member of the server role ' + r.name FROM \
                (SELECT N'bulkadmin' AS name UNION ALL SELECT N'dbcreator' UNION ALL SELECT N'diskadmin' UNION ALL SELECT N'processadmin' \
                UNION ALL SELECT N'serveradmin' UNION ALL SELECT N'setupadmin') AS r WHERE IS_SRVROLEMEMBER(r.name) = 1",
        in_single_databases: false,
    },
    Probe {
        place: "xp_cmdshell",
        query: "SELECT N'may run xp_cmdshell, commands of the operating system' + CASE WHEN EXISTS (SELECT 1 FROM sys.configurations AS c \
                WHERE c.name = N'xp_cmdshell' AND c.value_in_use = 1) THEN N'' ELSE N' (switched off at present)' END \
                WHERE HAS_PERMS_BY_NAME(N'master..xp_cmdshell', N'OBJECT', N'EXECUTE') = 1",
        in_single_databases: false,
    },
    Probe {
        place: "database roles",
        query: "SELECT N'is a member of the database role ' + r.name FROM (SELECT N'db_owner' AS name UNION ALL SELECT N'db_securityadmin' \
                UNION ALL SELECT N'db_accessadmin' UNION ALL SELECT N'db_ddladmin' UNION ALL SELECT N'db_datawriter' \
                UNION ALL SELECT N'db_backupoperator') AS r WHERE IS_MEMBER(r.name) = 1",
        in_single_databases: true,
    },
    Probe {
        place: "the server",
        query: "SELECT N'on the server: ' + p.permission_name FROM sys.fn_my_permissions(NULL, 'SERVER') AS p \
                WHERE p.permission_name NOT IN ('CONNECT SQL', 'CONNECT ANY DATABASE', 'SELECT ALL USER SECURABLES') \
                AND p.permission_name NOT LIKE 'VIEW %' ORDER BY 1",
        in_single_databases: false,
    },
    Probe {
        place: "the database",
        query: "SELECT N'on the database: ' + p.permission_name FROM sys.fn_my_permissions(NULL, 'DATABASE') AS p \
                WHERE p.permission_name NOT IN ('CONNECT', 'SELECT', 'SHOWPLAN', 'REFERENCES', 'UNMASK') \
                AND p.permission_name NOT LIKE 'VIEW %' ORDER BY 1",
        in_single_databases: true,
    },
    Probe {
        place: "tables, views and procedures",
        query: "SELECT N'on ' + MIN(s.name + N'.' + o.name) + CASE COUNT(*) WHEN 1 THEN N'' ELSE N' and ' + CAST(COUNT(*) - 1 AS nvarchar(10)) \
                + N' more' END + N': ' + p.name FROM (SELECT N'INSERT' AS name UNION ALL SELECT N'UPDATE' UNION ALL SELECT N'DELETE' \
                UNION ALL SELECT N'ALTER' UNION ALL SELECT N'EXECUTE') AS p CROSS JOIN sys.objects AS o \
                JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE o.is_ms_shipped = 0 AND o.type IN ('U', 'V', 'P', 'PC', 'X') \
                AND HAS_PERMS_BY_NAME(QUOTENAME(s.name) + N'.' + QUOTENAME(o.name), N'OBJECT', p.name) = 1 GROUP BY p.name ORDER BY p.name",
        in_single_databases: true,
    },
];

/// What the guards promise.
const PROMISE: &str = "Every statement is one query in a transaction that is rolled back, so that changes to data are undone. SQL Server has no \
    read-only transaction: what a view or function does outside of it (linked servers, CLR code) is not looked through, and only the rights \
    of the login keep it from that.";

/// Sentences shown at most for one place; an administrator has dozens of rights.
const SENTENCES: usize = 8;

/// Asks every probe. What the server does not tell counts as a right beyond reading: this check guards where nothing else in the
/// server does.
pub(super) async fn login_rights(driver: &MssqlConnection) -> Result<LoginRights, QueryError> {
    let login = driver.catalog_rows("SELECT CAST(SUSER_SNAME() AS nvarchar(256))").await;
    let login = match login {
        Ok(rows) => first_text(rows),
        Err(error @ (QueryError::Unavailable(_) | QueryError::Timeout(_))) => return Err(error),
        Err(_) => None,
    };
    let mut sentences = Vec::new();
    for probe in PROBES
        .iter()
        .filter(|probe| probe.in_single_databases || !driver.is_single_database)
    {
        match driver.catalog_rows(probe.query).await {
            Ok(rows) => sentences.extend(shortened(rows)),
            Err(error @ (QueryError::Unavailable(_) | QueryError::Timeout(_))) => return Err(error),
            Err(error) => sentences.push(format!("its rights on {} cannot be told: {error}", probe.place)),
        }
    }
    Ok(LoginRights::new(
        login.unwrap_or_else(|| driver.settings.user.clone()),
        sentences,
        PROMISE,
    ))
}

fn shortened(rows: Vec<CatalogRow>) -> Vec<String> {
    let more = rows.len().saturating_sub(SENTENCES);
    let mut sentences: Vec<String> = rows.into_iter().flatten().flatten().take(SENTENCES).collect();
    if more > 0 {
        sentences.push(format!("and {more} more of this kind"));
    }
    sentences
}
