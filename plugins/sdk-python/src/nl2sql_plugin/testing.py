"""A host for tests: runs a plugin's class without nl2sql, under the contract's rules.

A service is there when the manifest asks for it, as in a component. Every call is made on two fresh instances, and their answers must be the
same, for the host gives any call to any instance. Of a plugin that may run queries only what the host would pass on is returned.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from . import analysis, dialect, generator, llm, metric, planner, query, validator
from .description import DialectInfo
from .log import Level
from .manifest import NAME, Manifest
from .services import provide
from .types import Card, Catalog, Column, Finding, PluginError, Position, Sample, Table

KNOWN_CODES = {
    "empty-result": "the statement returns no rows",
    "refused": "the statement was refused before it ran",
    "timeout": "the statement took longer than its time limit",
    "failed": "the engine refused the statement",
    "unavailable": "a service is not available",
    "budget": "a budget is spent",
    "cancelled": "the run was stopped",
    "bad-options": "it does not accept its options",
}
"""Codes that the contract gives a meaning."""


class BrokenRule(AssertionError):
    """The plugin did what the host does not accept."""


@dataclass
class Log:
    """The service `log`: keeps what was written."""

    messages: list[tuple[Level, str]] = field(default_factory=list)

    def write(self, level: Level, message: str) -> None:
        """Keeps one message."""
        self.messages.append((level, message))


class Llm:
    """The service `llm`: answers by a function of the request, until the budget of requests is spent. Keeps what it was asked; like the host, it
    gives what was asked before again and counts it once."""

    def __init__(self, answer: Callable[[llm.Request], str], budget: int | None = None) -> None:
        self.answer, self.budget = answer, budget
        self.requests: list[llm.Request] = []
        self._answers: dict[str, llm.Answer] = {}

    def chat(self, request: llm.Request) -> llm.Answer:
        """Answers once."""
        if known := self._answers.get(repr(request)):
            return known
        if self.budget is not None and len(self.requests) >= self.budget:
            raise llm.LlmError("budget", f"the budget of {self.budget} requests is spent")
        self.requests.append(deepcopy(request))
        self._answers[repr(request)] = llm.Answer(self.answer(request))
        return self._answers[repr(request)]

    def chat_all(self, requests: Iterable[llm.Request]) -> list[llm.Answer | llm.LlmError]:
        """Answers in the order of the requests."""
        return [self._one(request) for request in requests]

    def _one(self, request: llm.Request) -> llm.Answer | llm.LlmError:
        try:
            return self.chat(request)
        except llm.LlmError as error:
            return error


class Query:
    """The service `query` over SQLite in memory: one statement that reads. `schema` makes and fills its tables."""

    def __init__(self, schema: str) -> None:
        self.database = sqlite3.connect(":memory:")
        self.database.executescript(schema)
        self.database.execute("PRAGMA query_only = ON")
        self.open_handles = 0
        self.statements: list[str] = []

    def run(self, sql: str, max_rows: int) -> _Handle:
        """Runs one statement and keeps at most `max_rows` rows."""
        self.statements.append(sql)
        if sql.lstrip("( \n\t").partition(" ")[0].lower() not in ("select", "with", "values"):
            raise query.QueryError(query.QueryFailure.REFUSED, "the statement is not one query")
        try:
            cursor = self.database.execute(sql)
            rows = cursor.fetchmany(max_rows + 1)
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise query.QueryError(query.QueryFailure.FAILED, str(error)) from None
        names = [column[0] for column in cursor.description]
        return _Handle(self, names, rows[:max_rows], len(rows) > max_rows)

    def execution_match(self, pairs: list[query.MatchPair], definition: str) -> list[query.MatchOutcome]:
        """Compares results as bags of rows, whatever the definition."""
        return [self._match(pair) for pair in pairs]

    def _match(self, pair: query.MatchPair) -> query.MatchOutcome:
        results = []
        for sql, failed in ((pair.gold, query.Outcome.GOLD_ERROR), (pair.predicted, query.Outcome.PREDICTION_ERROR)):
            try:
                with query.Rows(self.run(sql, 100_000)) as rows:
                    results.append(sorted(map(repr, rows)))
            except query.QueryError as error:
                refused = error.code is query.QueryFailure.REFUSED and failed is query.Outcome.PREDICTION_ERROR
                return query.MatchOutcome(query.Outcome.REFUSED if refused else failed, error.message)
        if results[0] != results[1]:
            return query.MatchOutcome(query.Outcome.MISMATCH)
        return query.MatchOutcome(query.Outcome.MATCH if results[0] else query.Outcome.EMPTY_MATCH)


class _Handle:
    """Rows that a plugin holds, as the host keeps them."""

    def __init__(self, owner: Query, names: list[str], rows: list[tuple[Any, ...]], cut: bool) -> None:
        self.owner, self.names, self.rows, self.cut = owner, names, rows, cut
        owner.open_handles += 1

    def columns(self) -> list[query.ResultColumn]:
        kinds = [{_kind(row[index]) for row in self.rows} - {"null"} for index in range(len(self.names))]
        classes = [found.pop() if len(found) == 1 else "other" for found in kinds]
        return [query.ResultColumn(name, "binary" if kind == "bytes" else kind) for name, kind in zip(self.names, classes, strict=True)]

    def row_count(self) -> int:
        return len(self.rows)

    def truncated(self) -> bool:
        return self.cut

    def values(self, start: int, count: int) -> list[list[query.Value]]:
        return [[query.Value(_kind(cell), cell) for cell in row] for row in self.rows[start : start + count]]

    def cells(self, start: int, count: int) -> list[list[str | None]]:
        return [[None if cell is None else str(cell) for cell in row] for row in self.rows[start : start + count]]

    def __enter__(self) -> _Handle:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.owner.open_handles -= 1


def _kind(cell: Any) -> str:
    return {type(None): "null", int: "integer", float: "float", str: "text", bytes: "bytes"}[type(cell)]


@dataclass
class Sql:
    """The service `sql`: knows the analyses that the test gives it, and a SELECT when it sees one."""

    analyses: dict[str, analysis.Analysis] = field(default_factory=dict)
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    dialect: DialectInfo = field(default_factory=lambda: DialectInfo("sqlite"))

    def info(self) -> DialectInfo:
        """The dialect's description."""
        return self.dialect

    def statement(self, sql: str) -> analysis.StatementInfo:
        """Told from the first word."""
        word = sql.split(maxsplit=1)[0].lower() if sql.strip() else ""
        reads = word in ("select", "with", "values")
        kind = "select" if word == "with" else word
        return analysis.StatementInfo(kind, reads, None if reads else f"`{word}` changes something")

    def check_syntax(self, sql: str) -> None:
        """A text that does not begin like a query is no query."""
        if not self.statement(sql).read_only:
            raise analysis.SqlSyntaxError("expected SELECT", Position(1, 1))

    def diagnose(self, sql: str) -> list[Finding]:
        """The findings that the test gave for the statement."""
        self.check_syntax(sql)
        return self.findings.get(sql, [])

    def analyse(self, sql: str) -> analysis.Analysis:
        """The analysis that the test gave for the statement."""
        self.check_syntax(sql)
        if sql not in self.analyses:
            raise LookupError(f"the test gives no analysis of {sql!r}: Sql(analyses={{...}})")
        return self.analyses[sql]

    def with_limit(self, sql: str, rows: int) -> str:
        """The statement as a derived table with a limit."""
        self.check_syntax(sql)
        return f"SELECT * FROM ({sql.strip().rstrip(';')}) LIMIT {rows}"

    def normalise(self, sql: str) -> str:
        """Lower case, single spaces."""
        self.check_syntax(sql)
        return " ".join(sql.lower().split())

    def template(self, sql: str) -> str:
        """The normal form; words with a digit or a quote in front count as literals."""
        return " ".join("?" if word[0] in "'0123456789" else word for word in self.normalise(sql).split())

    def render_ddl(self, table: Table) -> str:
        """CREATE TABLE with names and types."""
        columns = ", ".join(f"{self.quote(column.name)} {column.type_name}" for column in table.columns)
        return f"CREATE TABLE {self.quote(table.name)} ({columns})"

    def quote(self, identifier: str) -> str:
        """Always in double quotes."""
        return '"' + identifier.replace('"', '""') + '"'


def catalog() -> Catalog:
    """A catalog of one table, the one of `nl2sql plugin check`."""
    columns = [Column("singer_id", "INTEGER", "integer"), Column("name", "TEXT", "text"), Column("age", "INTEGER", "integer")]
    return Catalog("check", "sqlite", tables=[Table(name="singer", columns=columns, primary_key=["singer_id"])])


class Host:
    """Runs the classes of one project. `disclose_rows` is the grant of that name."""

    def __init__(
        self,
        manifest: Path | str = "plugin.toml",
        *,
        sql: Any = None,
        query: Any = None,
        llm: Any = None,
        disclose_rows: bool = False,
    ) -> None:
        self.manifest = Manifest.read(Path(manifest))
        self.log = Log()
        self.query = query
        given = {"sql": sql, "query": query, "llm": llm}
        self.services = {name: service for name, service in given.items() if service is not None and name in self.manifest.imports}
        for name in self.manifest.imports:
            if name not in self.services:
                raise BrokenRule(f"the manifest asks for `{name}`: give the test host one")
        self.coded = "query" in self.services and not disclose_rows
        if self.coded and ("llm" in self.services or self.manifest.kind == "generator"):
            raise BrokenRule("rows would leave by this plugin: it needs the grant `disclose-rows`, Host(disclose_rows=True)")

    def check(
        self, plugin: type[validator.Validator], samples: list[Sample], catalog: Catalog | None = None, options: Any = None
    ) -> list[list[Finding]]:
        """Findings per sample, as the host would pass them on."""
        context = validator.Context(catalog or globals()["catalog"](), json.dumps(options or {}))
        findings = self._call("validator", plugin, context, lambda opened: opened.check_all(deepcopy(samples)))
        self._count(findings, samples, "samples")
        for finding in (finding for found in findings for finding in found):
            self._require(isinstance(finding, Finding), f"{finding!r} is no Finding")
            self._require(bool(NAME.fullmatch(finding.code)), f"`{finding.code}` is no code: lower-case letters, digits and hyphens")
        names = {name for table in context.catalog.tables for name in (table.name, table.qualified_name, *_columns(table))}
        return [[self._told(finding, names) for finding in found] for found in findings]

    def generate(
        self, plugin: type[generator.Generator], request: generator.Request, context: generator.Context | None = None
    ) -> generator.Batch:
        """A batch for one request."""
        context = context or generator.Context(catalog())
        batch: generator.Batch = self._call("generator", plugin, context, lambda opened: opened.generate(deepcopy(request)))
        for sample in batch.samples:
            self._require(bool(sample.question and sample.sql), f"{sample!r} lacks a question or a statement")
        return batch

    def plan(
        self, plugin: type[planner.Planner], request: planner.PlanRequest, context: planner.Context | None = None
    ) -> planner.TopicPlan:
        """A plan; budgets must sum to the total, and tables exist."""
        context = context or planner.Context(catalog(), [Card("singer", "singer_id, name, age")])
        plan: planner.TopicPlan = self._call("planner", plugin, context, lambda opened: opened.plan(deepcopy(request)))
        total = sum(topic.budget for topic in plan.topics)
        self._require(total == request.total, f"budgets sum to {total}, the request's total is {request.total}")
        known = {table.qualified_name for table in context.catalog.tables} | {card.table for card in context.cards}
        for table in (table for topic in plan.topics for table in topic.tables):
            self._require(table in known, f"there is no table `{table}`")
        return plan

    def score(
        self, plugin: type[metric.Metric], rows: list[metric.Row], catalog: Catalog | None = None, options: Any = None
    ) -> tuple[list[metric.RowScore], list[float | None]]:
        """Scores, and the figures over all rows."""
        provide({"log": self.log})
        infos = plugin.describe()
        context = metric.Context(catalog, json.dumps(options or {}))
        scores: list[metric.RowScore] = self._call("metric", plugin, context, lambda opened: opened.score(deepcopy(rows)))
        self._count(scores, rows, "rows")
        for score in scores:
            self._count(score.values, infos, "metrics")
        figures: list[float | None] = self._call("metric", plugin, context, lambda opened: opened.aggregate(deepcopy(scores)))
        self._count(figures, infos, "metrics")
        return scores, figures

    def dialect(self, plugin: type[dialect.Dialect], catalog: Catalog | None = None) -> dialect.DialectSession:
        """An open session of a dialect."""
        provide({"log": self.log})
        self._require(plugin.info() == plugin.info(), "the description is not the same at every call")
        return plugin.session(catalog or globals()["catalog"]())

    def _call(self, kind: str, plugin: type, context: Any, work: Callable[[Any], Any]) -> Any:
        self._require(self.manifest.kind == kind, f"plugin.toml says that it is a {self.manifest.kind}")
        answers = [self._on_a_fresh_instance(plugin, context, work) for _ in range(2)]
        self._require(answers[0] == answers[1], "two instances answer differently: an answer depends on the context and the call alone")
        if getattr(self.query, "open_handles", 0):
            raise BrokenRule("rows are still held after the call: use `with query.run(...) as rows`")
        return answers[0]

    def _on_a_fresh_instance(self, plugin: type, context: Any, work: Callable[[Any], Any]) -> Any:
        provide({"log": self.log, **self.services})
        try:
            return work(plugin(deepcopy(context)))
        except PluginError as error:
            self._require(bool(NAME.fullmatch(error.code)), f"`{error.code}` is no code")
            raise
        finally:
            provide({})

    def _told(self, finding: Finding, names: set[str]) -> Finding:
        if not self.coded:
            return finding
        sentences = {**KNOWN_CODES, **self.manifest.codes}
        known = finding.code in sentences
        return replace(
            finding,
            layer=finding.layer if finding.layer in ("syntax", "schema", "execution") else self.manifest.name,
            code=finding.code if known else "withheld",
            message=sentences[finding.code] if known else f"{self.manifest.name} says no more: it can read rows",
            suggestion=finding.suggestion if finding.suggestion in names else None,
        )

    def _count(self, answers: list[Any], given: list[Any], what: str) -> None:
        self._require(len(answers) == len(given), f"{len(answers)} answers for {len(given)} {what}")

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise BrokenRule(f"plugin `{self.manifest.name}`: {otherwise}")


def _columns(table: Table) -> list[str]:
    return [column.name for column in table.columns]
