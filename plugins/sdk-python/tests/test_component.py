"""The manifest stands in a custom section in front."""

from pathlib import Path

import pytest

from nl2sql_plugin.component import with_manifest
from nl2sql_plugin.manifest import Manifest, ManifestError


def test_the_manifest_is_the_first_section() -> None:
    component = b"\0asm\x0d\0\x01\0" + b"\x00\x02\x01x"
    manifest = b"m" * 200
    packed = with_manifest(component, manifest)
    assert packed[:8] == component[:8]
    assert packed[8:11] == b"\x00\xd8\x01"
    assert packed[11:27] == b"\x0fnl2sql:manifest"
    assert packed[27:] == manifest + component[8:]


@pytest.mark.parametrize(
    ("more", "reason"),
    [('[import]\nsql = "x"', "unknown keys: import"), ('[imports]\nquery = "x"', "a planner cannot import `query`")],
)
def test_a_manifest_the_host_would_refuse_is_refused(tmp_path: Path, more: str, reason: str) -> None:
    path = tmp_path / "plugin.toml"
    path.write_text(f'name = "mine"\nversion = "1"\nkind = "planner"\ndescription = "Mine."\n{more}\n')
    with pytest.raises(ManifestError, match=reason):
        Manifest.read(path)


def test_the_world_has_the_imports_of_the_manifest_alone(tmp_path: Path) -> None:
    path = tmp_path / "plugin.toml"
    path.write_text('name = "mine"\nversion = "1"\nkind = "validator"\ndescription = "Mine."\n[imports]\nsql = "parses"\n')
    assert "import log;\n    import sql;\n    export validator;" in Manifest.read(path).world
