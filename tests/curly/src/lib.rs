//! A dialect that no database speaks: names in curly brackets, FETCH FIRST, no WITH, `||` for OR. Its catalog is that of an SQLite file.

use nl2sql_sdk::description::{
    Concatenation, DialectInfo, Feature, GuardRules, IdentifierQuote, LexicalRules, LimitStyle, NameRules, Spelling,
};
use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sqlparser_dialect::sqlparser::dialect::GenericDialect;
use nl2sql_sqlparser_dialect::sqlparser::keywords::Keyword;
use nl2sql_sqlparser_dialect::sqlparser::tokenizer::{Span, Token, TokenWithSpan, Word};
use nl2sql_sqlparser_dialect::{Guest, SqlparserDialect};

struct Curly;

impl SqlparserDialect for Curly {
    type Grammar = GenericDialect;

    fn info() -> DialectInfo {
        let standard = DialectInfo::standard("curly", "sqlite");
        DialectInfo {
            lexical: LexicalRules {
                identifier_quotes: vec![IdentifierQuote::doubled('{', '}')],
                ..standard.lexical
            },
            names: NameRules {
                reserved: ["sales", "select", "from", "where", "order", "group"]
                    .map(str::to_owned)
                    .into(),
                ..standard.names
            },
            features: vec![Feature::IntersectAndExcept, Feature::CorrelatedSubqueries],
            spelling: Spelling {
                limit: LimitStyle::FetchFirst,
                concatenation: Concatenation::ConcatFunction,
                year: "year_of({})".into(),
                text_length: "how_long({})".into(),
                ..standard.spelling
            },
            guard: GuardRules {
                query_words: ["select"].map(str::to_owned).into(),
                ..standard.guard
            },
            ..standard
        }
    }

    fn catalog_queries(_: &ServerInfo) -> Vec<(&'static str, String)> {
        let tables = "SELECT NULL, name, type, NULL, NULL FROM sqlite_schema WHERE type IN ('table', 'view')";
        let columns = "SELECT NULL, t.name, c.cid + 1, c.name, c.type, 1 - c.\"notnull\", c.dflt_value, NULL, 0, 0, NULL, NULL \
                       FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type IN ('table', 'view')";
        let keys = "SELECT NULL, t.name, 'key', 'primary', c.pk, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE c.pk > 0";
        let foreign_keys = "SELECT NULL, t.name, f.id, f.seq + 1, f.\"from\", NULL, f.\"table\", f.\"to\" \
                            FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS f";
        [
            ("tables", tables),
            ("columns", columns),
            ("keys", keys),
            ("foreign-keys", foreign_keys),
        ]
        .map(|(section, sql)| (section, sql.to_owned()))
        .into()
    }

    /// sqlparser has no hook for brackets like these, nor for `||` as OR.
    fn prepare(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
        let mut prepared: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
        let mut name: Option<(String, Span)> = None;
        for token in tokens {
            match (&mut name, &token.token) {
                (Some((text, span)), Token::RBrace) => {
                    let word = Token::Word(Word {
                        value: std::mem::take(text),
                        quote_style: Some('"'),
                        keyword: Keyword::NoKeyword,
                    });
                    let span = Span::new(span.start, token.span.end);
                    prepared.push(TokenWithSpan::new(word, span));
                    name = None;
                }
                (Some((text, _)), inside) => text.push_str(&inside.to_string()),
                (None, Token::LBrace) => name = Some((String::new(), token.span)),
                (None, Token::StringConcat) => prepared.push(TokenWithSpan::new(Token::make_keyword("OR"), token.span)),
                (None, _) => prepared.push(token),
            }
        }
        // A name without end stays a bracket, which no statement can hold.
        prepared.extend(name.map(|(_, span)| TokenWithSpan::new(Token::LBrace, span)));
        prepared
    }
}

nl2sql_sdk::register!(dialect: Guest<Curly>);
