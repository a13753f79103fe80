//! The policy of each column.

use globset::{GlobBuilder, GlobMatcher};
use nl2sql_catalog::{Column, Table, TypeClass};
use nl2sql_profile::{PrivacySettings, ValuePolicy};

use super::personal::looks_personal;
use crate::PipelineError;

/// The profile's rules, compiled.
#[derive(Debug)]
pub(crate) struct ColumnPolicies {
    settings: PrivacySettings,
    rules: Vec<(Vec<GlobMatcher>, ValuePolicy)>,
}

impl ColumnPolicies {
    pub(crate) fn new(settings: &PrivacySettings) -> Result<Self, PipelineError> {
        let rules = settings
            .rules
            .iter()
            .map(|rule| {
                let globs = rule
                    .columns
                    .iter()
                    .map(|text| compile(text))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok((globs, rule.policy))
            })
            .collect::<Result<Vec<_>, PipelineError>>()?;
        Ok(Self {
            settings: settings.clone(),
            rules,
        })
    }

    /// What happens to the values of a column. Bytes, documents and geometry are never sampled.
    pub(crate) fn of(&self, table: &Table, column: &Column) -> ValuePolicy {
        let opaque = matches!(
            column.type_class,
            TypeClass::Binary | TypeClass::Json | TypeClass::Geometry | TypeClass::Array
        );
        if !self.settings.sample_values || opaque {
            return ValuePolicy::Drop;
        }
        let short = format!("{}.{}", table.name, column.name);
        let full = format!("{}.{}", table.qualified_name(), column.name);
        let names = [column.name.as_str(), &short, &full];
        for (globs, policy) in &self.rules {
            if globs.iter().any(|glob| names.iter().any(|name| glob.is_match(name))) {
                return *policy;
            }
        }
        if looks_personal(&table.name, &column.name, column.comment.as_deref()) {
            self.settings.personal
        } else {
            self.settings.default
        }
    }
}

fn compile(text: &str) -> Result<GlobMatcher, PipelineError> {
    GlobBuilder::new(text)
        .case_insensitive(true)
        .literal_separator(false)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| PipelineError::Setting {
            key: "privacy.rules.columns".into(),
            reason: format!("`{text}` is not a glob: {}", error.kind()),
        })
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::{Column, Table, TypeClass};
    use nl2sql_profile::{PrivacyRule, PrivacySettings, ValuePolicy};

    use super::ColumnPolicies;

    #[test]
    fn nothing_leaves_by_default_and_rules_come_before_names() {
        let table = Table {
            name: "customers".into(),
            ..Table::default()
        };
        let column = |name: &str| Column {
            name: name.into(),
            type_class: TypeClass::Text,
            ..Column::default()
        };
        let closed = ColumnPolicies::new(&PrivacySettings::default()).unwrap();
        assert_eq!(closed.of(&table, &column("city")), ValuePolicy::Drop);

        let open = PrivacySettings {
            sample_values: true,
            rules: vec![
                PrivacyRule {
                    columns: vec!["customers.e*".into()],
                    policy: ValuePolicy::Mask,
                },
                PrivacyRule {
                    columns: vec!["*".into()],
                    policy: ValuePolicy::Hash,
                },
            ],
            ..PrivacySettings::default()
        };
        let policies = ColumnPolicies::new(&open).unwrap();
        assert_eq!(policies.of(&table, &column("Email")), ValuePolicy::Mask);
        assert_eq!(policies.of(&table, &column("city")), ValuePolicy::Hash);
        let policies = ColumnPolicies::new(&PrivacySettings {
            rules: Vec::new(),
            ..open
        })
        .unwrap();
        assert_eq!(policies.of(&table, &column("email")), ValuePolicy::Drop);
        assert_eq!(policies.of(&table, &column("city")), ValuePolicy::Allow);
        let photo = Column {
            type_class: TypeClass::Binary,
            ..column("photo")
        };
        assert_eq!(policies.of(&table, &photo), ValuePolicy::Drop);
    }
}
