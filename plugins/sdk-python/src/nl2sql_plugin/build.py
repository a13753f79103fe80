"""`nl2sql-plugin build`: a component of a project's folder, by componentize-py."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .component import with_manifest
from .manifest import Manifest

PACKAGE = Path(__file__).parent

COMPONENTIZE = "import sys, componentize_py; sys.exit(componentize_py.script())"

APP = """from nl2sql_plugin.guest import exported
from nl2sql_plugin.registry import registered
import {module}

{interface} = exported(registered(), {services!r})
"""


class BuildError(RuntimeError):
    """Why there is no component."""


def build(folder: Path, module: str, output: Path | None, wasi: bool) -> Path:
    """Builds the plugin whose class is registered in a module of a folder that holds a `plugin.toml`. Returns the file."""
    manifest = Manifest.read(folder / "plugin.toml")
    output = output or folder / f"{manifest.name.replace('-', '_')}.wasm"
    with tempfile.TemporaryDirectory() as place:
        component = _componentize(folder, module, manifest, Path(place), wasi)
    output.write_bytes(with_manifest(component, manifest.source))
    return output


def _componentize(folder: Path, module: str, manifest: Manifest, place: Path, wasi: bool) -> bytes:
    contract, app, component = place / "wit", place / "app", place / "component.wasm"
    shutil.copytree(PACKAGE / "wit", contract)
    # A copy, for the interpreter writes beside the modules that it compiles.
    shutil.copytree(PACKAGE, place / "sdk" / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    (contract / "plugin.wit").write_text(manifest.world)
    app.mkdir()
    services = ("log", *sorted(manifest.imports))
    text = APP.format(module=module, interface=manifest.kind.capitalize(), services=services)
    (app / "nl2sql_plugin_app.py").write_text(text)
    command = [sys.executable, "-c", COMPONENTIZE, "--quiet", "--wit-path", str(contract), "--world", "plugin", "componentize"]
    for path in (app, folder.resolve(), place / "sdk"):
        command += ["--python-path", str(path)]
    command += [*([] if wasi else ["--stub-wasi"]), "--output", str(component), "nl2sql_plugin_app"]
    environment = {name: value for name, value in os.environ.items() if name != "RUST_BACKTRACE"}
    tool = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if tool.returncode != 0:
        raise BuildError(_reason(tool.stderr) or tool.stdout.strip() or f"componentize-py ended with {tool.returncode}")
    return component.read_bytes()


def _reason(said: str) -> str:
    """What componentize-py says, without the trace of its own start."""
    _, found, reason = said.partition("AssertionError: ")
    return (reason if found else said).strip()
