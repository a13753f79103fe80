//! What a column's name means: bare, or after the name of its table.

use nl2sql_sdk::analysis::{ColumnUse, Resolution};
use nl2sql_sdk::description::Feature;
use sqlparser::ast::Ident;

use super::{Resolver, finding};
use crate::catalog_index::nearest;
use crate::identifiers::key;
use crate::parsed::position;
use crate::sources::Source;

/// Units of time stand among the arguments of functions like columns.
const UNITS: &str = "year quarter month week day hour minute second millisecond microsecond nanosecond epoch dow doy isodow isoyear \
    decade century millennium dayofweek dayofyear weekday yearweek isoweek timezone date time years months weeks days hours minutes seconds yyyy \
    yy mm dd hh mi ss qq wk dw dy";

/// What a bare name means.
enum Meaning {
    /// A column of the source at this place of the select at that depth.
    Column(usize, usize),
    /// A column of some source whose columns cannot be told.
    Untold,
    Alias,
    Pseudo,
    Ambiguous,
}

impl Resolver<'_> {
    pub(super) fn bare(&mut self, name: &Ident) {
        let sought = key(self.catalog.case, name);
        if self.parameters.iter().flatten().any(|parameter| *parameter == sought) {
            return;
        }
        let meaning = self.meaning_of(&sought, name);
        let is_text = self.info.names.unknown_quoted_names_are_strings && name.quote_style == Some('"');
        let is_unit = name.quote_style.is_none()
            && UNITS
                .split_ascii_whitespace()
                .any(|unit| name.value.eq_ignore_ascii_case(unit));
        if meaning.is_none() && (is_text || is_unit || self.selects.is_empty()) {
            return;
        }
        let (table, resolution) = match &meaning {
            Some(Meaning::Column(depth, at)) => (self.table_use(*depth, *at), Resolution::Column),
            Some(Meaning::Untold) => (None, Resolution::Column),
            Some(Meaning::Alias) => (None, Resolution::Alias),
            Some(Meaning::Pseudo) => (None, Resolution::Pseudo),
            Some(Meaning::Ambiguous) => (None, Resolution::Ambiguous),
            None => (None, Resolution::Unknown),
        };
        let spelled = match &meaning {
            Some(Meaning::Column(depth, at)) => self.spelling(*depth, *at, &sought),
            _ => None,
        };
        self.found.columns.push(ColumnUse {
            name: spelled.unwrap_or_else(|| name.value.clone()),
            table,
            scope: self.selects.last().map_or(0, |select| select.scope),
            clause: self.clause().to_owned(),
            resolution,
            position: position(name.span.start),
        });
        match resolution {
            Resolution::Ambiguous => {
                let message = format!("`{}` is a column of more than one table", name.value);
                self.found
                    .findings
                    .push(finding("ambiguous-column", message, name, None));
            }
            Resolution::Unknown => {
                let message = format!("there is no column `{}`", name.value);
                let nearest = self.nearest_column(&name.value);
                self.found
                    .findings
                    .push(finding("unknown-column", message, name, nearest));
            }
            _ => {}
        }
    }

    /// The meaning of a name, looked for from the innermost select outwards.
    fn meaning_of(&self, sought: &str, name: &Ident) -> Option<Meaning> {
        let clause = self.clause();
        let groups = self.info.features.contains(&Feature::GroupByAlias) && matches!(clause, "group-by" | "having");
        let sees_aliases = clause == "order-by" || groups || self.aliases_anywhere;
        for (depth, select) in self.selects.iter().enumerate().rev() {
            let is_alias = select.is_alias(sought);
            if is_alias && clause == "order-by" && depth + 1 == self.selects.len() {
                return Some(Meaning::Alias);
            }
            let has = |source: &Source| {
                source
                    .columns
                    .as_ref()
                    .is_some_and(|columns| columns.iter().any(|column| column.key == sought))
            };
            let mut having = select.sources().iter().enumerate().filter(|(_, source)| has(source));
            match (having.next(), having.next()) {
                (Some((at, _)), None) => return Some(Meaning::Column(depth, at)),
                (Some((at, _)), Some(_)) => {
                    let merged = select.from.natural || select.from.merged.iter().any(|column| column == sought);
                    return Some(if merged || is_alias && sees_aliases {
                        Meaning::Column(depth, at)
                    } else {
                        Meaning::Ambiguous
                    });
                }
                (None, _) => {}
            }
            if is_alias && sees_aliases {
                return Some(Meaning::Alias);
            }
            if self
                .info
                .names
                .pseudo_columns
                .iter()
                .any(|pseudo| name.value.eq_ignore_ascii_case(pseudo))
            {
                return Some(Meaning::Pseudo);
            }
            let sources = select.sources();
            if sources.iter().any(|source| source.columns.is_none()) {
                return Some(Meaning::Untold);
            }
            // A row as a whole.
            if sources.iter().any(|source| source.key.as_deref() == Some(sought)) {
                return Some(Meaning::Pseudo);
            }
        }
        None
    }

    pub(super) fn qualified(&mut self, parts: &[Ident]) {
        let case = self.catalog.case;
        let [qualifier, rest @ ..] = parts else { return };
        let first = key(case, qualifier);
        if self.parameters.iter().flatten().any(|parameter| *parameter == first) {
            return;
        }
        // The longest qualifier that names a source: `alias.column`, `schema.table.column`, each with fields behind it.
        let named = |sought: &str| {
            self.selects.iter().enumerate().rev().find_map(|(depth, select)| {
                let at = select
                    .sources()
                    .iter()
                    .position(|source| source.key.as_deref() == Some(sought))?;
                Some((depth, at))
            })
        };
        let by_alias = named(&first).zip(rest.first());
        let by_schema = || {
            let table = rest.first().filter(|_| rest.len() > 1)?;
            named(&key(case, table)).zip(rest.get(1))
        };
        if let Some(((depth, at), column)) = by_alias.or_else(by_schema) {
            self.column_of(depth, at, column);
            return;
        }
        // A field of a column.
        if self.meaning_of(&first, qualifier).is_some() {
            self.bare(qualifier);
            return;
        }
        if self.selects.is_empty() {
            return;
        }
        let message = format!("`{}` names no table of the statement", qualifier.value);
        let known = self.selects.iter().flat_map(|select| select.sources());
        let nearest = nearest(&qualifier.value, known.filter_map(|source| source.key.as_deref()));
        self.found
            .findings
            .push(finding("unknown-alias", message, qualifier, nearest));
        self.push_column(&parts[parts.len() - 1], None, Resolution::Unknown);
    }

    fn column_of(&mut self, depth: usize, at: usize, column: &Ident) {
        let sought = key(self.catalog.case, column);
        let source = &self.selects[depth].from.sources[at];
        let known = source
            .columns
            .as_ref()
            .map(|columns| columns.iter().any(|known| known.key == sought));
        let is_pseudo = self
            .info
            .names
            .pseudo_columns
            .iter()
            .any(|pseudo| column.value.eq_ignore_ascii_case(pseudo));
        if known == Some(false) && !is_pseudo {
            let columns = source.columns.clone().unwrap_or_default();
            let message = format!(
                "`{}` has no column `{}`",
                source.key.as_deref().unwrap_or_default(),
                column.value
            );
            let nearest = nearest(&column.value, columns.iter().map(|known| known.name.as_str()));
            self.found
                .findings
                .push(finding("unknown-column", message, column, nearest));
            self.push_column(column, self.table_use(depth, at), Resolution::Unknown);
            return;
        }
        let spelled = self.spelling(depth, at, &sought);
        let named = Ident {
            value: spelled.unwrap_or_else(|| column.value.clone()),
            ..column.clone()
        };
        self.push_column(&named, self.table_use(depth, at), Resolution::Column);
    }

    fn push_column(&mut self, name: &Ident, table: Option<u32>, resolution: Resolution) {
        self.found.columns.push(ColumnUse {
            name: name.value.clone(),
            table,
            scope: self.selects.last().map_or(0, |select| select.scope),
            clause: self.clause().to_owned(),
            resolution,
            position: position(name.span.start),
        });
    }

    fn table_use(&self, depth: usize, at: usize) -> Option<u32> {
        Some(self.selects[depth].first_use? + u32::try_from(at).ok()?)
    }

    /// A column as its source spells it.
    fn spelling(&self, depth: usize, at: usize, sought: &str) -> Option<String> {
        let columns = self.selects[depth].from.sources[at].columns.as_ref()?;
        let column = columns.iter().find(|column| column.key == sought)?;
        Some(column.name.clone())
    }

    fn nearest_column(&self, name: &str) -> Option<String> {
        let sources = self.selects.iter().flat_map(|select| select.sources());
        let columns: Vec<&str> = sources
            .filter_map(|source| source.columns.as_ref())
            .flat_map(|columns| columns.iter().map(|column| column.name.as_str()))
            .collect();
        nearest(name, columns.into_iter())
    }
}
