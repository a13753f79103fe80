//! Rows as they come in, typed and under their caps.

use std::collections::HashMap;
use std::io;

use fallible_iterator::FallibleIterator;
use nl2sql_catalog::{ResultSet, Value};
use postgres_protocol::message::backend::{DataRowBody, RowDescriptionBody};

use super::values::{self, TypeKind};
use crate::Limits;

/// The result so far.
pub(super) struct IncomingRows {
    limits: Limits,
    result: ResultSet,
    bytes: usize,
    /// Numbers of the columns' types.
    oids: Vec<u32>,
    /// How to read them; empty while one is not known.
    kinds: Vec<TypeKind>,
    /// Rows that wait for their types.
    untyped: Vec<DataRowBody>,
}

impl IncomingRows {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            result: ResultSet::default(),
            bytes: 0,
            oids: Vec::new(),
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

    /// Takes names and types of the columns, which come before the rows.
    pub(super) fn describe(&mut self, columns: &RowDescriptionBody, types: &HashMap<u32, TypeKind>) -> io::Result<()> {
        self.result.columns.clear();
        self.oids.clear();
        let mut fields = columns.fields();
        while let Some(field) = fields.next()? {
            self.result.columns.push(field.name().to_owned());
            self.oids.push(field.type_oid());
        }
        let kinds: Option<Vec<TypeKind>> = self.oids.iter().map(|oid| kind(*oid, types)).collect();
        self.kinds = kinds.unwrap_or_default();
        Ok(())
    }

    /// Takes a row. Those of an unknown type wait until [`Self::type_waiting`].
    pub(super) fn take(&mut self, row: DataRowBody) -> io::Result<()> {
        if self.kinds.len() < self.oids.len() {
            self.bytes += row.buffer().len();
            self.untyped.push(row);
            return Ok(());
        }
        self.add(&row)
    }

    /// The type numbers that the rows which wait have.
    pub(super) fn waiting_types(&self) -> &[u32] {
        if self.untyped.is_empty() { &[] } else { &self.oids }
    }

    /// Types the rows that waited.
    pub(super) fn type_waiting(&mut self, types: &HashMap<u32, TypeKind>) -> io::Result<()> {
        if self.untyped.is_empty() {
            return Ok(());
        }
        self.kinds = self
            .oids
            .iter()
            .map(|oid| kind(*oid, types).unwrap_or(TypeKind::Other))
            .collect();
        let waited = std::mem::take(&mut self.untyped);
        self.bytes -= waited.iter().map(|row| row.buffer().len()).sum::<usize>();
        waited.iter().try_for_each(|row| self.add(row))
    }

    fn add(&mut self, row: &DataRowBody) -> io::Result<()> {
        let mut values = Vec::with_capacity(self.kinds.len());
        let mut cells = cells(row);
        for kind in &self.kinds {
            let content = cells.next()?.flatten();
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

/// The bytes of each cell; NULL has none.
pub(super) fn cells(row: &DataRowBody) -> impl FallibleIterator<Item = Option<&[u8]>, Error = io::Error> {
    row.ranges().map(|range| Ok(range.map(|range| &row.buffer()[range])))
}

fn kind(oid: u32, types: &HashMap<u32, TypeKind>) -> Option<TypeKind> {
    values::builtin(oid).or_else(|| types.get(&oid).copied())
}
