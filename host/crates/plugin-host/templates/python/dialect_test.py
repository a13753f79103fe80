"""Runs the plugin without nl2sql."""

from nl2sql_plugin.testing import Host

from plugin import Plugin


def test_only_a_select_is_read_only() -> None:
    session = Host().dialect(Plugin)
    assert session.statement("SELECT 1").read_only
    assert not session.statement("DELETE FROM singer").read_only
