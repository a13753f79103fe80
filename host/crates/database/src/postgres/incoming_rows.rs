//! Rows as they come in, typed and under their caps.

use std::collections::HashMap;

use nl2sql_catalog::{ResultSet, Value};
use sqlx::postgres::{PgColumn, PgRow};
use sqlx::{Column, Row, ValueRef};

use super::server_errors::PostgresError;
use super::values::{self, TypeKind};
use crate::Limits;

/// The result so far.
pub(super) struct IncomingRows {
    limits: Limits,
    result: ResultSet,
    bytes: usize,
    /// How the columns are read.
    kinds: Vec<TypeKind>,
}

impl IncomingRows {
    /// A result of these columns; `types` are those that PostgreSQL does not ship with.
    pub(super) fn new(limits: Limits, columns: &[PgColumn], types: &HashMap<u32, TypeKind>) -> Self {
        let kind = |column| {
            let number = type_number(column);
            values::builtin(number).or_else(|| types.get(&number).copied())
        };
        Self {
            limits,
            result: ResultSet {
                columns: columns.iter().map(|column| column.name().to_owned()).collect(),
                ..ResultSet::default()
            },
            bytes: 0,
            kinds: columns
                .iter()
                .map(|column| kind(column).unwrap_or(TypeKind::Other))
                .collect(),
        }
    }

    /// Whether so much came beyond the cap on bytes that reading the rest is not worth it.
    pub(super) fn overflows(&self) -> bool {
        self.bytes > self.limits.max_bytes.saturating_mul(2)
    }

    /// Takes a row.
    pub(super) fn take(&mut self, row: &PgRow) -> Result<(), PostgresError> {
        if row.len() != self.kinds.len() {
            return Err(PostgresError::Unusable(
                "a statement gave other columns than announced".into(),
            ));
        }
        let mut values = Vec::with_capacity(self.kinds.len());
        for (at, kind) in self.kinds.iter().enumerate() {
            let cell = row.try_get_raw(at)?;
            let content = if cell.is_null() { None } else { cell.as_bytes().ok() };
            self.bytes += content.map_or(8, |content| content.len() + 8);
            values.push(
                content.map_or(Value::Null, |content| match std::str::from_utf8(content) {
                    Ok(text) => values::typed(*kind, text),
                    // A database in SQL_ASCII stores what its clients sent.
                    Err(_) => Value::Bytes(content.to_vec()),
                }),
            );
        }
        self.result.rows.push(values);
        Ok(())
    }

    /// The result, cut to its caps.
    pub(super) fn into_result(mut self) -> ResultSet {
        self.result.truncated = self.result.rows.len() > self.limits.max_rows || self.bytes > self.limits.max_bytes;
        self.result.rows.truncate(self.limits.max_rows);
        self.result
    }
}

/// The number of a column's type (`pg_type.oid`).
pub(super) fn type_number(column: &PgColumn) -> u32 {
    column.type_info().oid().map_or(0, |oid| oid.0)
}
