"""The nouns that every kind of plugin shares: interface `types` of the contract."""

from __future__ import annotations

from dataclasses import dataclass, field

from .closed_set import ClosedSet

Extra = list[tuple[str, str]]
"""Names and values; ignore names that you do not know."""


class Difficulty(ClosedSet):
    """Spider's levels of difficulty."""

    EASY = 0
    MEDIUM = 1
    HARD = 2
    EXTRA = 3


class Severity(ClosedSet):
    """How much a finding weighs."""

    INFO = 0
    WARNING = 1
    ERROR = 2
    """Rejects the sample."""


@dataclass
class ForeignKey:
    """A foreign key; composite when it has more than one column."""

    name: str | None = None
    columns: list[str] = field(default_factory=list)
    ref_schema: str | None = None
    ref_table: str = ""
    ref_columns: list[str] = field(default_factory=list)


@dataclass
class Key:
    """A unique key."""

    name: str | None = None
    columns: list[str] = field(default_factory=list)


@dataclass
class Check:
    """A check constraint."""

    name: str | None = None
    expression: str = ""


@dataclass
class Column:
    """A column of a table or view."""

    name: str = ""
    type_name: str = ""
    type_class: str = "other"
    nullable: bool = True
    default: str | None = None
    comment: str | None = None
    identity: bool = False
    generated: bool = False
    labels: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    extra: Extra = field(default_factory=list)


@dataclass
class Table:
    """A table or view."""

    schema: str | None = None
    name: str = ""
    kind: str = "table"
    comment: str | None = None
    columns: list[Column] = field(default_factory=list)
    primary_key: list[str] = field(default_factory=list)
    unique_keys: list[Key] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    row_estimate: int | None = None
    extra: Extra = field(default_factory=list)

    @property
    def qualified_name(self) -> str:
        """Schema and name, as plans and cards spell it."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass
class Catalog:
    """A database's metadata."""

    name: str = ""
    dialect: str = ""
    server_version: str | None = None
    default_schema: str | None = None
    tables: list[Table] = field(default_factory=list)
    extra: Extra = field(default_factory=list)


@dataclass
class Card:
    """A table in compact text for a language model."""

    table: str = ""
    text: str = ""
    neighbours: list[str] = field(default_factory=list)


@dataclass
class Topic:
    """A business topic over related tables."""

    name: str = ""
    reason: str = ""
    tables: list[str] = field(default_factory=list)
    budget: int = 0


@dataclass
class Sample:
    """A question with the SQL that answers it."""

    id: str = ""
    topic: str = ""
    question: str = ""
    sql: str = ""
    language: str = "en"
    difficulty: Difficulty = Difficulty.EASY
    tags: list[str] = field(default_factory=list)


@dataclass
class Position:
    """A place in a SQL text; both count from 1, columns in characters."""

    line: int = 1
    column: int = 1


@dataclass
class Span:
    """A stretch of a SQL text, `end` exclusive."""

    start: Position
    end: Position


@dataclass
class Finding:
    """One thing a validator or a dialect noticed."""

    layer: str
    severity: Severity
    code: str
    message: str
    span: Span | None = None
    suggestion: str | None = None

    @classmethod
    def error(cls, layer: str, code: str, message: str, span: Span | None = None, suggestion: str | None = None) -> Finding:
        """A finding that rejects the sample."""
        return cls(layer, Severity.ERROR, code, message, span, suggestion)

    @classmethod
    def warning(cls, layer: str, code: str, message: str, span: Span | None = None, suggestion: str | None = None) -> Finding:
        """A finding that is suspicious and rejects nothing."""
        return cls(layer, Severity.WARNING, code, message, span, suggestion)

    @classmethod
    def info(cls, layer: str, code: str, message: str, span: Span | None = None, suggestion: str | None = None) -> Finding:
        """A finding worth knowing."""
        return cls(layer, Severity.INFO, code, message, span, suggestion)


class PluginError(Exception):
    """Why a plugin could not do what it was asked. Raise it: the user reads it as it is."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
