//! What people call tables and columns.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Terms of one table or column, by BCP 47 tag of the language. They come from the profile's glossary and from no database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// What one row or value is called.
    pub noun: BTreeMap<String, String>,
    /// What several are called.
    pub plural: BTreeMap<String, String>,
    /// What numbers of a column count, e.g. `dollars`.
    pub unit: BTreeMap<String, String>,
    /// Other words for the same.
    pub synonyms: BTreeMap<String, Vec<String>>,
    /// The column that names a row of a table.
    pub display: Option<String>,
}

impl Terms {
    /// Whether the glossary says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Nouns and synonyms in all languages, each once.
    pub fn words(&self) -> Vec<&str> {
        let mut words: Vec<&str> = Vec::new();
        let synonyms = self.synonyms.values().flatten();
        for word in self.noun.values().chain(synonyms) {
            if !words.contains(&word.as_str()) {
                words.push(word);
            }
        }
        words
    }

    /// Words and units as one text; `None` where there are none.
    pub fn text(&self) -> Option<String> {
        let units = self.unit.values().map(|unit| format!("in {unit}"));
        let parts: Vec<String> = self.words().into_iter().map(str::to_owned).chain(units).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// The terms as names and values, as plugins are told them: `noun.en`, `plural.en`, `unit.en`, `synonyms.en` (one a line) and `display`.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let of = |kind: &'static str, words: &BTreeMap<String, String>| {
            let named = words
                .iter()
                .map(move |(language, word)| (format!("{kind}.{language}"), word.clone()));
            named.collect::<Vec<_>>()
        };
        let synonyms = self
            .synonyms
            .iter()
            .map(|(language, words)| (format!("synonyms.{language}"), words.join("\n")));
        let display = self.display.iter().map(|column| ("display".to_owned(), column.clone()));
        of("noun", &self.noun)
            .into_iter()
            .chain(of("plural", &self.plural))
            .chain(of("unit", &self.unit))
            .chain(synonyms)
            .chain(display)
            .collect()
    }

    /// The comment with the terms behind it.
    pub(crate) fn behind(&self, comment: Option<&str>) -> Option<String> {
        let parts: Vec<String> = comment.map(str::to_owned).into_iter().chain(self.text()).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price() -> Terms {
        let of = |language: &str, word: &str| (language.to_owned(), word.to_owned());
        Terms {
            noun: BTreeMap::from([of("en", "price"), of("zh", "单价")]),
            unit: BTreeMap::from([of("en", "dollars")]),
            synonyms: BTreeMap::from([("en".to_owned(), vec!["cost".to_owned(), "price".to_owned()])]),
            ..Terms::default()
        }
    }

    #[test]
    fn terms_stand_behind_the_comment() {
        assert_eq!(price().text().as_deref(), Some("price, 单价, cost, in dollars"));
        assert_eq!(
            price().behind(Some("net")).as_deref(),
            Some("net; price, 单价, cost, in dollars")
        );
        assert_eq!(Terms::default().behind(None), None);
    }

    #[test]
    fn plugins_are_told_names_and_values() {
        let pairs = price().pairs();
        let told = |name: &str| {
            pairs
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
        };
        assert_eq!(told("noun.zh"), Some("单价"));
        assert_eq!(told("synonyms.en"), Some("cost\nprice"));
        assert_eq!(told("display"), None);
    }
}
