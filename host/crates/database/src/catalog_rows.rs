//! From rows of catalog queries to a [`Database`], the same way for every driver.
//!
//! The row format of each section is fixed in `wit/` (interface `dialect`, record `catalog-query`). Two conventions serve databases
//! whose constraints may be nameless: a constraint name that starts with `#` only groups rows, and an empty referenced column stands for
//! the primary key of the referenced table.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use nl2sql_catalog::{Check, Column, Database, ForeignKey, Key, ResultSet, Table, TableKind, Terms, TypeClass, Value};

use crate::ExtractError;
use crate::table_filter::TableFilter;

/// One row: every value as text or NULL.
pub type CatalogRow = Vec<Option<String>>;

/// The rows of a result as text. Some servers hand names out as bytes.
pub(crate) fn text_rows(result: ResultSet) -> Vec<CatalogRow> {
    let text = |value: &Value| match value {
        Value::Bytes(bytes) => Some(decoded(bytes)),
        other => other.display_text(),
    };
    result.rows.iter().map(|row| row.iter().map(text).collect()).collect()
}

/// A database that knows no encoding (PostgreSQL's SQL_ASCII) hands out what its clients stored: mostly UTF-8, else the Chinese national
/// encoding, of which GBK and GB2312 are part.
pub(crate) fn decoded(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let (text, _, malformed) = encoding_rs::GB18030.decode(bytes);
    if malformed {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        text.into_owned()
    }
}

/// A catalog with what had to be left out of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extraction {
    /// The catalog.
    pub database: Database,
    /// What was left out and why, one sentence each.
    pub notes: Vec<String>,
}

/// Schema (empty where there are none) and table.
type TableName = (String, String);

/// Collects sections in any order and assembles the catalog.
pub(crate) struct CatalogRows {
    filter: TableFilter,
    tables: BTreeMap<TableName, Table>,
    columns: Vec<(TableName, u32, Column)>,
    keys: BTreeMap<(TableName, String), (bool, BTreeMap<u32, String>)>,
    foreign_keys: BTreeMap<(TableName, String), BTreeMap<u32, ForeignColumn>>,
    checks: Vec<(TableName, Check)>,
    indexes: BTreeMap<TableName, BTreeSet<String>>,
}

struct ForeignColumn {
    column: String,
    target: TableName,
    ref_column: String,
}

impl CatalogRows {
    pub(crate) fn new(filter: TableFilter) -> Self {
        Self {
            filter,
            tables: BTreeMap::new(),
            columns: Vec::new(),
            keys: BTreeMap::new(),
            foreign_keys: BTreeMap::new(),
            checks: Vec::new(),
            indexes: BTreeMap::new(),
        }
    }

    /// Reads the rows of one section.
    pub(crate) fn add(&mut self, section: &str, rows: Vec<CatalogRow>) -> Result<(), ExtractError> {
        let reader: fn(&mut Self, &mut Cells) -> Result<(), String> = match section {
            "tables" => Self::add_table,
            "columns" => Self::add_column,
            "keys" => Self::add_key,
            "foreign-keys" => Self::add_foreign_key,
            "checks" => Self::add_check,
            "indexes" => Self::add_index,
            other => {
                return Err(ExtractError::Sections(format!(
                    "section `{other}` is unknown; write tables, columns, keys, foreign-keys, checks or indexes"
                )));
            }
        };
        for (index, row) in rows.into_iter().enumerate() {
            let mut cells = Cells { cells: row };
            reader(self, &mut cells).map_err(|detail| ExtractError::Row {
                section: section.to_owned(),
                row: index + 1,
                detail,
            })?;
        }
        Ok(())
    }

    fn add_table(&mut self, row: &mut Cells) -> Result<(), String> {
        let name = row.table_name()?;
        let kind = match row.text(2, "kind")?.as_str() {
            "table" => TableKind::Table,
            "view" => TableKind::View,
            "materialized-view" => TableKind::MaterializedView,
            "virtual" => TableKind::Virtual,
            other => return Err(format!("unknown kind `{other}`")),
        };
        let table = Table {
            schema: Some(name.0.clone()).filter(|schema| !schema.is_empty()),
            name: name.1.clone(),
            kind,
            comment: row.comment(3),
            without_rowid: row.flag(5, "rows without numbers")?,
            row_estimate: row
                .optional(4)
                .and_then(|text| text.parse::<f64>().ok())
                .filter(|rows| *rows >= 0.0)
                .map(|rows| rows as u64),
            ..Table::default()
        };
        if self.filter.keeps(table.schema.as_deref(), &table.name) {
            self.tables.insert(name, table);
        }
        Ok(())
    }

    fn add_column(&mut self, row: &mut Cells) -> Result<(), String> {
        let table = row.table_name()?;
        let ordinal = row.number(2, "ordinal")?;
        let type_name = row.optional(4).unwrap_or_default();
        let labels: Vec<String> = match row.optional(10) {
            Some(json) => serde_json::from_str(&json)
                .map_err(|error| format!("enum labels are no JSON array of texts: {error}"))?,
            None => Vec::new(),
        };
        let column = Column {
            name: row.text(3, "name")?,
            type_class: match row.optional(11) {
                Some(class) => TypeClass::from_name(&class),
                None if !labels.is_empty() => TypeClass::Enum,
                None => TypeClass::of_type_name(&type_name),
            },
            type_name,
            nullable: row.flag(5, "nullable")?,
            default: row.optional(6),
            comment: row.comment(7),
            identity: row.flag(8, "identity")?,
            generated: row.flag(9, "generated")?,
            labels,
            samples: Vec::new(),
            terms: Terms::default(),
        };
        self.columns.push((table, ordinal, column));
        Ok(())
    }

    fn add_key(&mut self, row: &mut Cells) -> Result<(), String> {
        let table = row.table_name()?;
        let primary = match row.text(3, "kind")?.as_str() {
            "primary" => true,
            "unique" => false,
            other => return Err(format!("unknown key kind `{other}`")),
        };
        let constraint = row.optional(2).unwrap_or_else(|| "#".into());
        let (ordinal, column) = (row.number(4, "ordinal")?, row.text(5, "column")?);
        let key = self
            .keys
            .entry((table, constraint))
            .or_insert_with(|| (primary, BTreeMap::new()));
        key.1.insert(ordinal, column);
        Ok(())
    }

    fn add_foreign_key(&mut self, row: &mut Cells) -> Result<(), String> {
        let table = row.table_name()?;
        let constraint = row.optional(2).unwrap_or_else(|| "#".into());
        let ordinal = row.number(3, "ordinal")?;
        let column = ForeignColumn {
            column: row.text(4, "column")?,
            target: (row.optional(5).unwrap_or_default(), row.text(6, "referenced table")?),
            ref_column: row.optional(7).unwrap_or_default(),
        };
        self.foreign_keys
            .entry((table, constraint))
            .or_default()
            .insert(ordinal, column);
        Ok(())
    }

    fn add_check(&mut self, row: &mut Cells) -> Result<(), String> {
        let check = Check {
            name: row.optional(2).filter(|name| !name.starts_with('#')),
            expression: row.text(3, "expression")?,
        };
        self.checks.push((row.table_name()?, check));
        Ok(())
    }

    /// A row without the name of an index tells that all indexes of its table are listed.
    fn add_index(&mut self, row: &mut Cells) -> Result<(), String> {
        self.indexes
            .entry(row.table_name()?)
            .or_default()
            .extend(row.optional(2));
        Ok(())
    }

    /// Puts columns and constraints into their tables. Foreign keys whose target is not in the catalog are left out and noted.
    pub(crate) fn assemble(mut self, mut database: Database) -> Extraction {
        self.columns.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        for (name, _, column) in std::mem::take(&mut self.columns) {
            if let Some(table) = self.tables.get_mut(&name) {
                table.columns.push(column);
            }
        }
        for ((name, constraint), (primary, columns)) in std::mem::take(&mut self.keys) {
            if let Some(table) = self.tables.get_mut(&name) {
                let columns: Vec<String> = columns.into_values().collect();
                if primary {
                    table.primary_key = columns;
                } else {
                    table.unique_keys.push(Key {
                        name: constraint_name(constraint),
                        columns,
                    });
                }
            }
        }
        for (name, check) in std::mem::take(&mut self.checks) {
            if let Some(table) = self.tables.get_mut(&name) {
                table.checks.push(check);
            }
        }
        for (name, indexes) in std::mem::take(&mut self.indexes) {
            if let Some(table) = self.tables.get_mut(&name) {
                table.indexes = Some(indexes.into_iter().collect());
            }
        }
        let notes = self.resolve_foreign_keys();
        database.tables = self.tables.into_values().map(in_fixed_order).collect();
        Extraction { database, notes }
    }

    fn resolve_foreign_keys(&mut self) -> Vec<String> {
        let folded: HashMap<TableName, TableName> = self
            .tables
            .keys()
            .map(|name| ((name.0.to_lowercase(), name.1.to_lowercase()), name.clone()))
            .collect();
        let mut notes = BTreeSet::new();
        for ((name, constraint), parts) in std::mem::take(&mut self.foreign_keys) {
            if !self.tables.contains_key(&name) {
                continue;
            }
            match self.foreign_key(&name, constraint, parts.into_values().collect(), &folded) {
                Ok(key) => self.tables.entry(name).and_modify(|table| table.foreign_keys.push(key)),
                Err(note) => {
                    notes.insert(note);
                    continue;
                }
            };
        }
        notes.into_iter().collect()
    }

    fn foreign_key(
        &self,
        name: &TableName,
        constraint: String,
        parts: Vec<ForeignColumn>,
        folded: &HashMap<TableName, TableName>,
    ) -> Result<ForeignKey, String> {
        let written = parts.first().map(|part| part.target.clone()).unwrap_or_default();
        let wanted = (
            if written.0.is_empty() {
                name.0.clone()
            } else {
                written.0
            },
            written.1,
        );
        let target = Some(&wanted)
            .filter(|wanted| self.tables.contains_key(*wanted))
            .or_else(|| folded.get(&(wanted.0.to_lowercase(), wanted.1.to_lowercase())));
        let missing = || {
            format!(
                "the foreign key of {} to {} is left out: its target is not in the catalog",
                spelled(name),
                spelled(&wanted)
            )
        };
        let (target_name, target) = target
            .and_then(|name| self.tables.get_key_value(name))
            .ok_or_else(missing)?;
        let ref_columns = parts
            .iter()
            .enumerate()
            .map(|(index, part)| {
                let wanted = if part.ref_column.is_empty() {
                    target.primary_key.get(index)?
                } else {
                    &part.ref_column
                };
                let exact = target.columns.iter().find(|column| column.name == *wanted);
                let column = exact.or_else(|| {
                    target
                        .columns
                        .iter()
                        .find(|column| column.name.eq_ignore_ascii_case(wanted))
                });
                column.map(|column| column.name.clone())
            })
            .collect::<Option<Vec<String>>>()
            .ok_or_else(missing)?;
        Ok(ForeignKey {
            name: constraint_name(constraint),
            columns: parts.into_iter().map(|part| part.column).collect(),
            ref_schema: Some(target_name.0.clone()).filter(|schema| *schema != name.0),
            ref_table: target_name.1.clone(),
            ref_columns,
        })
    }
}

/// Constraints sorted by what they say, not by names a server makes up.
fn in_fixed_order(mut table: Table) -> Table {
    table
        .unique_keys
        .sort_by(|a, b| (&a.columns, &a.name).cmp(&(&b.columns, &b.name)));
    table.unique_keys.dedup_by(|a, b| a.columns == b.columns);
    table.unique_keys.retain(|key| key.columns != table.primary_key);
    let position = |name: &String| table.columns.iter().position(|column| column.name == *name);
    table.foreign_keys.sort_by_cached_key(|key| {
        (
            key.columns.iter().map(position).collect::<Vec<_>>(),
            key.ref_schema.clone(),
            key.ref_table.clone(),
            key.name.clone(),
        )
    });
    table
        .checks
        .sort_by(|a, b| (&a.name, &a.expression).cmp(&(&b.name, &b.expression)));
    table
}

fn constraint_name(name: String) -> Option<String> {
    Some(name).filter(|name| !name.starts_with('#'))
}

fn spelled((schema, table): &TableName) -> String {
    if schema.is_empty() {
        table.clone()
    } else {
        format!("{schema}.{table}")
    }
}

/// Typed access to the cells of one row.
struct Cells {
    cells: CatalogRow,
}

impl Cells {
    fn optional(&self, at: usize) -> Option<String> {
        self.cells.get(at).cloned().flatten()
    }

    fn text(&self, at: usize, what: &str) -> Result<String, String> {
        self.optional(at)
            .ok_or_else(|| format!("column {} ({what}) is NULL or missing", at + 1))
    }

    fn comment(&self, at: usize) -> Option<String> {
        self.optional(at)
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    }

    fn number(&self, at: usize, what: &str) -> Result<u32, String> {
        let text = self.text(at, what)?;
        text.parse()
            .map_err(|_| format!("column {} ({what}) is `{text}`, not a whole number", at + 1))
    }

    fn flag(&self, at: usize, what: &str) -> Result<bool, String> {
        match self.optional(at).as_deref() {
            None | Some("0" | "false") => Ok(false),
            Some("1" | "true") => Ok(true),
            Some(other) => Err(format!(
                "column {} ({what}) is `{other}`, not 1 or 0, true or false",
                at + 1
            )),
        }
    }

    fn table_name(&self) -> Result<TableName, String> {
        Ok((self.optional(0).unwrap_or_default(), self.text(1, "table")?))
    }
}
