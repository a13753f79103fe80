//! What is known of tables and columns beyond the fields that plugins are told: lists of names and values, which the contract has room for.

use crate::{Column, Table};

/// Names of its indexes as a JSON array.
const INDEXES: &str = "indexes";

/// `yes` where its rows have no number of their own.
const WITHOUT_ROWID: &str = "without-rowid";

impl Table {
    /// Names and values: what people call it, its indexes, and whether its rows have numbers.
    pub fn extra(&self) -> Vec<(String, String)> {
        let indexes = self
            .indexes
            .as_ref()
            .map(|indexes| (INDEXES.to_owned(), serde_json::Value::from(indexes.clone()).to_string()));
        let without_rowid = self.without_rowid.then(|| (WITHOUT_ROWID.to_owned(), "yes".to_owned()));
        self.terms
            .pairs()
            .into_iter()
            .chain(indexes)
            .chain(without_rowid)
            .collect()
    }

    /// The table with what these names and values say. What people call it is the profile's to say; other names mean nothing here.
    pub fn with_extra(mut self, extra: &[(String, String)]) -> Self {
        let value = |name: &str| extra.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        self.indexes = value(INDEXES).and_then(|names| serde_json::from_str(names).ok());
        self.without_rowid = value(WITHOUT_ROWID).is_some_and(|value| value == "yes");
        self
    }
}

impl Column {
    /// Names and values: what people call it.
    pub fn extra(&self) -> Vec<(String, String)> {
        self.terms.pairs()
    }

    /// The column as it is: what people call it is the profile's to say.
    #[must_use]
    pub fn with_extra(self, _: &[(String, String)]) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_table_has_survives_the_way_to_a_plugin() {
        let known = Table {
            name: "t".into(),
            indexes: Some(vec!["by \"city\"".into(), "b\nc".into()]),
            without_rowid: true,
            ..Table::default()
        };
        let told = Table {
            name: "t".into(),
            ..Table::default()
        };
        assert_eq!(told.clone().with_extra(&known.extra()), known);
        assert_eq!(told.clone().with_extra(&[]), told);
    }
}
