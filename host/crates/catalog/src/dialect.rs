//! What a dialect plugin says about itself and about the database it speaks to.

use nl2sql_sql_lexer::LexicalRules;
use serde::{Deserialize, Serialize};

/// A dialect's description of itself: what everybody has to know of it who reads or writes its SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialectInfo {
    /// Canonical name, e.g. `postgres`.
    pub name: String,
    /// Other names it answers to, e.g. `postgresql`, `pg`.
    pub aliases: Vec<String>,
    /// Driver that reaches its databases, e.g. `postgres` or `adbc`.
    pub driver: String,
    /// Notes on the dialect for the prompt of a language model, one sentence each.
    pub prompt_notes: Vec<String>,
    /// How a text is cut into tokens.
    pub lexical: LexicalRules,
    /// Identifiers.
    pub names: NameRules,
    /// What queries may have.
    pub features: Vec<Feature>,
    /// How things are written.
    pub spelling: Spelling,
    /// Functions by what they are.
    pub functions: FunctionLists,
    /// What makes a query more than a query.
    pub guard: GuardRules,
    /// Names and values that the host passes on without looking at them.
    pub extra: Vec<(String, String)>,
}

impl Default for DialectInfo {
    /// Standard SQL without a name.
    fn default() -> Self {
        Self {
            name: String::new(),
            aliases: Vec::new(),
            driver: String::new(),
            prompt_notes: Vec::new(),
            lexical: LexicalRules::GENERIC,
            names: NameRules::default(),
            features: Vec::new(),
            spelling: Spelling::default(),
            functions: FunctionLists::default(),
            guard: GuardRules::default(),
            extra: Vec::new(),
        }
    }
}

impl DialectInfo {
    /// Whether queries may have a feature.
    pub fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// Whether the dialect goes by this name, in any case.
    pub fn answers_to(&self, name: &str) -> bool {
        let names = std::iter::once(&self.name).chain(&self.aliases);
        names.into_iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// Identifiers of a dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRules {
    /// Opening and closing quote to write.
    pub quotes: (char, char),
    /// What the engine makes of an identifier without quotes.
    pub case: IdentifierCase,
    /// Letters beyond ASCII need no quotes.
    pub letters_beyond_ascii: bool,
    /// Words that cannot name a table or column without quotes, in lower case.
    pub reserved: Vec<String>,
    /// Words that mean something in queries, in lower case; empty where the list is not known.
    pub keywords: Vec<String>,
    /// Columns that tables have and no catalog lists, in lower case.
    pub pseudo_columns: Vec<String>,
    /// A name in double quotes that nothing has is taken for a string.
    pub unknown_quoted_names_are_strings: bool,
}

impl Default for NameRules {
    fn default() -> Self {
        Self {
            quotes: ('"', '"'),
            case: IdentifierCase::default(),
            letters_beyond_ascii: false,
            reserved: Vec::new(),
            keywords: Vec::new(),
            pseudo_columns: Vec::new(),
            unknown_quoted_names_are_strings: false,
        }
    }
}

/// What an engine makes of an identifier without quotes, and how it compares names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdentifierCase {
    /// Folded to lower case; quoted names keep theirs, and case tells names apart.
    FoldsLower,
    /// Folded to upper case; quoted names keep theirs, and case tells names apart.
    FoldsUpper,
    /// Case is kept and tells no names apart.
    #[default]
    Ignored,
    /// Case is kept and tells names apart.
    Kept,
}

/// What queries of a dialect may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// WITH.
    Cte,
    /// WITH RECURSIVE.
    RecursiveCte,
    /// Functions with OVER.
    Window,
    /// INTERSECT and EXCEPT, under these names.
    IntersectAndExcept,
    /// FULL JOIN.
    FullJoin,
    /// ORDER BY and GROUP BY take positions in the select list.
    Ordinals,
    /// GROUP BY takes aliases of the select list.
    GroupByAlias,
    /// NULLS FIRST and NULLS LAST.
    NullsOrder,
    /// Grouping by a primary key lets the other columns of its table be selected.
    KeyDeterminesRow,
    /// LATERAL subqueries in FROM.
    Lateral,
    /// QUALIFY.
    Qualify,
    /// A condition may compare with a subquery that refers to the enclosing query.
    CorrelatedSubqueries,
}

/// How a dialect limits a result to its first rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LimitStyle {
    /// `LIMIT n`.
    Limit,
    /// `SELECT TOP n`.
    Top,
    /// `FETCH FIRST n ROWS ONLY`.
    #[default]
    FetchFirst,
}

/// How a dialect puts strings together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Concatenation {
    /// `a || b`.
    #[default]
    Pipes,
    /// `a + b`.
    Plus,
    /// `concat(a, b)`; `||` is something else.
    ConcatFunction,
}

/// Where NULL stands in ascending order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NullOrder {
    /// First, last when descending.
    Smallest,
    /// Last, first when descending.
    #[default]
    Largest,
    /// First in either direction.
    First,
    /// Last in either direction.
    Last,
}

/// How a dialect writes things. In a template, `{}` stands for the operand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// The first rows of a result.
    pub limit: LimitStyle,
    /// Strings put together.
    pub concatenation: Concatenation,
    /// Where NULL is sorted.
    pub nulls: NullOrder,
    /// True.
    pub true_literal: String,
    /// False.
    pub false_literal: String,
    /// Stands before a string with characters beyond ASCII; empty for nothing.
    pub national_prefix: String,
    /// A date literal over `YYYY-MM-DD`.
    pub date_literal: String,
    /// Year of a date.
    pub year: String,
    /// Month of a date.
    pub month: String,
    /// Years and months are texts of four and two digits rather than numbers.
    pub date_parts_are_text: bool,
    /// Number of characters.
    pub text_length: String,
    /// Upper case.
    pub upper: String,
    /// Average that keeps its decimals where the operand is an integer.
    pub integer_average: String,
}

impl Default for Spelling {
    /// As the SQL standard has it.
    fn default() -> Self {
        Self {
            limit: LimitStyle::default(),
            concatenation: Concatenation::default(),
            nulls: NullOrder::default(),
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

impl Spelling {
    /// The templates, each with its name in the contract.
    pub fn templates(&self) -> [(&'static str, &str); 6] {
        [
            ("date-literal", &self.date_literal),
            ("year", &self.year),
            ("month", &self.month),
            ("text-length", &self.text_length),
            ("upper", &self.upper),
            ("integer-average", &self.integer_average),
        ]
    }
}

/// Functions of a dialect, in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionLists {
    /// Functions that queries may call.
    pub scalar: Vec<String>,
    /// Functions that take many rows.
    pub aggregate: Vec<String>,
    /// Functions that stand for tables.
    pub table: Vec<String>,
}

/// What makes a query more than a query, for a guard that reads words and no grammar; patterns come with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardRules {
    /// Words a query begins with, in lower case.
    pub query_words: Vec<String>,
    /// Words in a row that are refused wherever they stand bare.
    pub refused_words: Vec<(String, String)>,
    /// Functions that may not be called; `*` stands for any characters.
    pub refused_functions: Vec<(String, String)>,
    /// Relations that may not be read, `name` or `schema.name`; `*` stands for any characters.
    pub refused_relations: Vec<(String, String)>,
}

impl Default for GuardRules {
    fn default() -> Self {
        Self {
            query_words: ["select", "with", "values"].map(str::to_owned).into(),
            refused_words: Vec::new(),
            refused_functions: Vec::new(),
            refused_relations: Vec::new(),
        }
    }
}

/// The server a dialect writes its catalog queries for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// Driver in use.
    pub driver: String,
    /// Version string as the server reports it.
    pub version: String,
    /// Database connected to.
    pub database: String,
    /// Schemas asked for; empty means the default schema of the login.
    pub schemas: Vec<String>,
}

/// One bulk catalog query; its `section` fixes the columns it must return (see `wit/`, interface `dialect`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogQuery {
    /// `tables`, `columns`, `keys`, `foreign-keys` or `checks`.
    pub section: String,
    /// The query.
    pub sql: String,
}
