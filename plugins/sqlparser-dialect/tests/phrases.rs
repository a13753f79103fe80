//! Phrases that a dialect replaces before its texts are parsed.

use std::time::{Duration, Instant};

use nl2sql_sdk::DialectSession;
use nl2sql_sdk::description::{DialectInfo, GuardRules, LimitStyle, Spelling};
use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sqlparser_dialect::{Session, SqlparserDialect, sqlparser};

use crate::names::catalog;

struct Phrased;

impl SqlparserDialect for Phrased {
    type Grammar = sqlparser::dialect::GenericDialect;

    const PHRASES: &'static str = "-- Each kind of capture.
<start> FETCH <list> OF <tables> becomes SELECT <1> FROM <2>
PICK <number>? <word> any:OF|IN <group> becomes SELECT <2> FROM <4>
[ <item> FOR <list> IN <list> ] becomes list_apply ( <2> , <3> , <1> )
KEEP <list> THEN <rest> becomes ( <1> ) AND ( <2> )
APART not:JOIN <word> becomes CROSS JOIN <1>
<> ** <> becomes <
SAY <text> <end> becomes WHERE name = <1>
loop becomes loop loop";

    fn info() -> DialectInfo {
        let standard = DialectInfo::standard("phrased", "adbc");
        DialectInfo {
            guard: GuardRules {
                refused_functions: vec![("secret".into(), "it tells".into())],
                ..standard.guard
            },
            spelling: Spelling {
                limit: LimitStyle::Limit,
                ..standard.spelling
            },
            ..standard
        }
    }

    fn catalog_queries(_: &ServerInfo) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

fn session() -> Session<Phrased> {
    Session::new(&catalog())
}

#[test]
fn what_a_phrase_names_is_resolved_and_found_where_it_was_written() {
    let session = session();
    assert_eq!(session.diagnose("FETCH name OF singer SAY 'x'").unwrap(), []);
    let findings = session.diagnose("FETCH nmae OF singer").unwrap();
    assert_eq!(findings[0].code, "unknown-column");
    assert_eq!(
        findings[0].span.map(|span| (span.start.line, span.start.column)),
        Some((1, 7))
    );
    let verdict = session.statement("FETCH [secret(x) FOR x IN age] OF singer");
    assert!(verdict.reason.unwrap().contains("secret"));
    assert!(
        session
            .check_syntax("SELECT [[age FOR a IN b] FOR c IN d] FROM singer")
            .is_ok()
    );
    assert!(
        session
            .check_syntax("SELECT 1 FROM singer WHERE KEEP age > 1 THEN age < 3 OR name = 'y'")
            .is_ok()
    );
}

#[test]
fn phrases_are_matched_where_all_of_them_stands() {
    let session = session();
    for sql in [
        "SELECT 1 FROM singer a APART JOIN singer AS b",
        "SELECT 1 FROM singer WHERE age <> * * <> 3",
        "SELECT 1, FETCH name OF singer",
        "SELECT 1 FROM singer SAY 'x' OR age = 1",
        "FETCH name, age OF",
        "PICK x name OF (singer)",
        "PICK 3 name OF singer",
    ] {
        assert!(session.check_syntax(sql).is_err(), "{sql}");
    }
    for sql in [
        "SELECT 1 FROM singer a APART /* from */ concert",
        "SELECT 1 FROM singer WHERE age <> ** <> 3",
        "PICK name of (singer)",
        "pick 3 \"name\" in (singer)",
    ] {
        session.check_syntax(sql).unwrap();
    }
}

#[test]
fn nobody_sees_what_a_phrase_is_replaced_by() {
    let session = session();
    let sql = "FETCH  Name OF singer SAY 'x' -- the end\n;";
    assert_eq!(session.normalise(sql).unwrap(), "fetch name of singer say 'x'");
    assert_eq!(session.template(sql).unwrap(), "fetch name of singer say ?");
    assert_eq!(
        session.with_limit(sql, 3).unwrap(),
        "SELECT * FROM (\nFETCH  Name OF singer SAY 'x'\n) limited LIMIT 3"
    );
}

#[test]
fn no_text_takes_long() {
    let session = session();
    let began = Instant::now();
    for sql in [
        "loop",
        &"KEEP a ".repeat(50_000),
        &"[ a FOR ".repeat(50_000),
        &"[".repeat(100_000),
        &"FETCH a OF b, ".repeat(50_000),
    ] {
        assert!(session.check_syntax(sql).is_err());
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
