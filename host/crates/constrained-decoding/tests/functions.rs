//! Calls of SQLite's functions: what is admitted, the engine prepares.

use std::sync::Arc;

use crate::shared::described;
use nl2sql_catalog::{Column, Database, Table};
use nl2sql_constrained_decoding::{DecodingState, DialectRules, SchemaConstraint};
use rusqlite::Connection;

const MAX_ARGUMENTS: usize = 5;

fn admits(schema: &Arc<SchemaConstraint>, sql: &str) -> bool {
    let mut state = DecodingState::new(schema.clone());
    state.push(sql.as_bytes()) && state.may_end()
}

#[test]
fn functions_are_those_of_the_engine_with_as_many_arguments() {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE t (a)").unwrap();
    let column = Column {
        name: "a".into(),
        ..Column::default()
    };
    let catalog = Database {
        tables: vec![Table {
            name: "t".into(),
            columns: vec![column],
            ..Table::default()
        }],
        ..Database::default()
    };
    let sqlite = described("sqlite");
    let schema = Arc::new(SchemaConstraint::new(&catalog, DialectRules::of(&sqlite)));
    let listed = [&sqlite.functions.scalar, &sqlite.functions.aggregate];
    let called = listed
        .into_iter()
        .flatten()
        .filter(|name| !sqlite.functions.table.contains(name));
    let mut failed = Vec::new();
    for function in called {
        let mut runs = false;
        for arguments in 0..=MAX_ARGUMENTS {
            for (before, behind) in [
                ("", ""),
                ("", " OVER ()"),
                ("DISTINCT ", ""),
                ("DISTINCT ", " OVER ()"),
                ("ALL ", ""),
            ] {
                let listed = vec!["a"; arguments].join(", ");
                let sql = format!("SELECT {function}({before}{listed}){behind} FROM t");
                let prepared = connection.prepare(&sql);
                runs |= prepared.is_ok();
                if let Some(error) = prepared.err().filter(|_| admits(&schema, &sql)) {
                    failed.push(format!("{sql}\n  {error}"));
                }
            }
        }
        if !runs {
            failed.push(format!("{function} is not called in any way that the engine has"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
