//! One line per example, for a spreadsheet.

use std::io;

use super::Report;

/// Id, database, question, gold, and predicted SQL, outcome, class of error and value of both runs.
pub(super) fn rows(report: &Report) -> io::Result<Vec<u8>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record([
        "id",
        "database",
        "question",
        "gold",
        "before_sql",
        "before_outcome",
        "before_error_class",
        "before_match",
        "after_sql",
        "after_outcome",
        "after_error_class",
        "after_match",
    ])?;
    for row in &report.browser {
        let mut record = vec![
            row.id.clone(),
            row.database.clone(),
            row.question.clone(),
            row.gold.clone(),
        ];
        for run in &row.runs {
            let label = |name: &str| {
                run.as_ref()
                    .and_then(|run| run.labels.get(name).cloned())
                    .unwrap_or_default()
            };
            record.push(run.as_ref().map(|run| run.sql.clone()).unwrap_or_default());
            record.extend([label("outcome"), label("error-class")]);
            record.push(
                run.as_ref()
                    .and_then(|run| run.value)
                    .map(|value| value.to_string())
                    .unwrap_or_default(),
            );
        }
        table.write_record(&record)?;
    }
    table.into_inner().map_err(|error| io::Error::other(error.to_string()))
}
