//! Databases, tables and columns.

use nl2sql_catalog::{Check, Column, Database, ForeignKey, Key, Table, TableKind, TypeClass};

use super::{list, same_fields};
use crate::bindings::services::types as wit;

same_fields!(ForeignKey, wit::ForeignKey, { name, columns, ref_schema, ref_table, ref_columns });
same_fields!(Key, wit::Key, { name, columns });
same_fields!(Check, wit::Check, { name, expression });

const TABLE_KINDS: [(TableKind, &str); 4] = [
    (TableKind::Table, "table"),
    (TableKind::View, "view"),
    (TableKind::MaterializedView, "materialized-view"),
    (TableKind::Virtual, "virtual"),
];

impl From<&Column> for wit::Column {
    fn from(column: &Column) -> Self {
        Self {
            name: column.name.clone(),
            type_name: column.type_name.clone(),
            type_class: column.type_class.name().to_owned(),
            nullable: column.nullable,
            default: column.default.clone(),
            comment: column.comment.clone(),
            identity: column.identity,
            generated: column.generated,
            labels: column.labels.clone(),
            samples: column.samples.clone(),
        }
    }
}

impl From<wit::Column> for Column {
    fn from(column: wit::Column) -> Self {
        Self {
            name: column.name,
            type_name: column.type_name,
            type_class: TypeClass::from_name(&column.type_class),
            nullable: column.nullable,
            default: column.default,
            comment: column.comment,
            identity: column.identity,
            generated: column.generated,
            labels: column.labels,
            samples: column.samples,
        }
    }
}

impl From<&Table> for wit::Table {
    fn from(table: &Table) -> Self {
        let kind = TABLE_KINDS.iter().find(|(kind, _)| *kind == table.kind);
        Self {
            schema: table.schema.clone(),
            name: table.name.clone(),
            kind: kind.map_or("table", |(_, name)| name).to_owned(),
            comment: table.comment.clone(),
            columns: list(&table.columns),
            primary_key: table.primary_key.clone(),
            unique_keys: list(&table.unique_keys),
            foreign_keys: list(&table.foreign_keys),
            checks: list(&table.checks),
            row_estimate: table.row_estimate,
        }
    }
}

impl From<wit::Table> for Table {
    fn from(table: wit::Table) -> Self {
        let kind = TABLE_KINDS.iter().find(|(_, name)| *name == table.kind);
        Self {
            schema: table.schema,
            name: table.name,
            kind: kind.map_or(TableKind::Table, |(kind, _)| *kind),
            comment: table.comment,
            columns: list(table.columns),
            primary_key: table.primary_key,
            unique_keys: list(table.unique_keys),
            foreign_keys: list(table.foreign_keys),
            checks: list(table.checks),
            row_estimate: table.row_estimate,
        }
    }
}

impl From<&Database> for wit::Catalog {
    fn from(database: &Database) -> Self {
        Self {
            name: database.name.clone(),
            dialect: database.dialect.clone(),
            server_version: database.server_version.clone(),
            default_schema: database.default_schema.clone(),
            tables: list(&database.tables),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_round_trip_through_the_contract() {
        let table = Table {
            schema: Some("main".into()),
            name: "orders".into(),
            kind: TableKind::MaterializedView,
            comment: Some("what was sold".into()),
            columns: vec![Column {
                name: "id".into(),
                type_name: "INTEGER".into(),
                type_class: TypeClass::Integer,
                identity: true,
                labels: vec!["a".into()],
                samples: vec!["1".into()],
                ..Column::default()
            }],
            primary_key: vec!["id".into()],
            unique_keys: vec![Key {
                name: None,
                columns: vec!["id".into()],
            }],
            foreign_keys: vec![ForeignKey {
                name: Some("fk".into()),
                columns: vec!["id".into()],
                ref_schema: None,
                ref_table: "customers".into(),
                ref_columns: vec!["id".into()],
            }],
            checks: vec![Check {
                name: None,
                expression: "id > 0".into(),
            }],
            row_estimate: Some(7),
        };
        assert_eq!(Table::from(wit::Table::from(&table)), table);
    }
}
