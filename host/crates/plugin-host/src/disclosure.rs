//! What a plugin that can read rows may say.
//!
//! Rows reach a guest through the service `query`, and a dialect through the catalog queries that it writes. Whatever such a guest says in words
//! could hold them, and words travel: into prompts, exports, logs and reports, past `[privacy]`. So the host lets through what was fixed before
//! the guest saw a row (codes and sentences of its manifest), what the host knows anyway (names of the catalog, positions in the statement),
//! and nothing else, unless the profile grants [`DISCLOSE_ROWS`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use nl2sql_catalog::{Database, Finding, Outcome, Position, RowScore, Sample, Span};

use crate::artifact::Artifact;
use crate::error::{Failure, LoadError, Refusal};
use crate::grants::Grants;
use crate::kind::Kind;

/// The grant that lets a plugin say in words what it read from rows.
pub const DISCLOSE_ROWS: &str = "disclose-rows";

/// Most findings on one sample that a plugin which reads rows may have.
const MAX_FINDINGS: usize = 16;

/// Codes that the contract gives a meaning, with the host's words for them.
const KNOWN_CODES: [(&str, &str); 10] = [
    ("empty-result", "the statement returns no rows"),
    ("empty-value", "the statement returns nothing but zero or NULL"),
    (
        "tied-rows",
        "LIMIT keeps some of several rows that share the last place",
    ),
    ("refused", "the statement was refused before it ran"),
    ("timeout", "the statement took longer than its time limit"),
    ("failed", "the engine refused the statement"),
    ("unavailable", "a service is not available"),
    ("budget", "a budget is spent"),
    ("cancelled", "the run was stopped"),
    (BAD_OPTIONS, "it does not accept its options"),
];

/// Code with which a plugin refuses its options; it says so before it reads anything.
pub const BAD_OPTIONS: &str = "bad-options";

/// Layers of the product's own validators.
const KNOWN_LAYERS: [&str; 3] = ["syntax", "schema", "execution"];

/// Outcomes of a comparison, which the host found itself.
const OUTCOMES: [Outcome; 7] = [
    Outcome::Match,
    Outcome::Mismatch,
    Outcome::EmptyMatch,
    Outcome::GoldError,
    Outcome::PredictionError,
    Outcome::Timeout,
    Outcome::Refused,
];

/// Stands for a text that is not passed on.
const WITHHELD: &str = "withheld";

/// How freely a plugin may speak.
#[derive(Debug)]
pub(crate) enum Disclosure {
    /// It has read no row, or the profile lets it tell.
    Free,
    /// It may have read rows: codes of its manifest pass, words do not.
    Coded(Coded),
}

/// The codes of a plugin that can read rows.
#[derive(Debug)]
pub(crate) struct Coded {
    plugin: String,
    codes: BTreeMap<String, String>,
    /// Whether the log was told that messages are withheld.
    told: AtomicBool,
}

impl Disclosure {
    /// The rule for a plugin that uses `services`. Refuses those whose work is words that leave.
    pub(crate) fn of(artifact: &Artifact, grants: &Grants, services: &BTreeSet<String>) -> Result<Self, LoadError> {
        let manifest = &artifact.manifest;
        if !services.contains("query") || grants.disclose_rows() {
            return Ok(Self::Free);
        }
        let way = match manifest.kind {
            _ if services.contains("llm") => "asks a language model",
            Kind::Generator => "writes the pairs that are exported",
            _ => {
                return Ok(Self::Coded(Coded {
                    plugin: manifest.name.clone(),
                    codes: manifest.codes.clone(),
                    told: AtomicBool::new(false),
                }));
            }
        };
        Err(LoadError::RowsWouldLeave {
            plugin: manifest.name.clone(),
            way,
            line: grants.line_with(DISCLOSE_ROWS),
        })
    }

    /// Whether words are withheld.
    pub(crate) fn is_coded(&self) -> bool {
        matches!(self, Self::Coded(_))
    }

    /// The findings of a validator on one sample, as far as they may be told.
    pub(crate) fn findings(&self, names: &CatalogNames, sample: &Sample, found: Vec<Finding>) -> Vec<Finding> {
        match self {
            Self::Free => found,
            Self::Coded(coded) => {
                let told = found.into_iter().take(MAX_FINDINGS);
                told.map(|finding| coded.finding(names, sample, finding)).collect()
            }
        }
    }

    /// The scores of a metric, as far as they may be told.
    pub(crate) fn scores(&self, scores: Vec<RowScore>) -> Vec<RowScore> {
        let Self::Coded(coded) = self else { return scores };
        let told = scores.into_iter().map(|score| RowScore {
            labels: score
                .labels
                .into_iter()
                .filter_map(|(name, value)| coded.label(name, value))
                .collect(),
            ..score
        });
        told.collect()
    }

    /// A failure without words of the guest's. `clean` says that the instance has read no row.
    pub(crate) fn failure(&self, failure: Failure, clean: bool) -> Failure {
        match self {
            Self::Coded(coded) if !clean => coded.failure(failure),
            _ => failure,
        }
    }

    /// Whether log messages are withheld, and, the first time, what to say instead.
    pub(crate) fn withholds_log(&self) -> Option<Option<String>> {
        let Self::Coded(coded) = self else { return None };
        let first = !coded.told.swap(true, Ordering::Relaxed);
        Some(first.then(|| {
            format!(
                "its messages are withheld, for it can read rows; grant `{DISCLOSE_ROWS}` to plugin `{}` to see them",
                coded.plugin
            )
        }))
    }
}

impl Coded {
    fn finding(&self, names: &CatalogNames, sample: &Sample, finding: Finding) -> Finding {
        let (code, message) = self.said(&finding.code);
        Finding {
            layer: match KNOWN_LAYERS.contains(&finding.layer.as_str()) {
                true => finding.layer,
                false => self.plugin.clone(),
            },
            severity: finding.severity,
            code,
            message,
            span: finding.span.filter(|span| is_within(span, &sample.sql)),
            suggestion: finding.suggestion.filter(|suggestion| names.0.contains(suggestion)),
        }
    }

    /// A code with the sentence that was fixed for it.
    fn said(&self, code: &str) -> (String, String) {
        if let Some(sentence) = self.codes.get(code) {
            return (code.to_owned(), sentence.clone());
        }
        if let Some((known, sentence)) = KNOWN_CODES.iter().find(|(known, _)| *known == code) {
            return ((*known).to_owned(), (*sentence).to_owned());
        }
        let sentence = format!(
            "{} says no more: it can read rows, and its manifest lists no such code",
            self.plugin
        );
        (WITHHELD.to_owned(), sentence)
    }

    fn label(&self, name: String, value: String) -> Option<(String, String)> {
        let listed = |text: &str| self.codes.contains_key(text);
        if !listed(&name) && name != "outcome" {
            return None;
        }
        let known = listed(&value) || OUTCOMES.iter().any(|outcome| outcome.name() == value);
        Some((name, if known { value } else { WITHHELD.to_owned() }))
    }

    fn failure(&self, failure: Failure) -> Failure {
        let what = match failure {
            Failure::Refused(refusal) => {
                let (code, message) = self.said(&refusal.code);
                return Failure::Refused(Refusal {
                    code,
                    message,
                    hint: Some(format!(
                        "grant `{DISCLOSE_ROWS}` to plugin `{}` to see its own words",
                        self.plugin
                    )),
                });
            }
            Failure::Panic { .. } => "it panicked".to_owned(),
            Failure::Trap { .. } => "it trapped".to_owned(),
            Failure::Memory { cap, .. } => format!("it wanted more memory than its limit of {cap} bytes"),
            Failure::UnknownName { what, .. } => format!("it gave an unknown {what}"),
            Failure::WrongCount { what, .. } => format!("it answered for another number of {what} than it was given"),
            other => return other,
        };
        Failure::Withheld {
            what,
            plugin: self.plugin.clone(),
        }
    }
}

/// Names of a catalog: what a suggestion may be.
#[derive(Debug, Default)]
pub(crate) struct CatalogNames(BTreeSet<String>);

impl CatalogNames {
    /// Schemas, tables and columns.
    pub(crate) fn of(database: &Database) -> Self {
        let mut names = BTreeSet::new();
        for table in &database.tables {
            names.extend(table.schema.clone());
            names.insert(table.name.clone());
            names.insert(table.qualified_name());
            names.extend(table.columns.iter().map(|column| column.name.clone()));
        }
        Self(names)
    }
}

/// Whether a stretch lies in a text. Any other is no position but a number of the guest's.
fn is_within(span: &Span, text: &str) -> bool {
    let lies = |position: &Position| {
        let line = (position.line as usize)
            .checked_sub(1)
            .and_then(|line| text.lines().nth(line));
        line.is_some_and(|line| (1..=line.chars().count() + 1).contains(&(position.column as usize)))
    };
    lies(&span.start) && lies(&span.end)
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::{Column, Severity, Table};

    use super::*;

    const CANARY: &str = "jane@example.com";

    fn coded() -> Disclosure {
        Disclosure::Coded(Coded {
            plugin: "row-counter".into(),
            codes: [(
                "too-many-rows".to_owned(),
                "the statement returns too many rows".to_owned(),
            )]
            .into(),
            told: AtomicBool::new(false),
        })
    }

    fn names() -> CatalogNames {
        let column = Column {
            name: "email".into(),
            ..Column::default()
        };
        CatalogNames::of(&Database {
            tables: vec![Table {
                name: "customer".into(),
                columns: vec![column],
                ..Table::default()
            }],
            ..Database::default()
        })
    }

    fn finding(code: &str, suggestion: &str, column: u32) -> Finding {
        let at = |column| Position { line: 1, column };
        Finding {
            layer: CANARY.into(),
            severity: Severity::Error,
            code: code.into(),
            message: format!("found {CANARY}"),
            span: Some(Span {
                start: at(1),
                end: at(column),
            }),
            suggestion: Some(suggestion.into()),
        }
    }

    #[test]
    fn findings_keep_listed_codes_catalog_names_and_positions_in_the_statement_alone() {
        let sample = Sample {
            sql: "SELECT 1".into(),
            ..Sample::default()
        };
        let found = vec![finding("too-many-rows", "email", 9), finding(CANARY, CANARY, 10)];
        let told = coded().findings(&names(), &sample, found);
        assert_eq!(
            (told[0].code.as_str(), told[0].message.as_str()),
            ("too-many-rows", "the statement returns too many rows")
        );
        assert_eq!(told[0].suggestion.as_deref(), Some("email"));
        assert!(told[0].span.is_some(), "a position in the statement passes");
        assert_eq!(told[0].layer, "row-counter");
        assert_eq!(
            (told[1].code.as_str(), &told[1].suggestion, &told[1].span),
            ("withheld", &None, &None)
        );
        assert!(!format!("{told:?}").contains(CANARY), "{told:?}");
        assert_eq!(told[1].severity, Severity::Error, "the verdict stands");
    }

    #[test]
    fn findings_beyond_the_cap_are_dropped() {
        let many = vec![finding("too-many-rows", "email", 1); MAX_FINDINGS + 5];
        let told = coded().findings(&names(), &Sample::default(), many.clone());
        assert_eq!(told.len(), MAX_FINDINGS);
        assert_eq!(
            Disclosure::Free.findings(&names(), &Sample::default(), many.clone()),
            many
        );
    }

    #[test]
    fn labels_are_listed_codes_and_outcomes() {
        let labels = [
            ("outcome", "match"),
            ("too-many-rows", CANARY),
            (CANARY, "match"),
            ("outcome", CANARY),
        ];
        let score = RowScore {
            labels: labels
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into_iter()
                .collect(),
            ..RowScore::default()
        };
        let told = format!("{:?}", coded().scores(vec![score]));
        assert!(!told.contains(CANARY), "{told}");
        assert!(told.contains("outcome") && told.contains("too-many-rows"), "{told}");
    }

    #[test]
    fn failures_carry_no_words_of_the_guest() {
        let words = || CANARY.to_owned();
        let refusal = |code: &str| {
            Failure::Refused(Refusal {
                code: code.into(),
                message: words(),
                hint: Some(words()),
            })
        };
        for failure in [
            refusal(CANARY),
            refusal("unavailable"),
            Failure::Panic { message: words() },
            Failure::Trap { reason: words() },
            Failure::unknown_name("severity", CANARY, &["error"]),
        ] {
            let free = Disclosure::Free.failure(refusal(CANARY), false);
            assert!(free.to_string().contains(CANARY));
            let clean = coded().failure(refusal(CANARY), true);
            assert!(
                clean.to_string().contains(CANARY),
                "nothing was read, so nothing can be told"
            );
            let told = format!("{:?}", coded().failure(failure, false));
            assert!(!told.contains(CANARY), "{told}");
        }
        let Failure::Refused(refusal) = coded().failure(refusal("unavailable"), false) else {
            panic!("a refusal stays one")
        };
        assert_eq!(refusal.code, "unavailable", "what the run does about it stays the same");
    }
}
