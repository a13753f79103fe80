//! Words that the parser does not know and a catalog does not need, taken out of a statement before it is read.

use nl2sql_sql_lexer::{TokenKind, tokens};
use sqlparser::dialect::Dialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, Tokenizer};

use crate::flavor::{ClientLines, Flavor, TypeWords};

/// Unknown words of one statement at most.
const MAX_WORDS: usize = 256;

/// The statement with blanks for such words, so that places stay.
pub(crate) fn without_unknown(text: &str, flavor: &Flavor) -> String {
    let mut readable = text.to_owned();
    if flavor.client == ClientLines::Sqlcmd {
        readable = without_index_layout(text, flavor);
    }
    if flavor.type_words == TypeWords::Refused {
        return readable;
    }
    for _ in 0..MAX_WORDS {
        let Err(error) = first_statement(flavor.parser.as_ref(), &readable) else {
            break;
        };
        let Some(word) = word_behind_type(&error, &readable, flavor) else {
            break;
        };
        readable.replace_range(word.clone(), &" ".repeat(word.len()));
    }
    readable
}

/// T-SQL says between CREATE and INDEX how an index lies on the disk.
fn without_index_layout(text: &str, flavor: &Flavor) -> String {
    let mut readable = text.to_owned();
    let all = tokens(text, &flavor.lexical);
    let code = all
        .iter()
        .filter(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Comment));
    for token in code.take_while(|token| !token.is_word("index")).take(4) {
        if token.is_word("clustered") || token.is_word("nonclustered") {
            readable.replace_range(token.start..token.end(), &" ".repeat(token.text.len()));
        }
    }
    readable
}

fn first_statement(dialect: &dyn Dialect, text: &str) -> Result<(), ParserError> {
    Parser::new(dialect).try_with_sql(text)?.parse_statement().map(drop)
}

/// The range of the word at which the parser stopped, where it stands behind a type and may be passed over.
fn word_behind_type(error: &ParserError, text: &str, flavor: &Flavor) -> Option<std::ops::Range<usize>> {
    let said = error.to_string();
    if !said.contains("after column definition") {
        return None;
    }
    let place = said.rsplit_once(" at Line: ")?.1;
    let (line, column) = place.split_once(", Column: ")?;
    let place = Location::new(line.trim().parse().ok()?, column.trim().parse().ok()?);
    let tokens = Tokenizer::new(flavor.parser.as_ref(), text)
        .tokenize_with_location()
        .ok()?;
    let token = tokens.into_iter().find(|token| token.span.start == place)?;
    let Token::Word(word) = token.token else { return None };
    let passed_over = match flavor.type_words {
        TypeWords::Refused => false,
        TypeWords::PassedOver(words) => words.iter().any(|known| known.eq_ignore_ascii_case(&word.value)),
        TypeWords::Any => word.quote_style.is_none(),
    };
    let start = offset(text, place)?;
    passed_over.then(|| start..start + word.value.len())
}

/// Bytes before a place, which counts lines and characters from 1.
fn offset(text: &str, place: Location) -> Option<usize> {
    let line = usize::try_from(place.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    text[start..].char_indices().nth(column).map(|(at, _)| start + at)
}
