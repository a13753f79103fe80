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

impl From<StatementInfo> for wit::StatementInfo {
    fn from(statement: StatementInfo) -> Self {
        Self {
            kind: statement.kind,
            read_only: statement.read_only,
            reason: statement.reason,
        }
    }
}

impl From<wit::StatementInfo> for StatementInfo {
    fn from(statement: wit::StatementInfo) -> Self {
        Self {
            kind: statement.kind,
            read_only: statement.read_only,
            reason: statement.reason,
        }
    }
}

impl From<Scope> for wit::Scope {
    fn from(scope: Scope) -> Self {
        Self {
            parent: scope.parent,
            kind: scope.kind,
        }
    }
}

impl From<wit::Scope> for Scope {
    fn from(scope: wit::Scope) -> Self {
        Self {
            parent: scope.parent,
            kind: scope.kind,
        }
    }
}

impl From<TableUse> for wit::TableUse {
    fn from(table: TableUse) -> Self {
        Self {
            source: name(&SOURCES, &table.source),
            name: table.name,
            schema: table.schema,
            alias: table.alias,
            scope: table.scope,
            position: table.position.into(),
        }
    }
}

impl From<wit::TableUse> for TableUse {
    fn from(table: wit::TableUse) -> Self {
        Self {
            source: member(&SOURCES, &table.source),
            name: table.name,
            schema: table.schema,
            alias: table.alias,
            scope: table.scope,
            position: table.position.into(),
        }
    }
}

impl From<ColumnUse> for wit::ColumnUse {
    fn from(column: ColumnUse) -> Self {
        Self {
            resolution: name(&RESOLUTIONS, &column.resolution),
            name: column.name,
            table: column.table,
            scope: column.scope,
            clause: column.clause,
            position: column.position.into(),
        }
    }
}

impl From<wit::ColumnUse> for ColumnUse {
    fn from(column: wit::ColumnUse) -> Self {
        Self {
            resolution: member(&RESOLUTIONS, &column.resolution),
            name: column.name,
            table: column.table,
            scope: column.scope,
            clause: column.clause,
            position: column.position.into(),
        }
    }
}

impl From<Analysis> for wit::Analysis {
    fn from(analysis: Analysis) -> Self {
        Self {
            statement: analysis.statement.into(),
            scopes: list(analysis.scopes),
            tables: list(analysis.tables),
            columns: list(analysis.columns),
            functions: analysis.functions,
            ordered: analysis.ordered,
            features: analysis.features,
            hardness: analysis.hardness,
            findings: list(analysis.findings),
        }
    }
}

impl From<wit::Analysis> for Analysis {
    fn from(analysis: wit::Analysis) -> Self {
        Self {
            statement: analysis.statement.into(),
            scopes: list(analysis.scopes),
            tables: list(analysis.tables),
            columns: list(analysis.columns),
            functions: analysis.functions,
            ordered: analysis.ordered,
            features: analysis.features,
            hardness: analysis.hardness,
            findings: list(analysis.findings),
        }
    }
}

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
