"""The service `sql`: the run's dialect, bound to the run's catalog. What is no statement raises `analysis.SqlSyntaxError`."""

from typing import cast

from .analysis import Analysis, StatementInfo
from .description import DialectInfo
from .services import service
from .types import Finding, Table


def info() -> DialectInfo:
    """The dialect's description of itself."""
    return cast(DialectInfo, service("sql").info())


def statement(sql: str) -> StatementInfo:
    """Kind and read-only verdict; a text that is no SELECT is classified, not parsed."""
    return cast(StatementInfo, service("sql").statement(sql))


def check_syntax(sql: str) -> None:
    """Whether the text is one statement of the dialect."""
    service("sql").check_syntax(sql)


def diagnose(sql: str) -> list[Finding]:
    """What the engine would report when preparing the statement; empty for a good one. Cheaper than `analyse`."""
    return cast(list[Finding], service("sql").diagnose(sql))


def analyse(sql: str) -> Analysis:
    """Everything about the statement."""
    return cast(Analysis, service("sql").analyse(sql))


def with_limit(sql: str, rows: int) -> str:
    """The statement with its row count limited to `rows`."""
    return cast(str, service("sql").with_limit(sql, rows))


def normalise(sql: str) -> str:
    """Comments stripped, keywords and unquoted identifiers in lower case, single spaces."""
    return cast(str, service("sql").normalise(sql))


def template(sql: str) -> str:
    """The normal form with every literal replaced by `?`."""
    return cast(str, service("sql").template(sql))


def render_ddl(table: Table) -> str:
    """CREATE TABLE text for a prompt, comments included."""
    return cast(str, service("sql").render_ddl(table))


def quote(identifier: str) -> str:
    """An identifier, quoted where the dialect needs it."""
    return cast(str, service("sql").quote(identifier))
