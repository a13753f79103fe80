//! A topic's tables as the model sees them.

use nl2sql_sdk::generator::Context;
use nl2sql_sdk::types::{Table, Topic};

/// Values shown of one column.
const VALUES: usize = 5;

/// Definitions and example values of a topic's tables, in pages that fit a prompt.
pub struct Schema {
    pages: Vec<String>,
}

impl Schema {
    /// The topic's tables in the topic's order, at most `page_tokens` of them on a page. A table larger than a page has one to itself.
    pub fn of(context: &Context, topic: &Topic, page_tokens: usize, ddl: &dyn Fn(&Table) -> String) -> Self {
        let tables = topic
            .tables
            .iter()
            .filter_map(|name| context.catalog.tables.iter().find(|table| is_called(table, name)));
        let mut pages: Vec<(String, usize)> = Vec::new();
        for table in tables {
            let text = [ddl(table), terms(table), examples(table)].concat();
            let size = tokens(&text);
            match pages.last_mut() {
                Some((page, used)) if *used + size <= page_tokens => {
                    page.push('\n');
                    page.push_str(&text);
                    *used += size;
                }
                _ => pages.push((text, size)),
            }
        }
        Self {
            pages: pages.into_iter().map(|(page, _)| page).collect(),
        }
    }

    /// Whether no table resolved.
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// The page of the request at this place; requests take the pages in turn.
    pub fn page(&self, place: usize) -> &str {
        match self.pages.len() {
            0 => "",
            number => &self.pages[place % number],
        }
    }

    /// The page a statement is about: the one that names most of its words.
    pub fn page_about(&self, sql: &str) -> &str {
        let words: Vec<&str> = sql
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|word| !word.is_empty())
            .collect();
        let named = |page: &&String| words.iter().filter(|word| page.contains(**word)).count();
        let best = self
            .pages
            .iter()
            .enumerate()
            .max_by_key(|(place, page)| (named(page), std::cmp::Reverse(*place)));
        best.map_or("", |(_, page)| page)
    }
}

fn is_called(table: &Table, name: &str) -> bool {
    let qualified = table.schema.as_ref().map(|schema| format!("{schema}.{}", table.name));
    table.name == name || qualified.as_deref() == Some(name)
}

/// What people call the table and its columns, as the profile's glossary says.
fn terms(table: &Table) -> String {
    let of = |name: &str, extra: &[(String, String)]| {
        let said = extra.iter().filter(|(term, _)| term != "display");
        let said: Vec<String> = said
            .map(|(term, words)| format!("{term} {}", words.replace('\n', ", ")))
            .collect();
        (!said.is_empty()).then(|| format!("-- {name}: {}\n", said.join("; ")))
    };
    let own = of(&table.name, &table.extra);
    let columns = table.columns.iter();
    let columns = columns.filter_map(|column| of(&format!("{}.{}", table.name, column.name), &column.extra));
    let lines: String = own.into_iter().chain(columns).collect();
    match lines.is_empty() {
        true => lines,
        false => format!("\n-- What people call them:\n{lines}"),
    }
}

/// Example values, of the columns whose values the profile lets out.
fn examples(table: &Table) -> String {
    let shown = table.columns.iter().filter(|column| !column.samples.is_empty());
    let lines: Vec<String> = shown
        .map(|column| {
            let values: Vec<String> = column
                .samples
                .iter()
                .take(VALUES)
                .map(|value| format!("'{value}'"))
                .collect();
            format!("-- {}.{}: {}", table.name, column.name, values.join(", "))
        })
        .collect();
    if lines.is_empty() {
        String::new()
    } else {
        format!("\n-- Example values:\n{}\n", lines.join("\n"))
    }
}

/// Four Latin characters or one wide one a token.
fn tokens(text: &str) -> usize {
    let wide = text.chars().filter(|c| *c >= '\u{2e80}').count();
    wide + (text.chars().count() - wide).div_ceil(4)
}

#[cfg(test)]
mod tests {
    use nl2sql_sdk::types::{Catalog, Column};

    use super::*;

    #[test]
    fn terms_of_the_glossary_are_shown() {
        let told = |name: &str, words: &str| (name.to_owned(), words.to_owned());
        let table = Table {
            name: "t1".into(),
            columns: vec![Column {
                name: "c1".into(),
                extra: vec![told("unit.en", "dollars")],
                ..Column::default()
            }],
            extra: vec![
                told("noun.en", "song"),
                told("synonyms.en", "track\ntune"),
                told("display", "c1"),
            ],
            ..Table::default()
        };
        let shown = terms(&table);
        assert!(
            shown.contains("-- t1: noun.en song; synonyms.en track, tune\n"),
            "{shown}"
        );
        assert!(shown.contains("-- t1.c1: unit.en dollars\n"), "{shown}");
        assert_eq!(terms(&Table::default()), "");
    }

    #[test]
    fn a_large_topic_shows_its_tables_in_turn() {
        let table = |name: &str| Table {
            name: name.into(),
            ..Table::default()
        };
        let names = ["a1", "b2", "c3"];
        let context = Context {
            catalog: Catalog {
                tables: names.map(table).to_vec(),
                ..Catalog::default()
            },
            ..Context::default()
        };
        let topic = Topic {
            tables: names.map(str::to_owned).to_vec(),
            ..Topic::default()
        };
        let ddl = |table: &Table| format!("CREATE TABLE {} {}", table.name, "x".repeat(60));
        let schema = Schema::of(&context, &topic, 45, &ddl);
        assert_eq!(schema.pages.len(), 2);
        assert!(schema.page(0).contains("a1") && schema.page(0).contains("b2") && schema.page(1).contains("c3"));
        assert_eq!(schema.page(2), schema.page(0));
        assert_eq!(schema.page_about("SELECT * FROM c3"), schema.page(1));
        assert_eq!(Schema::of(&context, &topic, 1, &ddl).pages.len(), 3);
    }
}
