"""`plugin.toml`: what a plugin says about itself, embedded in its bytes."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from .kind import SERVICES

NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")

KEYS = {"name", "version", "kind", "description", "imports", "languages", "codes"}


class ManifestError(ValueError):
    """Why a manifest cannot be used."""


@dataclass
class Manifest:
    """A plugin's manifest."""

    name: str
    version: str
    kind: str
    description: str
    imports: dict[str, str] = field(default_factory=dict)
    languages: list[str] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)
    source: bytes = b""
    """The file as it is."""

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Reads a manifest and refuses what the host would refuse."""
        try:
            source = path.read_bytes()
            found = tomllib.loads(source.decode())
        except (OSError, ValueError) as error:
            raise ManifestError(f"cannot read {path}: {error}") from None
        if unknown := sorted(found.keys() - KEYS):
            raise ManifestError(f"{path} has unknown keys: {', '.join(unknown)}")
        if missing := [key for key in ("name", "version", "kind", "description") if not isinstance(found.get(key), str)]:
            raise ManifestError(f"{path} lacks {', '.join(missing)}")
        manifest = cls(**found, source=source)
        manifest.check()
        return manifest

    def check(self) -> None:
        """Refuses a name, kind or import that the contract does not have."""
        for name in (self.name, *self.codes):
            if not NAME.fullmatch(name):
                raise ManifestError(f"`{name}` is no name: lower-case letters, digits and hyphens, starting with a letter")
        if self.kind not in SERVICES:
            raise ManifestError(f"`{self.kind}` is no kind; kinds are {', '.join(SERVICES)}")
        for service in self.imports:
            if service not in SERVICES[self.kind]:
                allowed = ", ".join(SERVICES[self.kind]) or "none"
                raise ManifestError(f"a {self.kind} cannot import `{service}`; it may import: {allowed}")

    @property
    def world(self) -> str:
        """The smallest world that the plugin fits: what is not in it is not imported."""
        imports = "".join(f"    import {service};\n" for service in ("log", *sorted(self.imports)))
        return f"package nl2sql:plugin@0.2.0;\n\nworld plugin {{\n{imports}    export {self.kind};\n}}\n"
