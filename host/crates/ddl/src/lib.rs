//! Scripts of CREATE statements, read into the rows of a catalog.
//!
//! ```
//! use nl2sql_catalog::DialectInfo;
//! use nl2sql_ddl::ScriptRules;
//!
//! let script = "CREATE TABLE shop (id INT PRIMARY KEY, city VARCHAR(40) COMMENT 'where it is');";
//! let rules = ScriptRules::of(&DialectInfo::default());
//! let catalog = nl2sql_ddl::read(script, "schema.sql", &rules)?;
//! let (section, rows) = &catalog.sections[1];
//! assert_eq!((*section, rows.len()), ("columns", 2));
//! # Ok::<(), nl2sql_ddl::DdlError>(())
//! ```
//!
//! A script is cut into statements by the lexical rules of its dialect; what declares tables, views, types and comments is parsed by
//! `sqlparser`, and everything else (data, routines, grants) is passed over. A declaration that does not parse is noted with its line, and the
//! rest is read.

mod alter_table;
mod catalog;
mod column;
mod extended_property;
mod flavor;
mod script;
mod statement;
pub mod table_text;
mod type_name;
mod unknown_words;
mod view_columns;

pub use catalog::{CatalogRow, DdlCatalog};
pub use flavor::{ScriptRules, grammars};

use nl2sql_catalog::dialect_extra::SCRIPT_GRAMMAR;

/// Why a script gives no catalog.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DdlError {
    /// The dialect names a grammar that there is not.
    #[error(
        "the dialect `{dialect}` says that its scripts are written like `{grammar}`'s, and there are only {known}; correct `{SCRIPT_GRAMMAR}` in its description"
    )]
    UnknownGrammar {
        /// The dialect.
        dialect: String,
        /// What it names.
        grammar: String,
        /// What there is.
        known: String,
    },
    /// No statement declares a table or view.
    #[error("{place} declares no table or view{}", first_fault(.faults))]
    Empty {
        /// The file.
        place: String,
        /// Declarations that could not be read.
        faults: Vec<String>,
    },
}

fn known_grammars() -> String {
    grammars().collect::<Vec<_>>().join(", ")
}

fn first_fault(faults: &[String]) -> String {
    faults.first().map_or_else(
        || "; check the path and the dialect".to_owned(),
        |fault| format!(" that can be read; the first of {} that cannot: {fault}", faults.len()),
    )
}

/// Reads a script. `place` names it in notes.
///
/// # Errors
/// When the grammar is unknown, or nothing in the script can be read.
pub fn read(script: &str, place: &str, rules: &ScriptRules) -> Result<DdlCatalog, DdlError> {
    let mut faults = Vec::new();
    if rules.grammar.is_none() {
        faults.push(format!(
            "{place} is read as standard SQL: the dialect `{}` does not say whose CREATE statements it has (`{SCRIPT_GRAMMAR}` in its description; there are {})",
            rules.dialect,
            known_grammars()
        ));
    }
    let flavor = rules.flavor().ok_or_else(|| DdlError::UnknownGrammar {
        dialect: rules.dialect.clone(),
        grammar: rules.grammar.clone().unwrap_or_default(),
        known: known_grammars(),
    })?;
    let mut builder = catalog::Builder::new(&flavor);
    for statement in script::statements(&script::without_client_lines(script, &flavor), &flavor) {
        if let Err(fault) = statement::apply(&statement, &flavor, &mut builder) {
            faults.push(format!(
                "{place}:{}: {}; the statement is left out",
                fault.line, fault.reason
            ));
        }
    }
    if builder.is_empty() {
        return Err(DdlError::Empty {
            place: place.to_owned(),
            faults,
        });
    }
    Ok(builder.finish(faults))
}
