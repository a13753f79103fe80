//! How a run's dialect writes things, told from its description of itself; no dialect is known by name.

use std::collections::BTreeSet;

use nl2sql_sdk::description::{DialectInfo, Feature, IdentifierCase, LimitStyle, NullOrder};
use nl2sql_sdk::types::PluginError;

use super::tree::{Condition, Expr, Rows, Select, SetOperator, Statement};

/// How a run's dialect spells things.
#[derive(Clone, Debug)]
pub struct Dialect {
    info: DialectInfo,
    /// In lower case.
    reserved: BTreeSet<String>,
    quotes: (char, char),
    string_quote: char,
}

impl Dialect {
    /// The dialect that `info` describes.
    ///
    /// # Errors
    /// A description that does not say how names and strings are quoted.
    pub fn new(info: &DialectInfo) -> Result<Self, PluginError> {
        let quotes = info.lexical.identifier_quotes.first();
        let (Some(quotes), Some(string_quote)) = (quotes, info.lexical.string_quotes.first()) else {
            return Err(PluginError::new(
                "undescribed-dialect",
                format!(
                    "the dialect `{}` does not say how names and strings are quoted",
                    info.name
                ),
            )
            .hint("update the dialect plugin, or choose another generator"));
        };
        Ok(Self {
            reserved: info.names.reserved.iter().cloned().collect(),
            quotes: (quotes.open, quotes.close),
            string_quote: *string_quote,
            info: info.clone(),
        })
    }

    /// `name` as an identifier, quoted only when it has to be.
    pub fn identifier(&self, name: &str) -> String {
        if self.is_plain(name) {
            return name.to_owned();
        }
        let (open, close) = self.quotes;
        format!("{open}{}{close}", name.replace(close, &format!("{close}{close}")))
    }

    fn is_plain(&self, name: &str) -> bool {
        let mut characters = name.chars();
        let starts = characters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
        let folds = match self.info.names.case {
            IdentifierCase::FoldsLower => name.chars().any(|character| character.is_ascii_uppercase()),
            IdentifierCase::FoldsUpper => name.chars().any(|character| character.is_ascii_lowercase()),
            IdentifierCase::Ignored | IdentifierCase::Kept => false,
        };
        starts
            && !folds
            && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
            && !self.reserved.contains(&name.to_ascii_lowercase())
    }

    /// `text` as a string constant.
    pub fn string(&self, text: &str) -> String {
        let quote = self.string_quote;
        let mut quoted = text.replace(quote, &format!("{quote}{quote}"));
        if self.info.lexical.backslash_escapes {
            quoted = quoted.replace('\\', "\\\\");
        }
        let prefix = if text.is_ascii() {
            ""
        } else {
            &self.info.spelling.national_prefix
        };
        format!("{prefix}{quote}{quoted}{quote}")
    }

    /// Grouping by a primary key lets the other columns of its table be selected.
    pub fn key_determines_row(&self) -> bool {
        self.has(Feature::KeyDeterminesRow)
    }

    /// How the first rows are asked for.
    pub fn limit(&self) -> LimitStyle {
        self.info.spelling.limit
    }

    /// What makes NULL, which is sorted first where the order descends, come last.
    pub fn nulls_last_descending(&self) -> &'static str {
        let first = matches!(self.info.spelling.nulls, NullOrder::Largest | NullOrder::First);
        if first && self.has(Feature::NullsOrder) {
            " NULLS LAST"
        } else {
            ""
        }
    }

    /// A truth value.
    pub fn boolean(&self, value: bool) -> &str {
        if value {
            &self.info.spelling.true_literal
        } else {
            &self.info.spelling.false_literal
        }
    }

    /// A date, `YYYY-MM-DD`.
    pub fn date(&self, date: &str) -> String {
        filled(&self.info.spelling.date_literal, date)
    }

    /// Year of an expression.
    pub fn year(&self, of: &str) -> String {
        filled(&self.info.spelling.year, of)
    }

    /// Month of an expression.
    pub fn month(&self, of: &str) -> String {
        filled(&self.info.spelling.month, of)
    }

    /// Years and months are texts.
    pub fn date_parts_are_text(&self) -> bool {
        self.info.spelling.date_parts_are_text
    }

    /// Characters of an expression.
    pub fn text_length(&self, of: &str) -> String {
        filled(&self.info.spelling.text_length, of)
    }

    /// An expression in upper case.
    pub fn upper(&self, of: &str) -> String {
        filled(&self.info.spelling.upper, of)
    }

    /// Average of an expression that may be an integer.
    pub fn average(&self, of: &str) -> String {
        filled(&self.info.spelling.integer_average, of)
    }

    /// Whether the dialect has all that a statement is made of.
    pub fn can_say(&self, statement: &Statement) -> bool {
        let ctes = statement.ctes.is_empty() || self.has(Feature::Cte);
        ctes && statement.ctes.iter().all(|(_, select)| self.can_select(select)) && self.can_select(&statement.body)
    }

    fn has(&self, feature: Feature) -> bool {
        self.info.features.contains(&feature)
    }

    fn can_select(&self, select: &Select) -> bool {
        let combined = select.combined.as_ref().is_none_or(|(operator, right)| {
            let named = *operator == SetOperator::Union || self.has(Feature::IntersectAndExcept);
            named && self.can_select(right)
        });
        let from = select.from.iter().all(|source| match &source.rows {
            Rows::Derived(inner, _) => self.can_select(inner),
            Rows::Table(_) | Rows::Cte(_) => true,
        });
        combined
            && from
            && select.items.iter().all(|(expr, _)| self.can_compute(expr))
            && select.order.iter().all(|order| self.can_compute(&order.by))
            && select
                .filter
                .iter()
                .chain(&select.having)
                .all(|condition| self.can_ask(condition))
            && (self.has(Feature::CorrelatedSubqueries) || !select.is_correlated())
    }

    fn can_compute(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Window(_) => self.has(Feature::Window),
            Expr::Scalar(select) => self.can_select(select),
            Expr::Aggregate(_, of) => self.can_compute(of),
            Expr::Minus(left, right) | Expr::Times(left, right) => self.can_compute(left) && self.can_compute(right),
            Expr::Case(condition, ..) => self.can_ask(condition),
            _ => true,
        }
    }

    fn can_ask(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Compare(left, _, right) => self.can_compute(left) && self.can_compute(right),
            Condition::In(expr, select, _) => self.can_compute(expr) && self.can_select(select),
            Condition::Exists(select, _) => self.can_select(select),
            Condition::All(parts) | Condition::Any(parts) => parts.iter().all(|part| self.can_ask(part)),
            Condition::Between(expr, ..) | Condition::Like(expr, ..) | Condition::Null(expr, _) => {
                self.can_compute(expr)
            }
        }
    }
}

fn filled(template: &str, operand: &str) -> String {
    template.replace("{}", operand)
}

#[cfg(test)]
mod tests {
    use nl2sql_sql::Dialect as BuiltIn;
    use nl2sql_sql::guest::describe;

    use super::*;

    fn dialect(dialect: BuiltIn) -> Dialect {
        Dialect::new(&describe(dialect)).unwrap()
    }

    #[test]
    fn a_dialect_that_does_not_describe_itself_is_refused_by_name() {
        let info = DialectInfo {
            name: "oracle".to_owned(),
            ..DialectInfo::default()
        };
        let error = Dialect::new(&info).unwrap_err();
        assert_eq!(error.code, "undescribed-dialect");
        assert!(error.message.contains("`oracle`"), "{}", error.message);
    }

    #[test]
    fn identifiers_are_quoted_only_when_needed() {
        assert_eq!(dialect(BuiltIn::Sqlite).identifier("Stadium_ID"), "Stadium_ID");
        assert_eq!(dialect(BuiltIn::Postgres).identifier("Stadium_ID"), "\"Stadium_ID\"");
        assert_eq!(dialect(BuiltIn::Mysql).identifier("order"), "`order`");
        assert_eq!(dialect(BuiltIn::Tsql).identifier("unit price"), "[unit price]");
        assert_eq!(dialect(BuiltIn::Sqlite).identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(dialect(BuiltIn::Tsql).identifier("a]b"), "[a]]b]");
        let upper = DialectInfo {
            names: nl2sql_sdk::description::NameRules {
                case: IdentifierCase::FoldsUpper,
                ..Default::default()
            },
            ..DialectInfo::standard("upper", "adbc")
        };
        assert_eq!(Dialect::new(&upper).unwrap().identifier("stadium"), "\"stadium\"");
        assert_eq!(Dialect::new(&upper).unwrap().identifier("STADIUM"), "STADIUM");
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(dialect(BuiltIn::Sqlite).string("O'Brien"), "'O''Brien'");
        assert_eq!(dialect(BuiltIn::Mysql).string("a\\b"), "'a\\\\b'");
        assert_eq!(dialect(BuiltIn::Tsql).string("华东"), "N'华东'");
    }
}
