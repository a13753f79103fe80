"""Dialects: the SQL of one database family."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from .analysis import Analysis, StatementInfo
from .description import DialectInfo
from .types import Catalog, Extra, Finding, Table


@dataclass
class ServerInfo:
    """The server to write catalog queries for; no schemas means the default schema of the login."""

    driver: str = ""
    version: str = ""
    database: str = ""
    schemas: list[str] = field(default_factory=list)
    extra: Extra = field(default_factory=list)


@dataclass
class CatalogQuery:
    """One bulk query for `tables`, `columns`, `keys`, `foreign-keys` or `checks`."""

    section: str
    sql: str


class DialectSession(ABC):
    """A dialect bound to one catalog. What is no statement raises `analysis.SqlSyntaxError`."""

    def __init__(self, catalog: Catalog) -> None:
        """Binds the dialect to a catalog."""
        self.catalog = catalog

    @abstractmethod
    def statement(self, sql: str) -> StatementInfo:
        """Kind and read-only verdict; a text that is no SELECT is classified, not parsed."""

    @abstractmethod
    def check_syntax(self, sql: str) -> None:
        """Whether the text is one statement of the dialect."""

    @abstractmethod
    def diagnose(self, sql: str) -> list[Finding]:
        """What the engine would report when preparing the statement."""

    @abstractmethod
    def analyse(self, sql: str) -> Analysis:
        """Everything about the statement."""

    @abstractmethod
    def with_limit(self, sql: str, rows: int) -> str:
        """The statement with its row count limited to `rows`."""

    @abstractmethod
    def normalise(self, sql: str) -> str:
        """Comments stripped, keywords and unquoted identifiers in lower case, single spaces."""

    @abstractmethod
    def template(self, sql: str) -> str:
        """The normal form with every literal replaced by `?`."""


class Dialect(ABC):
    """SQL of one database family. Its methods need no catalog; `session` is the class that does."""

    session: type[DialectSession]

    @classmethod
    @abstractmethod
    def info(cls) -> DialectInfo:
        """The description, the same at every call."""

    @classmethod
    @abstractmethod
    def catalog_queries(cls, server: ServerInfo) -> list[CatalogQuery]:
        """One bulk query per section, never one per table."""

    @classmethod
    @abstractmethod
    def render_ddl(cls, table: Table) -> str:
        """CREATE TABLE text for a prompt, comments included."""

    @classmethod
    @abstractmethod
    def quote(cls, identifier: str) -> str:
        """An identifier, quoted where the dialect needs it."""
