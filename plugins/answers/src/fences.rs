//! SQL in code fences, each under the question it answers, as models write when they talk rather than answer in JSON.

use nl2sql_sql_lexer::{LexicalRules, tokens};

/// A statement in a code fence with the words before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FencedSql {
    /// The last line of words before the fence, without list marks, labels and emphasis.
    pub question: String,
    /// The statement.
    pub sql: String,
}

/// Lines before a fence that only announce it.
const LABELS: [&str; 10] = [
    "sql",
    "query",
    "sql query",
    "answer",
    "solution",
    "statement",
    "查询",
    "语句",
    "答案",
    "sql语句",
];
/// Words that announce a question.
const ANNOUNCES: [&str; 7] = ["question", "q", "问题", "问", "prompt", "text", "description"];

/// The fenced statements of an answer; a fence without words before it, or with something else in it, is left out.
pub fn fenced_sql(answer: &str) -> Vec<FencedSql> {
    let spoken = answer.rsplit("</think>").next().unwrap_or(answer);
    let parts: Vec<&str> = spoken.split("```").collect();
    // Fences alternate with words; one that is not closed was cut off.
    let whole = (parts.len() - 1) / 2;
    parts
        .chunks_exact(2)
        .take(whole)
        .filter_map(|pair| {
            let question = question_in(pair[0])?;
            let sql = statement_in(pair[1])?;
            Some(FencedSql { question, sql })
        })
        .collect()
}

fn statement_in(fence: &str) -> Option<String> {
    let fence = fence.trim();
    let body = match fence.split_once(char::is_whitespace) {
        Some((language, body)) if language.to_lowercase().contains("sql") => body,
        _ => fence,
    };
    let tokens = tokens(body, &LexicalRules::GENERIC);
    let first = tokens.iter().find(|token| !token.is_blank() && !token.is_mark("("))?;
    ["select", "with", "values"]
        .iter()
        .any(|word| first.is_word(word))
        .then(|| body.trim().to_owned())
}

fn question_in(words: &str) -> Option<String> {
    words.lines().rev().map(bare).find(|line| {
        let label = line.trim_end_matches([':', '：']).to_lowercase();
        !line.is_empty() && !LABELS.contains(&label.as_str())
    })
}

/// A line without list marks, emphasis and the label of a question.
fn bare(line: &str) -> String {
    let unmarked = line.replace(['*', '`', '#'], "");
    let unmarked = without_number(unmarked.trim().trim_start_matches(['-', '•', '>']).trim());
    match unmarked.split_once([':', '：']) {
        Some((label, rest)) if announces(label) && !rest.trim().is_empty() => rest.trim().trim_matches('"').to_owned(),
        _ => unmarked.trim().to_owned(),
    }
}

/// A line without the number of a list's item, which a mark follows; a year at the start of a question stays.
fn without_number(line: &str) -> &str {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    match rest.strip_prefix(['.', ')', '）', '、']) {
        Some(rest) if line.starts_with(|c: char| c.is_ascii_digit()) => rest.trim(),
        _ => line,
    }
}

fn announces(label: &str) -> bool {
    let label = label.trim().to_lowercase();
    let word = label.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_whitespace());
    ANNOUNCES.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::fenced_sql;

    fn read(answer: &str) -> Vec<(String, String)> {
        fenced_sql(answer)
            .into_iter()
            .map(|pair| (pair.question, pair.sql))
            .collect()
    }

    #[test]
    fn statements_stand_under_their_questions() {
        let answer = "Sure, here are the pairs ✨\n\n1. **How many singers are there?**\n```sql\nSELECT count(*)\nFROM singer;\n```\n\
            **Question 2:** 2019 年最年长的歌手是谁？\nSQL:\n```\nSELECT name FROM singer ORDER BY age DESC LIMIT 1\n```\nHope that helps!";
        assert_eq!(
            read(answer),
            [
                (
                    "How many singers are there?".to_owned(),
                    "SELECT count(*)\nFROM singer;".to_owned()
                ),
                (
                    "2019 年最年长的歌手是谁？".to_owned(),
                    "SELECT name FROM singer ORDER BY age DESC LIMIT 1".to_owned()
                ),
            ]
        );
    }

    #[test]
    fn comments_and_parentheses_before_a_statement_do_not_hide_it() {
        let answer = "How many?\n```sql\n-- all of them\n(SELECT count(*) FROM singer)\n```";
        assert_eq!(read(answer)[0].1, "-- all of them\n(SELECT count(*) FROM singer)");
        assert!(read("How many?\n```\nselected rows\n```").is_empty());
    }

    #[test]
    fn what_is_no_statement_or_has_no_question_is_left_out() {
        assert!(read("```sql\nSELECT 1\n```").is_empty());
        assert!(read("Run this:\n```bash\nls\n```").is_empty());
        assert!(read("How many?\n```sql\nSELECT count(*) FROM").is_empty());
        assert!(read("").is_empty());
    }
}
