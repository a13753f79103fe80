//! A dialect that only describes itself: brackets around names that no built-in dialect has, functions of its own.

use std::sync::Arc;

use nl2sql_catalog::{Column, Database, DialectInfo, FunctionLists, IdentifierCase, NameRules, Table};
use nl2sql_constrained_decoding::{DecodingState, DialectRules, SchemaConstraint};
use nl2sql_sql_lexer::LexicalRules;

fn constraint() -> Arc<SchemaConstraint> {
    let info = DialectInfo {
        name: "curly".into(),
        driver: "none".into(),
        lexical: LexicalRules {
            backtick_names: false,
            bracket_names: nl2sql_sql_lexer::BracketNames::None,
            other_name_quotes: Some(('{', '}')),
            ..LexicalRules::GENERIC
        },
        names: NameRules {
            quotes: ('{', '}'),
            case: IdentifierCase::Ignored,
            pseudo_columns: vec!["row_mark".into()],
            ..NameRules::default()
        },
        functions: FunctionLists {
            scalar: vec!["loudly".into()],
            aggregate: vec!["tally".into()],
            table: vec!["spread".into()],
        },
        ..DialectInfo::default()
    };
    let column = |name: &str| Column {
        name: name.into(),
        ..Column::default()
    };
    let catalog = Database {
        name: "music".into(),
        dialect: "curly".into(),
        tables: vec![Table {
            name: "singer".into(),
            columns: vec![column("name"), column("home town")],
            ..Table::default()
        }],
        ..Database::default()
    };
    Arc::new(SchemaConstraint::new(&catalog, DialectRules::of(&info)))
}

fn admits(sql: &str) -> bool {
    let mut state = DecodingState::new(constraint());
    state.push(sql.as_bytes()) && state.may_end()
}

#[test]
fn names_and_functions_are_those_of_the_description() {
    for sql in [
        "SELECT {home town} FROM singer",
        "SELECT loudly(name), tally(*) FROM singer",
        "SELECT row_mark FROM singer FETCH FIRST 3 ROWS ONLY",
        "SELECT s.{name} FROM singer AS s",
    ] {
        assert!(admits(sql), "{sql}");
    }
    for sql in [
        "SELECT {home city} FROM singer",
        "SELECT strftime(name) FROM singer",
        "SELECT quietly(name) FROM singer",
        "SELECT name FROM {singers}",
    ] {
        assert!(!admits(sql), "{sql}");
    }
}
