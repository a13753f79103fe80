//! The shortest schema text that still names everything: for models whose context or training time is small.

use nl2sql_catalog::{Column, Table, Terms};

/// `table(column, column {'code', 'code'}; column -> other.key)`: columns in the order of the catalog, then foreign keys. Terms of the glossary
/// stand in brackets behind what they are for, the `codes` that a column holds in braces.
pub fn outline<'v>(table: &Table, codes: impl Fn(&Column) -> &'v [String]) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| with_terms(&column.name, &column.terms) + &in_braces(codes(column)))
        .collect();
    let keys = table.foreign_keys.iter().map(|key| {
        let ends = key.columns.iter().zip(&key.ref_columns);
        let pairs = ends.map(|(from, to)| format!("{from} -> {}.{to}", key.ref_table));
        pairs.collect::<Vec<_>>().join(" and ")
    });
    let parts = [columns.join(", ")].into_iter().chain(keys);
    let name = with_terms(&table.qualified_name(), &table.terms);
    format!("{name}({})", parts.collect::<Vec<_>>().join("; "))
}

fn with_terms(name: &str, terms: &Terms) -> String {
    match terms.text() {
        Some(text) => format!("{name}[{text}]"),
        None => name.to_owned(),
    }
}

fn in_braces(codes: &[String]) -> String {
    let literals: Vec<String> = codes
        .iter()
        .map(|code| format!("'{}'", code.replace('\'', "''")))
        .collect();
    match literals.is_empty() {
        true => String::new(),
        false => format!(" {{{}}}", literals.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::{Column, ForeignKey, Table, Terms};

    use super::outline;

    #[test]
    fn an_outline_has_one_line_per_table() {
        let column = |name: &str| Column {
            name: name.into(),
            ..Column::default()
        };
        let table = Table {
            name: "song".into(),
            columns: vec![column("id"), column("singer")],
            foreign_keys: vec![ForeignKey {
                columns: vec!["singer".into()],
                ref_table: "singer".into(),
                ref_columns: vec!["id".into()],
                ..ForeignKey::default()
            }],
            ..Table::default()
        };
        assert_eq!(outline(&table, |_| &[]), "song(id, singer; singer -> singer.id)");
        let codes = ["T".to_owned(), "N'A".to_owned()];
        let of_singer = |column: &Column| if column.name == "singer" { &codes[..] } else { &[] };
        assert_eq!(
            outline(&table, of_singer),
            "song(id, singer {'T', 'N''A'}; singer -> singer.id)"
        );
    }

    #[test]
    fn terms_stand_behind_names() {
        let terms = |word: &str| Terms {
            noun: [("en".to_owned(), word.to_owned())].into(),
            ..Terms::default()
        };
        let table = Table {
            name: "t1".into(),
            columns: vec![Column {
                name: "c1".into(),
                terms: terms("price"),
                ..Column::default()
            }],
            terms: terms("song"),
            ..Table::default()
        };
        assert_eq!(outline(&table, |_| &[]), "t1[song](c1[price])");
    }
}
