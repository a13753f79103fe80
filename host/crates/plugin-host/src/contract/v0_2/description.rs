//! A dialect's description of itself.

use nl2sql_catalog::{DialectInfo, NameRules};
use nl2sql_sql_lexer::{BracketNames, LexicalRules};

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
    let pair = |open, close, doubled| described::IdentifierQuote { open, close, doubled };
    let mut quotes = Vec::new();
    quotes.extend((!rules.double_quoted_strings).then(|| pair('"', '"', true)));
    quotes.extend(rules.backtick_names.then(|| pair('`', '`', true)));
    match rules.bracket_names {
        BracketNames::None => {}
        BracketNames::EndAtFirst => quotes.push(pair('[', ']', false)),
        BracketNames::Doubled => quotes.push(pair('[', ']', true)),
    }
    quotes.extend(rules.other_name_quotes.map(|(open, close)| pair(open, close, true)));
    // The pair to write comes first.
    quotes.sort_by_key(|quote| (quote.open, quote.close) != written);
    let mut string_quotes = vec!['\''];
    string_quotes.extend(rules.double_quoted_strings.then_some('"'));
    described::LexicalRules {
        identifier_quotes: quotes,
        string_quotes,
        backslash_escapes: rules.backslash_escapes,
        escape_strings: rules.escape_strings,
        raw_strings: rules.raw_strings,
        triple_quoted_strings: rules.triple_quoted_strings,
        dollar_strings: rules.dollar_strings,
        delimited_strings: rules.delimited_strings,
        unicode_escaped_names: rules.unicode_escaped_names,
        hash_comments: rules.hash_comments,
        slash_comments: rules.slash_comments,
        dashes_need_blank: rules.dashes_need_blank,
        nested_comments: rules.nested_comments,
        executable_comments: rules.executable_comments,
        carriage_return_ends_line: rules.carriage_return_ends_line,
        words_take_all_beyond_ascii: rules.words_take_all_beyond_ascii,
    }
}

/// The rules and the pair of quotes to write, or what contradicts what.
fn lexical_noun(record: &described::LexicalRules) -> Result<(LexicalRules, (char, char)), String> {
    check_quotes(record)?;
    let quotes = &record.identifier_quotes;
    let first = quotes.first().ok_or("it has no quotes around identifiers")?;
    let opening = |open: char| quotes.iter().find(|quote| quote.open == open);
    let rules = LexicalRules {
        double_quoted_strings: record.string_quotes.contains(&'"'),
        backtick_names: opening('`').is_some(),
        bracket_names: match opening('[') {
            None => BracketNames::None,
            Some(quote) if quote.doubled => BracketNames::Doubled,
            Some(_) => BracketNames::EndAtFirst,
        },
        other_name_quotes: quotes
            .iter()
            .find(|quote| !is_usual(quote))
            .map(|quote| (quote.open, quote.close)),
        unicode_escaped_names: record.unicode_escaped_names,
        backslash_escapes: record.backslash_escapes,
        escape_strings: record.escape_strings,
        raw_strings: record.raw_strings,
        triple_quoted_strings: record.triple_quoted_strings,
        delimited_strings: record.delimited_strings,
        dollar_strings: record.dollar_strings,
        hash_comments: record.hash_comments,
        slash_comments: record.slash_comments,
        dashes_need_blank: record.dashes_need_blank,
        carriage_return_ends_line: record.carriage_return_ends_line,
        nested_comments: record.nested_comments,
        executable_comments: record.executable_comments,
        words_take_all_beyond_ascii: record.words_take_all_beyond_ascii,
    };
    Ok((rules, (first.open, first.close)))
}

/// Pairs of quotes that some built-in dialect has.
fn is_usual(quote: &described::IdentifierQuote) -> bool {
    matches!((quote.open, quote.close), ('"', '"') | ('`', '`') | ('[', ']'))
}

/// Refuses quotes that cannot all be told apart, and those that the lexer has no rule for.
fn check_quotes(record: &described::LexicalRules) -> Result<(), String> {
    let quotes = &record.identifier_quotes;
    for (at, quote) in quotes.iter().enumerate() {
        let open = quote.open;
        if quotes[..at].iter().any(|known| known.open == open) {
            return Err(format!("`{open}` opens identifiers twice"));
        }
        if record.string_quotes.contains(&open) {
            return Err(format!("`{open}` opens identifiers and strings"));
        }
        if !quote.doubled && open != '[' {
            return Err(format!(
                "`{}` cannot be doubled inside a name, and only `]` may be so",
                quote.close
            ));
        }
    }
    if let Some(second) = quotes.iter().filter(|quote| !is_usual(quote)).nth(1) {
        return Err(format!(
            "`{}` is a second pair of quotes beside `\"`, `` ` `` and `[`, and there may be one",
            second.open
        ));
    }
    if !record.string_quotes.contains(&'\'') {
        return Err("strings do not begin with `'`, which they do in every dialect of SQL".into());
    }
    match record.string_quotes.iter().find(|quote| !"'\"".contains(**quote)) {
        Some(odd) => Err(format!("`{odd}` opens strings, and only `'` and `\"` can")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A description as a plugin gives it, changed.
    fn described(change: impl FnOnce(&mut described::DialectInfo)) -> Result<DialectInfo, String> {
        let standard = DialectInfo {
            name: "mine".into(),
            driver: "adbc".into(),
            ..DialectInfo::default()
        };
        let mut record = standard.to_record();
        change(&mut record);
        record.to_noun().map_err(|failure| failure.to_string())
    }

    #[test]
    fn descriptions_survive_the_way_to_a_plugin_and_back() {
        for (lexical, quotes) in [
            (LexicalRules::SQLITE, ('"', '"')),
            (LexicalRules::POSTGRES, ('"', '"')),
            (LexicalRules::MYSQL, ('`', '`')),
            (LexicalRules::TSQL, ('[', ']')),
            (
                LexicalRules {
                    other_name_quotes: Some(('{', '}')),
                    ..LexicalRules::GENERIC
                },
                ('{', '}'),
            ),
        ] {
            let info = DialectInfo {
                name: "mine".into(),
                driver: "adbc".into(),
                lexical,
                names: NameRules {
                    quotes,
                    ..NameRules::default()
                },
                extra: vec![("flavour".into(), "odd".into())],
                ..DialectInfo::default()
            };
            let record: described::DialectInfo = info.to_record();
            assert_eq!(record.to_noun().unwrap(), info);
        }
    }

    #[test]
    fn a_description_that_contradicts_itself_is_refused_with_the_contradiction() {
        let pair = |open, close, doubled| described::IdentifierQuote { open, close, doubled };
        type Change = Box<dyn Fn(&mut described::DialectInfo)>;
        let cases: [(Change, &str); 6] = [
            (
                Box::new(|info| info.lexical.identifier_quotes.clear()),
                "no quotes around identifiers",
            ),
            (
                Box::new(|info| info.lexical.string_quotes = vec!['\'', '"']),
                "opens identifiers and strings",
            ),
            (
                Box::new(|info| {
                    info.lexical.identifier_quotes.retain(|quote| quote.open == '`');
                    info.lexical.string_quotes = vec!['"'];
                }),
                "strings do not begin with `'`",
            ),
            (
                Box::new(move |info| info.lexical.identifier_quotes = vec![pair('`', '`', false)]),
                "cannot be doubled",
            ),
            (
                Box::new(move |info| info.lexical.identifier_quotes = vec![pair('{', '}', true), pair('<', '>', true)]),
                "second pair",
            ),
            (
                Box::new(|info| info.features = vec![described::Feature::RecursiveCte]),
                "recursive CTEs",
            ),
        ];
        for (change, said) in cases {
            let refused = described(change).unwrap_err();
            assert!(
                refused.contains("`mine` contradicts itself") && refused.contains(said),
                "{refused}"
            );
        }
    }
}
