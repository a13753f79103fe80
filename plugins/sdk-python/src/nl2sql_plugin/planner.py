"""Planners: cut a database into business topics and give each its share of the samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from .types import Card, Catalog, Extra, Topic


@dataclass
class Context:
    """What a planner is bound to; `options` is the profile's `[plan.options]` as JSON."""

    catalog: Catalog = field(default_factory=Catalog)
    cards: list[Card] = field(default_factory=list)
    language: str = "en"
    options: str = "{}"
    seed: int = 0
    extra: Extra = field(default_factory=list)


@dataclass
class PlanRequest:
    """Sum of the budgets to give, and the least of a topic, where the total allows it."""

    total: int = 0
    minimum: int = 0
    extra: Extra = field(default_factory=list)


@dataclass
class TopicPlan:
    """Topics, and what was adjusted and why, one sentence each."""

    topics: list[Topic] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Planner(ABC):
    """A planner bound to one catalog, its cards and options."""

    def __init__(self, context: Context) -> None:
        """Binds the planner. An error here is the answer to every request."""
        self.context = context

    @abstractmethod
    def plan(self, request: PlanRequest) -> TopicPlan:
        """Topics whose budgets sum to `request.total`."""
