//! A response, written event by event.

use crate::cell;
use crate::engine::Event;
use crate::sql_type::Column;
use crate::tokens::{self, Done, SqlError, change, status};

/// Names a transaction to the client.
const DESCRIPTOR: [u8; 8] = [1, 0, 0, 0, 0x4E, 0x4C, 0x32, 0x53];

/// The response as it grows.
pub(crate) struct Answer {
    pub(crate) out: Vec<u8>,
    is_call: bool,
    columns: Vec<Column>,
    /// The last DONE, written when it is known whether more follows.
    pending: Option<Option<u64>>,
    pub(crate) rows: usize,
    failed: bool,
}

impl Answer {
    /// An answer to a call or to a batch, after what has been said already.
    pub(crate) fn new(is_call: bool, out: Vec<u8>) -> Self {
        Self {
            out,
            is_call,
            columns: Vec::new(),
            pending: None,
            rows: 0,
            failed: false,
        }
    }

    pub(crate) fn add(&mut self, event: Event) -> Result<(), SqlError> {
        self.write_pending(status::MORE);
        match event {
            Event::Columns(columns) => {
                self.out.push(tokens::COLUMN_METADATA);
                self.out.extend_from_slice(&(columns.len() as u16).to_le_bytes());
                columns.iter().for_each(|column| column.metadata(&mut self.out));
                self.columns = columns;
            }
            Event::Row(values) => {
                let whole = self.out.len();
                self.rows += 1;
                if let Err(error) = cell::row(&mut self.out, &self.columns, &values) {
                    self.out.truncate(whole);
                    return Err(error);
                }
            }
            Event::Done(rows) => self.pending = Some(rows),
            Event::Error(error) => self.fail(&error),
            Event::Info(text) => tokens::info(&mut self.out, 0, &text),
            Event::Began => tokens::binary_change(&mut self.out, change::BEGIN, &DESCRIPTOR, &[]),
            Event::Committed => tokens::binary_change(&mut self.out, change::COMMIT, &[], &DESCRIPTOR),
            Event::RolledBack => tokens::binary_change(&mut self.out, change::ROLLBACK, &[], &DESCRIPTOR),
        }
        Ok(())
    }

    pub(crate) fn fail(&mut self, error: &SqlError) {
        self.failed = true;
        tokens::error(&mut self.out, error);
    }

    fn write_pending(&mut self, more: u16) {
        if let Some(rows) = self.pending.take() {
            let kind = if self.is_call { Done::InProcedure } else { Done::Batch };
            let counts = if rows.is_some() { status::COUNT } else { 0 };
            tokens::done(&mut self.out, kind, more | counts, rows.unwrap_or(0));
        }
    }

    pub(crate) fn end(&mut self, handle: Option<i32>) {
        let error = if self.failed { status::ERROR } else { 0 };
        if self.is_call {
            self.write_pending(status::MORE);
            tokens::return_status(&mut self.out, i32::from(self.failed));
            if let Some(handle) = handle {
                tokens::return_int(&mut self.out, "", handle);
            }
            tokens::done(&mut self.out, Done::Procedure, error, 0);
        } else if self.failed || self.pending.is_none() {
            self.write_pending(status::MORE);
            tokens::done(&mut self.out, Done::Batch, error, 0);
        } else {
            self.write_pending(status::FINAL);
        }
    }
}
