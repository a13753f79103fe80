//! A dialect's description of itself.

use nl2sql_catalog::{DialectInfo, NameRules};
use nl2sql_sql_lexer::LexicalRules;

use crate::bindings::v0_2::services::description as described;
use crate::contract::convert::{ToNoun, ToRecord};
use crate::error::Failure;

impl ToRecord<described::DialectInfo> for DialectInfo {
    fn to_record(&self) -> described::DialectInfo {
        described::DialectInfo {
            name: self.name.clone(),
            aliases: self.aliases.clone(),
            driver: self.driver.clone(),
            prompt_notes: self.prompt_notes.clone(),
            lexical: lexical_record(&self.lexical, self.names.quotes),
            names: described::NameRules {
                case: self.names.case.to_record(),
                letters_beyond_ascii: self.names.letters_beyond_ascii,
                reserved: self.names.reserved.clone(),
                keywords: self.names.keywords.clone(),
                pseudo_columns: self.names.pseudo_columns.clone(),
                unknown_quoted_names_are_strings: self.names.unknown_quoted_names_are_strings,
            },
            features: self.features.to_record(),
            spelling: self.spelling.to_record(),
            functions: self.functions.to_record(),
            guard: self.guard.to_record(),
            extra: self.extra.clone(),
        }
    }
}

impl ToNoun<DialectInfo> for described::DialectInfo {
    fn to_noun(self) -> Result<DialectInfo, Failure> {
        let contradictory = |contradiction: String| Failure::Contradiction {
            dialect: self.name.clone(),
            contradiction,
        };
        let (lexical, quotes) = lexical_noun(&self.lexical).map_err(contradictory)?;
        let info = DialectInfo {
            name: self.name.clone(),
            aliases: self.aliases,
            driver: self.driver,
            prompt_notes: self.prompt_notes,
            lexical,
            names: NameRules {
                quotes,
                case: self.names.case.to_noun()?,
                letters_beyond_ascii: self.names.letters_beyond_ascii,
                reserved: self.names.reserved,
                keywords: self.names.keywords,
                pseudo_columns: self.names.pseudo_columns,
                unknown_quoted_names_are_strings: self.names.unknown_quoted_names_are_strings,
            },
            features: self.features.to_noun()?,
            spelling: self.spelling.to_noun()?,
            functions: self.functions.to_noun()?,
            guard: self.guard.to_noun()?,
            extra: self.extra,
        };
        match info.contradiction() {
            Some(contradiction) => Err(contradictory(contradiction)),
            None => Ok(info),
        }
    }
}

fn lexical_record(rules: &LexicalRules, written: (char, char)) -> described::LexicalRules {
    let mut pairs = vec![written];
    pairs.extend([('"', '"')]);
    pairs.extend(rules.backtick_names.then_some(('`', '`')));
    pairs.extend(rules.bracket_names.then_some(('[', ']')));
    let mut identifier_quotes: Vec<described::IdentifierQuote> = Vec::new();
    for (open, close) in pairs {
        if identifier_quotes.iter().all(|known| known.open != open) {
            identifier_quotes.push(described::IdentifierQuote {
                open,
                close,
                doubled: true,
            });
        }
    }
    described::LexicalRules {
        identifier_quotes,
        string_quotes: vec!['\''],
        backslash_escapes: rules.backslash_escapes,
        escape_strings: rules.escape_strings,
        raw_strings: false,
        triple_quoted_strings: false,
        dollar_strings: rules.dollar_strings,
        delimited_strings: false,
        unicode_escaped_names: false,
        hash_comments: rules.hash_comments,
        slash_comments: false,
        dashes_need_blank: rules.dashes_need_blank,
        nested_comments: rules.nested_comments,
        executable_comments: false,
        carriage_return_ends_line: false,
        words_take_all_beyond_ascii: false,
    }
}

/// The rules and the pair of quotes to write, or what contradicts what.
fn lexical_noun(record: &described::LexicalRules) -> Result<(LexicalRules, (char, char)), String> {
    let quotes = &record.identifier_quotes;
    let first = quotes.first().ok_or("it has no quotes around identifiers")?;
    if record.string_quotes.is_empty() {
        return Err("it has no quotes around strings".into());
    }
    let both = quotes.iter().find(|quote| record.string_quotes.contains(&quote.open));
    if let Some(quote) = both {
        return Err(format!("`{}` opens identifiers and strings", quote.open));
    }
    let has = |open: char| quotes.iter().any(|quote| quote.open == open);
    let rules = LexicalRules {
        backtick_names: has('`'),
        bracket_names: has('['),
        backslash_escapes: record.backslash_escapes,
        escape_strings: record.escape_strings,
        dollar_strings: record.dollar_strings,
        hash_comments: record.hash_comments,
        dashes_need_blank: record.dashes_need_blank,
        nested_comments: record.nested_comments,
    };
    Ok((rules, (first.open, first.close)))
}
