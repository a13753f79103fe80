//! The layouts predictions come in.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::prediction::Prediction;

/// Number of the row from 1, and the prediction or what is wrong with it.
type NumberedRow = (usize, Result<Prediction, String>);

/// What stands between statement and database in BIRD's predictions.
const BIRD_SEPARATOR: &str = "\t----- bird -----\t";

/// The rows of a file.
pub(super) fn rows(bytes: &[u8], is_statements: bool) -> Vec<NumberedRow> {
    if is_statements {
        return statements(bytes);
    }
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => array(bytes).unwrap_or_else(|| lines(bytes)),
        Some(b'{') => bird(bytes).unwrap_or_else(|| lines(bytes)),
        _ => lines(bytes),
    }
}

fn numbered_lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let told = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    told.map(|(at, line)| (at + 1, line))
}

fn utf8(line: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(line).map_err(|error| format!("it is not UTF-8: {error}"))
}

fn prediction(text: &str) -> Result<Prediction, String> {
    serde_json::from_str(text).map_err(|error| format!("it is not a prediction: {error}"))
}

fn lines(bytes: &[u8]) -> Vec<NumberedRow> {
    let lines: Vec<(usize, &[u8])> = numbered_lines(bytes).collect();
    let read = |(number, line)| (number, utf8(line).and_then(prediction));
    lines.into_par_iter().map(read).collect()
}

fn array(bytes: &[u8]) -> Option<Vec<NumberedRow>> {
    let elements: Vec<&RawValue> = serde_json::from_slice(bytes).ok()?;
    let rows = elements.iter().enumerate();
    Some(rows.map(|(at, row)| (at + 1, prediction(row.get()))).collect())
}

/// BIRD's `predict_*.json`: an object of texts under the number of their question from 0, each with the database behind a separator. A
/// text without one is an error of its row: BIRD's own evaluator takes a certain database for it, and scores on.
fn bird(bytes: &[u8]) -> Option<Vec<NumberedRow>> {
    let object: BTreeMap<String, Value> = serde_json::from_slice(bytes).ok()?;
    let mut numbered: Vec<(usize, &Value)> = object
        .iter()
        .map(|(key, value)| Some((key.parse().ok()?, value)))
        .collect::<Option<_>>()?;
    numbered.sort_by_key(|(number, _)| *number);
    let rows = numbered.into_iter().enumerate();
    Some(
        rows.map(|(at, (number, value))| (at + 1, bird_row(at, number, value)))
            .collect(),
    )
}

fn bird_row(at: usize, number: usize, value: &Value) -> Result<Prediction, String> {
    if at != number {
        return Err(format!("it has the number {number}, and {at} is missing"));
    }
    let text = value.as_str().ok_or("it is no text")?;
    let (sql, database) = text
        .split_once(BIRD_SEPARATOR)
        .ok_or("it names no database behind `----- bird -----`")?;
    Ok(statement(sql, database))
}

/// One statement a line, with or without its database behind a tab.
fn statements(bytes: &[u8]) -> Vec<NumberedRow> {
    let row = |(number, line)| {
        let prediction = utf8(line).map(|line| {
            let (sql, database) = line.rsplit_once('\t').unwrap_or((line, ""));
            statement(sql, database)
        });
        (number, prediction)
    };
    numbered_lines(bytes).map(row).collect()
}

fn statement(sql: &str, database: &str) -> Prediction {
    Prediction {
        predict: sql.trim().to_owned(),
        db_id: database.trim().to_owned(),
        ..Prediction::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, is_statements: bool) -> Vec<Result<(String, String), String>> {
        let rows = rows(text.as_bytes(), is_statements).into_iter();
        rows.map(|(_, row)| row.map(|row| (row.predict, row.db_id))).collect()
    }

    fn row(sql: &str, database: &str) -> Result<(String, String), String> {
        Ok((sql.to_owned(), database.to_owned()))
    }

    #[test]
    fn numbered_statements_of_bird_come_in_the_order_of_their_numbers() {
        let text = r#"{"10": "x", "0": "SELECT 1\t----- bird -----\tshop", "1": "SELECT\n2\t----- bird -----\tshop"}"#;
        let rows = read(text, false);
        assert_eq!(rows[..2], [row("SELECT 1", "shop"), row("SELECT\n2", "shop")]);
        assert!(rows[2].as_ref().unwrap_err().contains("2 is missing"), "{rows:?}");
        let rows = read(r#"{"0": "SELECT 1"}"#, false);
        assert!(rows[0].as_ref().unwrap_err().contains("names no database"), "{rows:?}");
    }

    #[test]
    fn ids_may_be_numbers() {
        let rows = rows(br#"{"id": 7, "predict": "SELECT 1"}"#, false);
        assert_eq!(rows[0].1.as_ref().map(|row| row.id.as_str()), Ok("7"));
    }

    #[test]
    fn statements_of_spider_stand_one_a_line() {
        let rows = read("SELECT 1\tshop\nSELECT 2\n\n", true);
        assert_eq!(rows, [row("SELECT 1", "shop"), row("SELECT 2", "")]);
    }

    #[test]
    fn predictions_stand_in_lines_or_in_an_array() {
        let one = r#"{"prompt": "p", "predict": "SELECT 1", "label": ""}"#;
        for text in [format!("{one}\n{one}\n"), format!("[{one},\n{one}]")] {
            assert_eq!(read(&text, false), [row("SELECT 1", ""), row("SELECT 1", "")]);
        }
        // A single prediction is an object too, and not BIRD's.
        assert_eq!(read(one, false), [row("SELECT 1", "")]);
    }
}
