//! The profile's glossary laid over a catalog: what people call tables and columns.

use std::collections::BTreeMap;

use nl2sql_catalog::{Database, Table, Terms};
use nl2sql_profile::{ColumnTerms, TableTerms};

/// Why a glossary does not fit a catalog.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlossaryError {
    /// It names something that the database does not have.
    #[error("the database has no {what} `{name}`{}", .nearest.as_ref().map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default())]
    Unknown {
        /// `table` or `column`.
        what: &'static str,
        /// What is not there.
        name: String,
        /// What is there and is called likest.
        nearest: Option<String>,
    },
    /// It gives a term without a word.
    #[error("{place} is empty; write a word, or leave it out")]
    Empty {
        /// Which term.
        place: String,
    },
}

/// Fills in the terms of a catalog.
///
/// # Errors
/// When the glossary names what is not there, or says nothing where it has to.
pub fn apply_glossary(glossary: &BTreeMap<String, TableTerms>, catalog: &mut Database) -> Result<(), GlossaryError> {
    for (name, terms) in glossary {
        let index = catalog
            .tables
            .iter()
            .position(|table| table.name == *name || table.qualified_name() == *name)
            .ok_or_else(|| unknown("table", name, catalog.tables.iter().map(Table::qualified_name)))?;
        apply_to_table(name, terms, &mut catalog.tables[index])?;
    }
    Ok(())
}

fn apply_to_table(name: &str, terms: &TableTerms, table: &mut Table) -> Result<(), GlossaryError> {
    let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let missing = |column: &str| {
        let named = columns.iter().map(|known| format!("{name}.{known}"));
        unknown("column", &format!("{name}.{column}"), named)
    };
    if let Some(display) = &terms.display
        && !columns.contains(display)
    {
        return Err(missing(display));
    }
    table.terms = Terms {
        noun: terms.noun.clone(),
        plural: terms.plural.clone(),
        unit: BTreeMap::new(),
        synonyms: terms.synonyms.clone(),
        display: terms.display.clone(),
    };
    refuse_empty(name, &table.terms)?;
    for (column, terms) in &terms.columns {
        let found = table.columns.iter_mut().find(|known| known.name == *column);
        let found = found.ok_or_else(|| missing(column))?;
        found.terms = of_column(terms);
        refuse_empty(&format!("{name}.columns.{column}"), &found.terms)?;
    }
    Ok(())
}

fn of_column(terms: &ColumnTerms) -> Terms {
    Terms {
        noun: terms.noun.clone(),
        plural: terms.plural.clone(),
        unit: terms.unit.clone(),
        synonyms: terms.synonyms.clone(),
        display: None,
    }
}

fn refuse_empty(place: &str, terms: &Terms) -> Result<(), GlossaryError> {
    match terms
        .pairs()
        .into_iter()
        .find(|(_, words)| words.split('\n').any(|word| word.trim().is_empty()))
    {
        Some((term, _)) => Err(GlossaryError::Empty {
            place: format!("{place}: {term}"),
        }),
        None => Ok(()),
    }
}

fn unknown(what: &'static str, name: &str, known: impl Iterator<Item = String>) -> GlossaryError {
    let distance = |known: &String| strsim::damerau_levenshtein(&known.to_lowercase(), &name.to_lowercase());
    let nearest = known
        .min_by_key(distance)
        .filter(|nearest| 2 * distance(nearest) <= name.chars().count());
    GlossaryError::Unknown {
        what,
        name: name.to_owned(),
        nearest,
    }
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::Column;

    use super::*;

    fn shop() -> Database {
        let column = |name: &str| Column {
            name: name.into(),
            ..Column::default()
        };
        Database {
            tables: vec![Table {
                name: "customers".into(),
                columns: vec![column("id"), column("company"), column("credit")],
                ..Table::default()
            }],
            ..Database::default()
        }
    }

    fn applied(glossary: &str) -> Result<Database, String> {
        let glossary: BTreeMap<String, TableTerms> = serde_json::from_str(glossary).unwrap();
        let mut catalog = shop();
        apply_glossary(&glossary, &mut catalog).map_err(|error| error.to_string())?;
        Ok(catalog)
    }

    #[test]
    fn terms_reach_tables_and_columns() {
        let glossary = r#"{"customers": {"noun": {"en": "client"}, "display": "company",
            "columns": {"credit": {"noun": {"en": "credit limit"}, "unit": {"en": "dollars"}}}}}"#;
        let catalog = applied(glossary).unwrap();
        let table = &catalog.tables[0];
        assert_eq!(table.terms.noun["en"], "client");
        assert_eq!(table.terms.display.as_deref(), Some("company"));
        assert_eq!(table.column("credit").unwrap().terms.unit["en"], "dollars");
        assert!(table.column("id").unwrap().terms.is_empty());
        let commented = table.with_terms_in_comments();
        assert_eq!(commented.comment.as_deref(), Some("client"));
        assert_eq!(
            commented.columns[2].comment.as_deref(),
            Some("credit limit, in dollars")
        );
    }

    #[test]
    fn what_is_not_there_is_refused_by_name() {
        let refusals = [
            (r#"{"customer": {}}"#, "no table `customer`; did you mean `customers`?"),
            (r#"{"warehouse": {}}"#, "no table `warehouse`"),
            (
                r#"{"customers": {"display": "compny"}}"#,
                "no column `customers.compny`; did you mean `customers.company`?",
            ),
            (
                r#"{"customers": {"columns": {"debt": {}}}}"#,
                "no column `customers.debt`",
            ),
            (r#"{"customers": {"noun": {"en": " "}}}"#, "customers: noun.en is empty"),
        ];
        for (glossary, refusal) in refusals {
            let message = applied(glossary).unwrap_err();
            assert!(message.contains(refusal), "{message}");
        }
    }
}
