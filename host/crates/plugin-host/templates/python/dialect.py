"""A dialect that knows a SELECT when it sees one. It shows the shape; a real one parses."""

from nl2sql_plugin import Dialect, DialectSession, Finding, Position, Table, register
from nl2sql_plugin.analysis import Analysis, SqlSyntaxError, StatementInfo
from nl2sql_plugin.description import DialectInfo, Feature, LimitStyle, Spelling
from nl2sql_plugin.dialect import CatalogQuery, ServerInfo

TABLES = "SELECT NULL, name, type, NULL, NULL FROM sqlite_schema WHERE type IN ('table', 'view')"

COLUMNS = """SELECT NULL, t.name, c.cid + 1, c.name, c.type, 1 - c."notnull", c.dflt_value, NULL, 0, 0, NULL, NULL
FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type IN ('table', 'view')"""


class Session(DialectSession):
    """The dialect bound to a catalog."""

    def statement(self, sql: str) -> StatementInfo:
        word = sql.split(maxsplit=1)[0].lower() if sql.strip() else ""
        read_only = word == "select"
        return StatementInfo(word, read_only, None if read_only else f"`{word}` is no SELECT")

    def check_syntax(self, sql: str) -> None:
        reason = self.statement(sql).reason
        if reason is not None:
            raise SqlSyntaxError(reason, Position(1, 1))

    def diagnose(self, sql: str) -> list[Finding]:
        self.check_syntax(sql)
        return []

    def analyse(self, sql: str) -> Analysis:
        self.check_syntax(sql)
        return Analysis(self.statement(sql))

    def with_limit(self, sql: str, rows: int) -> str:
        self.check_syntax(sql)
        return f"SELECT * FROM ({sql.rstrip(';')}) LIMIT {rows}"

    def normalise(self, sql: str) -> str:
        self.check_syntax(sql)
        return " ".join(sql.split())

    def template(self, sql: str) -> str:
        return self.normalise(sql)


@register
class Plugin(Dialect):
    """Names and queries need no catalog."""

    session = Session

    @classmethod
    def info(cls) -> DialectInfo:
        return DialectInfo("plain", driver="sqlite", features=[Feature.ORDINALS], spelling=Spelling(limit=LimitStyle.LIMIT))

    @classmethod
    def catalog_queries(cls, server: ServerInfo) -> list[CatalogQuery]:
        return [CatalogQuery("tables", TABLES), CatalogQuery("columns", COLUMNS)]

    @classmethod
    def render_ddl(cls, table: Table) -> str:
        columns = ", ".join(f"{cls.quote(column.name)} {column.type_name}" for column in table.columns)
        return f"CREATE TABLE {cls.quote(table.name)} ({columns})"

    @classmethod
    def quote(cls, identifier: str) -> str:
        return '"' + identifier.replace('"', '""') + '"'
