//! Whether a statement only reads.

use std::ops::ControlFlow;

use nl2sql_sdk::analysis::StatementInfo;
use nl2sql_sdk::description::GuardRules;
use sqlparser::ast::{Expr, ObjectName, Query, Select, SetExpr, Statement, TableFactor, Visit, Visitor};

use crate::catalog_index::identifiers;
use crate::parsed::first_word;

/// Kind and verdict of a text that was read.
pub(crate) fn of_query(rules: &GuardRules, query: &Query) -> StatementInfo {
    let mut reader = Reader { rules };
    let reason = match query.visit(&mut reader) {
        ControlFlow::Break(reason) => Some(reason),
        ControlFlow::Continue(()) => None,
    };
    let kind = match &*query.body {
        SetExpr::Values(_) => "values",
        _ => "select",
    };
    StatementInfo {
        kind: kind.to_owned(),
        read_only: reason.is_none(),
        reason,
    }
}

/// Kind and verdict of a text by its first words alone.
pub(crate) fn of_words(rules: &GuardRules, sql: &str) -> StatementInfo {
    let word = first_word(sql);
    let begins_query = rules.query_words.contains(&word);
    let reason = if word.is_empty() {
        "there is no statement".to_owned()
    } else if begins_query {
        "the statement does not parse".to_owned()
    } else {
        format!("`{word}` is no query")
    };
    let kind = match word.as_str() {
        "" => "unknown".to_owned(),
        "values" => word,
        _ if begins_query => "select".to_owned(),
        _ => word,
    };
    StatementInfo {
        kind,
        read_only: false,
        reason: Some(reason),
    }
}

/// Whether a name is what a pattern, `*` for any characters, stands for.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
        last = Some(part);
    }
    last == Some("") || rest.is_empty() || last.is_some_and(|part| name.ends_with(part))
}

struct Reader<'a> {
    rules: &'a GuardRules,
}

impl Reader<'_> {
    fn function(&self, name: &ObjectName) -> ControlFlow<String> {
        let Some((last, qualified)) = spelled(name) else {
            return ControlFlow::Continue(());
        };
        match reason_against(&self.rules.refused_functions, &last, &qualified) {
            Some(reason) => ControlFlow::Break(format!("the function {qualified} may not be called: {reason}")),
            None => ControlFlow::Continue(()),
        }
    }
}

/// A name's last part and the whole, in lower case.
fn spelled(name: &ObjectName) -> Option<(String, String)> {
    let parts: Vec<String> = identifiers(name)?
        .iter()
        .map(|part| part.value.to_lowercase())
        .collect();
    Some((parts.last()?.clone(), parts.join(".")))
}

/// Why a rule refuses a name; a pattern with a dot is about the whole.
fn reason_against<'r>(rules: &'r [(String, String)], last: &str, qualified: &str) -> Option<&'r str> {
    let is_meant = |pattern: &str| matches(pattern, last) || (pattern.contains('.') && matches(pattern, qualified));
    let found = rules.iter().find(|(pattern, _)| is_meant(pattern));
    found.map(|(_, reason)| reason.as_str())
}

impl Visitor for Reader<'_> {
    type Break = String;

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<String> {
        match statement {
            Statement::Query(_) => ControlFlow::Continue(()),
            other => ControlFlow::Break(format!(
                "{} changes data",
                first_word(&other.to_string()).to_uppercase()
            )),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        if !query.locks.is_empty() {
            return ControlFlow::Break("FOR UPDATE and FOR SHARE lock rows".to_owned());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<String> {
        match &select.into {
            Some(_) => ControlFlow::Break("INTO stores the result; leave it out".to_owned()),
            None => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<String> {
        let Some((last, qualified)) = spelled(relation) else {
            return ControlFlow::Continue(());
        };
        match reason_against(&self.rules.refused_relations, &last, &qualified) {
            Some(reason) => ControlFlow::Break(format!("{qualified} may not be read: {reason}")),
            None => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<String> {
        match factor {
            TableFactor::Table {
                name, args: Some(_), ..
            }
            | TableFactor::Function { name, .. } => self.function(name),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<String> {
        match expr {
            Expr::Function(function) => self.function(&function.name),
            _ => ControlFlow::Continue(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_whole_names() {
        assert!(matches("read_*", "read_csv") && matches("read_csv", "read_csv") && matches("*_csv", "read_csv"));
        assert!(matches("pg_*_slot", "pg_copy_x_slot") && matches("*", ""));
        assert!(
            !matches("read_csv", "read_csv_auto") && !matches("*_csv", "read_csv_auto") && !matches("read", "thread")
        );
    }
}
