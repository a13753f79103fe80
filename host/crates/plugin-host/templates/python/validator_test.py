"""Runs the plugin without nl2sql."""

from nl2sql_plugin import Sample
from nl2sql_plugin.testing import Host

from plugin import Plugin


def test_only_a_star_is_rejected() -> None:
    samples = [Sample(sql="SELECT * FROM singer"), Sample(sql="SELECT name FROM singer")]
    assert [len(found) for found in Host().check(Plugin, samples)] == [1, 0]
