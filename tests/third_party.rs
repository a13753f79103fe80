//! A dialect as an outsider writes it: `third_party/duckdb` is copied out of the checkout, built from the packaged SDK alone and taken through
//! whole runs on DuckDB.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use nl2sql_catalog::{Column, Database, Table, TableKind, TypeClass, Verdict};
use nl2sql_plugin_host::{DialectSession, PluginHost, PluginSettings};
use serde_json::Value;

use crate::adbc_libraries::{library, make_duckdb, pin};
use crate::before_and_after::{command, done, json, lines, said};
use crate::followed_guide::checkout;
use crate::scoring::EVAL;

/// Lines that are not blank of everything that the author wrote.
const MAX_LINES: usize = 400;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// The plugin, built once: a copy of its folder, with the SDK as `cargo package` makes it.
fn component() -> &'static str {
    static COMPONENT: OnceLock<String> = OnceLock::new();
    COMPONENT.get_or_init(|| {
        let elsewhere = tempfile::tempdir().unwrap();
        let (author, packages) = (elsewhere.path().join("duckdb"), elsewhere.path().join("packages"));
        copy(&checkout().join("tests/third_party/duckdb"), &author);
        let output = Command::new(env!("CARGO"))
            .current_dir(checkout())
            .args(["xtask", "guest", "--sdk-packages"])
            .args([&packages, &author])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lock = fs::read_to_string(author.join("Cargo.lock")).unwrap();
        assert!(lock.contains("name = \"nl2sql-sdk\""), "{lock}");
        let built = String::from_utf8(output.stdout).unwrap();
        checkout().join(built.trim()).display().to_string()
    })
}

fn session(tables: Vec<Table>) -> DialectSession {
    static HOST: OnceLock<PluginHost> = OnceLock::new();
    let host = HOST.get_or_init(|| {
        let settings = PluginSettings {
            path: Some(component().into()),
            ..PluginSettings::default()
        };
        let settings = [("dialect-duckdb".to_owned(), settings)];
        PluginHost::builder().settings(settings.into()).build().unwrap()
    });
    host.dialect("duckdb").unwrap().open(&Database {
        tables,
        ..Database::default()
    })
}

/// The folder `data` beside the checkout, or a note that `test` is skipped.
fn shared_data(test: &str) -> Option<PathBuf> {
    let beside = checkout().join("../shared");
    let data = std::env::var_os("NL2SQL_SHARED")
        .map_or(beside, PathBuf::from)
        .join("data");
    if !data.is_dir() {
        eprintln!("skipped: {test} needs ../shared");
        return None;
    }
    Some(data)
}

#[test]
fn the_author_writes_little_and_names_no_place_of_the_checkout() {
    let folder = checkout().join("tests/third_party/duckdb");
    let sources = fs::read_dir(folder.join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let written = sources.chain(["Cargo.toml", "plugin.toml"].map(|name| folder.join(name)));
    let texts: Vec<String> = written.map(|file| fs::read_to_string(file).unwrap()).collect();
    let filled = texts
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| !line.trim().is_empty());
    let count = filled.count();
    assert!(count < MAX_LINES, "{count} lines");
    assert!(
        texts
            .iter()
            .all(|text| !text.contains("../") && !text.contains("path ="))
    );
}

#[test]
fn statements_of_the_shared_lists_are_told_apart() {
    let Some(data) = shared_data("statements_of_the_shared_lists_are_told_apart") else {
        return;
    };
    let session = session(Vec::new());
    let accepted = |list: &str| {
        let statements = lines(&data.join(format!("sql/{list}_duckdb.jsonl")));
        let is_accepted = |row: &&Value| session.check_syntax(row["sql"].as_str().unwrap()).unwrap().is_ok();
        (statements.iter().filter(is_accepted).count(), statements.len())
    };
    let ((valid, all), (invalid, _)) = (accepted("valid"), accepted("invalid"));
    assert_eq!((valid, invalid), (all, 0));
}

fn table(name: &str, columns: &[&str]) -> Table {
    let column = |name: &&str| Column {
        name: (*name).to_owned(),
        ..Column::default()
    };
    Table {
        name: name.to_owned(),
        columns: columns.iter().map(column).collect(),
        ..Table::default()
    }
}

#[test]
fn names_of_its_own_syntax_are_resolved() {
    let session = session(vec![
        table("sale", &["id", "shop", "day", "price", "tags", "place"]),
        table("months", &["shop", "jan", "feb", "mar"]),
    ]);
    for sql in [
        "FROM sale WHERE price > 1",
        "SELECT total: sum(price), shop FROM sale GROUP BY ALL HAVING total > 3",
        "SELECT list_transform(tags, t -> t || shop), [upper(t) FOR t IN tags IF len(t) > 1] FROM sale",
        "SELECT place.city, place['city'], tags[1:2], tags[-1] FROM sale",
        "PIVOT sale ON shop USING sum(price) AS total GROUP BY day ORDER BY day",
        "SELECT \"2024\", shop FROM sale PIVOT (sum(price) FOR year(day) IN (2024, 2025) GROUP BY shop)",
        "FROM (UNPIVOT months ON jan, feb INTO NAME month VALUE sales) SELECT month, sum(sales) GROUP BY month",
        "SELECT s.price, m.jan FROM sale s ASOF JOIN months m ON s.shop = m.shop AND s.price >= m.feb",
        "SELECT * EXCLUDE (tags) REPLACE (price / 2 AS price) FROM sale USING SAMPLE 10%",
        "SELECT min(COLUMNS(* EXCLUDE (tags))) FROM sale",
        "SELECT shop FROM sale QUALIFY row_number() OVER (PARTITION BY shop ORDER BY price DESC) = 1",
        "SUMMARIZE sale",
    ] {
        assert_eq!(session.diagnose(sql).unwrap().unwrap(), [], "{sql}");
        assert!(session.statement(sql).unwrap().read_only, "{sql}");
    }
    for (sql, unknown) in [
        ("FROM sales", "sales"),
        ("FROM sale WHERE cost > 1", "cost"),
        ("PIVOT sale ON shop USING sum(cost)", "cost"),
        ("SELECT [upper(t) FOR t IN tag] FROM sale", "tag"),
        ("SELECT total: sum(cost) FROM sale", "cost"),
    ] {
        let findings = session.diagnose(sql).unwrap().unwrap();
        assert!(
            findings.len() == 1 && findings[0].message.contains(unknown),
            "{sql}: {findings:?}"
        );
    }
}

#[test]
fn what_its_own_guard_refuses_is_not_read_only() {
    let session = session(Vec::new());
    let reads = |sql: &str| session.statement(sql).unwrap().read_only;
    assert!(reads("SELECT a FROM t"));
    for (function, _) in &session.info().unwrap().guard.refused_functions {
        let name = function.replace('*', "x");
        for sql in [
            format!("SELECT {name}('x') FROM t"),
            format!("PIVOT {name}('x') ON a"),
            format!("SUMMARIZE FROM {name}()"),
        ] {
            assert!(!reads(&sql), "{sql}");
        }
    }
    for sql in [
        "DROP TABLE t",
        "INSERT INTO t SELECT 1",
        "FROM 'a.csv'",
        "PIVOT 'b/a.parquet' ON a USING count(*)",
        "SUMMARIZE 'a.json.gz'",
        "FROM x: 'a.csv'",
    ] {
        assert!(!reads(sql), "{sql}");
    }
}

/// A folder with a DuckDB file and a profile for it.
fn project(library: &Path, statements: &str, total: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    make_duckdb(library, &folder.path().join("shop.duckdb"), statements);
    let profile = format!(
        "[database]\ndriver = \"adbc\"\ndialect = \"duckdb\"\n\
         [database.adbc]\nlibrary = {}\nentrypoint = \"duckdb_adbc_init\"\nsha256 = \"{}\"\noptions = {{ path = \"shop.duckdb\" }}\n\
         read_only = {{ access_mode = \"READ_ONLY\", enable_external_access = \"false\", lock_configuration = \"true\" }}\n\
         [run]\nname = \"shop\"\n[plan]\ntotal = {total}\n[privacy]\nsample_values = true\n\
         [plugins.dialect-duckdb]\npath = {}\ngrant = [\"disclose-rows\"]\n",
        Value::from(library.display().to_string()),
        pin(library),
        Value::from(component()),
    );
    fs::write(folder.path().join("nl2sql.toml"), profile).unwrap();
    folder
}

/// The stages one by one; gives the catalog and the statements of the accepted pairs.
fn stages(folder: &Path, total: usize) -> (Database, Vec<String>) {
    for stage in ["extract", "cards", "plan", "generate", "validate", "export"] {
        done(folder, &[stage, "--quiet"]);
    }
    // Rejected pairs are made up for until the budgets are met.
    done(folder, &["run", "--quiet"]);
    let run = folder.join("runs/shop");
    let catalog: Database = serde_json::from_value(json(&run.join("metadata.json"))).unwrap();
    let samples = lines(&run.join("samples.jsonl"));
    let verdicts = lines(&run.join("verdicts.jsonl"));
    let accepted: Vec<String> = samples
        .iter()
        .zip(&verdicts)
        .filter(|(_, verdict)| verdict["accepted"] == true)
        .map(|(sample, _)| sample["sql"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(accepted.len(), total);
    // What the generator writes from the description is DuckDB's SQL: only results without rows and ties are rejected.
    for verdict in &verdicts {
        let verdict: Verdict = serde_json::from_value(verdict.clone()).unwrap();
        let broken = |code: &str| matches!(code, "syntax-error" | "execution-error") || code.starts_with("unknown-");
        assert!(
            !verdict.findings.iter().any(|finding| broken(&finding.code)),
            "{verdict:?}"
        );
    }
    let exported = fs::read_to_string(run.join("export/dataset_info.json")).unwrap();
    assert!(exported.contains("train"), "{exported}");
    (catalog, accepted)
}

/// Scores predictions for questions with these statements; gives matches and rows.
fn matches(folder: &Path, pairs: &[(&str, &str)]) -> (u64, u64) {
    let row = |(at, (gold, _)): (usize, &(&str, &str))| {
        serde_json::json!({ "db_id": "shop", "question": format!("Question {at}?"), "query": gold }).to_string()
    };
    let rows: Vec<String> = pairs.iter().enumerate().map(row).collect();
    let predictions: Vec<&str> = pairs.iter().map(|(_, prediction)| *prediction).collect();
    fs::write(folder.join("rows.jsonl"), rows.join("\n")).unwrap();
    fs::write(folder.join("pred.txt"), predictions.join("\n") + "\n").unwrap();
    done(folder, &EVAL);
    let report = json(&folder.join("scored/report.json"));
    let outcomes = report["outcomes"].as_object().unwrap();
    let count = |name: &str| outcomes.get(name).and_then(|counts| counts[1].as_u64()).unwrap_or(0);
    (count("match"), outcomes.keys().map(|name| count(name)).sum())
}

/// Puts these statements in place of the first samples and validates again; gives the layers that reject them.
fn rejecting_layers(folder: &Path, statements: &[&str]) -> Vec<Option<String>> {
    let file = folder.join("runs/shop/samples.jsonl");
    let mut samples = lines(&file);
    for (sample, sql) in samples.iter_mut().zip(statements) {
        sample["sql"] = (*sql).into();
    }
    let text: Vec<String> = samples.iter().map(Value::to_string).collect();
    fs::write(&file, text.join("\n") + "\n").unwrap();
    let output = command(folder, &["validate", "--quiet", "--accept-edits"])
        .output()
        .unwrap();
    said(&output);
    let verdicts = lines(&folder.join("runs/shop/verdicts.jsonl"));
    let layer = |verdict: &Value| verdict["rejected_by"].as_str().map(str::to_owned);
    verdicts.iter().take(statements.len()).map(layer).collect()
}

/// Chinook as statements of DuckDB, from its SQLite file, parents first. The key of employees to their chiefs stays out: DuckDB
/// checks it row by row, in whatever order they come.
fn chinook(file: &Path) -> String {
    let source = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let query = |sql: &str| -> Vec<Vec<rusqlite::types::Value>> {
        let mut statement = source.prepare(sql).unwrap();
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..columns).map(|at| row.get(at)).collect();
        statement.query_map([], row).unwrap().map(Result::unwrap).collect()
    };
    let text = |value: &rusqlite::types::Value| match value {
        rusqlite::types::Value::Text(text) => text.clone(),
        other => panic!("{other:?} is no text"),
    };
    let quoted = |name: &str| format!("\"{name}\"");
    let mut waiting: Vec<String> =
        query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
            .iter()
            .map(|row| text(&row[0]))
            .collect();
    let mut script = String::new();
    while !waiting.is_empty() {
        let parents = |table: &str| {
            query(&format!(
                "SELECT \"table\", \"from\", \"to\" FROM pragma_foreign_key_list('{table}')"
            ))
        };
        let is_ready = |table: &String| {
            parents(table)
                .iter()
                .all(|key| text(&key[0]) == *table || !waiting.contains(&text(&key[0])))
        };
        let (ready, rest): (Vec<String>, Vec<String>) = waiting.iter().cloned().partition(is_ready);
        for table in &ready {
            let columns = query(&format!(
                "SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}') ORDER BY cid"
            ));
            let mut parts: Vec<String> = columns
                .iter()
                .map(|column| {
                    let not_null = if column[2] == rusqlite::types::Value::Integer(1) {
                        " NOT NULL"
                    } else {
                        ""
                    };
                    format!("{} {}{not_null}", quoted(&text(&column[0])), text(&column[1]))
                })
                .collect();
            let key: Vec<String> = columns
                .iter()
                .filter(|column| column[3] != rusqlite::types::Value::Integer(0))
                .map(|column| quoted(&text(&column[0])))
                .collect();
            parts.push(format!("PRIMARY KEY ({})", key.join(", ")));
            for key in parents(table).iter().filter(|key| text(&key[0]) != *table) {
                let [parent, from, to] = [0, 1, 2].map(|at| quoted(&text(&key[at])));
                parts.push(format!("FOREIGN KEY ({from}) REFERENCES {parent} ({to})"));
            }
            script += &format!("CREATE TABLE {} ({});\n", quoted(table), parts.join(", "));
            let literal = |value: &rusqlite::types::Value| match value {
                rusqlite::types::Value::Null => "NULL".to_owned(),
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Real(number) => number.to_string(),
                other => format!("'{}'", text(other).replace('\'', "''")),
            };
            for chunk in query(&format!("SELECT * FROM {}", quoted(table))).chunks(1_000) {
                let row = |row: &Vec<rusqlite::types::Value>| {
                    format!("({})", row.iter().map(literal).collect::<Vec<_>>().join(", "))
                };
                let rows: Vec<String> = chunk.iter().map(row).collect();
                script += &format!("INSERT INTO {} VALUES {};\n", quoted(table), rows.join(", "));
            }
        }
        assert!(!ready.is_empty(), "the keys of {rest:?} go in circles");
        waiting = rest;
    }
    script
}

#[test]
fn chinook_goes_through_a_whole_run() {
    let test = "chinook_goes_through_a_whole_run";
    let (Some(library), Some(data)) = (library("libduckdb.so", test), shared_data(test)) else {
        return;
    };
    let statements = chinook(&data.join("realdb/chinook/chinook.sqlite"));
    let folder = project(&library, &statements, 120);
    let (catalog, accepted) = stages(folder.path(), 120);
    assert_eq!(catalog.tables.len(), 11);
    let keys: usize = catalog.tables.iter().map(|table| table.foreign_keys.len()).sum();
    assert_eq!((catalog.dialect.as_str(), keys), ("duckdb", 10));
    assert!(catalog.tables.iter().all(|table| !table.primary_key.is_empty()));
    let some = |part: &str| accepted.iter().any(|sql| sql.contains(part));
    assert!(
        some("LIMIT ") && some(" JOIN ") && !some("`") && !some("FETCH FIRST"),
        "{accepted:#?}"
    );

    let scored = matches(
        folder.path(),
        &[
            (
                "SELECT Country, count(*) FROM Customer GROUP BY Country",
                "FROM Customer SELECT Country, n: count(*) GROUP BY ALL",
            ),
            (
                "SELECT BillingCountry, max(Total) FROM Invoice GROUP BY BillingCountry",
                "SELECT BillingCountry, Total FROM Invoice QUALIFY row_number() OVER (PARTITION BY BillingCountry ORDER BY Total DESC) = 1",
            ),
            ("SELECT count(*) FROM Track", "SELECT count(*) FROM Album"),
            ("SELECT count(*) FROM Track", "SELECT count(*) FROM 'Track.csv'"),
        ],
    );
    assert_eq!(scored, (2, 4));

    let layers = rejecting_layers(
        folder.path(),
        &[
            "SELECT Name FROM Artist ORDER",
            "SELECT Surname FROM Artist",
            "SELECT Name::INTEGER FROM Artist",
            "DELETE FROM Artist",
        ],
    );
    let layers: Vec<&str> = layers
        .iter()
        .map(|layer| layer.as_deref().unwrap_or("accepted"))
        .collect();
    assert_eq!(layers, ["syntax", "schema", "execution", "syntax"]);
}

/// A schema of what DuckDB alone has.
const OWN_TYPES: &str = r#"
CREATE SCHEMA back_office;
CREATE TYPE mood AS ENUM ('glad', 'it''s "so-so"', 'sad');
CREATE TABLE customer (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL UNIQUE, feeling mood DEFAULT 'glad', tags VARCHAR[],
    place STRUCT(city VARCHAR, "post code" INTEGER), visits MAP(VARCHAR, INTEGER), balance DECIMAL(18, 3) CHECK (balance >= 0), token UUID,
    joined TIMESTAMPTZ, photo BLOB, span INTERVAL, big HUGEINT, code UNION(num INTEGER, str VARCHAR), score INTEGER[3]);
CREATE TABLE sale (customer_id INTEGER REFERENCES customer (id), line SMALLINT, amount DOUBLE, day DATE, "list price" DOUBLE, PRIMARY KEY (customer_id, line));
CREATE TABLE back_office.note (id BIGINT PRIMARY KEY, words VARCHAR);
CREATE VIEW big_sale AS SELECT customer_id, amount FROM sale WHERE amount > 20;
COMMENT ON TABLE customer IS '客户';
COMMENT ON COLUMN customer.name IS 'full name';
COMMENT ON VIEW big_sale IS 'sales worth a call';
INSERT INTO customer SELECT i, 'customer ' || i, ['glad', 'it''s "so-so"', 'sad'][1 + i % 3]::mood, ['a' || i, 'b'], {'city': ['Oslo', 'Rome'][1 + i % 2], 'post code': i},
    MAP {'first': i}, i * 1.125, uuid(), TIMESTAMPTZ '2024-01-01 00:00:00+00' + i * INTERVAL 1 DAY, 'ab'::BLOB, i * INTERVAL 1 HOUR, i, i::INTEGER, [i, i + 1, i + 2]
    FROM range(1, 61) t(i);
INSERT INTO sale SELECT 1 + i % 60, 1 + i // 60, (i * 7) % 50 + 0.5, DATE '2023-11-01' + (i % 200)::INTEGER, i FROM range(300) t(i);
INSERT INTO back_office.note SELECT i, 'note ' || i FROM range(20) t(i);
"#;

#[test]
fn a_schema_of_its_own_types_goes_through_a_whole_run() {
    let Some(library) = library("libduckdb.so", "a_schema_of_its_own_types_goes_through_a_whole_run") else {
        return;
    };
    let folder = project(&library, OWN_TYPES, 80);
    let (catalog, accepted) = stages(folder.path(), 80);
    let customer = catalog.table("customer").unwrap();
    assert_eq!(customer.comment.as_deref(), Some("客户"));
    assert_eq!(customer.primary_key, ["id"]);
    assert_eq!(customer.unique_keys[0].columns, ["name"]);
    assert!(
        customer.checks[0].expression.contains("balance >= 0"),
        "{:?}",
        customer.checks
    );
    let column = |name: &str| customer.column(name).unwrap();
    assert_eq!(column("name").comment.as_deref(), Some("full name"));
    assert!(!column("name").nullable && column("tags").nullable);
    assert_eq!(column("feeling").labels, ["glad", "it's \"so-so\"", "sad"]);
    let classes = [
        "tags", "score", "place", "visits", "balance", "token", "joined", "photo", "span", "big",
    ];
    let found = classes.map(|name| column(name).type_class);
    let wanted = [
        TypeClass::Array,
        TypeClass::Array,
        TypeClass::Json,
        TypeClass::Json,
        TypeClass::Decimal,
        TypeClass::Uuid,
        TypeClass::Datetime,
        TypeClass::Binary,
        TypeClass::Interval,
        TypeClass::Integer,
    ];
    assert_eq!(found, wanted);
    let sale = catalog.table("sale").unwrap();
    assert_eq!(sale.primary_key, ["customer_id", "line"]);
    assert_eq!(
        (
            sale.foreign_keys[0].ref_table.as_str(),
            sale.foreign_keys[0].columns.as_slice()
        ),
        ("customer", &["customer_id".to_owned()][..])
    );
    let view = catalog.table("big_sale").unwrap();
    assert_eq!(
        (view.kind, view.comment.as_deref()),
        (TableKind::View, Some("sales worth a call"))
    );
    let cards = fs::read_to_string(folder.path().join("runs/shop/cards.md")).unwrap();
    assert!(cards.contains("客户") && cards.contains("so-so"), "{cards}");
    let some = |part: &str| accepted.iter().any(|sql| sql.contains(part));
    assert!(some("\"list price\"") && some("EXTRACT("), "{accepted:#?}");

    let scored = matches(
        folder.path(),
        &[
            (
                "SELECT name FROM customer WHERE place.city = 'Oslo'",
                "FROM customer SELECT name WHERE place['city'] = 'Oslo'",
            ),
            (
                "SELECT tags, place FROM customer WHERE id = 3",
                "SELECT [tags[1], tags[2]], {'city': place.city, 'post code': 3} FROM customer WHERE id = 3",
            ),
            ("SELECT visits FROM customer WHERE id = 1", "SELECT MAP {'first': 1}"),
            ("SELECT balance FROM customer WHERE id = 1", "SELECT 2.125"),
        ],
    );
    assert_eq!(scored, (3, 4));
}
