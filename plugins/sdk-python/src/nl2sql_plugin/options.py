"""A plugin's options: the JSON that the profile gives it."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from typing import Any, TypeVar

from .types import PluginError

Options = TypeVar("Options")


def parse(options: str, into: type[Options]) -> Options:
    """The options as a dataclass of the plugin's own. What does not fit is refused, with the code that the host knows."""
    try:
        given = json.loads(options.strip() or "{}")
    except ValueError as error:
        raise _refused(f"they are no JSON: {error}") from None
    return typing.cast(Options, _record(given, into))


def _record(given: Any, into: Any) -> Any:
    if not isinstance(given, dict):
        raise _refused(f"{json.dumps(given)} is no object")
    hints = typing.get_type_hints(into)
    fields = {field.name: field for field in dataclasses.fields(into)}
    for name in given:
        if name not in fields:
            raise _refused(f"unknown option `{name}`; known are {', '.join(fields) or 'none'}")
    for name, field in fields.items():
        missing = dataclasses.MISSING
        if name not in given and field.default is missing and field.default_factory is missing:
            raise _refused(f"option `{name}` is missing")
    return into(**{name: _read(value, hints[name], name) for name, value in given.items()})


def _read(value: Any, hint: Any, name: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        others = [argument for argument in arguments if argument is not type(None)]
        if len(others) == 1:
            return _read(value, others[0], name)
    if origin is typing.Literal and value in arguments:
        return value
    if origin is list and isinstance(value, list):
        return [_read(item, arguments[0], name) for item in value]
    if origin is dict and isinstance(value, dict):
        return {key: _read(item, arguments[1], name) for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        return _record(value, hint)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    # A bool is an int to Python and none to whoever writes a profile.
    if isinstance(hint, type) and type(value) is hint:
        return value
    raise _refused(f"option `{name}` is {json.dumps(value)}, expected {getattr(hint, '__name__', hint)}")


def _refused(reason: str) -> PluginError:
    return PluginError(
        "bad-options", f"the options are not what this plugin takes: {reason}", "correct the plugin's options in the profile"
    )
