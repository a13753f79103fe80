//! What a dialect's description of itself says of the guard, for engines that this crate has no rules of its own for.

use nl2sql_catalog::DialectInfo;

use super::GuardRules;
use super::lexer::Token;
use super::literal_relations::has_literal_relation;
use super::rules::matches_pattern;

/// Words that may begin a query where a dialect says so. A description is a plugin's word, so that nothing else counts.
const POSSIBLE_QUERY_WORDS: &[&str] = &[
    "select",
    "with",
    "values",
    "from",
    "table",
    "pivot",
    "unpivot",
    "summarize",
    "describe",
];

/// What a dialect declares; it adds to the rules that hold everywhere and takes nothing away.
#[derive(Clone, Debug, Default)]
pub(super) struct Declared {
    query_words: Vec<&'static str>,
    pub(super) functions: Vec<(String, String)>,
    /// Words in a row, with the reason.
    words: Vec<(Vec<String>, String)>,
    relations: Vec<(String, String)>,
    /// What an engine makes of a string in place of a table is not known here, and files are what some make of it.
    literal_relations: bool,
}

impl GuardRules {
    /// The rules of an engine that only its dialect describes.
    pub fn of_description(info: &DialectInfo) -> Self {
        let words = |words: &str| words.split_whitespace().map(str::to_lowercase).collect();
        let declared = Declared {
            query_words: POSSIBLE_QUERY_WORDS
                .iter()
                .copied()
                .filter(|word| info.guard.query_words.iter().any(|own| own == word))
                .collect(),
            functions: info.guard.refused_functions.clone(),
            words: info
                .guard
                .refused_words
                .iter()
                .map(|(pattern, reason)| (words(pattern), reason.clone()))
                .collect(),
            relations: info.guard.refused_relations.clone(),
            literal_relations: true,
        };
        Self {
            declared,
            ..Self::of_lexical_rules(info.lexical)
        }
    }

    /// Whether a query may begin with this token.
    pub(super) fn begins_query(&self, token: &Token<'_>) -> bool {
        self.query_words
            .iter()
            .chain(&self.declared.query_words)
            .any(|word| token.is(word))
    }

    /// Why words that begin here are refused by the dialect.
    pub(super) fn declared_word(&self, tokens: &[Token<'_>]) -> Option<String> {
        let found = self.declared.words.iter().find(|(words, _)| {
            !words.is_empty()
                && words.len() <= tokens.len()
                && words.iter().zip(tokens).all(|(word, token)| token.is(word))
        });
        found.map(|(words, reason)| format!("{} is not allowed: {reason}", words.join(" ").to_uppercase()))
    }

    /// Why the function named here, in lower case, may not be called under the schema that it is called in.
    pub(super) fn declared_function_of_schema(&self, tokens: &[Token<'_>], at: usize, name: &str) -> Option<String> {
        let qualified = qualified(tokens, at, name)?;
        let mut dotted = self
            .declared
            .functions
            .iter()
            .filter(|(pattern, _)| pattern.contains('.'));
        let (_, reason) = dotted.find(|(pattern, _)| matches_pattern(pattern, &qualified))?;
        Some(format!("the function {qualified} may not be called: {reason}"))
    }

    /// Why a string that stands in place of a table is refused.
    pub(super) fn literal_relation(&self, tokens: &[Token<'_>]) -> Option<String> {
        let refused = self.declared.literal_relations && has_literal_relation(tokens);
        refused.then(|| "a string stands where a table is named; engines read files under such names".to_owned())
    }

    /// Why the relation named here, in lower case, may not be read.
    pub(super) fn declared_relation(&self, tokens: &[Token<'_>], at: usize, name: &str) -> Option<String> {
        let qualified = qualified(tokens, at, name);
        let found = self.declared.relations.iter().find(|(pattern, _)| {
            let of_schema =
                pattern.contains('.') && qualified.as_deref().is_some_and(|name| matches_pattern(pattern, name));
            of_schema || matches_pattern(pattern, name)
        });
        found.map(|(_, reason)| format!("{} may not be read: {reason}", qualified.as_deref().unwrap_or(name)))
    }
}

/// The name that stands at `at` with the one that qualifies it.
fn qualified(tokens: &[Token<'_>], at: usize, name: &str) -> Option<String> {
    let dot = at.checked_sub(1).filter(|dot| tokens[*dot] == Token::Mark('.'))?;
    let qualifier = tokens.get(dot.checked_sub(1)?)?.name()?;
    Some(format!("{qualifier}.{name}"))
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::{DialectInfo, GuardRules as Described, NameRules};
    use nl2sql_sql_lexer::LexicalRules;

    use super::*;
    use crate::statement_guard::{RestrictedObjects, check};

    fn refusal(sql: &str) -> Option<String> {
        let pair = |pattern: &str, reason: &str| (pattern.to_owned(), reason.to_owned());
        let info = DialectInfo {
            lexical: LexicalRules {
                other_name_quotes: Some(('«', '»')),
                slash_comments: true,
                ..LexicalRules::GENERIC
            },
            names: NameRules {
                quotes: ('«', '»'),
                ..NameRules::default()
            },
            guard: Described {
                query_words: ["select", "from", "copy"].map(str::to_owned).into(),
                refused_words: vec![pair("at snapshot", "it reads the past")],
                refused_functions: vec![pair("peek_*", "it reads files"), pair("ml.*", "it runs models")],
                refused_relations: vec![
                    pair("vault.*", "it holds secrets"),
                    pair("keys", "it holds secrets"),
                    pair("*.csv", "it is a file"),
                    pair("*/*", "it is a file"),
                ],
            },
            ..DialectInfo::default()
        };
        let rules = GuardRules::of_description(&info);
        let answer = check(&rules, sql, &RestrictedObjects::default());
        answer.err().map(|error| error.to_string())
    }

    #[test]
    fn what_a_dialect_refuses_is_refused_and_what_all_refuse_stays_refused() {
        for sql in [
            "SELECT «a»»b» FROM «t;» // ; DROP",
            "FROM t",
            "SELECT at FROM snapshot",
            "SELECT 'peek_file(1)'",
        ] {
            assert_eq!(refusal(sql), None, "{sql}");
        }
        for (sql, reason) in [
            ("COPY t TO 'x'", "COPY is not a query"),
            ("SELECT 1; SELECT 2", "more than one statement"),
            ("SELECT * FROM t AT SNAPSHOT 3", "it reads the past"),
            ("SELECT peek_file('x')", "it reads files"),
            ("SELECT «peek_file»('x')", "it reads files"),
            ("SELECT * FROM ml.predict(x)", "it runs models"),
            ("SELECT * FROM vault.x", "it holds secrets"),
            ("SELECT * FROM «keys»", "it holds secrets"),
            ("SELECT * FROM «a.csv»", "it is a file"),
            ("SELECT * FROM «a/b»", "it is a file"),
            ("SELECT * FROM 'a'", "engines read files"),
            ("SELECT 1 INTO t", "INTO stores the result"),
            ("SELECT sleep(9)", "it only waits"),
            ("SELECT * FROM (DELETE FROM t)", "DELETE changes data"),
            ("SELECT '«", "never ends"),
        ] {
            let said = refusal(sql).unwrap_or_default();
            assert!(
                said.contains(reason) || reason == "never ends" && !said.is_empty(),
                "{sql}: {said}"
            );
        }
    }
}
