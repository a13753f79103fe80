"""Metrics: score predictions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from .closed_set import ClosedSet
from .types import Catalog, Extra


class Direction(ClosedSet):
    """Which way a metric gets better."""

    HIGHER_IS_BETTER = 0
    LOWER_IS_BETTER = 1


@dataclass
class MetricInfo:
    """A metric; the unit is `percent`, `ratio`, `seconds` or the like."""

    name: str
    direction: Direction = Direction.HIGHER_IS_BETTER
    unit: str = "percent"
    extra: Extra = field(default_factory=list)


@dataclass
class Context:
    """What a metric is bound to; the catalog is there for a plugin that uses `sql` or `query`."""

    catalog: Catalog | None = None
    options: str = "{}"
    extra: Extra = field(default_factory=list)


@dataclass
class Row:
    """A prediction; an empty database is the run's own."""

    id: str = ""
    database: str = ""
    question: str = ""
    prediction: str = ""
    predicted_sql: str = ""
    gold: str = ""


@dataclass
class RowScore:
    """One value per metric, None where the row cannot be scored; labels as name and value."""

    values: list[float | None] = field(default_factory=list)
    labels: list[tuple[str, str]] = field(default_factory=list)


class Metric(ABC):
    """A plugin that computes one or more metrics, bound to its options and to the catalog of a database."""

    def __init__(self, context: Context) -> None:
        """Binds the metric. An error here is the answer to every request."""
        self.context = context

    @classmethod
    @abstractmethod
    def describe(cls) -> list[MetricInfo]:
        """The metrics, in the order of `RowScore.values`."""

    @abstractmethod
    def score(self, rows: list[Row]) -> list[RowScore]:
        """One score per row, in order."""

    def aggregate(self, scores: list[RowScore]) -> list[float | None]:
        """One figure per metric over all rows of a run; by default the mean of the rows that have a value, None where none has."""
        columns = [[score.values[metric] for score in scores] for metric in range(len(self.describe()))]
        known = [[value for value in column if value is not None] for column in columns]
        return [sum(values) / len(values) if values else None for values in known]
