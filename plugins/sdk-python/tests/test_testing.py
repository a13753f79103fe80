"""The test host holds plugins to the contract's rules."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from nl2sql_plugin import Finding, Metric, Planner, PluginError, Sample, Topic, Validator, llm, query
from nl2sql_plugin.metric import MetricInfo, Row, RowScore
from nl2sql_plugin.planner import PlanRequest, TopicPlan
from nl2sql_plugin.services import ServiceAbsent
from nl2sql_plugin.testing import BrokenRule, Host, Llm, Query

SCHEMA = "CREATE TABLE singer (singer_id INTEGER, name TEXT, age INTEGER); INSERT INTO singer VALUES (1, 'Ann', 30), (2, 'Bo', NULL);"


def manifest(folder: Path, kind: str, imports: str = "", codes: str = "") -> Path:
    path = folder / "plugin.toml"
    path.write_text(
        f'name = "mine"\nversion = "0.1.0"\nkind = "{kind}"\ndescription = "Mine."\n[imports]\n{imports}\n[codes]\n{codes}\n'
    )
    return path


class RowCount(Validator):
    """Says what it read."""

    def check(self, sample: Sample) -> list[Finding]:
        with query.run(sample.sql, 1) as rows:
            first = [value.value for value in next(iter(rows))]
        return [Finding.warning("rows", "too-many" if rows.truncated else "secret-code", f"the first row is {first}", suggestion="age")]


def test_words_of_a_plugin_that_reads_rows_are_withheld(tmp_path: Path) -> None:
    path = manifest(tmp_path, "validator", 'query = "counts"', 'too-many = "more rows than one"')
    samples = [Sample(sql="SELECT * FROM singer"), Sample(sql="SELECT * FROM singer LIMIT 1")]
    found = Host(path, query=Query(SCHEMA)).check(RowCount, samples)
    assert [(finding.code, finding.message, finding.suggestion) for (finding,) in found] == [
        ("too-many", "more rows than one", "age"),
        ("withheld", "mine says no more: it can read rows", "age"),
    ]
    told = Host(path, query=Query(SCHEMA), disclose_rows=True).check(RowCount, samples[:1])
    assert told[0][0].message == "the first row is [1, 'Ann', 30]"


class Leaky(Validator):
    """Does not end its rows."""

    def check(self, sample: Sample) -> list[Finding]:
        self.rows = query.run(sample.sql, 10)
        return []


def test_rows_end_with_the_call_and_only_queries_run(tmp_path: Path) -> None:
    path = manifest(tmp_path, "validator", 'query = "counts"')
    with pytest.raises(BrokenRule, match="still held"):
        Host(path, query=Query(SCHEMA)).check(Leaky, [Sample(sql="SELECT 1")])
    with pytest.raises(query.QueryError) as refused:
        Host(path, query=Query(SCHEMA)).check(Leaky, [Sample(sql="DELETE FROM singer")])
    assert refused.value.code is query.QueryFailure.REFUSED


class Judge(Validator):
    """Asks the model."""

    def check(self, sample: Sample) -> list[Finding]:
        answer = llm.chat(llm.Request([llm.Message.user(sample.question)], purpose="fidelity"))
        return [] if answer.content == "yes" else [Finding.error("judge", "no", "the model says no")]


def test_a_model_is_asked_within_its_budget_and_once_for_the_same(tmp_path: Path) -> None:
    model = Llm(lambda request: "yes" if "good" in request.messages[0].content else "no", budget=2)
    host = Host(manifest(tmp_path, "validator", 'llm = "judges"'), llm=model)
    assert [len(found) for found in host.check(Judge, [Sample(question="good"), Sample(question="bad")])] == [0, 1]
    assert len(model.requests) == 2
    with pytest.raises(PluginError) as stopped:
        host.check(Judge, [Sample(question="more")])
    assert stopped.value.code == "budget"


def test_a_service_needs_the_manifest(tmp_path: Path) -> None:
    with pytest.raises(ServiceAbsent):
        Host(manifest(tmp_path, "validator"), llm=Llm(lambda _: "yes")).check(Judge, [Sample()])
    with pytest.raises(BrokenRule, match="asks for `llm`"):
        Host(manifest(tmp_path, "validator", 'llm = "judges"'))
    with pytest.raises(BrokenRule, match="disclose-rows"):
        Host(manifest(tmp_path, "validator", 'llm = "x"\nquery = "y"'), llm=Llm(lambda _: ""), query=Query(SCHEMA))


class Moody(Validator):
    """Answers as it likes."""

    def check(self, sample: Sample) -> list[Finding]:
        return [Finding.info("mood", "mood", str(random.random()))]


def test_answers_depend_on_the_call_alone(tmp_path: Path) -> None:
    with pytest.raises(BrokenRule, match="two instances"):
        Host(manifest(tmp_path, "validator")).check(Moody, [Sample()])


class Greedy(Planner):
    """Gives more than there is."""

    def plan(self, request: PlanRequest) -> TopicPlan:
        return TopicPlan([Topic("all", "", ["singer"], request.total + 1)])


def test_budgets_sum_to_the_total(tmp_path: Path) -> None:
    with pytest.raises(BrokenRule, match="budgets sum to 11"):
        Host(manifest(tmp_path, "planner")).plan(Greedy, PlanRequest(10))


class Same(Metric):
    """Whether the texts are the same, where there is one."""

    @classmethod
    def describe(cls) -> list[MetricInfo]:
        return [MetricInfo("same-text", unit="ratio")]

    def score(self, rows: list[Row]) -> list[RowScore]:
        return [RowScore([None if not row.gold else float(row.gold == row.predicted_sql)]) for row in rows]


def test_the_default_figure_is_the_mean_of_rows_with_a_value(tmp_path: Path) -> None:
    rows = [Row(predicted_sql="a", gold="a"), Row(predicted_sql="b", gold="a"), Row()]
    assert Host(manifest(tmp_path, "metric")).score(Same, rows)[1] == [0.5]
