//! A first glossary of a database: from names and comments, and from a language model where one is asked.

mod asked;
mod from_names;

use std::collections::BTreeMap;
use std::sync::Arc;

use nl2sql_catalog::Database;
use nl2sql_pipeline::{Dependencies, apply_glossary};
use nl2sql_profile::TableTerms;
use tokio_util::sync::CancellationToken;

use crate::{AppError, RunDependencies, Session};

/// Terms by table.
pub type Glossary = BTreeMap<String, TableTerms>;

/// Drafts the glossary of the session's database in the languages that the profile asks questions in. What the profile's glossary says
/// already stays as it is. With `ask`, the profile's language model is told names, types and comments, and no values.
///
/// # Errors
/// When the database or the language model does not answer, or the profile's glossary does not fit the database.
pub fn draft_glossary(session: &Arc<Session>, ask: bool) -> Result<Glossary, AppError> {
    let cancel = CancellationToken::new();
    let dependencies = RunDependencies::new(session.clone(), cancel.clone());
    let (mut catalog, _) = dependencies.source()?.catalog()?;
    let profile = session.profile();
    apply_glossary(&profile.glossary, &mut catalog).map_err(|error| AppError::Usage(format!("glossary: {error}")))?;
    let languages: Vec<String> = profile.generate.languages.keys().cloned().collect();
    let mut draft = from_names::draft(&catalog, &languages);
    if ask {
        let client = session.language_model(cancel)?;
        asked::add_terms(session, &client, &catalog, &languages, &mut draft)?;
    }
    lay_over(&profile.glossary, &catalog, &mut draft);
    Ok(draft)
}

/// The glossary as a part of a profile.
///
/// # Errors
/// When it cannot be written as TOML, which names and words always can.
pub fn glossary_text(glossary: &Glossary) -> Result<String, AppError> {
    let sparse = without_empty(serde_json::to_value(glossary).map_err(|error| AppError::Failed(error.to_string()))?);
    let mut profile = toml::Table::new();
    let terms = toml::Value::try_from(sparse).map_err(|error| AppError::Failed(error.to_string()))?;
    profile.insert("glossary".into(), terms);
    Ok(profile.to_string())
}

/// Without what says nothing, so that a draft is short.
fn without_empty(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, field)| (name, without_empty(field)));
            Value::Object(fields.filter(|(_, field)| !says_nothing(field)).collect())
        }
        other => other,
    }
}

fn says_nothing(value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Puts what somebody wrote in place of what was drafted.
fn lay_over(written: &Glossary, catalog: &Database, draft: &mut Glossary) {
    for (name, terms) in written {
        let Some(table) = catalog.table(name) else { continue };
        let drafted = draft.entry(table.qualified_name()).or_default();
        drafted.noun.extend(terms.noun.clone());
        drafted.plural.extend(terms.plural.clone());
        drafted.synonyms.extend(terms.synonyms.clone());
        if terms.display.is_some() {
            drafted.display.clone_from(&terms.display);
        }
        for (column, terms) in &terms.columns {
            let drafted = drafted.columns.entry(column.clone()).or_default();
            drafted.noun.extend(terms.noun.clone());
            drafted.plural.extend(terms.plural.clone());
            drafted.unit.extend(terms.unit.clone());
            drafted.synonyms.extend(terms.synonyms.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_a_part_of_a_profile() {
        let written = r#"{"customers": {"noun": {"en": "client", "zh": "客户"}, "columns": {"credit": {"unit": {"en": "dollars"}}}}}"#;
        let glossary: Glossary = serde_json::from_str(written).unwrap();
        let text = glossary_text(&glossary).unwrap();
        assert!(text.contains("[glossary.customers.noun]") && text.contains("zh = \"客户\""), "{text}");
        assert!(!text.contains("synonyms"), "{text}");
        let profile: toml::Table = toml::from_str(&text).unwrap();
        let read: Glossary = profile["glossary"].clone().try_into().unwrap();
        assert_eq!(read, glossary);
    }
}
