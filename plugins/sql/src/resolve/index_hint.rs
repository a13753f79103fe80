//! Indexes that a statement names.

use super::Resolver;
use super::nearest_name::nearest;
use crate::ast::Name;

impl Resolver<'_> {
    /// Reports the indexes that are to be used for a table of the catalog and that it does not have.
    pub(super) fn check_indexes(&mut self, name: Name, table: u32) {
        let schema = self.schema;
        let Some(indexes) = &schema.tables[table as usize].indexes else {
            return;
        };
        for hint in self.ast.index_hints.iter().filter(|hint| hint.table == name.last) {
            let index = self.source.name(hint.index);
            if indexes.iter().any(|known| self.names_index(&index, known)) {
                continue;
            }
            let suggestion = nearest(&index, indexes.iter().cloned());
            let message = format!("`{}` has no index `{index}`", schema.tables[table as usize].name);
            self.report(hint.index, "unknown-index", message, suggestion);
        }
    }

    /// MySQL takes the beginning of a name for the whole (<https://dev.mysql.com/doc/refman/8.0/en/index-hints.html>).
    fn names_index(&self, written: &str, known: &str) -> bool {
        let beginning = known.get(..written.len());
        beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(written))
            && (self.mysql() || known.len() == written.len())
    }
}
