"""What an author needs to write an nl2sql plugin in Python. `nl2sql-plugin build` makes a WebAssembly component of it."""

from .dialect import Dialect, DialectSession
from .generator import Generator
from .metric import Metric
from .options import parse
from .planner import Planner
from .registry import register
from .types import Card, Catalog, Column, Difficulty, Finding, PluginError, Position, Sample, Severity, Span, Table, Topic
from .validator import Validator

__all__ = [
    "Card",
    "Catalog",
    "Column",
    "Dialect",
    "DialectSession",
    "Difficulty",
    "Finding",
    "Generator",
    "Metric",
    "Planner",
    "PluginError",
    "Position",
    "Sample",
    "Severity",
    "Span",
    "Table",
    "Topic",
    "Validator",
    "parse",
    "register",
]
