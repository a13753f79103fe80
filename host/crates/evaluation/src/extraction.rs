//! The SQL in what a model wrote: out of thinking blocks, code fences, labels, JSON and prose.

mod answer_parts;
mod literals;
mod prose;
mod statement_end;
mod statement_start;

use std::borrow::Cow;

use nl2sql_sql_lexer::LexicalRules;

use crate::scoring::SqlReader;
use answer_parts::{after_thinking, code_span, json_field, last_sql_fence, quoted_sql, quoted_text};
pub(crate) use statement_end::before_end_marker;
use statement_end::{first_statement, first_two_statements};
use statement_start::{start, without_label};

/// What tells a statement from the words around it.
#[derive(Clone, Copy)]
pub struct Syntax<'s> {
    /// Lexical rules of the dialect.
    pub rules: LexicalRules,
    /// Words that statements of the dialect begin with, in lower case.
    pub query_words: &'s [String],
    /// Whether a text is a statement of the dialect; without it, words alone decide where prose begins.
    pub is_statement: Option<&'s dyn Fn(&str) -> bool>,
}

impl Syntax<'_> {
    /// For answers in an unknown dialect.
    pub const GENERIC: Self = Self {
        rules: LexicalRules::GENERIC,
        query_words: &[],
        is_statement: None,
    };
}

/// [`extract_sql`] in the dialect of a database; in no dialect where nobody reads it.
pub fn extract_sql_of(reader: Option<&dyn SqlReader>, database: &str, prediction: &str) -> String {
    in_dialect(reader, database, |syntax| extract_sql(prediction, syntax))
}

/// [`extract_statements`] in the dialect of a database; in no dialect where nobody reads it.
pub fn extract_statements_of(reader: Option<&dyn SqlReader>, database: &str, prediction: &str) -> String {
    in_dialect(reader, database, |syntax| extract_statements(prediction, syntax))
}

fn in_dialect(reader: Option<&dyn SqlReader>, database: &str, extract: impl FnOnce(&Syntax<'_>) -> String) -> String {
    let Some(reader) = reader else {
        return extract(&Syntax::GENERIC);
    };
    let is_statement = |sql: &str| reader.is_statement(database, sql);
    extract(&Syntax {
        rules: reader.lexical_rules(database).in_prose(),
        query_words: &reader.query_words(database),
        is_statement: Some(&is_statement),
    })
}

/// The first statement a prediction offers as its answer, without its semicolon.
///
/// Looked for in this order: a `sql`/`query` field of a JSON object, the last code fence that starts like SQL, an inline
/// code span or the place where SQL starts in the text: after a label such as `SQL:`, at the start of a line, in capitals,
/// anywhere. It ends at a semicolon, an end-of-turn token, a fence or prose, never inside a literal. A text without SQL is
/// returned whole, so that its syntax error can be told; a thinking block that never ends leaves nothing.
pub fn extract_sql(prediction: &str, syntax: &Syntax<'_>) -> String {
    match sql_part(prediction, syntax) {
        Ok(sql) => first_statement(&sql, syntax).to_owned(),
        Err(no_sql) => no_sql,
    }
}

/// That statement with the one that follows it directly, where there is one: official evaluators are handed the whole answer.
pub fn extract_statements(prediction: &str, syntax: &Syntax<'_>) -> String {
    match sql_part(prediction, syntax) {
        Ok(sql) => first_two_statements(&sql, syntax).to_owned(),
        Err(no_sql) => no_sql,
    }
}

/// The text of a prediction from its statement on; where there is none, what it says instead.
fn sql_part<'t>(prediction: &'t str, syntax: &Syntax<'_>) -> Result<Cow<'t, str>, String> {
    let answer = after_thinking(prediction).trim();
    if let Some(quoted) = quoted_text(answer) {
        return sql_part(&quoted, syntax).map(|sql| sql.into_owned().into());
    }
    if let Some(sql) = json_field(answer) {
        return Ok(sql.into());
    }
    if let Some(fenced) = last_sql_fence(answer, syntax) {
        return Ok(without_label(fenced).into());
    }
    if let Some(quoted) = quoted_sql(answer, syntax) {
        return sql_part(&quoted, syntax).map(|sql| sql.into_owned().into());
    }
    if let Some(span) = code_span(answer, syntax) {
        return Ok(span.into());
    }
    match start(answer, syntax) {
        Some(start) => Ok(answer[start..].into()),
        None => Err(before_end_marker(answer).trim_end_matches(';').trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{LexicalRules, Syntax};

    fn extract_sql(text: &str) -> String {
        super::extract_sql(text, &Syntax::GENERIC)
    }

    #[test]
    fn sql_is_found_wherever_it_stands() {
        for (prediction, sql) in [
            ("SELECT 1", "SELECT 1"),
            ("  select name from t ;  ", "select name from t"),
            (
                "```sql\nSELECT a\nFROM t;\n```\nThis query lists a.",
                "SELECT a\nFROM t",
            ),
            ("``` SELECT a FROM t ```", "SELECT a FROM t"),
            ("```\nSELECT a FROM t", "SELECT a FROM t"),
            (
                "First:\n```sql\nSELECT 1\n```\nBetter:\n```sql\nSELECT 2\n```",
                "SELECT 2",
            ),
            ("**SQL:**\n\n> SELECT a\n> FROM t\n\nIt lists a.", "SELECT a\nFROM t"),
            (
                "The query is:\n> ```sql\n> SELECT a\n> FROM t\n> ```",
                "SELECT a\nFROM t",
            ),
            ("<think>SELECT wrong FROM x</think>\nSELECT a FROM t", "SELECT a FROM t"),
            (
                "reasoning without opening tag SELECT 0 </think> SELECT a FROM t",
                "SELECT a FROM t",
            ),
            ("<think>still thinking about SELECT", ""),
            ("SQL: SELECT a FROM t", "SELECT a FROM t"),
            ("SQLQuery: SELECT a FROM t\nSQLResult: 3", "SELECT a FROM t"),
            (
                "To select the names from the table use: SELECT name FROM t",
                "SELECT name FROM t",
            ),
            (
                "With the tables above you get:\nWITH x AS (SELECT 1) SELECT * FROM x",
                "WITH x AS (SELECT 1) SELECT * FROM x",
            ),
            ("SELECT a FROM t; SELECT b FROM t", "SELECT a FROM t"),
            ("SELECT ';' FROM t", "SELECT ';' FROM t"),
            ("SELECT a FROM t\n\nThis gives all a.", "SELECT a FROM t"),
            ("SELECT a FROM t\nThe query gives all a.", "SELECT a FROM t"),
            ("SELECT a\n\nFROM t", "SELECT a\n\nFROM t"),
            ("{\"sql\": \"SELECT a FROM t;\", \"why\": \"x\"}", "SELECT a FROM t"),
            ("SELECT a FROM t<|im_end|>\n", "SELECT a FROM t"),
            ("Use `SELECT a FROM t`.", "SELECT a FROM t"),
            ("SELECT `a` FROM `t` WHERE `b` = 1", "SELECT `a` FROM `t` WHERE `b` = 1"),
            (
                "答案：SELECT a FROM 表 WHERE 名 = '李'",
                "SELECT a FROM 表 WHERE 名 = '李'",
            ),
            ("DROP TABLE t", "DROP TABLE t"),
            (
                "(SELECT a FROM t) UNION (SELECT b FROM t)",
                "(SELECT a FROM t) UNION (SELECT b FROM t)",
            ),
            ("I do not know.", "I do not know."),
            ("", ""),
        ] {
            assert_eq!(extract_sql(prediction), sql, "{prediction}");
        }
    }

    #[test]
    fn statements_that_follow_each_other_are_kept_for_official_evaluators() {
        let both = |text: &str| super::extract_statements(text, &Syntax::GENERIC);
        for (prediction, sql) in [
            ("SELECT 1; SELECT 1", "SELECT 1; SELECT 1"),
            ("```sql\nSELECT 1;\nSELECT ';';\n```", "SELECT 1;\nSELECT ';'"),
            ("SELECT 1; That is all.", "SELECT 1"),
            ("SELECT 1;", "SELECT 1"),
            ("SELECT 1;; SELECT 2", "SELECT 1;; SELECT 2"),
            ("No idea.", "No idea."),
        ] {
            assert_eq!(both(prediction), sql, "{prediction}");
        }
    }

    #[test]
    fn ten_megabytes_and_odd_characters_are_no_trouble() {
        let long = format!("SELECT '{}' FROM t", "x\u{0}é".repeat(2_000_000));
        assert!(extract_sql(&long) == long);
        assert!(extract_sql(&"`".repeat(100_000)).len() <= 100_000);
    }

    #[test]
    fn a_statement_keeps_its_lines_and_loses_the_words_after_it() {
        for (prediction, sql) in [
            (
                "SELECT\n  note,\n  result\nFROM t AS i;",
                "SELECT\n  note,\n  result\nFROM t AS i",
            ),
            (
                "WITH a AS (\n  SELECT 1\n),\n\nb AS (SELECT 2)\n\nSELECT * FROM b",
                "WITH a AS (\n  SELECT 1\n),\n\nb AS (SELECT 2)\n\nSELECT * FROM b",
            ),
            ("SELECT a\n\n,\n\nb FROM t", "SELECT a\n\n,\n\nb FROM t"),
            ("SELECT a FROM t；这个查询", "SELECT a FROM t"),
            ("SELECT a FROM t\n解释：这个查询。", "SELECT a FROM t"),
            ("SQL语句：\nSELECT a FROM t\n以上就是答案。", "SELECT a FROM t"),
            ("SELECT a FROM t -- all\nHope this helps!", "SELECT a FROM t -- all"),
            ("SELECT a FROM t. This lists every a.", "SELECT a FROM t"),
            ("SELECT a FROM t\nWHERE b = = 1", "SELECT a FROM t\nWHERE b = = 1"),
            (
                "Here's the query: SELECT a FROM t WHERE b = 'x'",
                "SELECT a FROM t WHERE b = 'x'",
            ),
        ] {
            assert_eq!(extract_sql(prediction), sql, "{prediction}");
        }
    }

    #[test]
    fn markers_inside_literals_cut_nothing() {
        for sql in [
            "SELECT a FROM t WHERE b LIKE '%</s>%'",
            "SELECT a FROM t WHERE b = '<think>' OR c = '</think>'",
            "SELECT a FROM t WHERE b = '```' AND c = 'a;b；c'",
            "SELECT 'x\n<|im_end|>\nThis is it' FROM t",
            "SELECT a FROM t WHERE b = '</answer>'",
        ] {
            for answer in [
                sql.to_owned(),
                format!("{sql};<|im_end|>"),
                format!("<think>don't SELECT</think>\n{sql}"),
                format!("Sure:\n```sql\n{sql}\n```\nDone."),
            ] {
                assert_eq!(extract_sql(&answer), sql, "{answer}");
            }
        }
    }

    #[test]
    fn the_dialect_decides_what_a_literal_and_a_statement_is() {
        let mysql = Syntax {
            rules: LexicalRules::MYSQL,
            ..Syntax::GENERIC
        };
        assert_eq!(super::extract_sql(r"SELECT 'a\';b'; c", &mysql), r"SELECT 'a\';b'");
        let whole = "SELECT a\nFROM t\nOf course x y";
        let all = Syntax {
            is_statement: Some(&|sql: &str| sql == whole),
            ..Syntax::GENERIC
        };
        assert_eq!(super::extract_sql(whole, &all), whole);
        assert_eq!(extract_sql(whole), "SELECT a\nFROM t");
    }

    #[test]
    fn words_after_a_statement_are_left_out_however_they_begin() {
        let sql = "SELECT a\nFROM t";
        let union = "SELECT a\nFROM t\nUNION\n\nSELECT b FROM u";
        let known = [sql, union];
        let syntax = Syntax {
            is_statement: Some(&|sql: &str| known.contains(&sql)),
            ..Syntax::GENERIC
        };
        for (answer, statement) in [
            (format!("{sql}\n\nFROM names the table."), sql),
            (format!("{union}\n\nUNION removes duplicates."), union),
            (format!("{sql}\n###\nQuestion: next?\nSELECT 1"), sql),
            (format!("{sql} Explanation: it lists all"), sql),
            (format!("I'd use:\n\n{sql}\n\nIt's simple; we're done."), sql),
            ("> SELECT a\n> FROM t".to_owned(), sql),
            (format!("```\nsql\n{sql}\n```"), sql),
        ] {
            assert_eq!(super::extract_sql(&answer, &syntax), statement, "{answer}");
        }
        // A backtick that closes a name belongs to the statement.
        for (answer, statement) in [
            ("SELECT `a` FROM `t`", "SELECT `a` FROM `t`"),
            ("```sql\nSELECT `a`\nFROM `t`\n```", "SELECT `a`\nFROM `t`"),
            ("SELECT `a` FROM `t`;", "SELECT `a` FROM `t`"),
            ("SELECT a FROM t`", "SELECT a FROM t"),
            ("SELECT a FROM t```", "SELECT a FROM t"),
        ] {
            assert_eq!(extract_sql(answer), statement, "{answer}");
        }
        // What is wrong stays whole, so that it shows when it runs.
        let wrong = "SELECT a\nFROM t\nWHER a = 1";
        assert_eq!(super::extract_sql(wrong, &syntax), wrong);
    }

    #[test]
    fn words_that_only_a_dialect_begins_statements_with_are_found_where_a_statement_follows() {
        let words = ["select", "from", "pivot"].map(str::to_owned);
        let statements = ["FROM t SELECT a", "PIVOT t ON a", "FROM t"];
        let duck = Syntax {
            query_words: &words,
            is_statement: Some(&|sql: &str| statements.contains(&sql) || sql.starts_with("SELECT")),
            ..Syntax::GENERIC
        };
        for (answer, sql) in [
            ("FROM t SELECT a", "FROM t SELECT a"),
            ("From your question I conclude:\nFROM t SELECT a;", "FROM t SELECT a"),
            ("SQL: PIVOT t ON a", "PIVOT t ON a"),
            ("```sql\nPIVOT t ON a;\n```", "PIVOT t ON a"),
            ("Use `FROM t`.", "FROM t"),
            ("Use SELECT a\nFROM t", "SELECT a\nFROM t"),
            ("From the table:\nSELECT a\nFROM t", "SELECT a\nFROM t"),
        ] {
            assert_eq!(super::extract_sql(answer, &duck), sql, "{answer}");
        }
        assert_eq!(extract_sql("FROM t SELECT a"), "SELECT a");
    }
}
