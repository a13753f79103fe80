// A dialect that knows a SELECT when it sees one. It shows the shape; a real one parses.

import { dialect, SqlSyntaxError, standardDialect, type StatementInfo } from "nl2sql-plugin";

const TABLES = "SELECT NULL, name, type, NULL, NULL FROM sqlite_schema WHERE type IN ('table', 'view')";

const COLUMNS = `SELECT NULL, t.name, c.cid + 1, c.name, c.type, 1 - c."notnull", c.dflt_value, NULL, 0, 0, NULL, NULL
FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type IN ('table', 'view')`;

function statement(sql: string): StatementInfo {
  const kind = sql.trim().split(/\s+/)[0]?.toLowerCase() ?? "";
  const readOnly = kind === "select";
  return { kind, readOnly, reason: readOnly ? null : `\`${kind}\` is no SELECT` };
}

function checkSyntax(sql: string): void {
  const { reason } = statement(sql);
  if (reason !== null) throw new SqlSyntaxError(reason, { line: 1, column: 1 });
}

function normalise(sql: string): string {
  checkSyntax(sql);
  return sql.trim().split(/\s+/).join(" ");
}

const quote = (identifier: string) => `"${identifier.replaceAll('"', '""')}"`;

export default dialect({
  info() {
    const standard = standardDialect("plain", "sqlite");
    return { ...standard, features: ["ordinals"], spelling: { ...standard.spelling, limit: "limit" } };
  },
  catalogQueries() {
    return [
      { section: "tables", sql: TABLES },
      { section: "columns", sql: COLUMNS },
    ];
  },
  renderDdl({ name, columns }) {
    const written = columns.map((column) => `${quote(column.name)} ${column.typeName}`);
    return `CREATE TABLE ${quote(name)} (${written.join(", ")})`;
  },
  quote,
  open() {
    return {
      statement,
      checkSyntax,
      diagnose(sql) {
        checkSyntax(sql);
        return [];
      },
      analyse(sql) {
        checkSyntax(sql);
        const empty = { scopes: [], tables: [], columns: [], functions: [], ordered: false, features: [], findings: [] };
        return { ...empty, statement: statement(sql), hardness: "easy" };
      },
      withLimit(sql, rows) {
        checkSyntax(sql);
        return `SELECT * FROM (${sql.replace(/;\s*$/, "")}) LIMIT ${rows}`;
      },
      normalise,
      template: normalise,
    };
  },
});
