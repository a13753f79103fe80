"""The service `query`: one read-only statement at a time against the run's database. Rows stay in the host until they are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, cast

from .closed_set import ClosedSet
from .services import service

PAGE = 256
"""Rows that are fetched from the host at a time."""


class QueryFailure(ClosedSet):
    """Why a statement gave no rows."""

    REFUSED = 0
    TIMEOUT = 1
    FAILED = 2
    UNAVAILABLE = 3


class QueryError(Exception):
    """A statement gave no rows."""

    def __init__(self, code: QueryFailure, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class ResultColumn:
    """A column of a result."""

    name: str
    type_class: str


@dataclass(frozen=True)
class Value:
    """One value: its kind (`null`, `boolean`, `integer`, `decimal`, `float`, `text`, `bytes`, `date`, `time`, `datetime`, `interval`, `json`,
    `uuid`, `array`, `other`), and what the contract gives for it: None, bool, int, float, bytes, or a text."""

    kind: str
    value: None | bool | int | float | str | bytes = None


class Rows:
    """Rows of one statement. Use it in a `with`: the host keeps the rows until it ends."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self.columns: list[ResultColumn] = handle.columns()
        self.row_count: int = handle.row_count()
        self.truncated: bool = handle.truncated()
        """Whether a row or byte cap cut the result."""

    def __enter__(self) -> Rows:
        self._handle.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._handle.__exit__(kind, error, trace)

    def __len__(self) -> int:
        return self.row_count

    def __iter__(self) -> Iterator[list[Value]]:
        for start in range(0, self.row_count, PAGE):
            yield from self.values(start, PAGE)

    def values(self, start: int, count: int) -> list[list[Value]]:
        """Up to `count` rows from row `start`."""
        return [[_value(cell) for cell in row] for row in self._handle.values(start, count)]

    def cells(self, start: int, count: int) -> list[list[str | None]]:
        """The same as display text; None is NULL."""
        return cast(list[list[str | None]], self._handle.cells(start, count))


def _value(cell: Any) -> Value:
    """A case of the contract's variant, a class `Value_Integer` or the like, as one value."""
    if isinstance(cell, Value):
        return cell
    return Value(type(cell).__name__.removeprefix("Value_").lower(), getattr(cell, "value", None))


def run(sql: str, max_rows: int) -> Rows:
    """Runs one statement and keeps at most `max_rows` rows. Raises `QueryError`."""
    return Rows(service("query").run(sql, max_rows))


@dataclass
class MatchPair:
    """A gold statement and a prediction for the same database; an empty name is the run's own."""

    database: str
    gold: str
    predicted: str


class Outcome(ClosedSet):
    """How a comparison ended."""

    MATCH = 0
    MISMATCH = 1
    EMPTY_MATCH = 2
    GOLD_ERROR = 3
    PREDICTION_ERROR = 4
    TIMEOUT = 5
    REFUSED = 6


@dataclass
class MatchOutcome:
    """Outcome of one comparison."""

    outcome: Outcome
    detail: str | None = None


def execution_match(pairs: list[MatchPair], definition: str = "nl2sql") -> list[MatchOutcome]:
    """Runs and compares pairs, concurrently in the host, under a definition: `nl2sql`, `test-suite`, `bird` or `spider`."""
    return cast(list[MatchOutcome], service("query").execution_match(pairs, definition))
