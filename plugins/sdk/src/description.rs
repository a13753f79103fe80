//! A dialect as data: what the host and other plugins have to know of it.

pub use crate::bindings::services::description::{
    Concatenation, DialectInfo, Feature, FunctionLists, GuardRules, IdentifierCase, IdentifierQuote, LexicalRules,
    LimitStyle, NameRules, NullOrder, Spelling,
};

impl DialectInfo {
    /// The SQL standard under a name, without features and functions: a beginning, of which an author states what differs.
    ///
    /// ```
    /// use nl2sql_sdk::description::{DialectInfo, Feature, LimitStyle, Spelling};
    ///
    /// let standard = DialectInfo::standard("mine", "adbc");
    /// let info = DialectInfo {
    ///     features: vec![Feature::Cte, Feature::Window],
    ///     spelling: Spelling { limit: LimitStyle::Limit, ..standard.spelling },
    ///     ..standard
    /// };
    /// assert_eq!(info.spelling.year, "EXTRACT(YEAR FROM {})");
    /// ```
    pub fn standard(name: &str, driver: &str) -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            name: name.to_owned(),
            aliases: Vec::new(),
            driver: driver.to_owned(),
            prompt_notes: Vec::new(),
            lexical: LexicalRules::standard(),
            names: NameRules {
                case: IdentifierCase::Ignored,
                letters_beyond_ascii: false,
                reserved: texts(STANDARD_RESERVED),
                ..NameRules::default()
            },
            features: Vec::new(),
            spelling: Spelling::standard(),
            functions: FunctionLists::default(),
            guard: GuardRules {
                query_words: texts(&["select", "with", "values"]),
                ..GuardRules::default()
            },
            extra: Vec::new(),
        }
    }
}

impl LexicalRules {
    /// Names in double quotes, strings in single ones, comments as everywhere.
    pub fn standard() -> Self {
        Self {
            identifier_quotes: vec![IdentifierQuote::doubled('"', '"')],
            string_quotes: vec!['\''],
            ..Self::default()
        }
    }
}

impl IdentifierQuote {
    /// Quotes of which two closing ones stand for one.
    pub fn doubled(open: char, close: char) -> Self {
        Self {
            open,
            close,
            doubled: true,
        }
    }
}

impl Spelling {
    /// As the SQL standard has it.
    pub fn standard() -> Self {
        Self {
            limit: LimitStyle::FetchFirst,
            concatenation: Concatenation::Pipes,
            nulls: NullOrder::Largest,
            true_literal: "TRUE".into(),
            false_literal: "FALSE".into(),
            national_prefix: String::new(),
            date_literal: "DATE '{}'".into(),
            year: "EXTRACT(YEAR FROM {})".into(),
            month: "EXTRACT(MONTH FROM {})".into(),
            date_parts_are_text: false,
            text_length: "char_length({})".into(),
            upper: "upper({})".into(),
            integer_average: "avg({})".into(),
        }
    }
}

/// Words that every database reserves.
const STANDARD_RESERVED: &[&str] = &[
    "all",
    "and",
    "any",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "cast",
    "check",
    "column",
    "constraint",
    "create",
    "cross",
    "current_date",
    "current_time",
    "current_timestamp",
    "default",
    "delete",
    "desc",
    "distinct",
    "drop",
    "else",
    "end",
    "except",
    "exists",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "in",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "join",
    "lateral",
    "left",
    "like",
    "limit",
    "natural",
    "not",
    "null",
    "offset",
    "on",
    "or",
    "order",
    "outer",
    "primary",
    "references",
    "right",
    "select",
    "set",
    "some",
    "table",
    "then",
    "to",
    "true",
    "union",
    "unique",
    "update",
    "user",
    "using",
    "values",
    "when",
    "where",
    "with",
];
