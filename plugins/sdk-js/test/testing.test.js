// The test host holds plugins to the contract's rules.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { error, info, llm, metric, planner, query, sample, validator, warning } from "../src/index.js";
import { BrokenRule, Host, Llm, Query } from "../src/testing.js";

function manifest(kind, imports = "", codes = "") {
  const path = join(mkdtempSync(join(tmpdir(), "nl2sql-")), "plugin.toml");
  writeFileSync(
    path,
    `name = "mine"\nversion = "0.1.0"\nkind = "${kind}"\ndescription = "Mine."\n[imports]\n${imports}\n[codes]\n${codes}\n`,
  );
  return path;
}

const people = () => ({
  columns: [{ name: "name", typeClass: "text" }],
  rows: [[{ tag: "text", val: "Ann" }], [{ tag: "text", val: "Bo" }]],
});

const rowCount = validator({
  open: () => ({
    check({ sql }) {
      return query.run(sql, 1, (rows) => {
        const first = rows.values(0, 1)[0][0].val;
        const code = rows.truncated() ? "too-many" : "secret-code";
        return [warning("rows", code, `the first is ${first}`, { suggestion: "age" })];
      });
    },
  }),
});

test("words of a plugin that reads rows are withheld", () => {
  const path = manifest("validator", 'query = "counts"', 'too-many = "more rows than one"');
  const only = new Query((sql) => (sql.includes("LIMIT") ? { ...people(), rows: people().rows.slice(0, 1) } : people()));
  const samples = [sample({ sql: "SELECT name FROM singer" }), sample({ sql: "SELECT name FROM singer LIMIT 1" })];
  const [[first], [second]] = new Host({ manifest: path, query: only }).check(rowCount, samples);
  assert.deepEqual([first.code, first.message, first.suggestion], ["too-many", "more rows than one", "age"]);
  assert.deepEqual([second.code, second.message], ["withheld", "mine says no more: it can read rows"]);
  const [[told]] = new Host({ manifest: path, query: only, discloseRows: true }).check(rowCount, samples);
  assert.equal(told.message, "the first is Ann");
});

test("only queries run", () => {
  const host = new Host({ manifest: manifest("validator", 'query = "counts"'), query: new Query(people) });
  assert.throws(() => host.check(rowCount, [sample({ sql: "DELETE FROM singer" })]), { code: "refused" });
});

const judge = validator({
  open: () => ({
    check({ question }) {
      const { content } = llm.chat({ messages: [{ role: "user", content: question }], purpose: "fidelity" });
      return content === "yes" ? [] : [error("judge", "no", "the model says no")];
    },
  }),
});

test("a model is asked within its budget and once for the same", () => {
  const model = new Llm(({ messages }) => (messages[0].content === "good" ? "yes" : "no"), 2);
  const host = new Host({ manifest: manifest("validator", 'llm = "judges"'), llm: model });
  const found = host.check(judge, [sample({ question: "good" }), sample({ question: "bad" })]);
  assert.deepEqual(found.map(({ length }) => length), [0, 1]);
  assert.equal(model.requests.length, 2);
  assert.throws(() => host.check(judge, [sample({ question: "more" })]), { code: "budget" });
});

test("a service needs the manifest, and rows together with a model the grant", () => {
  const model = new Llm(() => "yes");
  const host = new Host({ manifest: manifest("validator"), llm: model });
  assert.throws(() => host.check(judge, [sample({})]), /no service `llm`/);
  const both = manifest("validator", 'llm = "x"\nquery = "y"');
  assert.throws(() => new Host({ manifest: both, llm: model, query: new Query(people) }), /disclose-rows/);
});

test("answers depend on the call alone", () => {
  const moody = validator({ open: () => ({ check: () => [info("mood", "mood", String(Math.random()))] }) });
  assert.throws(() => new Host({ manifest: manifest("validator") }).check(moody, [sample({})]), /two instances/);
});

test("budgets sum to the total", () => {
  const topic = { name: "all", reason: "", tables: ["singer"] };
  const greedy = planner({ open: () => ({ plan: ({ total }) => ({ topics: [{ ...topic, budget: total + 1 }], notes: [] }) }) });
  assert.throws(() => new Host({ manifest: manifest("planner") }).plan(greedy, { total: 10 }), BrokenRule);
});

test("the default figure is the mean of rows with a value", () => {
  const same = metric({
    describe: () => [{ name: "same-text", direction: "higher-is-better", unit: "ratio", extra: [] }],
    open: () => ({
      score: (rows) =>
        rows.map(({ gold, predictedSql }) => ({ values: [gold === "" ? null : Number(gold === predictedSql)], labels: [] })),
    }),
  });
  const rows = [{ predictedSql: "a", gold: "a" }, { predictedSql: "b", gold: "a" }, {}];
  assert.deepEqual(new Host({ manifest: manifest("metric") }).score(same, rows).figures, [0.5]);
});
