"""What a dialect finds in one SQL text: interface `analysis` of the contract."""

from __future__ import annotations

from dataclasses import dataclass, field

from .closed_set import ClosedSet
from .types import Difficulty, Finding, Position


class SqlSyntaxError(Exception):
    """Why a text is not a statement of the dialect."""

    def __init__(self, message: str, position: Position) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass
class StatementInfo:
    """What kind of statement a text is, without looking at names."""

    kind: str = ""
    read_only: bool = False
    reason: str | None = None


@dataclass
class Scope:
    """One query scope; its id is its index."""

    parent: int | None = None
    kind: str = "query"


class TableSource(ClosedSet):
    """What a table reference refers to."""

    CATALOG = 0
    CTE = 1
    DERIVED = 2
    TABLE_FUNCTION = 3
    UNKNOWN = 4


class Resolution(ClosedSet):
    """What a column reference refers to."""

    COLUMN = 0
    ALIAS = 1
    PSEUDO = 2
    AMBIGUOUS = 3
    UNKNOWN = 4


@dataclass
class TableUse:
    """One table reference."""

    name: str = ""
    schema: str | None = None
    alias: str | None = None
    scope: int = 0
    source: TableSource = TableSource.UNKNOWN
    position: Position = field(default_factory=Position)


@dataclass
class ColumnUse:
    """One column reference."""

    name: str = ""
    table: int | None = None
    scope: int = 0
    clause: str = "select"
    resolution: Resolution = Resolution.UNKNOWN
    position: Position = field(default_factory=Position)


@dataclass
class Analysis:
    """Everything a dialect finds in one statement, names resolved against the catalog."""

    statement: StatementInfo = field(default_factory=StatementInfo)
    scopes: list[Scope] = field(default_factory=list)
    tables: list[TableUse] = field(default_factory=list)
    columns: list[ColumnUse] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    ordered: bool = False
    features: list[str] = field(default_factory=list)
    hardness: Difficulty = Difficulty.EASY
    findings: list[Finding] = field(default_factory=list)
