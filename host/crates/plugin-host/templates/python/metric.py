"""Scores whether the predicted SQL is the gold SQL, letter for letter."""

from nl2sql_plugin import Metric, register
from nl2sql_plugin.metric import MetricInfo, Row, RowScore


@register
class Plugin(Metric):
    """Compares texts."""

    @classmethod
    def describe(cls) -> list[MetricInfo]:
        return [MetricInfo("same-text", unit="ratio")]

    def score(self, rows: list[Row]) -> list[RowScore]:
        return [RowScore([float(row.predicted_sql == row.gold)]) for row in rows]
