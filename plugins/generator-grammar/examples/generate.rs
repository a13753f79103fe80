//! Prints samples for a catalog as JSON lines: `generate <metadata.json> <dialect> <want> <languages> [options]`.

use std::io::Write;
use std::time::Instant;

use nl2sql_generator_grammar::Session;
use nl2sql_sdk::generator::Request;
use nl2sql_sdk::types::{Catalog, Topic};
use nl2sql_sql::Dialect;
use nl2sql_sql::guest::describe;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, dialect, want, languages, ..] = arguments.as_slice() else {
        return Err("usage: generate <metadata.json> <dialect> <want> <en,zh> [options]".into());
    };
    let catalog: Catalog = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let dialect = Dialect::from_name(dialect).ok_or("the dialects are sqlite, postgres, mysql and tsql")?;
    let options = arguments.get(4).map_or("{}", String::as_str);
    let session = Session::open(&catalog, &describe(dialect), options, 7).map_err(|error| error.message)?;
    let tables = catalog
        .tables
        .iter()
        .map(|table| {
            table
                .schema
                .as_ref()
                .map_or(table.name.clone(), |schema| format!("{schema}.{}", table.name))
        })
        .collect();
    let request = Request {
        topic: Topic {
            name: "all".to_owned(),
            tables,
            ..Topic::default()
        },
        want: want.parse()?,
        languages: languages
            .split(',')
            .map(|language| (language.to_owned(), 1.0))
            .collect(),
        ..Request::default()
    };
    let start = Instant::now();
    let batch = session.generate(&request).map_err(|error| error.message)?;
    let seconds = start.elapsed().as_secs_f64();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for sample in &batch.samples {
        writeln!(out, "{}", serde_json::to_string(sample)?)?;
    }
    let count = batch.samples.len();
    eprintln!(
        "{count} samples, {:.0}/s, exhausted: {}, {:?}",
        count as f64 / seconds,
        batch.exhausted,
        batch.notes
    );
    Ok(())
}
