//! Batches of statements and extraction against Python's drivers in the same run; prints ratios (above 1 is faster than the peer).
//!
//! `cargo bench -p nl2sql-database` with psycopg2, PyMySQL and SQLAlchemy for `python3` (or the one `NL2SQL_PEER_PYTHON` names), and servers
//! named by `NL2SQL_TEST_POSTGRES_URL` and `NL2SQL_TEST_MYSQL_URL`.

#[path = "../tests"]
mod integration {
    pub mod shared;
}
use integration::shared;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use nl2sql_database::{Connection, ConnectionSettings, Limits, SqliteReader};
use shared::servers::TestDatabase;
use shared::{catalog_queries, server_url, sqlite_file};

const STATEMENTS: usize = 3_000;
const TABLES: usize = 2_000;
const COLUMNS: usize = 20;
const REPETITIONS: usize = 5;

/// A thousand orders of ten customers.
fn schema() -> String {
    let orders: Vec<String> = (0..1_000)
        .map(|n| format!("({n}, {}, 'city {}', {}.25)", n % 10, n % 7, n * 3 % 101))
        .collect();
    format!(
        "CREATE TABLE orders (id int PRIMARY KEY, customer int, city varchar(40), amount decimal(10,2)); INSERT INTO orders VALUES {};",
        orders.join(", ")
    )
}

/// Distinct small queries, as generated samples are.
fn statements() -> Vec<String> {
    (0..STATEMENTS)
        .map(|n| match n % 3 {
            0 => format!("SELECT id, city, amount FROM orders WHERE id = {n}"),
            1 => format!("SELECT customer, count(*), sum(amount) FROM orders WHERE amount > {} GROUP BY customer ORDER BY customer", n % 90),
            _ => format!("SELECT id, city FROM orders WHERE customer = {} AND id > {n} ORDER BY id LIMIT 20", n % 10),
        })
        .collect()
}

/// What one repetition cost.
#[derive(Clone, Copy)]
struct Cost {
    seconds: f64,
    /// Of this process, or the peer's; the server's time is in neither.
    cpu: f64,
    rows: u64,
}

/// Measures `work`, which gives the rows it got.
async fn measured(work: impl Future<Output = u64>) -> Cost {
    let (started, cpu) = (Instant::now(), cpu_seconds());
    let rows = work.await;
    Cost {
        seconds: started.elapsed().as_secs_f64(),
        cpu: cpu_seconds() - cpu,
        rows,
    }
}

/// Processor time of this process so far, in seconds; the kernel counts hundredths (`proc(5)`).
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = text.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn peer(mode: &str, settings: &ConnectionSettings, file: Option<&Path>) -> Option<Cost> {
    let python = std::env::var("NL2SQL_PEER_PYTHON").unwrap_or_else(|_| "python3".into());
    let parts = serde_json::json!({
        "path": settings.path, "host": settings.host, "port": settings.effective_port(), "user": settings.user, "database": settings.database
    });
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/peers.py");
    let mut command = Command::new(python);
    command
        .arg(script)
        .args([mode, settings.driver.as_str(), &parts.to_string()])
        .args(file);
    let output = command.output().ok()?;
    if !output.status.success() {
        eprintln!("the peer failed: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    Some(Cost {
        seconds: answer["seconds"].as_f64()?,
        cpu: answer["cpu"].as_f64()?,
        rows: answer["rows"].as_u64()?,
    })
}

/// Prints the best of the repetitions, which took turns, and the ratio of the bests.
fn report(what: &str, ours: &[Cost], theirs: &[Cost]) {
    let best = |costs: &[Cost], of: fn(&Cost) -> f64| costs.iter().map(of).fold(f64::INFINITY, f64::min);
    let (seconds, cpu) = (best(ours, |cost| cost.seconds), best(ours, |cost| cost.cpu));
    if theirs.is_empty() {
        println!("{what}: {seconds:.3} s, {cpu:.2} s of CPU, no peer");
        return;
    }
    assert_eq!(ours[0].rows, theirs[0].rows, "{what}: not the same work");
    let (peer_seconds, peer_cpu) = (best(theirs, |cost| cost.seconds), best(theirs, |cost| cost.cpu));
    println!(
        "{what}: {seconds:.3} s, peer {peer_seconds:.3} s, ratio {:.2}; CPU of the client {cpu:.2} s, peer {peer_cpu:.2} s",
        peer_seconds / seconds
    );
}

async fn batches(name: &str, settings: &ConnectionSettings, file: &Path) {
    let texts = statements();
    for concurrency in [1, 4, 8] {
        let connection = Connection::open(ConnectionSettings {
            pool_size: concurrency,
            ..settings.clone()
        })
        .await
        .unwrap();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..REPETITIONS {
            let work = async {
                let results = connection.run_many(&texts, &Limits::default(), concurrency).await;
                results
                    .into_iter()
                    .map(|result| result.unwrap().rows.len() as u64)
                    .sum()
            };
            ours.push(measured(work).await);
            theirs.extend(peer("statements", settings, Some(file)));
        }
        report(
            &format!("{name}, {STATEMENTS} statements, {concurrency} at once"),
            &ours,
            &theirs,
        );
    }
}

/// Statements one by one, each asked when the one before is answered, by a reader as validators and metrics have.
fn singles(runtime: &tokio::runtime::Runtime, name: &str, settings: &ConnectionSettings, file: &Path) {
    let _entered = runtime.enter();
    let connection = runtime
        .block_on(Connection::open(ConnectionSettings {
            pool_size: 1,
            ..settings.clone()
        }))
        .unwrap();
    let mut reader = connection.reader().unwrap();
    let texts = statements();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let (started, cpu) = (Instant::now(), cpu_seconds());
        let results = texts.iter().map(|sql| reader.run(sql, &Limits::default()));
        let rows = results.map(|result| result.unwrap().rows.len() as u64).sum();
        ours.push(Cost {
            seconds: started.elapsed().as_secs_f64(),
            cpu: cpu_seconds() - cpu,
            rows,
        });
        theirs.extend(peer("statements", settings, Some(file)));
    }
    report(&format!("{name}, {STATEMENTS} statements, one by one"), &ours, &theirs);
}

async fn extraction(name: &str, server: &TestDatabase) {
    let columns: Vec<String> = (1..COLUMNS)
        .map(|n| format!("c{n} {}", ["int", "varchar(40)", "decimal(10,2)", "date"][n % 4]))
        .collect();
    let tables: Vec<String> = (0..TABLES)
        .map(|n| {
            let parent = if n == 0 {
                String::new()
            } else {
                format!(", FOREIGN KEY (c4) REFERENCES t{} (id)", n / 2)
            };
            format!(
                "CREATE TABLE t{n} (id int PRIMARY KEY, {}{parent});",
                columns.join(", ")
            )
        })
        .collect();
    server.script("DROP TABLE orders;");
    server.script(&tables.join("\n"));
    let connection = Connection::open(server.admin.clone()).await.unwrap();
    let queries = catalog_queries(&connection);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let work = async {
            let database = connection.extract(&queries, "any").await.unwrap().database;
            database.tables.iter().map(|table| table.columns.len() as u64).sum()
        };
        ours.push(measured(work).await);
        theirs.extend(peer("metadata", &server.admin, None));
    }
    report(
        &format!("{name}, catalog of {TABLES} tables x {COLUMNS} columns"),
        &ours,
        &theirs,
    );
}

async fn sqlite(file: &Path) {
    let (_folder, path) = sqlite_file(&schema());
    let settings = ConnectionSettings::sqlite(path);
    let mut reader = SqliteReader::open(&settings).unwrap();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let work = async {
            let results = statements()
                .into_iter()
                .map(|sql| reader.run_blocking(&sql, &Limits::default()));
            results.map(|result| result.unwrap().rows.len() as u64).sum()
        };
        ours.push(measured(work).await);
        theirs.extend(peer("statements", &settings, Some(file)));
    }
    report(&format!("sqlite, {STATEMENTS} statements, one reader"), &ours, &theirs);
    let probes: Vec<String> = (0..STATEMENTS)
        .map(|n| format!("SELECT city, count(*) FROM orders WHERE customer = {n} GROUP BY city LIMIT 1"))
        .collect();
    let started = Instant::now();
    for sql in &probes {
        reader.run_blocking(sql, &Limits::default().with_max_rows(1)).unwrap();
    }
    println!(
        "sqlite, probes with LIMIT 1: {:.1} us each",
        started.elapsed().as_secs_f64() * 1e6 / STATEMENTS as f64
    );
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("statements.json");
    std::fs::write(&file, serde_json::to_string(&statements()).unwrap()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(sqlite(&file));
    for variable in ["NL2SQL_TEST_POSTGRES_URL", "NL2SQL_TEST_MYSQL_URL"] {
        let Some(url) = server_url(variable, "the bench") else {
            continue;
        };
        let server = TestDatabase::create(&url);
        let name = if server.admin.driver == "mysql" {
            "mysql"
        } else {
            "postgres"
        };
        server.script(&schema());
        singles(&runtime, name, &server.admin, &file);
        runtime.block_on(batches(name, &server.admin, &file));
        runtime.block_on(extraction(name, &server));
    }
}
