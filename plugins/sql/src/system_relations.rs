//! Relations of SQL Server that tell of the server, its logins and its sessions instead of the database.

/// Views of the schema `sys` that describe what users made; every other one is refused.
const DESCRIBING_VIEWS: &str = "all_columns all_objects all_views allocation_units check_constraints columns computed_columns \
    default_constraints extended_properties foreign_key_columns foreign_keys identity_columns index_columns indexes \
    key_constraints objects parameters partitions procedures schemas sequences stats stats_columns synonyms table_types tables \
    triggers types views";

/// Tables of older versions, which answer without a schema.
const OLD_TABLES: &str = "sysaltfiles syscacheobjects syscharsets sysconfigures syscurconfigs sysdatabases sysdevices sysfiles \
    syslanguages syslockinfo syslocks syslogins sysmembers sysmessages sysoledbusers sysopentapes sysperfinfo syspermissions \
    sysprocesses sysprotects sysremotelogins sysservers sysusers sysxlogins";

/// Databases of the server itself.
const DATABASES: &str = "master msdb model tempdb mssqlsystemresource";

fn lists(words: &str, name: &str) -> bool {
    words
        .split_ascii_whitespace()
        .any(|word| word.eq_ignore_ascii_case(name))
}

/// Why a relation or function of these name parts is not read, as the end of a sentence that begins with its name.
pub(crate) fn refused(parts: &[&str]) -> Option<&'static str> {
    const SERVER: &str = "tells of the server, its logins or its sessions, not of the database";
    let (name, qualifiers) = parts.split_last()?;
    if qualifiers.len() >= 2 && lists(DATABASES, qualifiers[qualifiers.len() - 2]) {
        return Some("lies in a database of the server itself");
    }
    let schema = qualifiers.last().copied().unwrap_or_default();
    let hidden_view = schema.eq_ignore_ascii_case("sys") && !lists(DESCRIBING_VIEWS, name);
    let old_table = matches!(schema.to_ascii_lowercase().as_str(), "" | "dbo" | "sys") && lists(OLD_TABLES, name);
    (hidden_view || old_table).then_some(SERVER)
}

#[cfg(test)]
mod tests {
    use super::refused;

    #[test]
    fn only_describing_views_of_sys_are_read() {
        assert_eq!(refused(&["sys", "tables"]), None);
        assert_eq!(refused(&["dbo", "orders"]), None);
        assert_eq!(refused(&["master_data", "dbo", "orders"]), None);
        assert!(refused(&["SYS", "sql_logins"]).is_some());
        assert!(refused(&["sysprocesses"]).is_some());
        assert!(refused(&["master", "dbo", "orders"]).is_some());
    }
}
