"""Makes one topic of every table and shares the samples evenly."""

from nl2sql_plugin import Planner, PluginError, Topic, register
from nl2sql_plugin.planner import PlanRequest, TopicPlan


@register
class Plugin(Planner):
    """One topic per table."""

    def plan(self, request: PlanRequest) -> TopicPlan:
        cards = self.context.cards
        if not cards:
            raise PluginError("no-tables", "there is no table to plan for")
        share, rest = divmod(request.total, len(cards))
        topics = [
            Topic(card.table, "a table of its own", [card.table], share + (number < rest)) for number, card in enumerate(cards)
        ]
        return TopicPlan([topic for topic in topics if topic.budget > 0])
