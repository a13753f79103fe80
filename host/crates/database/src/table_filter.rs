//! Which tables an extraction keeps.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::ExtractError;

/// Include and exclude globs over `table` and `schema.table`, compared without regard to case.
#[derive(Clone, Debug)]
pub(crate) struct TableFilter {
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl TableFilter {
    pub(crate) fn new(include: &[String], exclude: &[String]) -> Result<Self, ExtractError> {
        Ok(Self {
            include: if include.is_empty() {
                None
            } else {
                Some(globs(include)?)
            },
            exclude: globs(exclude)?,
        })
    }

    pub(crate) fn keeps(&self, schema: Option<&str>, table: &str) -> bool {
        let qualified = schema.map(|schema| format!("{schema}.{table}"));
        let hit = |set: &GlobSet| set.is_match(table) || qualified.as_ref().is_some_and(|name| set.is_match(name));
        self.include.as_ref().is_none_or(hit) && !hit(&self.exclude)
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, ExtractError> {
    let bad = |pattern: &str, error: globset::Error| ExtractError::Pattern {
        pattern: pattern.to_owned(),
        detail: error.kind().to_string(),
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(
            GlobBuilder::new(pattern)
                .case_insensitive(true)
                .build()
                .map_err(|error| bad(pattern, error))?,
        );
    }
    set.build().map_err(|error| bad(&patterns.join(", "), error))
}

#[cfg(test)]
mod tests {
    use super::TableFilter;

    fn keeps(include: &[&str], exclude: &[&str], schema: Option<&str>, table: &str) -> bool {
        let owned = |patterns: &[&str]| patterns.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
        TableFilter::new(&owned(include), &owned(exclude))
            .unwrap()
            .keeps(schema, table)
    }

    #[test]
    fn exclusion_wins_over_inclusion() {
        assert!(keeps(&[], &[], None, "film"));
        assert!(keeps(&["film*"], &[], Some("public"), "Film_actor"));
        assert!(!keeps(&["film*"], &["*_actor"], None, "film_actor"));
        assert!(keeps(&["sales.*"], &[], Some("sales"), "客户"));
        assert!(!keeps(&["sales.*"], &[], Some("hr"), "客户"));
        assert!(TableFilter::new(&["a[".to_owned()], &[]).is_err());
    }
}
