//! What the dialect plugins export: a [`Session`](crate::Session) in the terms of the plugin contract.

use std::marker::PhantomData;

use nl2sql_catalog as catalog;
use nl2sql_sdk::analysis as wit_analysis;
use nl2sql_sdk::description::DialectInfo;
use nl2sql_sdk::dialect::{CatalogQuery, DialectSession, ServerInfo};
use nl2sql_sdk::types as wit;

use crate::{Dialect, Session};

mod description;

pub use description::describe;

/// A session of a plugin.
pub struct GuestSession(Session);

impl GuestSession {
    /// Binds a dialect to the host's catalog.
    fn open(dialect: Dialect, from: wit::Catalog) -> Self {
        let database = catalog::Database {
            name: from.name,
            dialect: from.dialect,
            server_version: from.server_version,
            default_schema: from.default_schema,
            tables: from.tables.iter().map(table).collect(),
        };
        Self(Session::new(dialect, &database))
    }
}

impl DialectSession for GuestSession {
    fn statement(&self, sql: &str) -> wit_analysis::StatementInfo {
        statement(self.0.statement(sql))
    }

    fn check_syntax(&self, sql: &str) -> Result<(), wit_analysis::SyntaxError> {
        self.0.check_syntax(sql).map_err(syntax_error)
    }

    fn diagnose(&self, sql: &str) -> Result<Vec<wit::Finding>, wit_analysis::SyntaxError> {
        let findings = self.0.diagnose(sql).map_err(syntax_error)?;
        Ok(findings.into_iter().map(finding).collect())
    }

    fn analyse(&self, sql: &str) -> Result<wit_analysis::Analysis, wit_analysis::SyntaxError> {
        self.0.analyse(sql).map(analysis).map_err(syntax_error)
    }

    fn with_limit(&self, sql: &str, rows: u32) -> Result<String, wit_analysis::SyntaxError> {
        self.0.with_limit(sql, rows).map_err(syntax_error)
    }

    fn normalise(&self, sql: &str) -> Result<String, wit_analysis::SyntaxError> {
        self.0.normalise(sql).map_err(syntax_error)
    }

    fn template(&self, sql: &str) -> Result<String, wit_analysis::SyntaxError> {
        self.0.template(sql).map_err(syntax_error)
    }
}

/// What sets a dialect plugin apart from the others.
pub trait DialectTraits: 'static {
    /// Its SQL.
    const DIALECT: Dialect;
    /// Other names it goes by.
    const ALIASES: &'static [&'static str];
    /// The host's driver for its databases.
    const DRIVER: &'static str;
    /// Notes for the prompt of a language model.
    const PROMPT_NOTES: &'static [&'static str];

    /// Name of the dialect: that of its SQL, unless a database that speaks it has its own.
    fn name() -> &'static str {
        Self::DIALECT.name()
    }

    /// One bulk query per section of a catalog, by the section's name.
    fn catalog_queries(server: &ServerInfo) -> Vec<(&'static str, String)>;
}

/// The plugin of a dialect.
pub struct DialectGuest<T>(PhantomData<T>);

impl<T: DialectTraits> nl2sql_sdk::Dialect for DialectGuest<T> {
    type Session = GuestSession;

    fn info() -> DialectInfo {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        DialectInfo {
            name: T::name().to_owned(),
            aliases: words(T::ALIASES),
            driver: T::DRIVER.to_owned(),
            prompt_notes: words(T::PROMPT_NOTES),
            ..describe(T::DIALECT)
        }
    }

    fn catalog_queries(server: ServerInfo) -> Result<Vec<CatalogQuery>, wit::PluginError> {
        let query = |(section, sql): (&str, String)| CatalogQuery {
            section: section.to_owned(),
            sql,
        };
        Ok(T::catalog_queries(&server).into_iter().map(query).collect())
    }

    fn render_ddl(from: &wit::Table) -> String {
        crate::render_ddl(T::DIALECT, &table(from))
    }

    fn quote(identifier: &str) -> String {
        crate::quote(T::DIALECT, identifier)
    }

    fn open(catalog: wit::Catalog) -> Result<GuestSession, wit::PluginError> {
        Ok(GuestSession::open(T::DIALECT, catalog))
    }
}

fn table(from: &wit::Table) -> catalog::Table {
    catalog::Table {
        schema: from.schema.clone(),
        name: from.name.clone(),
        kind: match from.kind.as_str() {
            "view" => catalog::TableKind::View,
            "materialized-view" => catalog::TableKind::MaterializedView,
            "virtual" => catalog::TableKind::Virtual,
            _ => catalog::TableKind::Table,
        },
        comment: from.comment.clone(),
        columns: from.columns.iter().map(column).collect(),
        primary_key: from.primary_key.clone(),
        unique_keys: from
            .unique_keys
            .iter()
            .map(|key| catalog::Key {
                name: key.name.clone(),
                columns: key.columns.clone(),
            })
            .collect(),
        foreign_keys: from.foreign_keys.iter().map(foreign_key).collect(),
        checks: from
            .checks
            .iter()
            .map(|check| catalog::Check {
                name: check.name.clone(),
                expression: check.expression.clone(),
            })
            .collect(),
        row_estimate: from.row_estimate,
        ..catalog::Table::default()
    }
    .with_extra(&from.extra)
}

fn column(from: &wit::Column) -> catalog::Column {
    catalog::Column {
        name: from.name.clone(),
        type_name: from.type_name.clone(),
        type_class: catalog::TypeClass::from_name(&from.type_class),
        nullable: from.nullable,
        default: from.default.clone(),
        comment: from.comment.clone(),
        identity: from.identity,
        generated: from.generated,
        labels: from.labels.clone(),
        samples: from.samples.clone(),
        terms: catalog::Terms::default(),
    }
}

fn foreign_key(from: &wit::ForeignKey) -> catalog::ForeignKey {
    catalog::ForeignKey {
        name: from.name.clone(),
        columns: from.columns.clone(),
        ref_schema: from.ref_schema.clone(),
        ref_table: from.ref_table.clone(),
        ref_columns: from.ref_columns.clone(),
    }
}

fn position(from: catalog::Position) -> wit::Position {
    wit::Position {
        line: from.line,
        column: from.column,
    }
}

fn syntax_error(from: catalog::SyntaxError) -> wit_analysis::SyntaxError {
    wit_analysis::SyntaxError {
        message: from.message,
        position: position(from.position),
    }
}

fn statement(from: catalog::StatementInfo) -> wit_analysis::StatementInfo {
    wit_analysis::StatementInfo {
        kind: from.kind,
        read_only: from.read_only,
        reason: from.reason,
    }
}

fn finding(from: catalog::Finding) -> wit::Finding {
    let severity = match from.severity {
        catalog::Severity::Info => wit::Severity::Info,
        catalog::Severity::Warning => wit::Severity::Warning,
        catalog::Severity::Error => wit::Severity::Error,
    };
    wit::Finding {
        layer: from.layer,
        severity,
        code: from.code,
        message: from.message,
        span: from.span.map(|span| wit::Span {
            start: position(span.start),
            end: position(span.end),
        }),
        suggestion: from.suggestion,
    }
}

fn analysis(from: catalog::Analysis) -> wit_analysis::Analysis {
    wit_analysis::Analysis {
        statement: statement(from.statement),
        scopes: from
            .scopes
            .into_iter()
            .map(|scope| wit_analysis::Scope {
                parent: scope.parent,
                kind: scope.kind,
            })
            .collect(),
        tables: from.tables.into_iter().map(table_use).collect(),
        columns: from.columns.into_iter().map(column_use).collect(),
        functions: from.functions,
        ordered: from.ordered,
        features: from.features,
        hardness: difficulty(from.hardness),
        findings: from.findings.into_iter().map(finding).collect(),
    }
}

fn difficulty(from: catalog::Difficulty) -> wit::Difficulty {
    match from {
        catalog::Difficulty::Easy => wit::Difficulty::Easy,
        catalog::Difficulty::Medium => wit::Difficulty::Medium,
        catalog::Difficulty::Hard => wit::Difficulty::Hard,
        catalog::Difficulty::Extra => wit::Difficulty::Extra,
    }
}

fn table_use(from: catalog::TableUse) -> wit_analysis::TableUse {
    let source = match from.source {
        catalog::TableSource::Catalog => wit_analysis::TableSource::Catalog,
        catalog::TableSource::Cte => wit_analysis::TableSource::Cte,
        catalog::TableSource::Derived => wit_analysis::TableSource::Derived,
        catalog::TableSource::Function => wit_analysis::TableSource::TableFunction,
        catalog::TableSource::Unknown => wit_analysis::TableSource::Unknown,
    };
    wit_analysis::TableUse {
        name: from.name,
        schema: from.schema,
        alias: from.alias,
        scope: from.scope,
        source,
        position: position(from.position),
    }
}

fn column_use(from: catalog::ColumnUse) -> wit_analysis::ColumnUse {
    let resolution = match from.resolution {
        catalog::Resolution::Column => wit_analysis::Resolution::Column,
        catalog::Resolution::Alias => wit_analysis::Resolution::Alias,
        catalog::Resolution::Pseudo => wit_analysis::Resolution::Pseudo,
        catalog::Resolution::Ambiguous => wit_analysis::Resolution::Ambiguous,
        catalog::Resolution::Unknown => wit_analysis::Resolution::Unknown,
    };
    wit_analysis::ColumnUse {
        name: from.name,
        table: from.table,
        scope: from.scope,
        clause: from.clause,
        resolution,
        position: position(from.position),
    }
}
