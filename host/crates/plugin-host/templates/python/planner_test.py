"""Runs the plugin without nl2sql."""

from nl2sql_plugin import Card
from nl2sql_plugin.planner import Context, PlanRequest
from nl2sql_plugin.testing import Host

from plugin import Plugin


def test_budgets_are_even_and_sum_to_the_total() -> None:
    context = Context(cards=[Card(table) for table in ("a", "b", "c")])
    plan = Host().plan(Plugin, PlanRequest(10), context)
    assert [topic.budget for topic in plan.topics] == [4, 3, 3]
