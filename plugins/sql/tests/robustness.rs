//! Properties that hold for any text.

use nl2sql_catalog::Database;
use nl2sql_sql::{Dialect, Session};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const SEEDS: [&str; 8] = [
    "SELECT a, count(*) AS n FROM t JOIN u USING (id) WHERE b IN (1, 2, 3) AND c LIKE 'x%' GROUP BY a HAVING count(*) > 1 ORDER BY n",
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT max(n) FROM c",
    "SELECT x.a, (SELECT max(y.b) FROM y WHERE y.id = x.id) FROM (SELECT a, id FROM z) AS x ORDER BY 1 DESC",
    "SELECT CASE WHEN a BETWEEN -1 AND 2.5 THEN 'it''s' ELSE \"b\" END FROM t -- tail",
    "SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM t UNION SELECT 2",
    "SELECT TOP 5 [a] FROM t WHERE b = N'x'",
    "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u) LIMIT 10 OFFSET 5",
    "SELECT CAST(a AS DECIMAL(10, 2)), DATE_ADD(b, INTERVAL 1 DAY) FROM `t`",
];

fn mutated() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "(", ")", ",", "SELECT", "FROM", "'", "\"", "*", ".", ";", "--", "/*", "1e", "$$", "🙂", "[", "WITH",
    ]);
    (
        prop::sample::select(SEEDS.to_vec()),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        pieces,
    )
        .prop_map(|(seed, cut, end, piece)| {
            let characters: Vec<char> = seed.chars().collect();
            let (mut low, mut high) = (cut.index(characters.len()), end.index(characters.len()));
            if low > high {
                std::mem::swap(&mut low, &mut high);
            }
            let head: String = characters[..low].iter().collect();
            let tail: String = characters[high..].iter().collect();
            format!("{head}{piece}{tail}")
        })
}

fn every_function(sql: &str) {
    for dialect in Dialect::ALL {
        let session = Session::new(dialect, &Database::default());
        let info = session.statement(sql);
        assert_eq!(info.read_only, info.reason.is_none());
        let parses = session.check_syntax(sql).is_ok();
        assert_eq!(session.diagnose(sql).is_ok(), parses);
        assert_eq!(session.analyse(sql).is_ok(), parses);
        let Ok(normal) = session.normalise(sql) else { continue };
        assert_eq!(
            session.normalise(&normal).as_ref(),
            Ok(&normal),
            "{}: {sql}",
            dialect.name()
        );
        assert_eq!(
            session.template(&normal),
            session.template(sql),
            "{}: {sql}",
            dialect.name()
        );
        if info.read_only {
            let limited = session.with_limit(sql, 3).unwrap_or_default();
            assert_eq!(session.check_syntax(&limited), Ok(()), "{}: {limited}", dialect.name());
        }
    }
}

#[test]
fn floods_of_mistakes_are_cut_short() {
    let columns: Vec<String> = (0..5_000).map(|index| format!("column_{index}")).collect();
    let unknown = format!("SELECT {} FROM t", columns.join(", "));
    let table = nl2sql_catalog::Table {
        name: "t".into(),
        ..nl2sql_catalog::Table::default()
    };
    let catalog = Database {
        tables: vec![table],
        ..Database::default()
    };
    for dialect in Dialect::ALL {
        let session = Session::new(dialect, &catalog);
        assert_eq!(session.diagnose(&unknown).map(|findings| findings.len()), Ok(100));
    }
    let joins = format!("SELECT 1 FROM t{}", " JOIN t".repeat(20_000));
    assert_eq!(Session::new(Dialect::Mysql, &catalog).check_syntax(&joins), Ok(()));
}

/// The same 400 texts each time, so that a commit passes or fails for itself. `PROPTEST_CASES` and `PROPTEST_RNG_SEED` search further.
fn search() -> ProptestConfig {
    let given = ProptestConfig::default();
    let searches = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if searches { given.cases } else { 400 },
        rng_seed: match given.rng_seed {
            RngSeed::Random if !searches => RngSeed::Fixed(1),
            seed => seed,
        },
        failure_persistence: None,
        ..given
    }
}

proptest! {
    #![proptest_config(search())]

    #[test]
    fn no_text_breaks_anything(sql in "\\PC{0,60}") {
        every_function(&sql);
    }

    #[test]
    fn no_mutation_breaks_anything(sql in mutated()) {
        every_function(&sql);
    }
}
