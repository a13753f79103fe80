//! FROM clauses.

use std::borrow::Cow;

use super::relation::{Columns, Relation};
use super::system_tables::{is_sequence_table, is_system_schema, is_system_table};
use super::{Clause, Resolver};
use crate::ast::{Alias, Expr, List, Name, TableId, TableRef, TokenId};
use crate::dialect::Dialect;
use crate::names::{same_column, same_table};
use nl2sql_catalog::TableSource;

/// Whether a function of PostgreSQL puts out one column, which is called after the function or its alias.
fn is_scalar_function(function: &str) -> bool {
    const FUNCTIONS: [&str; 9] = [
        "generate_series",
        "generate_subscripts",
        "regexp_matches",
        "regexp_split_to_table",
        "string_to_table",
        "json_object_keys",
        "jsonb_object_keys",
        "jsonb_path_query",
        "now",
    ];
    FUNCTIONS.contains(&function)
}

impl<'a> Resolver<'a> {
    /// Adds the relations of a table reference; chains of joins are followed in a loop.
    pub(super) fn table(&mut self, id: TableId) {
        let mut spine = Vec::new();
        let mut at = id;
        while let TableRef::Join { left, .. } = self.ast.tables[at as usize].kind {
            spine.push(at);
            at = left;
        }
        let start = self.relations.len();
        self.table_factor(at);
        while let Some(join) = spine.pop() {
            let TableRef::Join { right, on, .. } = self.ast.tables[join as usize].kind else {
                continue;
            };
            let middle = self.relations.len();
            self.table(right);
            self.join(start, middle, on);
        }
    }

    fn table_factor(&mut self, id: TableId) {
        let node = &self.ast.tables[id as usize];
        match node.kind {
            TableRef::Table { name, alias } => self.named_table(name, alias),
            TableRef::Derived { query, lateral, alias } => {
                let mut columns = self.derived(query, lateral);
                if alias.columns.len == 0 {
                    columns = self.derived_columns(node.token, columns);
                }
                self.aliased(node.token, columns, alias, TableSource::Derived, "");
            }
            TableRef::Function {
                calls,
                declared,
                alias,
                ordinality,
                lateral,
            } => {
                let sees_left = lateral || !self.tsql();
                self.function(node.token, calls, declared, ordinality, alias, sees_left);
            }
            TableRef::Paren { inner, alias } => {
                let start = self.relations.len();
                self.table(inner);
                if alias.name.is_some() {
                    self.alias_of_join(node.token, inner, alias, start);
                }
            }
            TableRef::Pivot {
                inner,
                removed,
                added,
                alias,
            } => {
                let start = self.relations.len();
                self.table(inner);
                let columns = self.pivoted_columns(start, removed, added);
                self.relations.truncate(start);
                self.aliased(node.token, columns, alias, TableSource::Derived, "");
            }
            TableRef::Join { .. } => self.table(id),
        }
    }

    /// The alias of a join in parentheses, whose relations begin at `start`. SQLite keeps the names inside, PostgreSQL hides them.
    fn alias_of_join(&mut self, token: TokenId, inner: TableId, alias: Alias, start: usize) {
        let columns = self.joined_columns(start);
        let is_join = matches!(self.ast.tables[inner as usize].kind, TableRef::Join { .. });
        if self.sqlite() && is_join {
            let names = self.relations.len();
            self.aliased(token, columns, alias, TableSource::Derived, "");
            for relation in &mut self.relations[names..] {
                relation.qualified_only = true;
            }
        } else {
            self.relations.truncate(start);
            self.aliased(token, columns, alias, TableSource::Derived, "");
        }
    }

    /// The columns of the relations from `start` on without those that a pivot takes, and with those that it makes.
    fn pivoted_columns(&mut self, start: usize, removed: List, added: List) -> Columns {
        let columns = self.joined_columns(start);
        let Some(count) = self.count(columns) else {
            return Columns::Open;
        };
        let (removed, added) = (
            self.token_names(self.ast.list(removed)),
            self.token_names(self.ast.list(added)),
        );
        let kept: Vec<_> = (0..count)
            .filter_map(|column| self.column_name(columns, column))
            .filter(|name| !removed.iter().any(|gone| same_column(self.dialect, gone, name)))
            .collect();
        self.known(kept.into_iter().chain(added))
    }

    /// The columns of the relations from `start` on as `*` gives them.
    fn joined_columns(&mut self, start: usize) -> Columns {
        let first = self.frames.last().map_or(0, |frame| frame.merged);
        let mut names = Vec::new();
        for (index, relation) in self.relations.iter().enumerate().skip(start) {
            let Some(count) = self.count(relation.columns) else {
                return Columns::Open;
            };
            let is_merged_away = |name: &str| {
                self.merged[first..].iter().any(|merged| {
                    (merged.from..merged.to).contains(&index) && same_column(self.dialect, &merged.name, name)
                })
            };
            if !relation.qualified_only {
                names.extend(
                    (0..count)
                        .filter_map(|column| self.column_name(relation.columns, column))
                        .filter(|name| !is_merged_away(name)),
                );
            }
        }
        self.known(names)
    }

    /// A query in FROM sees what is around this query, and with LATERAL also what stands before it.
    fn derived(&mut self, query: u32, lateral: bool) -> Columns {
        let current = self.frames.len() - 1;
        if lateral {
            self.frames[current].end = self.relations.len();
            self.frames[current].merged_end = self.merged.len();
            return self.query(query, Some(current), "derived");
        }
        let parent = self.frames[current].parent;
        self.query(query, parent, "derived")
    }

    fn aliased(&mut self, token: TokenId, columns: Columns, alias: Alias, source: TableSource, name: &str) {
        let names = self.token_names(self.ast.list(alias.columns));
        if let Some(count) = self.count(columns)
            && names.len() > count
        {
            self.alias_width(token, count, names.len());
        }
        let columns = self.renamed(columns, &names, &[]);
        let visible = alias.name.map(|name| self.source.name(name));
        let shown = visible.as_deref().unwrap_or(name).to_owned();
        let recorded = if self.uses.is_some() {
            let used = self.table_use(
                token,
                if name.is_empty() { &shown } else { name },
                visible.as_deref(),
                source,
            );
            self.record_table(token, used)
        } else {
            None
        };
        self.add_relation(
            token,
            Relation {
                name: visible,
                aliased: true,
                columns,
                recorded,
                qualified_only: false,
            },
        );
    }

    pub(super) fn add_relation(&mut self, token: TokenId, relation: Relation<'a>) {
        let start = self.frames.last().map_or(0, |frame| frame.start);
        if let Some(name) = &relation.name
            && !self.sqlite()
        {
            let twice = self.relations[start..].iter().any(|other| {
                other.aliased == relation.aliased
                    && other
                        .name
                        .as_ref()
                        .is_some_and(|other| same_table(self.dialect, other, name))
            });
            if twice {
                let name = name.clone();
                self.duplicate_alias(token, &name);
            }
        }
        self.relations.push(relation);
    }

    fn named_table(&mut self, name: Name, alias: Alias) {
        let (source, columns, spelt, schema) = self.look_up(name);
        let written = self.source.name(name.last);
        if source == TableSource::Unknown {
            self.unknown_table(name, &written);
        }
        if let Columns::Catalog(table) = columns {
            self.check_indexes(name, table);
        }
        let names = self.token_names(self.ast.list(alias.columns));
        let columns = self.renamed(columns, &names, &[]);
        let visible = alias.name.map(|name| self.source.name(name));
        let recorded = if self.uses.is_some() {
            let mut used = self.table_use(name.first, &spelt, visible.as_deref(), source);
            used.schema = schema;
            self.record_table(name.first, used)
        } else {
            None
        };
        let relation = Relation {
            aliased: visible.is_some(),
            name: Some(visible.unwrap_or(written)),
            columns,
            recorded,
            qualified_only: false,
        };
        self.add_relation(alias.name.unwrap_or(name.last), relation);
    }

    /// What a table name means: a CTE, a table of the catalog, one of the engine's own, or nothing.
    fn look_up(&mut self, name: Name) -> (TableSource, Columns, Cow<'a, str>, Option<String>) {
        let table = self.source.name(name.last);
        let parts: Vec<TokenId> = self.source.parts(name).collect();
        if parts.len() == 1 {
            let dialect = self.dialect;
            let found = self
                .ctes
                .iter()
                .rev()
                .find(|cte| cte.visible && same_column(dialect, &cte.name, &table))
                .map(|cte| (cte.columns, cte.closed));
            if let Some((columns, closed)) = found {
                if closed {
                    self.circular_reference(name.last, &table);
                }
                return (TableSource::Cte, columns, table, None);
            }
        }
        let skipped_schema = self.tsql() && name.last - name.first == 3 && parts.len() == 2;
        let schema = match parts.len() {
            1 => None,
            2 if skipped_schema => None,
            count => Some(self.source.name(parts[count - 2])),
        };
        let database = match parts.len() {
            2 if skipped_schema => Some(self.source.name(parts[0])),
            3 => Some(self.source.name(parts[0])),
            _ => None,
        };
        let here = database
            .as_ref()
            .is_none_or(|name| self.schema.is_database(self.dialect, name));
        if here && let Some(index) = self.schema.find(self.dialect, schema.as_deref(), &table) {
            let found = &self.schema.tables[index as usize];
            return (
                TableSource::Catalog,
                Columns::Catalog(index),
                Cow::Borrowed(&found.name),
                found.schema.clone(),
            );
        }
        if schema.is_none() && self.mysql() && self.schema.mariadb && is_sequence_table(&table) {
            let columns = self.known([Cow::Borrowed("seq")]);
            return (TableSource::Catalog, columns, table, None);
        }
        let system = schema
            .as_deref()
            .is_some_and(|schema| is_system_schema(self.dialect, schema))
            || database
                .as_deref()
                .is_some_and(|name| is_system_schema(self.dialect, name))
            || (parts.len() <= 2 && is_system_table(self.dialect, &table));
        if system {
            let columns = self.system_columns(&table);
            return (TableSource::Catalog, columns, table, None);
        }
        (TableSource::Unknown, Columns::Open, table, None)
    }

    fn function(
        &mut self,
        token: TokenId,
        calls: List,
        declared: List,
        ordinality: bool,
        alias: Alias,
        sees_left: bool,
    ) {
        let current = self.frames.len() - 1;
        if sees_left {
            self.frames[current].end = self.relations.len();
            self.frames[current].merged_end = self.merged.len();
        } else {
            self.frames[current].end = self.frames[current].start;
        }
        let mut function = Cow::Borrowed("");
        for call in self.ast.list(calls) {
            if let Expr::Call(index) = self.ast.expr(*call) {
                let call = &self.ast.calls[index as usize];
                function = self.source.name(call.name.last);
                for argument in self.ast.list(call.args) {
                    self.expr(*argument, current, Clause::From);
                }
            }
        }
        if self.sqlite() && !self.is_sqlite_table_function(&function) {
            let message = format!("`{function}` is no table-valued function");
            self.report(token, "unknown-table", message, None);
        }
        let names = if declared.len > 0 {
            self.token_names(self.ast.list(declared))
        } else {
            self.known_outputs(&function)
        };
        let scalar = self.postgres() && calls.len == 1 && is_scalar_function(&function);
        let columns = if ordinality {
            Columns::Open
        } else if scalar && names.is_empty() {
            let name = alias
                .name
                .map_or_else(|| function.clone(), |name| self.source.name(name));
            self.known([name])
        } else if names.is_empty() {
            Columns::Open
        } else {
            self.known(names)
        };
        let columns = match self.schema.find(self.dialect, None, &function) {
            Some(table) if self.sqlite() => Columns::Catalog(table),
            _ => columns,
        };
        // The alias of a function that gives one value is the name of that value, too.
        let renames = alias.columns.len > 0;
        let columns = if renames && columns == Columns::Open && !ordinality {
            let names = self.token_names(self.ast.list(alias.columns));
            self.known(names)
        } else {
            columns
        };
        let alias = Alias {
            name: alias.name,
            columns: if renames { alias.columns } else { List::default() },
        };
        let plain = alias.name.is_none();
        self.aliased(
            token,
            columns,
            alias,
            TableSource::Function,
            &function.to_ascii_lowercase(),
        );
        if plain && let Some(relation) = self.relations.last_mut() {
            relation.name = Some(function);
        }
    }

    /// Whether SQLite takes arguments after a name in FROM: its own functions do, and virtual tables.
    fn is_sqlite_table_function(&self, function: &str) -> bool {
        match self.schema.find(self.dialect, None, function) {
            Some(table) => self.schema.tables[table as usize].is_virtual,
            None => is_system_table(self.dialect, function),
        }
    }

    /// Output columns of table-valued functions whose columns are fixed.
    fn known_outputs(&self, function: &str) -> Vec<Cow<'a, str>> {
        let names: &[&'static str] = match (self.dialect, function.to_ascii_lowercase().as_str()) {
            (Dialect::Sqlite, "json_each" | "json_tree") => &[
                "key", "value", "type", "atom", "id", "parent", "fullkey", "path", "json", "root",
            ],
            (Dialect::Sqlite, "generate_series") => &["value", "start", "stop", "step"],
            (Dialect::Tsql, "openjson") => &["key", "value", "type"],
            (Dialect::Tsql, "string_split") => &["value", "ordinal"],
            (Dialect::Tsql, "generate_series") => &["value"],
            (
                Dialect::Postgres,
                "json_array_elements"
                | "jsonb_array_elements"
                | "json_array_elements_text"
                | "jsonb_array_elements_text",
            ) => &["value"],
            (Dialect::Postgres, "json_each" | "jsonb_each" | "json_each_text" | "jsonb_each_text") => &["key", "value"],
            _ => &[],
        };
        names.iter().map(|name| Cow::Borrowed(*name)).collect()
    }
}
