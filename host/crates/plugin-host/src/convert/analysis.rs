//! What a dialect finds in one SQL text.

use nl2sql_catalog::{
    Analysis, CatalogQuery, ColumnUse, DialectInfo, Resolution, Scope, ServerInfo, StatementInfo, TableSource, TableUse,
};

use super::list;
use crate::bindings::dialect::exports::nl2sql::plugin::dialect;
use crate::bindings::services::{analysis as wit, types};

const SOURCES: [(TableSource, &str); 5] = [
    (TableSource::Catalog, "catalog"),
    (TableSource::Cte, "cte"),
    (TableSource::Derived, "derived"),
    (TableSource::Function, "function"),
    (TableSource::Unknown, "unknown"),
];

const RESOLUTIONS: [(Resolution, &str); 5] = [
    (Resolution::Column, "column"),
    (Resolution::Alias, "alias"),
    (Resolution::Pseudo, "pseudo"),
    (Resolution::Ambiguous, "ambiguous"),
    (Resolution::Unknown, "unknown"),
];

/// The name of a member of a closed set.
fn name<T: PartialEq>(set: &[(T, &'static str)], member: &T) -> String {
    set.iter()
        .find(|(known, _)| known == member)
        .map_or("unknown", |(_, name)| name)
        .to_owned()
}

/// The member of a closed set by its name; a name this version does not know is the default.
fn member<T: Copy + Default>(set: &[(T, &'static str)], name: &str) -> T {
    set.iter()
        .find(|(_, known)| *known == name)
        .map_or_else(T::default, |(member, _)| *member)
}

/// A record that is the same on both sides but for its type: fields moved as they are, `(converted)` ones by `into`, `[lists]` item by
/// item, and `<open sets>` by name.
macro_rules! mirrored {
    ($record:ident { $($field:ident),* $(, ($into:ident))* $(, [$list:ident])* $(, <$set:ident: $names:ident>)? }) => {
        impl From<$record> for wit::$record {
            fn from(record: $record) -> Self {
                Self {
                    $($field: record.$field,)*
                    $($into: record.$into.into(),)*
                    $($list: list(record.$list),)*
                    $($set: name(&$names, &record.$set),)?
                }
            }
        }

        impl From<wit::$record> for $record {
            fn from(record: wit::$record) -> Self {
                Self {
                    $($field: record.$field,)*
                    $($into: record.$into.into(),)*
                    $($list: list(record.$list),)*
                    $($set: member(&$names, &record.$set),)?
                }
            }
        }
    };
}

mirrored!(StatementInfo {
    kind,
    read_only,
    reason
});
mirrored!(Scope { parent, kind });
mirrored!(TableUse { name, schema, alias, scope, (position), <source: SOURCES> });
mirrored!(ColumnUse { name, table, scope, clause, (position), <resolution: RESOLUTIONS> });
mirrored!(Analysis { functions, ordered, features, hardness, (statement), [scopes], [tables], [columns], [findings] });

impl From<&DialectInfo> for types::DialectInfo {
    fn from(info: &DialectInfo) -> Self {
        Self {
            name: info.name.clone(),
            aliases: info.aliases.clone(),
            driver: info.driver.clone(),
            identifier_quotes: info.identifier_quotes.clone(),
            prompt_notes: info.prompt_notes.clone(),
        }
    }
}

impl From<types::DialectInfo> for DialectInfo {
    fn from(info: types::DialectInfo) -> Self {
        Self {
            name: info.name,
            aliases: info.aliases,
            driver: info.driver,
            identifier_quotes: info.identifier_quotes,
            prompt_notes: info.prompt_notes,
        }
    }
}

impl From<&ServerInfo> for dialect::ServerInfo {
    fn from(server: &ServerInfo) -> Self {
        Self {
            driver: server.driver.clone(),
            version: server.version.clone(),
            database: server.database.clone(),
            schemas: server.schemas.clone(),
        }
    }
}

impl From<dialect::CatalogQuery> for CatalogQuery {
    fn from(query: dialect::CatalogQuery) -> Self {
        Self {
            section: query.section,
            sql: query.sql,
        }
    }
}
