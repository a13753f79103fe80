//! Columns that hold one of a few short words: a model that is shown them writes `'F'` where people say female.

use nl2sql_catalog::Table;

/// Words that a column has at most; one of more holds names, not codes.
const MAX_CODES: usize = 4;

/// Characters of the longest word.
const MAX_CHARS: usize = 12;

/// Rows for each word, where it is known how many there are: names of a small table repeat less.
const MIN_ROWS_EACH: u64 = 2;

/// The distinct values of a column of the table, where they are codes; else none.
pub(super) fn codes<'v>(table: &Table, values: &'v [String]) -> &'v [String] {
    let repeats = |rows: u64| rows >= MIN_ROWS_EACH * values.len() as u64;
    let is_short = |value: &String| value.chars().nth(MAX_CHARS).is_none();
    let are_codes = values.len() <= MAX_CODES && values.iter().all(is_short) && table.row_estimate.is_none_or(repeats);
    if are_codes { values } else { &[] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes_of(values: &[&str], rows: Option<u64>) -> Vec<String> {
        let table = Table {
            row_estimate: rows,
            ..Table::default()
        };
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        codes(&table, &values).to_vec()
    }

    #[test]
    fn few_short_words_that_repeat_are_codes() {
        assert_eq!(codes_of(&["F", "M"], Some(34)), ["F", "M"]);
        assert_eq!(
            codes_of(&["F", "M"], None),
            ["F", "M"],
            "rows are not counted everywhere"
        );
        assert!(codes_of(&["Ada", "Grace"], Some(3)).is_empty(), "names of three rows");
        assert!(codes_of(&["a", "b", "c", "d", "e"], Some(34)).is_empty());
        assert!(codes_of(&["F", "prefers not to say"], Some(34)).is_empty());
    }
}
