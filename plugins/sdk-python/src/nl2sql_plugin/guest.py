"""What stands between the exported interface of a component and a plugin's class. Runs in components alone."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from types import ModuleType
from typing import Any

from componentize_py_types import Err  # type: ignore[import-not-found]

from . import analysis, description, dialect, generator, llm, log, metric, planner, query, types, validator
from .kind import kind_of
from .services import provide

INTERFACES = {
    "types": types,
    "description": description,
    "analysis": analysis,
    "query": query,
    "llm": llm,
    "log": log,
    "dialect": dialect,
    "generator": generator,
    "planner": planner,
    "metric": metric,
    "validator": validator,
}

OTHER_NAMES = {"SyntaxError": "SqlSyntaxError"}


def exported(plugin: type, services: tuple[str, ...]) -> type:
    """The class that componentize-py looks for in the app, under the name of the interface."""
    kind = kind_of(plugin)
    for name, interface in INTERFACES.items():
        for side in ("imports", "exports"):
            if module := _bindings(side, name):
                _take_place(interface, module)
    provide({service: _Host(importlib.import_module(f"wit_world.imports.{service}")) for service in services})
    sys.stdout = _Output(log.Level.INFO, sys.stdout)
    sys.stderr = _Output(log.Level.WARN, sys.stderr)
    members: dict[str, Any] = {"open": _opened(plugin, kind)}
    if kind == "metric":
        members["describe"] = lambda self: _reported(plugin.describe)  # type: ignore[attr-defined]
    if kind == "dialect":
        for name in ("info", "catalog_queries", "render_ddl", "quote"):
            members[name] = _method(plugin, name)
    return type(kind.capitalize(), (), members)


def _method(plugin: type, name: str) -> Callable[..., Any]:
    return lambda self, *arguments: _reported(getattr(plugin, name), *arguments)


def _opened(plugin: type, kind: str) -> Callable[..., Any]:
    bound: type = plugin.session if kind == "dialect" else plugin  # type: ignore[attr-defined]
    return lambda self, context: _Session(_reported(bound, context))


class _Session:
    """An open session: methods of the contract are those of the plugin, checked on their way out."""

    def __init__(self, plugin: Any) -> None:
        self.plugin = plugin

    def check(self, samples: Any) -> Any:
        return _reported(self.plugin.check_all, samples)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.plugin, name)
        return lambda *arguments: _reported(method, *arguments)


def _reported(call: Callable[..., Any], *arguments: Any) -> Any:
    """Makes a call. Errors of the contract are its answer; what any other exception says reaches the host before it ends the instance."""
    _Output.is_open = True
    try:
        return call(*arguments)
    except (types.PluginError, analysis.SqlSyntaxError) as error:
        raise Err(error) from None
    except BaseException as error:
        log.write(log.Level.PANIC, _trace(error))
        raise


def _trace(error: BaseException) -> str:
    """As Python prints it, without the lines of sources, which are not there."""
    steps = [f"{step.filename.rpartition('/')[2]}:{step.lineno} in {step.name}" for step in _steps(error)]
    return f"{type(error).__name__}: {error} ({' < '.join(reversed(steps))})"


def _steps(error: BaseException) -> traceback.StackSummary:
    own = __file__.rpartition("/")[2]
    found = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
    return traceback.StackSummary([step for step in found if not step.filename.endswith(own)])


class _Host:
    """A service of the host: errors of the contract are raised as they are."""

    def __init__(self, bindings: ModuleType) -> None:
        self.bindings = bindings

    def __getattr__(self, name: str) -> Any:
        function = getattr(self.bindings, name)

        def call(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except Err as error:
                raise error.value from None

        return call


class _Output:
    """Standard output or error: whole lines go to the run's log. While the component is built, to where they went before."""

    is_open = False

    def __init__(self, level: log.Level, before: Any) -> None:
        self.level, self.before, self.line = level, before, ""
        self.encoding, self.errors = "utf-8", "replace"

    def write(self, text: str) -> int:
        if not _Output.is_open:
            return int(self.before.write(text))
        *whole, self.line = (self.line + text).split("\n")
        for line in whole:
            log.write(self.level, line)
        return len(text)

    def flush(self) -> None:
        if not _Output.is_open:
            self.before.flush()

    def isatty(self) -> bool:
        return False


def _bindings(side: str, name: str) -> ModuleType | None:
    try:
        return importlib.import_module(f"wit_world.{side}.{name}")
    except ModuleNotFoundError:
        return None


def _take_place(interface: ModuleType, bindings: ModuleType) -> None:
    """Puts the SDK's classes in place of the generated ones, which are looked up by name when the app was imported."""
    for name, generated in list(vars(bindings).items()):
        own = getattr(interface, OTHER_NAMES.get(name, name), None)
        if isinstance(generated, type) and generated.__module__ == bindings.__name__ and isinstance(own, type):
            if _shape(generated) is not None:
                _require_same(generated, own)
                setattr(bindings, name, own)


def _require_same(generated: type, own: type) -> None:
    if is_dataclass(own) or issubclass(own, Enum):
        if _shape(generated) != _shape(own):
            raise TypeError(f"the contract has {_shape(generated)} for {own.__qualname__}, the SDK has {_shape(own)}")


def _shape(noun: type) -> list[str] | dict[str, Any] | None:
    if issubclass(noun, Enum):
        return {member.name: member.value for member in noun}
    return [field.name for field in fields(noun)] if is_dataclass(noun) else None
