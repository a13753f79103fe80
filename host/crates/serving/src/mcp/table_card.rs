//! A table as a page of Markdown: columns, types, keys and comments, and no values.

use std::fmt::Write;

use nl2sql_app::ask::TableDescription;

/// Name with the schema where there is one.
pub(super) fn full_name(table: &TableDescription) -> String {
    match &table.schema {
        Some(schema) => format!("{schema}.{}", table.name),
        None => table.name.clone(),
    }
}

/// The page.
pub(super) fn write(table: &TableDescription) -> String {
    let kind = if table.view { "View" } else { "Table" };
    let mut page = format!("# {kind} {}\n", full_name(table));
    if let Some(comment) = &table.comment {
        // Writing to a string does not fail.
        let _ = write!(page, "\n{}\n", one_line(comment));
    }
    page.push_str("\n| column | type | comment |\n|---|---|---|\n");
    for column in &table.columns {
        let comment = column.comment.as_deref().map(one_line).unwrap_or_default();
        let _ = writeln!(
            page,
            "| {} | {} | {comment} |",
            cell(&column.name),
            cell(&column.r#type)
        );
    }
    if !table.primary_key.is_empty() {
        let _ = write!(page, "\nPrimary key: {}\n", table.primary_key.join(", "));
    }
    for key in &table.foreign_keys {
        let _ = write!(page, "\nForeign key: {key}\n");
    }
    page
}

/// Text without line breaks and bars, which would end a row.
fn one_line(text: &str) -> String {
    cell(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use nl2sql_app::ask::ColumnDescription;

    use super::*;

    #[test]
    fn comments_cannot_break_out_of_their_row() {
        let table = TableDescription {
            schema: Some("sales".into()),
            name: "orders".into(),
            view: false,
            comment: Some("Every\n\n# order".into()),
            columns: vec![ColumnDescription {
                name: "amount".into(),
                r#type: "numeric(8,2)".into(),
                comment: Some("in euros |\nnet".into()),
            }],
            primary_key: vec!["id".into()],
            foreign_keys: vec!["customer_id -> customers (id)".into()],
        };
        let expected = "# Table sales.orders\n\nEvery # order\n\n| column | type | comment |\n|---|---|---|\n\
            | amount | numeric(8,2) | in euros \\| net |\n\nPrimary key: id\n\nForeign key: customer_id -> customers (id)\n";
        assert_eq!(write(&table), expected);
    }
}
