//! What the guard knows of one engine.

use nl2sql_sql_lexer::LexicalRules;

use super::described::Declared;
use super::lexer::Token;

/// A function whose name matches the pattern (`*` stands for any text, lower case), and why it may not be called.
pub type ForbiddenFunction = (&'static str, &'static str);

/// What the guard knows of one engine: data, and for the engines that this crate speaks to also what data cannot say.
#[derive(Clone, Debug)]
pub struct GuardRules {
    /// How words, literals, quoted names and comments are told apart.
    pub lexical: LexicalRules,
    /// `row.function` calls a function of one argument.
    pub attribute_calls: bool,
    /// `@@name` is a function of the server.
    pub at_functions: bool,
    /// Words that a query may begin with.
    pub query_words: &'static [&'static str],
    /// Functions that reach beyond the query: files, other servers, locks, session state, waiting.
    pub functions: &'static [ForbiddenFunction],
    /// What a dialect declares besides.
    pub(super) declared: Declared,
    /// Why the mark at this place makes the statement more than a query.
    pub(crate) forbidden_mark: fn(&[Token<'_>], usize) -> Option<String>,
    /// Why a word makes it more than a query: the word, its token, the token before and those after it.
    pub(crate) forbidden_word: fn(&str, &Token<'_>, Option<&Token<'_>>, &[Token<'_>]) -> Option<String>,
    /// Why the relation whose name, in lower case, stands at this place may not be read.
    pub(crate) forbidden_relation: fn(&[Token<'_>], usize, &str) -> Option<String>,
}

/// Words that a query begins with in every SQL.
const QUERY_WORDS: &[&str] = &["select", "with", "values"];

impl GuardRules {
    /// Rules of an engine that only its dialect describes.
    pub fn of_lexical_rules(lexical: LexicalRules) -> Self {
        Self {
            lexical,
            attribute_calls: false,
            at_functions: false,
            query_words: QUERY_WORDS,
            functions: &[],
            declared: Declared::default(),
            forbidden_mark: |_, _| None,
            forbidden_word: |_, _, _, _| None,
            forbidden_relation: |_, _, _| None,
        }
    }
}
