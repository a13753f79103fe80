//! Values of a GGUF file's key/value table.

use std::collections::BTreeMap;

/// A metadata value; all integer widths are widened.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum MetaValue {
    Unsigned(u64),
    Signed(i64),
    Float(f32),
    Double(f64),
    Bool(bool),
    Text(String),
    List(Vec<MetaValue>),
}

/// The key/value table.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub(super) entries: BTreeMap<String, MetaValue>,
}

impl Metadata {
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.entries.get(key)? {
            MetaValue::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn whole(&self, key: &str) -> Option<u64> {
        self.entries.get(key)?.whole()
    }

    /// A number; an f32 is read by its shortest decimal form, so that 1e-5 stays 1e-5.
    pub(super) fn number(&self, key: &str) -> Option<f64> {
        match self.entries.get(key)? {
            MetaValue::Float(value) => value.to_string().parse().ok(),
            MetaValue::Double(value) => Some(*value),
            MetaValue::Unsigned(value) => Some(*value as f64),
            MetaValue::Signed(value) => Some(*value as f64),
            _ => None,
        }
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.entries.get(key)? {
            MetaValue::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn texts(&self, key: &str) -> Option<Vec<&str>> {
        let MetaValue::List(items) = self.entries.get(key)? else {
            return None;
        };
        items
            .iter()
            .map(|item| match item {
                MetaValue::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    pub(super) fn wholes(&self, key: &str) -> Option<Vec<u64>> {
        let MetaValue::List(items) = self.entries.get(key)? else {
            return None;
        };
        items.iter().map(MetaValue::whole).collect()
    }
}

impl MetaValue {
    fn whole(&self) -> Option<u64> {
        match self {
            Self::Unsigned(value) => Some(*value),
            Self::Signed(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }
}
