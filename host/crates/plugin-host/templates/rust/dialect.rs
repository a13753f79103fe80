//! A dialect that knows a SELECT when it sees one. It shows the shape; a real one parses.

use nl2sql_sdk::analysis::{Analysis, Position, StatementInfo, SyntaxError};
use nl2sql_sdk::description::{DialectInfo, Feature, LimitStyle, Spelling};
use nl2sql_sdk::dialect::{CatalogQuery, Dialect, DialectSession, ServerInfo};
use nl2sql_sdk::types::{Catalog, Finding, PluginError, Table};

struct Plugin;

impl Dialect for Plugin {
    type Session = Session;

    fn info() -> DialectInfo {
        let standard = DialectInfo::standard("plain", "sqlite");
        DialectInfo {
            features: vec![Feature::Ordinals],
            spelling: Spelling { limit: LimitStyle::Limit, ..standard.spelling },
            ..standard
        }
    }

    fn catalog_queries(_: ServerInfo) -> Result<Vec<CatalogQuery>, PluginError> {
        let tables = "SELECT NULL, name, type, NULL, NULL FROM sqlite_schema WHERE type IN ('table', 'view')";
        let columns = "SELECT NULL, t.name, c.cid + 1, c.name, c.type, 1 - c.\"notnull\", c.dflt_value, NULL, 0, 0, NULL, NULL \
                       FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type IN ('table', 'view')";
        let query = |section: &str, sql: &str| CatalogQuery { section: section.into(), sql: sql.into() };
        Ok(vec![query("tables", tables), query("columns", columns)])
    }

    fn render_ddl(table: &Table) -> String {
        let columns = table.columns.iter().map(|column| format!("{} {}", Self::quote(&column.name), column.type_name));
        format!("CREATE TABLE {} ({})", Self::quote(&table.name), columns.collect::<Vec<_>>().join(", "))
    }

    fn quote(identifier: &str) -> String {
        format!("\"{}\"", identifier.replace('"', "\"\""))
    }

    fn open(_: Catalog) -> Result<Session, PluginError> {
        Ok(Session)
    }
}

struct Session;

impl DialectSession for Session {
    fn statement(&self, sql: &str) -> StatementInfo {
        let word = sql.split_whitespace().next().unwrap_or_default().to_lowercase();
        let read_only = word == "select";
        let reason = (!read_only).then(|| format!("`{word}` is no SELECT"));
        StatementInfo { kind: word, read_only, reason }
    }

    fn check_syntax(&self, sql: &str) -> Result<(), SyntaxError> {
        match self.statement(sql).reason {
            None => Ok(()),
            Some(message) => Err(SyntaxError { message, position: Position { line: 1, column: 1 } }),
        }
    }

    fn diagnose(&self, sql: &str) -> Result<Vec<Finding>, SyntaxError> {
        self.check_syntax(sql).map(|()| Vec::new())
    }

    fn analyse(&self, sql: &str) -> Result<Analysis, SyntaxError> {
        self.check_syntax(sql)?;
        Ok(Analysis { statement: self.statement(sql), ..Analysis::default() })
    }

    fn with_limit(&self, sql: &str, rows: u32) -> Result<String, SyntaxError> {
        self.check_syntax(sql)?;
        Ok(format!("SELECT * FROM ({}) LIMIT {rows}", sql.trim_end_matches(';')))
    }

    fn normalise(&self, sql: &str) -> Result<String, SyntaxError> {
        self.check_syntax(sql)?;
        Ok(sql.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn template(&self, sql: &str) -> Result<String, SyntaxError> {
        self.normalise(sql)
    }
}

nl2sql_sdk::register!(dialect: Plugin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_select_is_read_only() {
        assert!(Session.statement("SELECT 1").read_only);
        assert!(!Session.statement("DELETE FROM singer").read_only);
    }
}
