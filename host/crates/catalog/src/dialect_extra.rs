//! What the host and the built-in plugins read of `extra` in a dialect's description; other names are passed on and mean nothing to them.

use crate::DialectInfo;

/// Schema in which unqualified names resolve first, where a driver cannot tell it.
pub const DEFAULT_SCHEMA: &str = "default-schema";

/// Whose CREATE statements scripts in the dialect are written like; standard SQL's where nothing is said.
pub const SCRIPT_GRAMMAR: &str = "script-grammar";

/// A property that a dialect has or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trait {
    /// Columns have methods, which are called behind a dot.
    ColumnMethods,
    /// A database or schema may stand before the name of a table.
    QualifiedTables,
    /// Queries have the words of servers: LATERAL, TOP, ANY, types before strings, units and hints.
    ServerWords,
    /// Texts of digits compare with numbers as numbers do.
    NumericTexts,
}

impl Trait {
    const ALL: [Self; 4] = [
        Self::ColumnMethods,
        Self::QualifiedTables,
        Self::ServerWords,
        Self::NumericTexts,
    ];

    /// Its name in `extra`, where `yes` or `no` stands for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ColumnMethods => "column-methods",
            Self::QualifiedTables => "qualified-tables",
            Self::ServerWords => "server-words",
            Self::NumericTexts => "numeric-texts",
        }
    }

    /// What holds where a dialect says nothing.
    fn usual(self) -> bool {
        matches!(self, Self::QualifiedTables | Self::ServerWords)
    }
}

impl DialectInfo {
    /// A value of [`extra`](Self::extra).
    pub fn extra(&self, name: &str) -> Option<&str> {
        let found = self.extra.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the dialect has a property.
    pub fn has_trait(&self, property: Trait) -> bool {
        self.extra(property.name())
            .map_or_else(|| property.usual(), |value| value == "yes")
    }

    pub(crate) fn extra_contradiction(&self) -> Option<String> {
        let names = self.extra.iter().map(|(name, _)| name);
        if let Some(twice) = names
            .clone()
            .enumerate()
            .find(|(at, name)| names.clone().take(*at).any(|known| known == *name))
        {
            return Some(format!("extra has `{}` twice", twice.1));
        }
        Trait::ALL.into_iter().find_map(|property| {
            let name = property.name();
            let value = self.extra(name).filter(|value| !matches!(*value, "yes" | "no"))?;
            Some(format!(
                "extra says `{value}` of `{name}`, and `yes` or `no` can be said"
            ))
        })
    }
}
