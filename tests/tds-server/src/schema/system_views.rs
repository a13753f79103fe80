//! The `sys` views, as one login sees them.

use std::collections::HashMap;

use rusqlite::types::Value;
use rusqlite::{Connection, Result, params_from_iter};

use super::type_catalog::{TYPES, sizes, type_ids};
use super::{ColumnDefinition, Database, Key, Table};

/// Columns of each view. Text compares as SQL Server's default collation does: without regard to case or to blanks at the end.
const VIEWS: &[(&str, &str)] = &[
    ("schemas", "name, schema_id, principal_id"),
    (
        "objects",
        "name, object_id, schema_id, parent_object_id, type, type_desc, is_ms_shipped",
    ),
    ("tables", "name, object_id, schema_id, type, is_ms_shipped"),
    ("views", "name, object_id, schema_id, type, is_ms_shipped"),
    (
        "columns",
        "object_id, name, column_id, system_type_id, user_type_id, max_length, precision, scale, collation_name, is_nullable, is_identity, is_computed, default_object_id",
    ),
    (
        "types",
        "name, system_type_id, user_type_id, schema_id, is_user_defined",
    ),
    (
        "indexes",
        "object_id, name, index_id, type, is_unique, is_primary_key, is_unique_constraint, has_filter, is_disabled",
    ),
    (
        "index_columns",
        "object_id, index_id, index_column_id, column_id, key_ordinal, is_included_column",
    ),
    (
        "foreign_keys",
        "name, object_id, parent_object_id, referenced_object_id, is_disabled",
    ),
    (
        "foreign_key_columns",
        "constraint_object_id, constraint_column_id, parent_object_id, parent_column_id, referenced_object_id, referenced_column_id",
    ),
    (
        "check_constraints",
        "name, object_id, parent_object_id, definition, is_disabled",
    ),
    (
        "default_constraints",
        "name, object_id, parent_object_id, parent_column_id, definition",
    ),
    ("computed_columns", "object_id, name, column_id, definition"),
    ("extended_properties", "class, major_id, minor_id, name, value"),
    ("partitions", "object_id, index_id, partition_number, rows"),
    ("configurations", "name, value_in_use"),
    ("servers", "name, is_linked"),
];

/// What a login may see.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visibility {
    /// Expressions of defaults and checks: needs VIEW DEFINITION.
    pub(crate) definitions: bool,
    /// `schema.table` of tables it has no right on.
    pub(crate) hidden: Vec<String>,
    /// `xp_cmdshell` is switched on.
    pub(crate) shell: bool,
}

/// Makes the views in the attached database `sys`.
pub(crate) fn fill(connection: &Connection, database: &Database, visibility: &Visibility) -> Result<()> {
    let mut writer = Writer {
        connection,
        visibility,
        rows: HashMap::new(),
        next: 1_000_000,
    };
    writer.database(database);
    writer.write()
}

struct Writer<'a> {
    connection: &'a Connection,
    visibility: &'a Visibility,
    rows: HashMap<&'static str, Vec<Vec<Value>>>,
    next: i64,
}

fn int(number: impl TryInto<i64>) -> Value {
    number.try_into().map_or(Value::Null, Value::Integer)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn flag(flag: bool) -> Value {
    Value::Integer(i64::from(flag))
}

impl Writer<'_> {
    fn put<const N: usize>(&mut self, view: &'static str, row: [Value; N]) {
        self.rows.entry(view).or_default().push(row.into());
    }

    fn write(self) -> Result<()> {
        self.connection.execute_batch("BEGIN")?;
        for (view, columns) in VIEWS {
            let names: Vec<&str> = columns.split(", ").collect();
            let typed: Vec<String> = names.iter().map(|name| declaration(name)).collect();
            self.connection
                .execute_batch(&format!("CREATE TABLE sys.{view} ({})", typed.join(", ")))?;
            let marks = vec!["?"; names.len()].join(", ");
            let mut insert = self
                .connection
                .prepare(&format!("INSERT INTO sys.{view} VALUES ({marks})"))?;
            for row in self.rows.get(view).into_iter().flatten() {
                insert.execute(params_from_iter(row))?;
            }
        }
        self.connection.execute_batch("COMMIT")
    }

    fn id(&mut self) -> i64 {
        self.next += 1;
        self.next
    }

    fn definition(&self, definition: &str) -> Value {
        if self.visibility.definitions {
            text(definition)
        } else {
            Value::Null
        }
    }

    fn database(&mut self, database: &Database) {
        for (at, schema) in database.schemas().iter().enumerate() {
            self.put("schemas", [text(schema), int(at + 1), int(1)]);
        }
        self.put("schemas", [text("sys"), int(4), int(4)]);
        for (system, user, name) in TYPES {
            self.put("types", [text(name), int(*system), int(*user), int(4), flag(false)]);
        }
        for (at, (name, base)) in database.alias_types.iter().enumerate() {
            self.put(
                "types",
                [text(name), int(type_ids(base).0), int(257 + at), int(1), flag(true)],
            );
        }
        self.put("configurations", [text("xp_cmdshell"), flag(self.visibility.shell)]);
        self.put("servers", [text("TESTSERVER"), flag(false)]);
        // The catalog tables of the server itself, which nobody wants to see.
        let shipped = self.id();
        self.object("sysrscols", shipped, 4, 0, "S", true);
        let visible: Vec<(i64, &Table)> = database
            .tables
            .iter()
            .filter(|table| {
                !self
                    .visibility
                    .hidden
                    .contains(&format!("{}.{}", table.schema, table.name))
            })
            .map(|table| (self.id(), table))
            .collect();
        for (id, table) in &visible {
            self.table(*id, table, database);
        }
        for (id, table) in &visible {
            self.foreign_keys(*id, table, &visible);
        }
    }

    fn object(&mut self, name: &str, id: i64, schema: i64, parent: i64, kind: &str, shipped: bool) {
        let kind_text = match kind {
            "U" => "USER_TABLE",
            "V" => "VIEW",
            _ => "OTHER",
        };
        let padded = text(&format!("{kind:<2}"));
        self.put(
            "objects",
            [
                text(name),
                int(id),
                int(schema),
                int(parent),
                padded.clone(),
                text(kind_text),
                flag(shipped),
            ],
        );
        match kind {
            "U" => self.put("tables", [text(name), int(id), int(schema), padded, flag(shipped)]),
            "V" => self.put("views", [text(name), int(id), int(schema), padded, flag(shipped)]),
            _ => {}
        }
    }

    fn table(&mut self, id: i64, table: &Table, database: &Database) {
        let schema = database
            .schemas()
            .iter()
            .position(|schema| schema.eq_ignore_ascii_case(&table.schema));
        let schema = schema.map_or(1, |at| at as i64 + 1);
        self.object(&table.name, id, schema, 0, if table.is_view { "V" } else { "U" }, false);
        if !table.is_view {
            self.put(
                "partitions",
                [
                    int(id),
                    int(i64::from(!table.primary_key().is_empty())),
                    int(1),
                    int(table.rows),
                ],
            );
        }
        if let Some(comment) = &table.comment {
            self.put(
                "extended_properties",
                [int(1), int(id), int(0), text("MS_Description"), text(comment)],
            );
        }
        for (at, column) in table.columns.iter().enumerate() {
            self.column(id, at as i64 + 1, column, database);
        }
        for (at, key) in table.keys.iter().enumerate() {
            self.key(id, at as i64 + 1, key, table);
        }
        for (name, expression) in &table.checks {
            let check = self.id();
            let expression = self.definition(expression);
            self.object(name, check, schema, id, "C", false);
            self.put(
                "check_constraints",
                [text(name), int(check), int(id), expression, flag(false)],
            );
        }
    }

    fn column(&mut self, table: i64, number: i64, column: &ColumnDefinition, database: &Database) {
        let (system, mut user) = type_ids(&column.base_type);
        if let Some(at) = database
            .alias_types
            .iter()
            .position(|(name, _)| name.eq_ignore_ascii_case(&column.type_text))
        {
            user = 257 + at as i64;
        }
        let (length, precision, scale) = sizes(&column.base_type);
        let is_text = matches!(system, 35 | 99 | 167 | 175 | 231 | 239);
        let collation = column.collation.as_deref().unwrap_or("SQL_Latin1_General_CP1_CI_AS");
        let default = column.default.as_ref().map_or(0, |_| self.id());
        if let Some((name, expression)) = &column.default {
            let expression = self.definition(expression);
            self.put(
                "default_constraints",
                [text(name), int(default), int(table), int(number), expression],
            );
        }
        if let Some(expression) = &column.computed {
            let expression = self.definition(expression);
            self.put(
                "computed_columns",
                [int(table), text(&column.name), int(number), expression],
            );
        }
        if let Some(comment) = &column.comment {
            self.put(
                "extended_properties",
                [int(1), int(table), int(number), text("MS_Description"), text(comment)],
            );
        }
        self.put(
            "columns",
            [
                int(table),
                text(&column.name),
                int(number),
                int(system),
                int(user),
                int(length),
                int(precision),
                int(scale),
                if is_text { text(collation) } else { Value::Null },
                flag(column.nullable),
                flag(column.identity),
                flag(column.computed.is_some()),
                int(default),
            ],
        );
    }

    fn key(&mut self, table: i64, index: i64, key: &Key, of: &Table) {
        self.put(
            "indexes",
            [
                int(table),
                text(&key.name),
                int(index),
                int(if key.primary { 1 } else { 2 }),
                flag(true),
                flag(key.primary),
                flag(false),
                flag(key.filtered),
                flag(false),
            ],
        );
        for (at, name) in key.columns.iter().enumerate() {
            let column = of.column_number(name).map_or(Value::Null, int);
            self.put(
                "index_columns",
                [int(table), int(index), int(at + 1), column, int(at + 1), flag(false)],
            );
        }
    }

    fn foreign_keys(&mut self, id: i64, table: &Table, visible: &[(i64, &Table)]) {
        for key in &table.foreign_keys {
            let target = visible
                .iter()
                .find(|(_, other)| other.is_named(&key.target.0, &key.target.1));
            let own = self.id();
            self.put(
                "foreign_keys",
                [
                    text(&key.name),
                    int(own),
                    int(id),
                    target.map_or(Value::Null, |(id, _)| int(*id)),
                    flag(false),
                ],
            );
            let Some((target_id, target)) = target else { continue };
            let names = if key.target_columns.is_empty() {
                target.primary_key()
            } else {
                &key.target_columns
            };
            for (at, (column, other)) in key.columns.iter().zip(names).enumerate() {
                let number = |table: &Table, name: &str| table.column_number(name).map_or(Value::Null, int);
                self.put(
                    "foreign_key_columns",
                    [
                        int(own),
                        int(at + 1),
                        int(id),
                        number(table, column),
                        int(*target_id),
                        number(target, other),
                    ],
                );
            }
        }
    }
}

/// Types of the views' columns, from which the wire's types follow.
fn declaration(name: &str) -> String {
    match name {
        "type" => "type \"char(2)\" COLLATE RTRIM".into(),
        "value" => "value \"sql_variant exactblob\"".into(),
        "definition" => "definition \"nvarchar(max)\" COLLATE NOCASE".into(),
        "rows" => "rows \"bigint\"".into(),
        name if name.starts_with("is_") || name.starts_with("has_") => format!("{name} \"bit\""),
        "name" | "type_desc" | "collation_name" => format!("{name} \"nvarchar(128)\" COLLATE NOCASE"),
        name => format!("{name} \"int\""),
    }
}
