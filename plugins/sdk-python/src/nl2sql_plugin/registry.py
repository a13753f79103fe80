"""The registration line."""

from typing import TypeVar

from .kind import kind_of

_registered: list[type] = []

Plugin = TypeVar("Plugin", bound=type)


def register(plugin: Plugin) -> Plugin:
    """Makes a class the plugin that this project builds. Once per project."""
    kind_of(plugin)
    _registered.append(plugin)
    return plugin


def registered() -> type:
    """The class that was registered last, the only one of a project."""
    if not _registered:
        raise LookupError("no class is registered: put `@register` above the plugin's class")
    if len(_registered) > 1:
        names = ", ".join(plugin.__name__ for plugin in _registered)
        raise LookupError(f"{names} are all registered: a component holds one plugin")
    return _registered[0]
