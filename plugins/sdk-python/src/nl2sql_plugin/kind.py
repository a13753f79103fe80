"""The kinds of plugins, and the services that each may use."""

from .dialect import Dialect
from .generator import Generator
from .metric import Metric
from .planner import Planner
from .validator import Validator

KINDS: dict[str, type] = {
    "dialect": Dialect,
    "planner": Planner,
    "generator": Generator,
    "validator": Validator,
    "metric": Metric,
}

SERVICES: dict[str, tuple[str, ...]] = {
    "dialect": (),
    "planner": ("llm",),
    "generator": ("llm", "sql", "query"),
    "validator": ("llm", "sql", "query"),
    "metric": ("llm", "sql", "query"),
}


def kind_of(plugin: type) -> str:
    """The kind of a plugin's class."""
    for name, base in KINDS.items():
        if issubclass(plugin, base):
            return name
    raise TypeError(f"{plugin.__name__} is no Dialect, Planner, Generator, Validator or Metric")
