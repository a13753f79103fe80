//! What a schema can hold that SQLite itself keeps and nothing can read: names that are no text, and views of what is no more.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// The first name of a table or column that is not UTF-8, in words. rusqlite takes names for text, in its hooks too, so a file with such a name
/// is not read at all.
pub(super) fn name_that_is_no_text(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type IN ('table', 'view')")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, sql) = (bytes(row.get_ref(0)?), bytes(row.get_ref(1)?));
        let Ok(table) = std::str::from_utf8(name) else {
            return Ok(Some(format!(
                "the name of the table `{}`",
                String::from_utf8_lossy(name)
            )));
        };
        // Names stand in the text of the CREATE statement, comments and literals as well.
        if std::str::from_utf8(sql).is_ok() {
            continue;
        }
        if let Some(column) = column_that_is_no_text(connection, table)? {
            return Ok(Some(format!(
                "the name of the column `{column}` of the table `{table}`"
            )));
        }
    }
    Ok(None)
}

fn column_that_is_no_text(connection: &Connection, table: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_xinfo(?1)")?;
    let mut rows = statement.query([table])?;
    // A view that cannot be expanded has no columns to look at.
    while let Ok(Some(row)) = rows.next() {
        let name = bytes(row.get_ref(0)?);
        if std::str::from_utf8(name).is_err() {
            return Ok(Some(String::from_utf8_lossy(name).into_owned()));
        }
    }
    Ok(None)
}

fn bytes<'a>(value: ValueRef<'a>) -> &'a [u8] {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        _ => &[],
    }
}

/// Views and virtual tables that cannot be read, with what SQLite says of them. Of the others SQLite knows the columns afterwards, so that
/// `ncol` of `pragma_table_list` tells them apart.
pub(super) fn unreadable_views(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare_cached(
        "SELECT name FROM sqlite_schema WHERE type = 'view' OR (type = 'table' AND sql LIKE 'create virtual%')",
    )?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(names
        .into_iter()
        .filter_map(|name| {
            let error = connection
                .prepare(&format!("SELECT * FROM {}", super::quote(&name)))
                .err()?;
            Some((name, super::reader::plain_message(&error)))
        })
        .collect())
}
