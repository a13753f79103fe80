//! What a MySQL or MariaDB login may do beyond reading, from what `SHOW GRANTS` says, roles included.

use super::MysqlConnection;
use crate::QueryError;
use crate::driver::{DriverConnection, LoginRights};

/// Privileges that only read.
const READING: &[&str] = &[
    "USAGE",
    "SELECT",
    "SHOW VIEW",
    "SHOW DATABASES",
    "PROCESS",
    "REPLICATION CLIENT",
    "BINLOG MONITOR",
    "SLAVE MONITOR",
    "REPLICA MONITOR",
    "SHOW CREATE ROUTINE",
    "SHOW_ROUTINE",
];

/// Privileges that do more than their name says.
const DANGEROUS: &[(&str, &str)] = &[
    ("ALL PRIVILEGES", "may do anything"),
    ("FILE", "FILE reads and writes files of the server"),
    ("SUPER", "SUPER changes the server and passes by its guards"),
    ("PROXY", "PROXY acts as another user"),
    ("GRANT OPTION", "GRANT OPTION gives its rights away"),
];

/// What EXECUTE comes to: a read-only transaction does not hold all that a routine may do.
const EXECUTE: &str = "EXECUTE calls stored routines, which may change settings of the server or write files";

/// What the guards promise.
const PROMISE: &str = "Every statement is one query in a read-only transaction. Functions that users made are refused unless \
    database.allow_functions names them, and so are views that call one. Not looked through: functions that are allowed, views whose text the \
    login may not see, and tables of storage engines that reach other servers.";

pub(super) async fn login_rights(driver: &MysqlConnection) -> Result<LoginRights, QueryError> {
    let login = driver.catalog_rows("SELECT CURRENT_USER()").await?;
    let grants = driver.catalog_rows("SHOW GRANTS").await?;
    let login = login.into_iter().flatten().flatten().next().unwrap_or_default();
    let mut beyond: Vec<(u8, String)> = grants
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|grant| sentence(&grant))
        .collect();
    beyond.sort();
    beyond.dedup();
    let beyond = beyond.into_iter().map(|(_, words)| words).collect();
    let mut rights = LoginRights::new(login, beyond, PROMISE);
    if driver.hidden_views > 0 {
        rights.notes.push(format!(
            "the text of {} views is not shown to this login, so that functions which they call are not seen; grant SHOW VIEW to have them looked through",
            driver.hidden_views
        ));
    }
    Ok(rights)
}

/// How dangerous a grant is (0 is worst) and what it allows beyond reading; `None` for one that only reads, or that names a role,
/// whose own grants stand beside it.
fn sentence(grant: &str) -> Option<(u8, String)> {
    let body = grant.strip_prefix("GRANT ")?;
    let (privileges, rest) = split_outside_quotes(body, " ON ")?;
    let (place, rest) = split_outside_quotes(rest, " TO ")?;
    let place = place.strip_prefix("TABLE ").unwrap_or(place);
    let mut beyond: Vec<String> = list(privileges)
        .into_iter()
        .filter(|privilege| !READING.contains(&column_free(privilege).as_str()))
        .collect();
    if rest.contains(" WITH GRANT OPTION") {
        beyond.push("GRANT OPTION".into());
    }
    if beyond.is_empty() {
        return None;
    }
    let mut dangers: Vec<&str> = DANGEROUS
        .iter()
        .filter(|(privilege, _)| beyond.iter().any(|own| own == privilege))
        .map(|(_, danger)| *danger)
        .collect();
    if beyond.iter().any(|own| own == "EXECUTE") {
        dangers.push(EXECUTE);
    }
    let rank = match (dangers.is_empty(), place) {
        _ if beyond.iter().any(|own| own == "ALL PRIVILEGES") => 0,
        (false, _) => 1,
        (true, "*.*") => 2,
        _ => 3,
    };
    let place = if place == "*.*" { "the whole server" } else { place };
    let danger = if dangers.is_empty() {
        String::new()
    } else {
        format!(" ({})", dangers.join("; "))
    };
    Some((rank, format!("on {place}: {}{danger}", beyond.join(", "))))
}

/// Splits at the first separator that stands outside backticks and parentheses.
fn split_outside_quotes<'t>(text: &'t str, separator: &str) -> Option<(&'t str, &'t str)> {
    let (mut quoted, mut depth) = (false, 0);
    for (at, c) in text.char_indices() {
        match c {
            '`' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ if !quoted && depth == 0 && text[at..].starts_with(separator) => {
                return Some((&text[..at], &text[at + separator.len()..]));
            }
            _ => {}
        }
    }
    None
}

/// `SELECT, UPDATE (a, b)` as its two privileges.
fn list(privileges: &str) -> Vec<String> {
    let mut rest = privileges;
    let mut found = Vec::new();
    while let Some((one, more)) = split_outside_quotes(rest, ", ") {
        found.push(one.to_owned());
        rest = more;
    }
    found.push(rest.to_owned());
    found
}

/// The privilege without the columns it is limited to.
fn column_free(privilege: &str) -> String {
    privilege.split(" (").next().unwrap_or(privilege).to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::sentence;

    fn words(grant: &str) -> Option<String> {
        sentence(grant).map(|(_, words)| words)
    }

    #[test]
    fn all_privileges_come_before_proxy() {
        let mut root = [
            sentence("GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION").unwrap(),
            sentence("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION").unwrap(),
        ];
        root.sort();
        assert!(root[0].1.starts_with("on the whole server: ALL PRIVILEGES"), "{root:?}");
    }

    #[test]
    fn grants_are_told_by_what_they_allow_beyond_reading() {
        for reading in [
            "GRANT USAGE ON *.* TO `r`@`%` IDENTIFIED BY PASSWORD '*A'",
            "GRANT SELECT, SHOW VIEW ON `shop`.* TO `r`@`%`",
            "GRANT SELECT (`id`, `name`) ON `shop`.`a ON b` TO `r`@`%`",
            "GRANT `readers` TO `r`@`%`",
            "SET DEFAULT ROLE `readers` FOR `r`@`%`",
        ] {
            assert_eq!(words(reading), None, "{reading}");
        }
        assert_eq!(
            words("GRANT SELECT, INSERT, UPDATE (`a`, `b`) ON `shop`.`orders` TO `w`@`%`").as_deref(),
            Some("on `shop`.`orders`: INSERT, UPDATE (`a`, `b`)")
        );
        assert_eq!(
            words("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION").as_deref(),
            Some(
                "on the whole server: ALL PRIVILEGES, GRANT OPTION (may do anything; GRANT OPTION gives its rights away)"
            )
        );
        assert!(
            words("GRANT SELECT, EXECUTE ON `shop`.* TO `r`@`%`")
                .unwrap()
                .starts_with("on `shop`.*: EXECUTE (EXECUTE calls stored routines")
        );
        assert!(
            words("GRANT SELECT, FILE ON *.* TO `f`@`%`")
                .unwrap()
                .contains("files of the server")
        );
    }
}
