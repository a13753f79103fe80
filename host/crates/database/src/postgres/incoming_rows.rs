//! Rows as they come in, typed and under their caps.

use std::collections::HashMap;

use nl2sql_catalog::{ResultSet, Value};
use sqlx::postgres::PgRow;
use sqlx::{Column, Row};

use super::values::{self, TypeKind};
use crate::Limits;

/// The result so far.
pub(super) struct IncomingRows {
    limits: Limits,
    result: ResultSet,
    bytes: usize,
    kinds: Vec<TypeKind>,
    /// Rows that wait for their types.
    untyped: Vec<PgRow>,
}

impl IncomingRows {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            result: ResultSet::default(),
            bytes: 0,
            kinds: Vec::new(),
            untyped: Vec::new(),
        }
    }

    /// Rows to ask for: one more than the cap tells whether there are more. None once a cap is reached.
    pub(super) fn wanted(&self) -> usize {
        if self.bytes > self.limits.max_bytes {
            return 0;
        }
        self.limits.max_rows.saturating_add(1) - self.result.rows.len()
    }

    /// Whether so much came beyond the cap on bytes that reading the rest is not worth it.
    pub(super) fn overflows(&self) -> bool {
        self.bytes > self.limits.max_bytes.saturating_mul(2)
    }

    /// Takes a row. Those of an unknown type wait until [`Self::type_waiting`].
    pub(super) fn take(&mut self, row: PgRow, types: &HashMap<u32, TypeKind>) -> Result<(), sqlx::Error> {
        if !self.untyped.is_empty() || (self.kinds.is_empty() && !self.learn(&row, types)) {
            self.bytes += (0..row.len())
                .filter_map(|at| Some(row.try_get_raw(at).ok()?.as_bytes().ok()?.len()))
                .sum::<usize>();
            self.untyped.push(row);
            return Ok(());
        }
        self.add(&row)
    }

    /// The type numbers that the rows which wait have.
    pub(super) fn waiting_types(&self) -> Vec<u32> {
        self.untyped.first().map_or_else(Vec::new, |row| oids(row).collect())
    }

    /// Types the rows that waited.
    pub(super) fn type_waiting(&mut self, types: &HashMap<u32, TypeKind>) -> Result<(), sqlx::Error> {
        let waiting = std::mem::take(&mut self.untyped);
        if let Some(first) = waiting.first() {
            self.learn(first, types);
            self.kinds = oids(first)
                .map(|oid| kind(oid, types).unwrap_or(TypeKind::Other))
                .collect();
            self.bytes = 0;
        }
        waiting.iter().try_for_each(|row| self.add(row))
    }

    /// Notes names and types of the columns; `false` when a type is not known yet.
    fn learn(&mut self, row: &PgRow, types: &HashMap<u32, TypeKind>) -> bool {
        let kinds: Option<Vec<TypeKind>> = oids(row).map(|oid| kind(oid, types)).collect();
        self.result.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
        self.kinds = kinds.unwrap_or_default();
        !self.kinds.is_empty() || row.columns().is_empty()
    }

    fn add(&mut self, row: &PgRow) -> Result<(), sqlx::Error> {
        let mut values = Vec::with_capacity(self.kinds.len());
        for (at, kind) in self.kinds.iter().enumerate() {
            let raw = row.try_get_raw(at)?;
            // SQL NULL is the one thing that has no bytes.
            let content = raw.as_bytes().ok();
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

fn oids(row: &PgRow) -> impl Iterator<Item = u32> {
    row.columns()
        .iter()
        .map(|column| column.type_info().oid().map_or(0, |oid| oid.0))
}

fn kind(oid: u32, types: &HashMap<u32, TypeKind>) -> Option<TypeKind> {
    values::builtin(oid).or_else(|| types.get(&oid).copied())
}
