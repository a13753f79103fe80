//! Parts of the recipe that can be left out, to see what each of them gives.

use clap::ValueEnum;
use toml::{Table, toml};

/// A part of the recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RecipePart {
    /// A statement has one question
    Wordings,
    /// Nothing is asked across tables but plain joins, no sets and no comparison with groups
    Shapes,
    /// The prompt does not show the schema
    Schema,
    /// The prompt does not say which columns hold what the question names
    Values,
    /// No pairs that people wrote about other databases are trained on
    People,
}

/// Families of `generator-grammar` that go beyond one table, a list over a join, and a plain group.
const WIDER_FAMILIES: [&str; 27] = [
    "beyond-group",
    "beyond-own-group",
    "group-aggregate-having",
    "having-average",
    "join-aggregate",
    "join-count",
    "join-distinct",
    "join-filter",
    "join-group",
    "join-group-aggregate",
    "join-group-count",
    "join-group-count-all",
    "join-having",
    "join-intersect",
    "join-most",
    "join-superlative",
    "join-top-aggregate",
    "superlative-related",
    "without",
    "with-some",
    "exists",
    "intersect",
    "except",
    "union",
    "rows-combined",
    "rows-combined-count",
    "shared-keys",
];

impl RecipePart {
    /// Settings of the recipe without it.
    pub fn settings(self) -> Table {
        match self {
            Self::Wordings => toml! { generate.wordings = 1 },
            Self::Shapes => {
                let families: Table = WIDER_FAMILIES
                    .map(|family| (family.to_owned(), 0.into()))
                    .into_iter()
                    .collect();
                toml! { generate.options.families = families }
            }
            Self::Schema => toml! { export.prompt = "{question}\n{values}" },
            Self::Values => toml! { export.prompt = "{schema}\n\n{question}" },
            Self::People => Table::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_left_out_by_settings() {
        let changed = |part: RecipePart| part.settings().keys().cloned().collect::<Vec<_>>();
        assert_eq!(changed(RecipePart::Wordings), ["generate"]);
        assert_eq!(changed(RecipePart::Values), ["export"]);
        assert!(changed(RecipePart::People).is_empty());
        let shapes = RecipePart::Shapes.settings();
        let families = shapes["generate"]["options"]["families"].as_table().unwrap();
        assert_eq!(families.len(), WIDER_FAMILIES.len());
        assert!(families.values().all(|weight| weight.as_integer() == Some(0)));
    }
}
