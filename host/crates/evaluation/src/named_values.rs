//! Whether a statement uses what its question says: a prompt names the values of the question that stand in the database, and a statement that
//! leaves one out hardly ever answers.

use nl2sql_sql_lexer::{LexicalRules, tokens};

/// Whether the statement leaves out some of these values, each given by its spellings. One is used where a string or quoted name holds it,
/// in any case, also within a pattern of LIKE; a number may stand without quotes.
pub fn leaves_out(values: &[Vec<String>], sql: &str, rules: &LexicalRules) -> bool {
    if values.is_empty() {
        return false;
    }
    let tokens = tokens(sql, rules);
    let literals: Vec<String> = tokens
        .iter()
        .filter(|token| token.is_quoted())
        .map(|token| token.text.replace("''", "'").to_lowercase())
        .collect();
    let is_used = |value: &String| {
        let folded = value.to_lowercase();
        let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
        literals.iter().any(|literal| literal.contains(&folded))
            || is_number && tokens.iter().any(|token| token.text == value)
    };
    !values.iter().all(|spellings| spellings.iter().any(is_used))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(values: &[&[&str]], sql: &str) -> bool {
        let values: Vec<Vec<String>> = values
            .iter()
            .map(|spellings| spellings.iter().map(|spelling| (*spelling).to_owned()).collect())
            .collect();
        leaves_out(&values, sql, &LexicalRules::GENERIC)
    }

    #[test]
    fn a_value_is_used_where_a_literal_holds_it() {
        let france: &[&[&str]] = &[&["France"]];
        assert!(!leaves(france, "SELECT name FROM singer WHERE country = 'France'"));
        assert!(!leaves(france, "SELECT name FROM singer WHERE country LIKE '%france%'"));
        assert!(!leaves(france, r#"SELECT name FROM singer WHERE country = "France""#));
        assert!(leaves(france, "SELECT name FROM singer WHERE country = 'Spain'"));
        assert!(
            leaves(france, "SELECT France FROM singer -- 'France'"),
            "a name is no value"
        );
        assert!(!leaves(&[], "SELECT name FROM singer"));
    }

    #[test]
    fn one_spelling_of_each_value_is_enough() {
        let two: &[&[&str]] = &[&["usa", "USA."], &["Côte d'Ivoire"]];
        assert!(!leaves(two, "SELECT 1 FROM c WHERE a = 'usa' OR b = 'Côte d''Ivoire'"));
        assert!(leaves(two, "SELECT 1 FROM c WHERE a = 'usa'"));
    }

    #[test]
    fn numbers_may_stand_without_quotes() {
        assert!(!leaves(&[&["2014"]], "SELECT name FROM concert WHERE year = 2014"));
        assert!(leaves(&[&["2014"]], "SELECT name FROM concert WHERE year = 20140"));
    }
}
