//! A statement read in the dialect: one query, names that exist, and nothing beyond the policy.

use nl2sql_catalog::{Analysis, Database, Resolution, TableUse};
use nl2sql_evaluation::query_runner::QueryFailure;
use nl2sql_plugin_host::DialectSession;

use super::answer::{AskFinding, Explanation};
use super::unnamed_columns::unnamed_columns;
use super::{AccessPolicy, AskError};

/// A statement, and why it must not run.
#[derive(Clone, Debug, Default)]
pub(super) struct CheckedStatement {
    /// Nothing where it may run.
    pub(super) findings: Vec<AskFinding>,
    pub(super) explanation: Explanation,
}

impl CheckedStatement {
    /// The first finding as an error.
    pub(super) fn refusal(&self) -> Option<AskError> {
        self.findings.first().map(|finding| AskError::Refused {
            code: finding.code.clone(),
            message: finding.message.clone(),
        })
    }
}

/// Checks a statement. The policy is held against what the dialect resolved; what is read without being named is told from the text.
pub(super) fn check_statement(
    dialect: &DialectSession,
    catalog: &Database,
    sql: &str,
    policy: &AccessPolicy,
) -> Result<CheckedStatement, AskError> {
    let finding = |code: &str, message: String| AskFinding {
        code: code.to_owned(),
        message,
    };
    let analysis = match dialect.analyse(sql) {
        Ok(Ok(analysis)) => analysis,
        Ok(Err(error)) => {
            return Ok(CheckedStatement {
                findings: vec![finding("syntax", error.message)],
                ..CheckedStatement::default()
            });
        }
        Err(error) => return Err(AskError::unavailable("the statement cannot be checked", error)),
    };
    let mut findings = Vec::new();
    if !analysis.statement.read_only {
        let reason = analysis
            .statement
            .reason
            .clone()
            .unwrap_or_else(|| "it is not a single query".into());
        findings.push(finding("not-read-only", reason));
    }
    let wrong = analysis
        .findings
        .iter()
        .map(|found| finding(&found.code, found.message.clone()));
    findings.extend(wrong);
    findings.extend(policy.violation(&analysis, catalog));
    let info = dialect
        .info()
        .map_err(|error| AskError::unavailable("the statement cannot be checked", error))?;
    let withheld = |table: &TableUse| policy.hides_columns_of(table.schema.as_deref(), &table.name);
    if let Some(reason) = unnamed_columns(sql, &info, &analysis, withheld) {
        let message = format!("some columns are hidden from this key, and {reason}");
        findings.push(finding("not-allowed", message));
    }
    Ok(CheckedStatement {
        findings,
        explanation: explanation(&analysis),
    })
}

fn explanation(analysis: &Analysis) -> Explanation {
    let distinct = |names: &mut Vec<String>, name: String| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    let mut told = Explanation {
        features: analysis.features.clone(),
        ..Explanation::default()
    };
    for table in &analysis.tables {
        distinct(&mut told.tables, table.name.clone());
    }
    for column in analysis
        .columns
        .iter()
        .filter(|column| column.resolution == Resolution::Column)
    {
        let table = column.table.and_then(|table| analysis.tables.get(table as usize));
        let name = table.map_or_else(
            || column.name.clone(),
            |table| format!("{}.{}", table.name, column.name),
        );
        distinct(&mut told.columns, name);
    }
    told
}

/// What a database's failure means to who asked.
pub(super) fn of_failure(failure: &QueryFailure) -> AskError {
    let refused = |code: &str, message: &str| AskError::Refused {
        code: code.to_owned(),
        message: message.to_owned(),
    };
    match failure {
        QueryFailure::Refused(message) => refused("refused", message),
        QueryFailure::Timeout(message) => refused("timeout", message),
        QueryFailure::Failed(message) => refused("failed", message),
        QueryFailure::Unavailable(message) => AskError::unavailable("the database does not answer", message),
    }
}
