//! `[glossary]`

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What people call a table and its columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TableTerms {
    /// What one row is called, by BCP 47 tag of the language.
    pub noun: BTreeMap<String, String>,
    /// What several rows are called, where that is not the usual plural.
    pub plural: BTreeMap<String, String>,
    /// Other words for the same, by language.
    pub synonyms: BTreeMap<String, Vec<String>>,
    /// The column that names a row.
    pub display: Option<String>,
    /// Terms of its columns, by their names.
    pub columns: BTreeMap<String, ColumnTerms>,
}

/// What people call a column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnTerms {
    /// What it is called, by BCP 47 tag of the language.
    pub noun: BTreeMap<String, String>,
    /// What several of its values are called, where that is not the usual plural.
    pub plural: BTreeMap<String, String>,
    /// What its numbers count, by language, e.g. `dollars`.
    pub unit: BTreeMap<String, String>,
    /// Other words for the same, by language.
    pub synonyms: BTreeMap<String, Vec<String>>,
}
