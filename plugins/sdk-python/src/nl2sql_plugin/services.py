"""What stands behind the services: the host in a component, a test host in tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_providers: dict[str, Any] = {}


class ServiceAbsent(RuntimeError):
    """The plugin called a service that its manifest does not ask for, or that is not there."""


def provide(providers: Mapping[str, Any]) -> None:
    """Puts these in place of all that were there, each by the name of its service."""
    _providers.clear()
    _providers.update(providers)


def service(name: str) -> Any:
    """What stands behind a service."""
    if name not in _providers:
        raise ServiceAbsent(f"there is no service `{name}`: list it under [imports] of plugin.toml, and let the test host have one")
    return _providers[name]
