//! Column references.

use std::borrow::Cow;

use super::relation::Columns;
use super::{Clause, OuterUse, Resolver};
use crate::ast::{Expr, Name};
use crate::dialect::Dialect;
use crate::names::{same_column, same_table};
use nl2sql_catalog::Resolution;

/// Columns every stored row has without the catalog listing them.
fn is_pseudo_column(dialect: Dialect, name: &str) -> bool {
    let known: &[&str] = match dialect {
        Dialect::Sqlite => &["rowid", "oid", "_rowid_"],
        Dialect::Postgres => &["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"],
        Dialect::Mysql => &["_rowid"],
        Dialect::Tsql => &["$identity", "$rowguid", "$action", "identitycol", "rowguidcol"],
    };
    known.iter().any(|pseudo| pseudo.eq_ignore_ascii_case(name))
}

/// What a look-up in one level found.
enum Found {
    Column {
        relation: usize,
        index: usize,
    },
    /// In a relation whose columns are not known.
    Possible,
    Ambiguous,
    Nothing,
}

impl<'a> Resolver<'a> {
    pub(super) fn column(&mut self, name: Name, frame: usize, clause: Clause) {
        if name.first == name.last {
            self.plain_column(name, frame, clause);
        } else {
            self.qualified_column(name, frame, clause);
        }
    }

    fn plain_column(&mut self, name: Name, frame: usize, clause: Clause) {
        let token = name.last;
        let text = self.source.name(token);
        let mut level = Some(frame);
        if self.mysql() && clause == Clause::Having && !self.inside_aggregate && !self.is_shown(&text, frame) {
            level = self.outer(frame);
        }
        while let Some(index) = level {
            match self.find_in(index, &text) {
                Found::Column {
                    relation,
                    index: column,
                } => {
                    self.hit(index);
                    self.note_outer_use(index, frame, (relation, column), name);
                    let relation = &self.relations[relation];
                    let (recorded, columns) = (relation.recorded, relation.columns);
                    if self.uses.is_some() {
                        let spelt = self.column_name(columns, column).unwrap_or(text);
                        self.record_column(token, &spelt, recorded, clause, Resolution::Column);
                    }
                    return;
                }
                Found::Ambiguous => {
                    self.hit(index);
                    self.ambiguous_column(token, &text, index);
                    self.record_column(token, &text, None, clause, Resolution::Ambiguous);
                    return;
                }
                Found::Possible => {
                    self.hit(index);
                    self.record_column(token, &text, None, clause, Resolution::Column);
                    return;
                }
                Found::Nothing => {}
            }
            if let Some(resolution) = self.other_meaning(index, &text, clause, index == frame, token) {
                self.hit(index);
                self.record_column(token, &text, None, clause, resolution);
                return;
            }
            level = self.outer(index);
        }
        if self.is_constant_word(&text, token) || self.is_string(&text, token, frame, clause) {
            return;
        }
        self.unknown_column(token, &text, frame);
        self.record_column(token, &text, None, clause, Resolution::Unknown);
    }

    /// MySQL: whether HAVING may name a column, which has to be in the select list or in GROUP BY.
    fn is_shown(&self, text: &str, frame: usize) -> bool {
        let Some(select) = self.frames[frame].select else {
            return true;
        };
        let select = &self.ast.selects[select as usize];
        let items = &self.ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
        let named = |expr: u32| match self.ast.expr(expr) {
            Expr::Star(_) => true,
            Expr::Column(name) => same_column(self.dialect, &self.source.name(name.last), text),
            _ => false,
        };
        self.is_alias(frame, text)
            || items.iter().any(|item| named(item.expr))
            || self.ast.list(select.group).iter().any(|term| named(*term))
    }

    /// Remembers a column of an outer level that has to be grouped there.
    fn note_outer_use(&mut self, owner: usize, frame: usize, place: (usize, usize), name: Name) {
        let shown = matches!(
            self.frames[owner].clause,
            Clause::Select | Clause::Having | Clause::OrderBy
        );
        if owner != frame && shown && !self.inside_aggregate && (self.postgres() || self.tsql()) {
            self.outer_uses.push(OuterUse {
                frame: owner,
                place,
                name,
            });
        }
    }

    fn hit(&mut self, frame: usize) {
        self.hit = Some(self.hit.map_or(frame, |hit| hit.max(frame)));
    }

    /// SQLite reads unquoted TRUE and FALSE as constants where no column has the name.
    fn is_constant_word(&self, text: &str, token: u32) -> bool {
        let constants: &[&str] = match self.dialect {
            Dialect::Sqlite => &["true", "false"],
            Dialect::Mysql => &["default"],
            _ => &[],
        };
        !self.source.is_quoted(token) && constants.iter().any(|word| word.eq_ignore_ascii_case(text))
    }

    /// SQLite reads a double-quoted name that is no column as a string. That is what was meant where a value is likely, unless the
    /// name looks like one of the columns in scope; anywhere else it is a misspelt column.
    fn is_string(&self, text: &str, token: u32, frame: usize, clause: Clause) -> bool {
        if !self.sqlite() || !self.source.raw(token).starts_with('"') {
            return false;
        }
        let word = text.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !word {
            return self.in_value_place
                || self.in_arguments
                || matches!(clause, Clause::Where | Clause::Having | Clause::From);
        }
        self.in_value_place && !self.resembles_column(text, frame)
    }

    /// Aliases of the select list, row addresses and whole rows.
    fn other_meaning(&mut self, frame: usize, text: &str, clause: Clause, own: bool, token: u32) -> Option<Resolution> {
        if own && self.alias_allowed(clause) && self.is_alias(frame, text) {
            self.alias_of_aggregate(frame, text, clause, token);
            return Some(Resolution::Alias);
        }
        let (start, end) = (self.frames[frame].start, self.frames[frame].end);
        let hidden = self.relations[start..end]
            .iter()
            .any(|relation| self.has_hidden_column(relation.columns, text));
        if hidden {
            return Some(Resolution::Pseudo);
        }
        if is_pseudo_column(self.dialect, text) {
            let single = !self.sqlite() || end - start == 1;
            let stored = self.relations[start..end]
                .iter()
                .any(|relation| self.is_stored(relation.columns));
            if single && stored {
                return Some(Resolution::Pseudo);
            }
        }
        let whole_row = self.postgres()
            && self.relations[start..end].iter().any(|relation| {
                relation
                    .name
                    .as_ref()
                    .is_some_and(|name| same_table(self.dialect, name, text))
            });
        whole_row.then_some(Resolution::Column)
    }

    /// SQLite: columns of full-text tables that no catalog lists. FTS3 to FTS5 name one after the table, FTS5 has `rank`, FTS3 and
    /// FTS4 have `docid`.
    fn has_hidden_column(&self, columns: Columns, text: &str) -> bool {
        let Columns::Catalog(table) = columns else { return false };
        let table = &self.schema.tables[table as usize];
        self.sqlite()
            && table.full_text
            && [table.name.as_str(), "rank", "docid"]
                .iter()
                .any(|hidden| hidden.eq_ignore_ascii_case(text))
    }

    fn is_stored(&self, columns: Columns) -> bool {
        matches!(columns, Columns::Catalog(table) if self.schema.tables[table as usize].stored)
    }

    /// Whether expressions of a clause may use aliases of the select list.
    fn alias_allowed(&self, clause: Clause) -> bool {
        match self.dialect {
            Dialect::Sqlite => matches!(
                clause,
                Clause::Where | Clause::GroupBy | Clause::Having | Clause::OrderBy
            ),
            Dialect::Mysql => matches!(clause, Clause::GroupBy | Clause::Having | Clause::OrderBy),
            Dialect::Postgres | Dialect::Tsql => false,
        }
    }

    pub(super) fn is_alias(&self, frame: usize, text: &str) -> bool {
        self.aliased_item(frame, text).is_some()
    }

    /// The expression an alias of a level's select list stands for.
    pub(super) fn aliased_item(&self, frame: usize, text: &str) -> Option<u32> {
        let select = &self.ast.selects[self.frames[frame].select? as usize];
        let items = &self.ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
        items
            .iter()
            .find(|item| {
                item.alias
                    .is_some_and(|alias| same_column(self.dialect, &self.source.name(alias), text))
            })
            .map(|item| item.expr)
    }

    fn find_in(&self, frame: usize, text: &str) -> Found {
        let level = &self.frames[frame];
        let mut found = Found::Nothing;
        let mut open = false;
        for relation in level.start..level.end {
            let columns = self.relations[relation].columns;
            if self.relations[relation].qualified_only {
                continue;
            }
            open |= columns == Columns::Open;
            let (count, index) = self.find_column(columns, text);
            let Some(index) = index else { continue };
            if self.is_merged_away(relation, frame, text) {
                continue;
            }
            if count > 1 || matches!(found, Found::Column { .. }) {
                return Found::Ambiguous;
            }
            found = Found::Column { relation, index };
        }
        match found {
            Found::Nothing if open => Found::Possible,
            found => found,
        }
    }

    /// The relation the qualifier of a name means, searched outwards.
    pub(super) fn qualified_relation(&self, qualifier: Name, frame: usize) -> Option<usize> {
        let parts: Vec<u32> = self.source.parts(qualifier).collect();
        let table = self.source.name(*parts.last()?);
        let schema = (parts.len() > 1).then(|| self.source.name(parts[parts.len() - 2]));
        let mut level = Some(frame);
        while let Some(index) = level {
            let (start, end) = (self.frames[index].start, self.frames[index].end);
            let found = (start..end).find(|relation| self.answers_to(*relation, schema.as_deref(), &table));
            if found.is_some() {
                return found;
            }
            level = self.outer(index);
        }
        None
    }

    /// The relation a qualified column belongs to. SQLite and MySQL look on when the nearest of that name lacks the column.
    fn relation_with(&self, qualifier: Name, column: &str, frame: usize) -> Option<usize> {
        let nearest = self.qualified_relation(qualifier, frame)?;
        if !self.sqlite() && !self.mysql() {
            return Some(nearest);
        }
        let parts: Vec<u32> = self.source.parts(qualifier).collect();
        let table = self.source.name(*parts.last()?);
        let schema = (parts.len() > 1).then(|| self.source.name(parts[parts.len() - 2]));
        let has = |relation: &usize| {
            let columns = self.relations[*relation].columns;
            columns == Columns::Open
                || self.find_column(columns, column).0 > 0
                || (is_pseudo_column(self.dialect, column) && self.is_stored(columns))
        };
        let mut level = Some(self.frame_of(nearest, frame));
        while let Some(index) = level {
            let found = (self.frames[index].start..self.frames[index].end)
                .filter(|relation| self.answers_to(*relation, schema.as_deref(), &table))
                .find(has);
            if found.is_some() {
                return found;
            }
            level = self.outer(index);
        }
        Some(nearest)
    }

    /// The level around one, where names of the clause under way may come from it: in SQLite ORDER BY and GROUP BY see their own
    /// query only.
    fn outer(&self, frame: usize) -> Option<usize> {
        let level = &self.frames[frame];
        let enclosed = self.sqlite() && matches!(level.clause, Clause::OrderBy | Clause::GroupBy);
        level.parent.filter(|_| !enclosed)
    }

    fn answers_to(&self, relation: usize, schema: Option<&str>, table: &str) -> bool {
        let relation = &self.relations[relation];
        let named = relation
            .name
            .as_ref()
            .is_some_and(|name| same_table(self.dialect, name, table));
        match (schema, relation.columns) {
            (None, _) => named,
            // SQLite and MySQL keep the database of a table that has an alias.
            (Some(schema), Columns::Catalog(index)) if relation.aliased => {
                named && (self.sqlite() || self.mysql()) && self.schema.lies_in(self.dialect, index, schema)
            }
            (Some(_), _) if relation.aliased => false,
            (Some(schema), Columns::Catalog(index)) => {
                named && self.schema.find(self.dialect, Some(schema), table) == Some(index)
            }
            (Some(_), _) => named,
        }
    }

    fn qualified_column(&mut self, name: Name, frame: usize, clause: Clause) {
        let qualifier = Name {
            first: name.first,
            last: name.last - 2,
        };
        let text = self.source.name(name.last);
        let Some(relation) = self.relation_with(qualifier, &text, frame) else {
            self.unknown_qualifier(qualifier);
            self.record_column(name.first, &text, None, clause, Resolution::Unknown);
            return;
        };
        let owner = self.frame_of(relation, frame);
        self.hit(owner);
        let (columns, recorded) = (self.relations[relation].columns, self.relations[relation].recorded);
        let (count, index) = self.find_column(columns, &text);
        if let Some(index) = index {
            self.note_outer_use(owner, frame, (relation, index), name);
        }
        let twin = self.sqlite()
            && qualifier.first == qualifier.last
            && self.is_twin(relation, owner, &self.source.name(qualifier.last), &text);
        let resolution = if count > 1 || twin {
            self.ambiguous_column(name.last, &text, owner);
            Resolution::Ambiguous
        } else if count == 1 || columns == Columns::Open {
            Resolution::Column
        } else if self.has_hidden_column(columns, &text)
            || (is_pseudo_column(self.dialect, &text) && self.is_stored(columns))
        {
            Resolution::Pseudo
        } else {
            self.unknown_column_of(name.last, &text, relation);
            Resolution::Unknown
        };
        if self.uses.is_some() {
            let spelt: Cow<'a, str> = index.and_then(|index| self.column_name(columns, index)).unwrap_or(text);
            self.record_column(name.first, &spelt, recorded, clause, resolution);
        }
    }

    /// SQLite: whether another relation of the level answers to the same qualifier and has the column, too.
    pub(super) fn is_twin(&self, relation: usize, frame: usize, table: &str, text: &str) -> bool {
        (self.frames[frame].start..self.frames[frame].end).any(|other| {
            other != relation
                && self.answers_to(other, None, table)
                && self.find_column(self.relations[other].columns, text).0 > 0
                && !self.is_merged_away(other, frame, text)
        })
    }

    /// Whether USING or NATURAL made a column of a relation one with a column further left.
    pub(super) fn is_merged_away(&self, relation: usize, frame: usize, text: &str) -> bool {
        let level = &self.frames[frame];
        self.merged[level.merged..level.merged_end]
            .iter()
            .any(|merged| (merged.from..merged.to).contains(&relation) && same_column(self.dialect, &merged.name, text))
    }

    fn frame_of(&self, relation: usize, frame: usize) -> usize {
        let mut level = Some(frame);
        while let Some(index) = level {
            if (self.frames[index].start..self.frames[index].end).contains(&relation) {
                return index;
            }
            level = self.frames[index].parent;
        }
        frame
    }

    /// The name of a plain column expression.
    pub(super) fn plain_name(&self, expr: u32) -> Option<Cow<'a, str>> {
        match self.ast.expr(expr) {
            Expr::Column(name) if name.first == name.last => Some(self.source.name(name.last)),
            _ => None,
        }
    }
}
