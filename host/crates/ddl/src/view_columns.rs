//! Columns of views: names from the query, types where an item is a column of a known table or a cast.

use nl2sql_catalog::{Column, TypeClass};
use sqlparser::ast::{
    Expr, ObjectName, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableAlias, TableFactor,
};

use crate::catalog::Builder;
use crate::flavor::Flavor;
use crate::type_name;

/// Relations of a FROM clause by the name that columns are qualified with.
type Scope = Vec<(String, Vec<Column>)>;

/// Reads the columns of queries over what the script has declared so far.
pub(crate) struct ViewColumns<'b> {
    pub(crate) builder: &'b Builder,
    pub(crate) flavor: &'b Flavor,
}

impl ViewColumns<'_> {
    /// The columns of a query; nothing where they cannot be told, as with `*` of an unknown table.
    pub(crate) fn of_query(&self, query: &Query) -> Option<Vec<Column>> {
        self.query(query, &Vec::new())
    }

    fn query(&self, query: &Query, outer: &Scope) -> Option<Vec<Column>> {
        let mut named = outer.clone();
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            // One that reads itself takes its columns from its first part.
            let columns = self.query(&cte.query, &named)?;
            named.push(self.aliased(&cte.alias, columns));
        }
        self.set_expr(&query.body, &named)
    }

    fn set_expr(&self, body: &SetExpr, named: &Scope) -> Option<Vec<Column>> {
        match body {
            SetExpr::Select(select) => self.select(select, named),
            SetExpr::Query(query) => self.query(query, named),
            SetExpr::SetOperation { left, .. } => self.set_expr(left, named),
            _ => None,
        }
    }

    fn select(&self, select: &Select, named: &Scope) -> Option<Vec<Column>> {
        let factors = select.from.iter().flat_map(|from| {
            let joined = from.joins.iter().map(|join| &join.relation);
            std::iter::once(&from.relation).chain(joined)
        });
        let mut scope = Scope::new();
        let mut is_whole = true;
        for factor in factors {
            is_whole &= self.factor(factor, named, &mut scope);
        }
        let mut columns = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => columns.push(self.item(expr, self.own_name(expr), &scope)),
                SelectItem::ExprWithAlias { expr, alias } => {
                    columns.push(self.item(expr, self.builder.name(alias), &scope));
                }
                SelectItem::Wildcard(_) if is_whole => {
                    columns.extend(scope.iter().flat_map(|(_, columns)| columns.clone()));
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                    let (_, name) = self.builder.qualified(name);
                    columns.extend(find(&scope, &name)?.clone());
                }
                _ => return None,
            }
        }
        Some(columns)
    }

    /// Adds what a factor brings; `false` where its columns are unknown.
    fn factor(&self, factor: &TableFactor, named: &Scope, scope: &mut Scope) -> bool {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                let (_, own) = self.builder.qualified(name);
                let known = self.columns_of(name, &own, named);
                let whole = known.is_some();
                let columns = known.unwrap_or_default();
                scope.push(match alias {
                    Some(alias) => self.aliased(alias, columns),
                    None => (own, columns),
                });
                whole
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let columns = self.query(subquery, named);
                let whole = columns.is_some();
                let columns = columns.unwrap_or_default();
                scope.push(match alias {
                    Some(alias) => self.aliased(alias, columns),
                    None => (String::new(), columns),
                });
                whole
            }
            TableFactor::NestedJoin { table_with_joins, .. } => {
                let joined = table_with_joins.joins.iter().map(|join| &join.relation);
                let mut whole = true;
                for factor in std::iter::once(&table_with_joins.relation).chain(joined) {
                    // Every factor names its columns, whether an earlier one is known or not.
                    whole &= self.factor(factor, named, scope);
                }
                whole
            }
            _ => false,
        }
    }

    fn columns_of(&self, name: &ObjectName, own: &str, named: &Scope) -> Option<Vec<Column>> {
        let of_with = (name.0.len() == 1).then(|| find(named, own)).flatten();
        of_with
            .cloned()
            .or_else(|| self.builder.table(name).map(|table| table.columns.clone()))
    }

    fn aliased(&self, alias: &TableAlias, mut columns: Vec<Column>) -> (String, Vec<Column>) {
        for (column, renamed) in columns.iter_mut().zip(&alias.columns) {
            column.name = self.builder.name(&renamed.name);
        }
        (self.builder.name(&alias.name), columns)
    }

    /// An item of the select list. What is said of its column beside the type does not hold for the view's.
    fn item(&self, expr: &Expr, name: String, scope: &Scope) -> Column {
        let untyped = || Column {
            nullable: true,
            type_class: TypeClass::Other,
            ..Column::default()
        };
        let source = match expr {
            Expr::Identifier(column) => self.column(None, &self.builder.name(column), scope),
            Expr::CompoundIdentifier(parts) => {
                let mut parts = parts.iter().rev().map(|part| self.builder.name(part));
                let column = parts.next().unwrap_or_default();
                self.column(parts.next().as_deref(), &column, scope)
            }
            Expr::Cast { data_type, .. } => {
                let type_name = type_name::spelled(&data_type.to_string(), self.flavor.types);
                Some(Column {
                    type_class: TypeClass::of_type_name(&type_name),
                    type_name,
                    ..untyped()
                })
            }
            Expr::Nested(inner) => return self.item(inner, name, scope),
            _ => None,
        };
        let source = source.unwrap_or_else(untyped);
        Column {
            name,
            type_name: source.type_name,
            type_class: source.type_class,
            labels: source.labels,
            ..untyped()
        }
    }

    fn column(&self, qualifier: Option<&str>, name: &str, scope: &Scope) -> Option<Column> {
        let relations = scope
            .iter()
            .filter(|(own, _)| qualifier.is_none_or(|qualifier| own.eq_ignore_ascii_case(qualifier)));
        let mut columns = relations.flat_map(|(_, columns)| columns);
        columns.find(|column| column.name.eq_ignore_ascii_case(name)).cloned()
    }

    /// The name of an item without an alias.
    fn own_name(&self, expr: &Expr) -> String {
        match expr {
            Expr::Identifier(name) => self.builder.name(name),
            Expr::CompoundIdentifier(parts) => parts.last().map(|name| self.builder.name(name)).unwrap_or_default(),
            Expr::Function(function) => self.builder.qualified(&function.name).1,
            Expr::Cast { expr, .. } | Expr::Nested(expr) => self.own_name(expr),
            other => other.to_string(),
        }
    }
}

fn find<'s>(scope: &'s Scope, name: &str) -> Option<&'s Vec<Column>> {
    let found = scope.iter().rev().find(|(own, _)| own.eq_ignore_ascii_case(name));
    found.map(|(_, columns)| columns)
}
