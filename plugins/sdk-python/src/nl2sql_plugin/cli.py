"""The command `nl2sql-plugin`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .build import BuildError, build
from .manifest import ManifestError


def main() -> int:
    """Runs the command; 2 for what the author can correct."""
    parser = argparse.ArgumentParser(prog="nl2sql-plugin", description="Builds nl2sql plugins that are written in Python.")
    commands = parser.add_subparsers(dest="command", required=True)
    builder = commands.add_parser("build", help="make a component of a project")
    builder.add_argument("folder", nargs="?", type=Path, default=Path(), help="holds plugin.toml and the module (default: here)")
    builder.add_argument("--module", default="plugin", help="module in which the class is registered (default: plugin)")
    builder.add_argument("--output", type=Path, help="file to write (default: the plugin's name in the folder)")
    builder.add_argument("--wasi", action="store_true", help="keep the imports of WASI; the host answers them from an empty world")
    arguments = parser.parse_args()
    try:
        output = build(arguments.folder, arguments.module, arguments.output, arguments.wasi)
    except (ManifestError, BuildError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{output}: {output.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
