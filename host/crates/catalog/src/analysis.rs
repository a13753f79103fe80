//! What a dialect finds in one SQL text.

use serde::{Deserialize, Serialize};

use crate::{Difficulty, Finding};

/// A place in a SQL text; both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Position {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

/// Why a text is not a statement of the dialect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyntaxError {
    /// The reason, in one sentence.
    pub message: String,
    /// Where the parser stopped.
    pub position: Position,
}

/// What kind of statement a text is, without looking at names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementInfo {
    /// `select`, `values`, `insert`, `update`, `create-table`, `set`, ...; `select` covers WITH and set operations.
    pub kind: String,
    /// Whether it is exactly one SELECT/WITH/VALUES that can change nothing as far as its text shows.
    pub read_only: bool,
    /// Why it is not read-only, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Everything a dialect finds in one statement, names resolved against the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// Kind and read-only verdict.
    pub statement: StatementInfo,
    /// Query scopes, outermost first; a scope's id is its index.
    pub scopes: Vec<Scope>,
    /// Tables, views, CTEs and derived tables in the order they are written.
    pub tables: Vec<TableUse>,
    /// Column references in the order they are written.
    pub columns: Vec<ColumnUse>,
    /// Function names in lower case, without duplicates, in order of first use.
    pub functions: Vec<String>,
    /// Whether the outermost query has ORDER BY.
    pub ordered: bool,
    /// SQL features used, e.g. `join`, `group-by`, `having`, `window`, in a fixed order without duplicates.
    pub features: Vec<String>,
    /// Spider's hardness level.
    pub hardness: Difficulty,
    /// Names that do not resolve and other errors the engine would report when preparing the statement.
    pub findings: Vec<Finding>,
}

/// One query scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Enclosing scope.
    pub parent: Option<u32>,
    /// `query`, `cte`, `derived`, `subquery` or `operand`.
    pub kind: String,
}

/// Where the rows of a [`TableUse`] come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableSource {
    /// A table or view of the catalog.
    Catalog,
    /// A common table expression.
    Cte,
    /// A subquery in FROM.
    Derived,
    /// A table-valued function.
    Function,
    /// Nothing that is known.
    #[default]
    Unknown,
}

/// One table reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableUse {
    /// Name as the catalog spells it when it resolves, else as written.
    pub name: String,
    /// Schema as the catalog spells it, when it resolves to a table of the catalog that has one.
    pub schema: Option<String>,
    /// Alias.
    pub alias: Option<String>,
    /// Index of the scope it belongs to.
    pub scope: u32,
    /// Where its rows come from.
    pub source: TableSource,
    /// Where it is written.
    pub position: Position,
}

/// How a [`ColumnUse`] resolved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// A column of a table, CTE or derived table.
    Column,
    /// An alias of the select list.
    Alias,
    /// A pseudo-column such as rowid or ctid.
    Pseudo,
    /// More than one candidate.
    Ambiguous,
    /// No candidate.
    #[default]
    Unknown,
}

/// One column reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnUse {
    /// Name as the catalog spells it when it resolves, else as written; `*` for a star.
    pub name: String,
    /// Index into [`Analysis::tables`] of the table it resolved to.
    pub table: Option<u32>,
    /// Index of the scope it is written in.
    pub scope: u32,
    /// `select`, `from`, `where`, `group-by`, `having`, `window` or `order-by`.
    pub clause: String,
    /// How it resolved.
    pub resolution: Resolution,
    /// Where it is written.
    pub position: Position,
}
