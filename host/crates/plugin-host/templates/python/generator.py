"""Asks for the rows of every table of a topic."""

from nl2sql_plugin import Generator, Sample, register
from nl2sql_plugin.generator import Batch, Request


@register
class Plugin(Generator):
    """One pair per table."""

    def generate(self, request: Request) -> Batch:
        # One round says all there is to say.
        tables = request.topic.tables if request.round == 0 else []
        samples = [
            Sample(topic=request.topic.name, question=f"Show everything about {table}.", sql=f"SELECT * FROM {table}")
            for table in tables[: request.want]
        ]
        return Batch(samples, exhausted=True)
