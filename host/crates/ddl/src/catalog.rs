//! What the statements of a script declare, and the rows of the catalog they make.

use std::collections::HashMap;

use nl2sql_catalog::{Column, ForeignKey, Table, TableKind, TypeClass};
use sqlparser::ast::{Ident, ObjectName};

use crate::flavor::{Flavor, NameCase};

/// One row: every value as text or NULL.
pub type CatalogRow = Vec<Option<String>>;

/// What a script declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DdlCatalog {
    /// Rows by section, in the form that the plugin contract fixes for catalog queries.
    pub sections: Vec<(&'static str, Vec<CatalogRow>)>,
    /// The database that the script names, if it names one.
    pub database: Option<String>,
    /// Schema of names without one.
    pub default_schema: Option<String>,
    /// What was left out and why, one sentence each.
    pub notes: Vec<String>,
}

/// A type that the script makes.
#[derive(Clone, Debug, Default)]
pub(crate) struct NamedType {
    /// Family of its values.
    pub(crate) class: TypeClass,
    /// Labels of an enumeration.
    pub(crate) labels: Vec<String>,
    /// Whether a column of it takes no NULL.
    pub(crate) not_null: bool,
}

/// Collects declarations in the order of the script.
pub(crate) struct Builder {
    names: NameCase,
    tables: Vec<Table>,
    types: HashMap<String, NamedType>,
    /// Schema of names without one, as the script has set it.
    schema: Option<String>,
    database: Option<String>,
    notes: Vec<String>,
}

impl Builder {
    pub(crate) fn new(flavor: &Flavor) -> Self {
        Self {
            names: flavor.names,
            tables: Vec::new(),
            types: HashMap::new(),
            schema: flavor.default_schema.map(str::to_owned),
            database: None,
            notes: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// A name as the database keeps it.
    pub(crate) fn name(&self, ident: &Ident) -> String {
        match self.names {
            _ if ident.quote_style.is_some() => ident.value.clone(),
            NameCase::Kept => ident.value.clone(),
            NameCase::Lower => ident.value.to_lowercase(),
            NameCase::Upper => ident.value.to_uppercase(),
        }
    }

    /// Schema and name of an object; a database before them is left out.
    pub(crate) fn qualified(&self, name: &ObjectName) -> (Option<String>, String) {
        let mut parts = name
            .0
            .iter()
            .rev()
            .filter_map(|part| part.as_ident())
            .map(|part| self.name(part));
        let object = parts.next().unwrap_or_default();
        (parts.next().or_else(|| self.schema.clone()), object)
    }

    /// Names without a schema lie in this one from here on.
    pub(crate) fn use_schema(&mut self, schema: String) {
        self.schema = Some(schema);
    }

    /// The script speaks of this database.
    pub(crate) fn use_database(&mut self, database: String) {
        self.database.get_or_insert(database);
    }

    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    pub(crate) fn add_type(&mut self, name: &str, declared: NamedType) {
        self.types.insert(name.to_lowercase(), declared);
    }

    /// The type of this name, if the script made it.
    pub(crate) fn named_type(&self, written: &str) -> Option<&NamedType> {
        let name = written.rsplit('.').next().unwrap_or(written);
        self.types.get(&name.trim_matches(['"', '`', '[', ']']).to_lowercase())
    }

    /// Adds a table or view; one of the same name gives way.
    pub(crate) fn add_table(&mut self, table: Table) {
        self.tables
            .retain(|known| (&known.schema, &known.name) != (&table.schema, &table.name));
        self.tables.push(table);
    }

    pub(crate) fn drop_table(&mut self, name: &ObjectName) {
        if let Some(at) = self.position(name) {
            self.tables.remove(at);
        }
    }

    /// A table by its name as a statement spells it.
    pub(crate) fn table(&self, name: &ObjectName) -> Option<&Table> {
        self.position(name).map(|at| &self.tables[at])
    }

    pub(crate) fn table_mut(&mut self, name: &ObjectName) -> Option<&mut Table> {
        self.position(name).map(|at| &mut self.tables[at])
    }

    /// Puts a table that has another name now in place of the one it was.
    pub(crate) fn rename(&mut self, (schema, name): &(Option<String>, String), renamed: Table) {
        let known = self
            .tables
            .iter_mut()
            .find(|table| table.schema == *schema && table.name == *name);
        if let Some(known) = known {
            *known = renamed;
        }
    }

    fn position(&self, name: &ObjectName) -> Option<usize> {
        let (schema, object) = self.qualified(name);
        let same = |one: &Option<String>, other: &Option<String>| match (one, other) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            (one, other) => one == other,
        };
        let exact = self
            .tables
            .iter()
            .position(|table| table.schema == schema && table.name == object);
        exact.or_else(|| {
            let folded = object.to_lowercase();
            self.tables
                .iter()
                .position(|table| same(&table.schema, &schema) && table.name.to_lowercase() == folded)
        })
    }

    /// The catalog, with what could not be read among its notes.
    pub(crate) fn finish(mut self, faults: Vec<String>) -> DdlCatalog {
        let sections = vec![
            ("tables", self.tables.iter().map(table_row).collect()),
            ("columns", self.tables.iter().flat_map(column_rows).collect()),
            ("keys", self.tables.iter().flat_map(key_rows).collect()),
            ("foreign-keys", self.tables.iter().flat_map(foreign_key_rows).collect()),
            ("checks", self.tables.iter().flat_map(check_rows).collect()),
        ];
        self.notes.extend(faults);
        DdlCatalog {
            sections,
            database: self.database,
            default_schema: self.schema,
            notes: self.notes,
        }
    }
}

fn flag(is: bool) -> Option<String> {
    Some(u8::from(is).to_string())
}

fn table_row(table: &Table) -> CatalogRow {
    let kind = match table.kind {
        TableKind::Table => "table",
        TableKind::View => "view",
        TableKind::MaterializedView => "materialized-view",
        TableKind::Virtual => "virtual",
    };
    vec![
        table.schema.clone(),
        Some(table.name.clone()),
        Some(kind.to_owned()),
        table.comment.clone(),
        None,
        flag(table.without_rowid),
    ]
}

fn column_rows(table: &Table) -> Vec<CatalogRow> {
    let row = |(at, column): (usize, &Column)| {
        let labels = (!column.labels.is_empty()).then(|| serde_json::json!(column.labels).to_string());
        vec![
            table.schema.clone(),
            Some(table.name.clone()),
            Some((at + 1).to_string()),
            Some(column.name.clone()),
            Some(column.type_name.clone()),
            flag(column.nullable),
            column.default.clone(),
            column.comment.clone(),
            flag(column.identity),
            flag(column.generated),
            labels,
            Some(column.type_class.name().to_owned()),
        ]
    };
    table.columns.iter().enumerate().map(row).collect()
}

fn key_rows(table: &Table) -> Vec<CatalogRow> {
    let row = |constraint: String, kind: &str, at: usize, column: &String| {
        vec![
            table.schema.clone(),
            Some(table.name.clone()),
            Some(constraint),
            Some(kind.to_owned()),
            Some((at + 1).to_string()),
            Some(column.clone()),
        ]
    };
    let primary = table.primary_key.iter().enumerate();
    let mut rows: Vec<CatalogRow> = primary
        .map(|(at, column)| row("#primary".into(), "primary", at, column))
        .collect();
    for (number, key) in table.unique_keys.iter().enumerate() {
        let columns = key.columns.iter().enumerate();
        rows.extend(columns.map(|(at, column)| row(constraint(&key.name, number), "unique", at, column)));
    }
    rows
}

fn foreign_key_rows(table: &Table) -> Vec<CatalogRow> {
    let rows = |(number, key): (usize, &ForeignKey)| -> Vec<CatalogRow> {
        let row = |(at, column): (usize, &String)| {
            vec![
                table.schema.clone(),
                Some(table.name.clone()),
                Some(constraint(&key.name, number)),
                Some((at + 1).to_string()),
                Some(column.clone()),
                key.ref_schema.clone(),
                Some(key.ref_table.clone()),
                key.ref_columns.get(at).cloned(),
            ]
        };
        key.columns.iter().enumerate().map(row).collect()
    };
    table.foreign_keys.iter().enumerate().flat_map(rows).collect()
}

fn check_rows(table: &Table) -> Vec<CatalogRow> {
    let row = |(number, check): (usize, &nl2sql_catalog::Check)| {
        vec![
            table.schema.clone(),
            Some(table.name.clone()),
            Some(constraint(&check.name, number)),
            Some(check.expression.clone()),
        ]
    };
    table.checks.iter().enumerate().map(row).collect()
}

/// The name of a constraint; nameless ones are told apart by a number.
fn constraint(name: &Option<String>, number: usize) -> String {
    name.clone().unwrap_or_else(|| format!("#{number}"))
}
