//! A first glossary of a database: from names and comments, and from a language model where one is asked.

mod asked;
mod from_names;

use std::collections::BTreeMap;
use std::sync::Arc;

use nl2sql_catalog::Database;
use nl2sql_pipeline::{Dependencies, apply_glossary};
use nl2sql_profile::TableTerms;
use serde::Serialize;
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
    let mut text = String::new();
    for (name, terms) in glossary {
        let heading = format!("glossary.{}", key(name));
        let mut fields = fields(terms)?;
        fields.remove("columns");
        text += &section(&heading, &fields);
        for (column, terms) in &terms.columns {
            text += &section(&format!("{heading}.columns.{}", key(column)), &self::fields(terms)?);
        }
    }
    Ok(text)
}

/// What says something.
fn fields(terms: &impl Serialize) -> Result<toml::Table, AppError> {
    let mut fields = toml::Table::try_from(terms).map_err(|error| AppError::Failed(error.to_string()))?;
    fields.retain(|_, field| field.as_table().is_none_or(|words| !words.is_empty()));
    Ok(fields)
}

/// A section with its fields, one a line.
fn section(heading: &str, fields: &toml::Table) -> String {
    let fields: String = fields
        .iter()
        .map(|(name, field)| format!("{name} = {field}\n"))
        .collect();
    format!("[{heading}]\n{fields}\n")
}

/// A name as a key: in quotes where it has to be.
fn key(name: &str) -> String {
    let bare = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    match !name.is_empty() && name.chars().all(bare) {
        true => name.to_owned(),
        false => toml::Value::from(name).to_string(),
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
        let written = r#"{"customer list": {"noun": {"en": "client", "zh": "客户"}, "columns": {"credit": {"unit": {"en": "dollars"}}}}}"#;
        let glossary: Glossary = serde_json::from_str(written).unwrap();
        let text = glossary_text(&glossary).unwrap();
        assert!(text.contains("noun = { en = \"client\", zh = \"客户\" }"), "{text}");
        assert!(!text.contains("synonyms"), "{text}");
        let profile: toml::Table = toml::from_str(&text).unwrap();
        let read: Glossary = profile["glossary"].clone().try_into().unwrap();
        assert_eq!(read, glossary);
    }
}
