//! A responder that reads the schema in the prompt and writes topics or question/SQL pairs over it.
//!
//! It knows no database: tables and columns come from the `CREATE TABLE` text or the `## table` headings in the prompt, and the wanted number
//! from `exactly N` or `恰好 N`. Successive requests over the same tables go on in one enumeration, so that pairs do not repeat. Every seventh
//! pair names a column that does not exist, as models do.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::{Chat, server::Responder};

/// The responder.
#[derive(Default)]
pub struct SchemaWriter {
    written: Mutex<BTreeMap<String, usize>>,
}

struct PromptTable {
    name: String,
    columns: Vec<String>,
}

impl Responder for SchemaWriter {
    fn reply(&self, chat: &Chat) -> String {
        let prompt = chat.text();
        let wanted = wanted(&prompt).unwrap_or(5);
        let tables = tables_of_ddl(&prompt);
        if tables.is_empty() {
            let named = headings(&prompt);
            return if named.is_empty() {
                "The capital of France is Paris.".to_owned()
            } else {
                plan(&named, wanted).to_string()
            };
        }
        let key = tables
            .iter()
            .map(|table| table.name.as_str())
            .collect::<Vec<_>>()
            .join(",");
        let from = {
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            let next = written.entry(key).or_default();
            let from = *next;
            *next += wanted;
            from
        };
        let pairs: Vec<Value> = (from..from + wanted).map(|index| pair(&tables, index)).collect();
        json!({ "pairs": pairs }).to_string()
    }
}

/// The number after the last `exactly` or `恰好`.
fn wanted(prompt: &str) -> Option<usize> {
    let after = ["exactly ", "恰好 "]
        .iter()
        .filter_map(|word| Some(prompt.rfind(word)? + word.len()))
        .max()?;
    prompt[after..]
        .chars()
        .take_while(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .ok()
}

fn headings(prompt: &str) -> Vec<String> {
    prompt
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|name| name.trim().to_owned())
        .collect()
}

fn plan(tables: &[String], total: usize) -> Value {
    let topics: Vec<Value> = tables
        .chunks(2)
        .enumerate()
        .map(|(index, tables)| {
            json!({ "name": format!("topic {} {}", index + 1, tables[0]), "tables": tables,
                    "reason": "questions people ask about these tables", "count": total / tables.len() + index })
        })
        .collect();
    json!({ "topics": topics })
}

/// Tables of the `CREATE TABLE` statements, one column a line, as the dialects render them.
fn tables_of_ddl(prompt: &str) -> Vec<PromptTable> {
    let mut tables: Vec<PromptTable> = Vec::new();
    let mut open = false;
    for line in prompt.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            tables.push(PromptTable {
                name: first_word(rest),
                columns: Vec::new(),
            });
            open = true;
        } else if line.starts_with(')') {
            open = false;
        } else if let (true, Some(table)) = (open, tables.last_mut()) {
            let word = first_word(line);
            let keyword = ["PRIMARY", "FOREIGN", "UNIQUE", "CHECK", "CONSTRAINT", "--", ""].contains(&word.as_str());
            if !keyword {
                table.columns.push(word);
            }
        }
    }
    tables.retain(|table| !table.columns.is_empty());
    tables
}

/// The first word, quoted identifiers kept whole with their quotes.
fn first_word(text: &str) -> String {
    match text.chars().next() {
        Some(quote @ ('"' | '`')) => {
            let inner: String = text.chars().skip(1).take_while(|c| *c != quote).collect();
            format!("{quote}{inner}{quote}")
        }
        _ => text.split([' ', '(', ',']).next().unwrap_or("").to_owned(),
    }
}

/// Pair number `index` of an enumeration without repetition: every table, then every column, then eight ways of asking, then the same with a
/// condition on another column, and at last with one more row each time.
fn pair(tables: &[PromptTable], index: usize) -> Value {
    let table = &tables[index % tables.len()];
    let step = index / tables.len();
    let columns = table.columns.len();
    let column = &table.columns[step % columns];
    let round = step / columns;
    let (way, turn) = (round % 8, round / 8);
    let other = &table.columns[(step + turn) % columns];
    let (condition, known) = match turn {
        0 => (String::new(), String::new()),
        _ if turn < columns => (
            format!(" WHERE {other} IS NOT NULL"),
            format!(", where {other} is known"),
        ),
        _ => (format!(" WHERE {turn} > 0"), format!(", {turn} at a time")),
    };
    let name = &table.name;
    let (question, sql) = match way {
        0 => (
            format!("List {column} of {name}{known}."),
            format!("SELECT {column} FROM {name}{condition}"),
        ),
        1 => (
            format!("Which different {column} does {name} have{known}?"),
            format!("SELECT DISTINCT {column} FROM {name}{condition}"),
        ),
        2 => (
            format!("How many different {column} are in {name}{known}?"),
            format!("SELECT count(DISTINCT {column}) FROM {name}{condition}"),
        ),
        3 => (
            format!("What is the largest {column} in {name}{known}?"),
            format!("SELECT max({column}) FROM {name}{condition}"),
        ),
        4 => (
            format!("{name} 中 {column} 的最小值是多少{known}？😀"),
            format!("SELECT min({column}) FROM {name}{condition}"),
        ),
        5 => (
            format!("How many rows of {name} have {column}{known}?"),
            format!("SELECT count({column}) FROM {name}{condition}"),
        ),
        6 => (
            format!("How many rows of {name} are there for each {column}{known}?"),
            format!("SELECT {column}, count(*) FROM {name}{condition} GROUP BY {column}"),
        ),
        _ => (
            format!("List {column} of {name} in order, the first {}{known}.", turn + 2),
            format!(
                "SELECT {column} FROM {name}{condition} ORDER BY {column} LIMIT {}",
                turn + 2
            ),
        ),
    };
    let sql = if index % 7 == 6 {
        sql.replace(column.as_str(), "no_such_column")
    } else {
        sql
    };
    json!({ "question": question, "sql": sql, "difficulty": "easy", "language": "en" })
}
