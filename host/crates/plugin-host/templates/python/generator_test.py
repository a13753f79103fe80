"""Runs the plugin without nl2sql."""

from nl2sql_plugin import Topic
from nl2sql_plugin.generator import Request
from nl2sql_plugin.testing import Host

from plugin import Plugin


def test_every_table_gets_a_pair() -> None:
    batch = Host().generate(Plugin, Request(Topic(name="singers", tables=["singer"]), want=5))
    assert [sample.sql for sample in batch.samples] == ["SELECT * FROM singer"]
    assert batch.exhausted
