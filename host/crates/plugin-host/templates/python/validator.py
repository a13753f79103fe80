"""Rejects samples whose SQL selects every column."""

from nl2sql_plugin import Finding, Sample, Validator, register


@register
class Plugin(Validator):
    """Looks for a star."""

    def check(self, sample: Sample) -> list[Finding]:
        if "select *" not in sample.sql.lower():
            return []
        return [Finding.error("style", "select-star", "the statement selects every column")]
