//! What sqlparser's hooks say of DuckDB; it is read as sqlparser's own DuckDB dialect where they say nothing.

use std::any::TypeId;

use nl2sql_sqlparser_dialect::sqlparser::ast::{BinaryOperator, DataType, Expr, UnaryOperator, Value};
use nl2sql_sqlparser_dialect::sqlparser::dialect::{Dialect, DuckDbDialect, Precedence};
use nl2sql_sqlparser_dialect::sqlparser::keywords::Keyword;
use nl2sql_sqlparser_dialect::sqlparser::parser::{Parser, ParserError};
use nl2sql_sqlparser_dialect::sqlparser::tokenizer::Token;

/// DuckDB's grammar.
#[derive(Debug, Default)]
pub struct Grammar;

macro_rules! has {
    ($($feature:ident)*) => { $(fn $feature(&self) -> bool { true })* };
}

impl Dialect for Grammar {
    fn dialect(&self) -> TypeId {
        TypeId::of::<DuckDbDialect>()
    }

    fn is_identifier_start(&self, c: char) -> bool {
        c.is_alphabetic() || c == '_' || !c.is_ascii()
    }

    fn is_identifier_part(&self, c: char) -> bool {
        self.is_identifier_start(c) || c.is_ascii_digit() || c == '$'
    }

    // As sqlparser has them.
    has! {
        supports_cte_materialization supports_trailing_commas supports_filter_during_aggregation supports_group_by_expr
        supports_bitwise_shift_operators supports_tilde_like_match_operator supports_aggregate_order_by_with_empty_args
        supports_comparison_in_between_low_bound supports_named_fn_args_with_eq_operator
        supports_named_fn_args_with_assignment_operator supports_dictionary_syntax support_map_literal_syntax
        supports_lambda_functions allow_extract_single_quotes supports_array_typedef_with_brackets supports_from_first_select
        supports_order_by_all supports_select_wildcard_exclude supports_notnull_operator supports_select_wildcard_replace
        supports_comma_separated_trim supports_numeric_literal_underscores supports_nested_comments
    }

    // What it leaves out.
    has! {
        supports_string_escape_constant supports_string_literal_concatenation_with_newline supports_lambda_keyword_syntax
        supports_named_fn_args_with_rarrow_operator supports_in_unparenthesized_expr supports_factorial_operator
        supports_select_wildcard_ilike supports_select_wildcard_rename supports_map_typedef_with_parentheses
        supports_select_expr_star supports_window_clause_named_window_reference allow_extract_custom
        supports_table_versioning supports_values_as_table_factor supports_select_wildcard_except supports_data_type_collation
    }

    fn supports_string_literal_column_alias(&self, explicit: bool) -> bool {
        explicit
    }

    fn supports_string_literal_table_alias(&self, explicit: bool) -> bool {
        explicit
    }

    fn is_column_alias(&self, word: &Keyword, _: &mut Parser) -> bool {
        !is_one(word, RESERVED) || is_one(word, BEGIN_EXPRESSIONS)
    }

    fn is_select_item_alias(&self, explicit: bool, word: &Keyword, _: &mut Parser) -> bool {
        explicit || (is_name(word) && !is_one(word, NEED_AS))
    }

    fn is_table_factor(&self, word: &Keyword, parser: &mut Parser) -> bool {
        is_name(word)
            || is_one(word, "lateral")
            || (parser.peek_token_ref().token == Token::LParen && is_one(word, OF_TYPES_AND_FUNCTIONS))
    }

    fn is_table_alias(&self, word: &Keyword, _: &mut Parser) -> bool {
        is_name(word)
    }

    fn is_reserved_for_identifier(&self, word: Keyword) -> bool {
        !is_name(&word) || is_one(&word, "interval exists trim")
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        let (first, next) = (&parser.peek_token_ref().token, &parser.peek_nth_token_ref(1).token);
        match (first, next) {
            (Token::AtSign, _) => {
                parser.advance_token();
                let operand = parser.parse_subexpr(self.prec_value(Precedence::PlusMinus));
                Some(operand.map(|operand| Expr::UnaryOp {
                    op: UnaryOperator::PGAbs,
                    expr: Box::new(operand),
                }))
            }
            (Token::LParen, Token::Word(word)) if word.keyword == Keyword::FROM => {
                parser.advance_token();
                let query = parser.parse_query();
                Some(query.and_then(|query| parser.expect_token(&Token::RParen).map(|_| Expr::Subquery(query))))
            }
            (Token::EscapedStringLiteral(text), _) => {
                let text = Value::EscapedStringLiteral(text.clone());
                parser.advance_token();
                Some(Ok(Expr::value(text)))
            }
            (Token::Word(word), next) if word.quote_style.is_none() => {
                let calls = *next == Token::LParen && is_one(&word.keyword, OF_TYPES_AND_FUNCTIONS);
                let measures_nothing = word.keyword == Keyword::INTERVAL
                    && matches!(next, Token::Word(unit) if is_one(&unit.keyword, NEED_AS));
                let begins = is_name(&word.keyword) || calls || is_one(&word.keyword, BEGIN_EXPRESSIONS);
                (!begins || measures_nothing).then(|| parser.expected("an expression", parser.peek_token()))
            }
            _ => None,
        }
    }

    fn parse_infix(&self, parser: &mut Parser, left: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
        let op = match parser.peek_token_ref().token {
            Token::Overlap => BinaryOperator::PGOverlap,
            Token::CaretAt => BinaryOperator::PGStartsWith,
            _ => return None,
        };
        parser.advance_token();
        let right = parser.parse_subexpr(precedence);
        Some(right.map(|right| Expr::BinaryOp {
            left: Box::new(left.clone()),
            op,
            right: Box::new(right),
        }))
    }

    fn parse_data_type(&self, parser: &mut Parser) -> Option<Result<DataType, ParserError>> {
        let is_reserved = matches!(&parser.peek_token_ref().token, Token::Word(word) if word.quote_style.is_none() && is_one(&word.keyword, RESERVED) && word.keyword != Keyword::UNION);
        is_reserved.then(|| parser.expected("a type", parser.peek_token()))
    }
}

/// Whether a word is a name without quotes.
fn is_name(word: &Keyword) -> bool {
    !is_one(word, RESERVED) && !is_one(word, OF_TYPES_AND_FUNCTIONS)
}

fn is_one(word: &Keyword, words: &str) -> bool {
    let written = format!("{word:?}");
    words
        .split_ascii_whitespace()
        .any(|known| known.eq_ignore_ascii_case(&written))
}

/// Words that are no names without quotes.
pub const RESERVED: &str = "all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing primary qualify references returning select show some summarize symmetric table then to trailing true union unique unpivot using variadic when where window with";

/// Those that begin expressions.
const BEGIN_EXPRESSIONS: &str = "all any array case cast default distinct false lambda not null some true";

/// Names of types and functions only.
const OF_TYPES_AND_FUNCTIONS: &str = "anti asof at authorization binary by collation concurrently cross freeze full glob ilike inner is isnull join left like natural notnull outer overlaps positional right semi similar tablesample unpack verbose";

/// Names that follow an expression only after AS.
const NEED_AS: &str = "centuries century day days decade decades escape exclude filter hour hours ignore microsecond microseconds millennium millisecond milliseconds minute minutes month months over precision quarter quarters rename replace respect second seconds varying week weeks within without year years";
