//! The prompt of a question: a compact schema, then the question.

use crate::query_runner::SchemaOutline;

/// How much of the schema a prompt shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SchemaDetail {
    /// Name of the database only, for an adapter that was trained on it.
    Name,
    /// Tables with their columns, and the foreign keys.
    #[default]
    Outline,
}

/// One line per table, `table(column, column)`, one per foreign key, `table.column = table.column`, an empty line and the
/// question.
pub fn prompt(database: &str, outline: &SchemaOutline, detail: SchemaDetail, question: &str) -> String {
    match detail {
        SchemaDetail::Name => format!("{database}: {question}"),
        SchemaDetail::Outline => format!("{database}\n{}\n{question}", schema(outline)),
    }
}

/// The schema part of [`prompt`].
pub fn schema(outline: &SchemaOutline) -> String {
    let tables = outline
        .tables
        .iter()
        .map(|(table, columns)| format!("{table}({})\n", columns.join(", ")));
    let keys = outline
        .foreign_keys
        .iter()
        .map(|[(table, column), (other, key)]| format!("{table}.{column} = {other}.{key}\n"));
    tables.chain(keys).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_short_and_says_the_keys() {
        let pair = |table: &str, column: &str| (table.to_owned(), column.to_owned());
        let outline = SchemaOutline {
            tables: vec![
                ("singer".into(), vec!["id".into(), "name".into()]),
                ("song".into(), vec!["singer".into()]),
            ],
            foreign_keys: vec![[pair("song", "singer"), pair("singer", "id")]],
        };
        assert_eq!(
            prompt("music", &outline, SchemaDetail::Outline, "How many singers?"),
            "music\nsinger(id, name)\nsong(singer)\nsong.singer = singer.id\n\nHow many singers?"
        );
    }
}
