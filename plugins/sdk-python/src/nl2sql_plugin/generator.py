"""Generators: write question/SQL pairs for topics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from .description import DialectInfo
from .types import Card, Catalog, Difficulty, Extra, Finding, Sample, Topic


@dataclass
class Context:
    """What a generator is bound to; `options` is the profile's `[generate.options]` as JSON."""

    catalog: Catalog = field(default_factory=Catalog)
    cards: list[Card] = field(default_factory=list)
    dialect: DialectInfo = field(default_factory=lambda: DialectInfo("standard"))
    options: str = "{}"
    seed: int = 0
    extra: Extra = field(default_factory=list)


@dataclass
class Rejection:
    """A sample that was rejected, with what was found."""

    sample: Sample
    findings: list[Finding]


@dataclass
class Request:
    """What is wanted of a topic. `round` counts the calls for it from 0."""

    topic: Topic = field(default_factory=Topic)
    want: int = 0
    round: int = 0
    languages: list[tuple[str, float]] = field(default_factory=list)
    difficulties: list[tuple[Difficulty, float]] = field(default_factory=list)
    accepted: list[Sample] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    extra: Extra = field(default_factory=list)


@dataclass
class Batch:
    """Samples for a topic; `exhausted` says that there is nothing more to say about it."""

    samples: list[Sample] = field(default_factory=list)
    exhausted: bool = False
    notes: list[str] = field(default_factory=list)


class Generator(ABC):
    """A generator bound to one catalog, its cards, a dialect and options."""

    def __init__(self, context: Context) -> None:
        """Binds the generator. An error here is the answer to every request."""
        self.context = context

    @abstractmethod
    def generate(self, request: Request) -> Batch:
        """Samples for one topic. The answer depends on the context and the request alone, so that runs repeat."""
