//! Descriptions of dialects that contradict themselves.

use std::collections::BTreeSet;

use crate::{DialectInfo, Feature};

/// Longest list of words that a description may hold; every statement is held against them.
const MAX_WORDS: usize = 20_000;

impl DialectInfo {
    /// What the description says that cannot all be true, in one sentence.
    pub fn contradiction(&self) -> Option<String> {
        self.names_contradiction()
            .or_else(|| self.quote_contradiction())
            .or_else(|| self.word_contradiction())
            .or_else(|| self.feature_contradiction())
            .or_else(|| self.spelling_contradiction())
            .or_else(|| self.extra_contradiction())
    }

    fn names_contradiction(&self) -> Option<String> {
        if self.name.trim().is_empty() {
            return Some("it has no name".into());
        }
        if self.driver.trim().is_empty() {
            return Some("it names no driver".into());
        }
        let twice = self
            .aliases
            .iter()
            .find(|alias| alias.eq_ignore_ascii_case(&self.name))?;
        Some(format!("`{twice}` is both its name and an alias"))
    }

    fn quote_contradiction(&self) -> Option<String> {
        let (open, close) = self.names.quotes;
        let is_word = |quote: char| quote.is_alphanumeric() || quote == '_' || quote.is_whitespace();
        if is_word(open) || is_word(close) {
            return Some(format!(
                "identifiers are quoted with `{open}` and `{close}`, which words and spaces are made of"
            ));
        }
        let separates = [open, close].iter().any(|quote| ";,().".contains(*quote));
        separates.then(|| format!("identifiers are quoted with `{open}` and `{close}`, which separate other things"))
    }

    fn word_contradiction(&self) -> Option<String> {
        let lists = [
            ("names.reserved", &self.names.reserved),
            ("names.keywords", &self.names.keywords),
            ("names.pseudo-columns", &self.names.pseudo_columns),
            ("functions.scalar", &self.functions.scalar),
            ("functions.aggregate", &self.functions.aggregate),
            ("functions.table", &self.functions.table),
            ("guard.query-words", &self.guard.query_words),
        ];
        for (list, words) in lists {
            if words.len() > MAX_WORDS {
                return Some(format!("{list} has more than {MAX_WORDS} words"));
            }
            if let Some(word) = words
                .iter()
                .find(|word| word.is_empty() || word.to_lowercase() != **word)
            {
                return Some(format!("{list} holds `{word}`, and its words are in lower case"));
            }
        }
        let keywords: BTreeSet<&str> = self.names.keywords.iter().map(String::as_str).collect();
        let unknown = self
            .names
            .reserved
            .iter()
            .find(|word| !keywords.contains(word.as_str()));
        if let (false, Some(word)) = (keywords.is_empty(), unknown) {
            return Some(format!("`{word}` is reserved and no keyword"));
        }
        if self.guard.query_words.is_empty() {
            return Some("guard.query-words is empty, so that no statement is a query".into());
        }
        let refused: BTreeSet<&str> = self
            .guard
            .refused_words
            .iter()
            .map(|(words, _)| words.as_str())
            .collect();
        let both = self
            .guard
            .query_words
            .iter()
            .find(|word| refused.contains(word.as_str()));
        if let Some(word) = both {
            return Some(format!("`{word}` begins queries and is refused in them"));
        }
        let allowed = self
            .functions
            .scalar
            .iter()
            .chain(&self.functions.aggregate)
            .chain(&self.functions.table);
        let functions: BTreeSet<&str> = self
            .guard
            .refused_functions
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        let both = allowed.into_iter().find(|name| functions.contains(name.as_str()))?;
        Some(format!("the function `{both}` may be called and is refused"))
    }

    fn feature_contradiction(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        if let Some(twice) = self.features.iter().find(|feature| !seen.insert(**feature)) {
            return Some(format!("it lists the feature {twice:?} twice"));
        }
        if self.has(Feature::RecursiveCte) && !self.has(Feature::Cte) {
            return Some("it has recursive CTEs and no CTEs".into());
        }
        let with = self.guard.query_words.iter().any(|word| word == "with");
        if self.has(Feature::Cte) && !with {
            return Some("it has CTEs, and `with` does not begin queries".into());
        }
        if self.has(Feature::Qualify) && !self.has(Feature::Window) {
            return Some("it has QUALIFY and no window functions".into());
        }
        None
    }

    fn spelling_contradiction(&self) -> Option<String> {
        let templates = self.spelling.templates();
        if let Some((name, template)) = templates
            .iter()
            .find(|(_, template)| template.matches("{}").count() != 1)
        {
            return Some(format!(
                "spelling.{name} is `{template}`, and a template holds `{{}}` once"
            ));
        }
        if self.spelling.true_literal == self.spelling.false_literal {
            return Some(format!(
                "true and false are both written `{}`",
                self.spelling.true_literal
            ));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FunctionLists, GuardRules, NameRules, Spelling};

    fn dialect() -> DialectInfo {
        DialectInfo {
            name: "mine".into(),
            driver: "adbc".into(),
            ..DialectInfo::default()
        }
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_description_that_can_be_true_has_no_contradiction() {
        assert_eq!(dialect().contradiction(), None);
        let full = DialectInfo {
            features: vec![Feature::Cte, Feature::RecursiveCte, Feature::Window, Feature::Qualify],
            aliases: words(&["my"]),
            ..dialect()
        };
        assert_eq!(full.contradiction(), None);
    }

    #[test]
    fn what_cannot_all_be_true_is_said() {
        let names = |names: NameRules| DialectInfo { names, ..dialect() };
        let guard = |guard: GuardRules| DialectInfo { guard, ..dialect() };
        let spelling = |spelling: Spelling| DialectInfo { spelling, ..dialect() };
        let features = |features: &[Feature]| DialectInfo {
            features: features.to_vec(),
            ..dialect()
        };
        let pair = |pattern: &str| vec![(pattern.to_owned(), "so".to_owned())];
        for (info, said) in [
            (
                DialectInfo {
                    name: String::new(),
                    ..dialect()
                },
                "no name",
            ),
            (
                DialectInfo {
                    driver: String::new(),
                    ..dialect()
                },
                "no driver",
            ),
            (
                DialectInfo {
                    aliases: words(&["MINE"]),
                    ..dialect()
                },
                "both its name and an alias",
            ),
            (
                names(NameRules {
                    quotes: ('a', 'a'),
                    ..NameRules::default()
                }),
                "quoted with `a`",
            ),
            (
                names(NameRules {
                    quotes: ('"', ';'),
                    ..NameRules::default()
                }),
                "separate other things",
            ),
            (
                names(NameRules {
                    reserved: words(&["Select"]),
                    ..NameRules::default()
                }),
                "lower case",
            ),
            (
                names(NameRules {
                    reserved: words(&["x"]),
                    keywords: words(&["y"]),
                    ..NameRules::default()
                }),
                "`x` is reserved and no keyword",
            ),
            (
                guard(GuardRules {
                    query_words: Vec::new(),
                    ..GuardRules::default()
                }),
                "no statement is a query",
            ),
            (
                guard(GuardRules {
                    refused_words: pair("select"),
                    ..GuardRules::default()
                }),
                "`select` begins queries",
            ),
            (
                DialectInfo {
                    functions: FunctionLists {
                        scalar: words(&["peek"]),
                        ..FunctionLists::default()
                    },
                    guard: GuardRules {
                        refused_functions: pair("peek"),
                        ..GuardRules::default()
                    },
                    ..dialect()
                },
                "`peek` may be called and is refused",
            ),
            (features(&[Feature::Window, Feature::Window]), "twice"),
            (features(&[Feature::RecursiveCte]), "recursive CTEs and no CTEs"),
            (features(&[Feature::Qualify]), "QUALIFY and no window functions"),
            (
                DialectInfo {
                    features: vec![Feature::Cte],
                    guard: GuardRules {
                        query_words: words(&["select"]),
                        ..GuardRules::default()
                    },
                    ..dialect()
                },
                "`with` does not begin queries",
            ),
            (
                spelling(Spelling {
                    year: "year()".into(),
                    ..Spelling::default()
                }),
                "spelling.year is `year()`",
            ),
            (
                spelling(Spelling {
                    false_literal: "TRUE".into(),
                    ..Spelling::default()
                }),
                "both written `TRUE`",
            ),
        ] {
            let found = info.contradiction().unwrap_or_default();
            assert!(found.contains(said), "{said}: {found}");
        }
    }
}
