"""Options are read into a dataclass, or refused with the reason."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from nl2sql_plugin import PluginError, parse


@dataclass
class Options:
    limit: int
    share: float = 0.5
    mode: Literal["strict", "loose"] = "strict"
    names: list[str] = field(default_factory=list)
    note: str | None = None


def test_options_are_read() -> None:
    assert parse('{"limit": 3, "share": 1, "names": ["a"]}', Options) == Options(3, 1.0, names=["a"])


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("{", "no JSON"),
        ("[]", "no object"),
        ("", "`limit` is missing"),
        ('{"limit": true}', "expected int"),
        ('{"limit": 1, "limt": 2}', "unknown option `limt`"),
        ('{"limit": 1, "mode": "lax"}', "option `mode`"),
        ('{"limit": 1, "names": [1]}', "expected str"),
    ],
)
def test_what_does_not_fit_is_refused(given: str, reason: str) -> None:
    with pytest.raises(PluginError, match=reason) as refused:
        parse(given, Options)
    assert refused.value.code == "bad-options"
