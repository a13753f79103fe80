"""Runs the plugin without nl2sql."""

from nl2sql_plugin.metric import Row
from nl2sql_plugin.testing import Host

from plugin import Plugin


def test_the_same_text_scores_one() -> None:
    rows = [Row(predicted_sql=predicted, gold="SELECT 1") for predicted in ("SELECT 1", "SELECT 2")]
    _, figures = Host().score(Plugin, rows)
    assert figures == [0.5]
