//! The columns that a query gives.

use std::rc::Rc;

use sqlparser::ast::{
    Expr, Ident, Query, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, WildcardAdditionalOptions,
};

use crate::catalog_index::{CatalogIndex, Column, identifiers};
use crate::identifiers::{catalog_key, key};
use crate::sources::{Columns, Cte, From, renamed};

/// The columns of a query in order; nothing where they cannot be told.
pub(crate) fn output_columns(query: &Query, catalog: &CatalogIndex, around: &[Cte]) -> Columns {
    if !query.pipe_operators.is_empty() {
        return None;
    }
    let mut ctes = around.to_vec();
    push_ctes(query, catalog, &mut ctes);
    of_body(&query.body, catalog, &ctes)
}

/// Brings the common table expressions of a query into scope, each before those that follow it.
pub(crate) fn push_ctes(query: &Query, catalog: &CatalogIndex, ctes: &mut Vec<Cte>) {
    let Some(with) = &query.with else { return };
    for cte in &with.cte_tables {
        let own_key = key(catalog.case, &cte.alias.name);
        if with.recursive {
            // Its first operand may refer to itself; what it gives is not known before.
            ctes.push(Cte {
                key: own_key.clone(),
                columns: renamed(None, Some(&cte.alias), catalog),
            });
        }
        let columns = output_columns(&cte.query, catalog, ctes);
        if with.recursive {
            ctes.pop();
        }
        ctes.push(Cte {
            key: own_key,
            columns: renamed(columns, Some(&cte.alias), catalog),
        });
    }
}

fn of_body(body: &SetExpr, catalog: &CatalogIndex, ctes: &[Cte]) -> Columns {
    match body {
        SetExpr::Select(select) => {
            if select.exclude.is_some() || select.projection.is_empty() {
                return None;
            }
            let from = From::of(select, catalog, ctes);
            let mut columns = Vec::new();
            for item in &select.projection {
                of_item(item, &from, catalog, &mut columns)?;
            }
            Some(Rc::new(columns))
        }
        SetExpr::Query(query) => output_columns(query, catalog, ctes),
        SetExpr::SetOperation { left, .. } => of_body(left, catalog, ctes),
        _ => None,
    }
}

fn of_item(item: &SelectItem, from: &From, catalog: &CatalogIndex, columns: &mut Vec<Column>) -> Option<()> {
    let mut push = |name: &Ident| {
        columns.push(Column {
            key: key(catalog.case, name),
            name: name.value.clone(),
        });
    };
    match item {
        SelectItem::ExprWithAlias { alias, .. } => push(alias),
        SelectItem::ExprWithAliases { aliases, .. } => aliases.iter().for_each(push),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => push(name),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => push(parts.last()?),
        // Engines name what has no name in ways of their own; such a column cannot be told from others.
        SelectItem::UnnamedExpr(expr) => {
            let name = expr.to_string();
            columns.push(Column {
                key: catalog_key(catalog.case, &name),
                name,
            });
            return is_namelike(expr).then_some(());
        }
        SelectItem::Wildcard(options) => {
            plain(options)?;
            for source in &from.sources {
                columns.extend(source.columns.as_ref()?.iter().cloned());
            }
        }
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
            plain(options)?;
            let last = key(catalog.case, identifiers(name)?.last()?);
            let source = from.sources.iter().find(|source| source.key.as_ref() == Some(&last))?;
            columns.extend(source.columns.as_ref()?.iter().cloned());
        }
        SelectItem::QualifiedWildcard(..) => return None,
    }
    Some(())
}

/// Whether an expression without alias gives a column that nobody can name anyway, so that it need not be known.
fn is_namelike(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Value(_) | Expr::BinaryOp { .. } | Expr::Subquery(_) | Expr::Case { .. }
    )
}

/// A star that gives all columns under their names.
fn plain(options: &WildcardAdditionalOptions) -> Option<()> {
    let changes = options.opt_exclude.is_some()
        || options.opt_except.is_some()
        || options.opt_replace.is_some()
        || options.opt_rename.is_some()
        || options.opt_ilike.is_some();
    (!changes).then_some(())
}
