// A host for tests.

import { isDeepStrictEqual } from "node:util";

import { standardDialect } from "./description.js";
import { LlmError, PluginError, QueryError } from "./errors.js";
import { meanOf } from "./kinds.js";
import { isName, readManifest } from "./manifest.js";
import { provide } from "./services.js";

/** Codes that the contract gives a meaning. */
const KNOWN_CODES = {
  "empty-result": "the statement returns no rows",
  refused: "the statement was refused before it ran",
  timeout: "the statement took longer than its time limit",
  failed: "the engine refused the statement",
  unavailable: "a service is not available",
  budget: "a budget is spent",
  cancelled: "the run was stopped",
  "bad-options": "it does not accept its options",
};

export class BrokenRule extends Error {}

export class Llm {
  constructor(answer, budget = Infinity) {
    this.answer = answer;
    this.budget = budget;
    this.requests = [];
    this.answers = new Map();
  }

  chat(request) {
    const key = JSON.stringify(request);
    if (!this.answers.has(key)) {
      if (this.requests.length >= this.budget) {
        throw new LlmError("budget", `the budget of ${this.budget} requests is spent`);
      }
      this.requests.push(structuredClone(request));
      const content = this.answer(request);
      this.answers.set(key, { content, finishReason: "stop", inputTokens: 0, outputTokens: 0, extra: [] });
    }
    return this.answers.get(key);
  }

  chatAll(requests) {
    return requests.map((request) => {
      try {
        return { tag: "ok", val: this.chat(request) };
      } catch (failure) {
        if (failure instanceof LlmError) return { tag: "err", val: failure };
        throw failure;
      }
    });
  }
}

export class Query {
  constructor(result, match) {
    this.result = result;
    this.match = match;
    this.statements = [];
  }

  run(sql, maxRows) {
    this.statements.push(sql);
    if (!/^[\s(]*(select|with|values)\b/i.test(sql)) throw new QueryError("refused", "the statement is not one query");
    const { columns, rows } = this.result(sql);
    const kept = rows.slice(0, maxRows);
    const page = (start, count) => kept.slice(start, start + count);
    return {
      columns: () => columns,
      rowCount: () => kept.length,
      truncated: () => rows.length > maxRows,
      values: page,
      cells: (start, count) => page(start, count).map((row) => row.map(({ val }) => (val === undefined ? null : String(val)))),
      [Symbol.dispose]() {},
    };
  }

  executionMatch(pairs) {
    if (!this.match) throw new BrokenRule("the test gives no outcome of comparisons: new Query(result, match)");
    return pairs.map(this.match);
  }
}

export function catalog() {
  const column = (name, typeName, typeClass) => ({
    name,
    typeName,
    typeClass,
    nullable: true,
    default: null,
    comment: null,
    identity: false,
    generated: false,
    labels: [],
    samples: [],
    extra: [],
  });
  const table = {
    schema: null,
    name: "singer",
    kind: "table",
    comment: null,
    columns: [column("singer_id", "INTEGER", "integer"), column("name", "TEXT", "text"), column("age", "INTEGER", "integer")],
    primaryKey: ["singer_id"],
    uniqueKeys: [],
    foreignKeys: [],
    checks: [],
    rowEstimate: null,
    extra: [],
  };
  return { name: "check", dialect: "sqlite", serverVersion: null, defaultSchema: null, tables: [table], extra: [] };
}

const qualified = ({ schema, name }) => (schema ? `${schema}.${name}` : name);

export class Host {
  constructor({ manifest = "plugin.toml", sql, query, llm, discloseRows = false } = {}) {
    this.manifest = readManifest(manifest);
    this.messages = [];
    const given = { sql, query, llm };
    this.services = { log: { write: (level, message) => this.messages.push({ level, message }) } };
    for (const name of Object.keys(this.manifest.imports)) {
      if (!given[name]) throw new BrokenRule(`the manifest asks for \`${name}\`: give the test host one`);
      this.services[name] = given[name];
    }
    this.coded = Boolean(this.services.query) && !discloseRows;
    if (this.coded && (this.services.llm || this.manifest.kind === "generator")) {
      throw new BrokenRule("rows would leave by this plugin: it needs the grant `disclose-rows`, new Host({ discloseRows: true })");
    }
  }

  check(plugin, samples, { catalog: own = catalog(), options = {} } = {}) {
    const context = { catalog: own, options: JSON.stringify(options), extra: [] };
    const findings = this.#call("validator", plugin, context, (session) =>
      session.checkAll ? session.checkAll(structuredClone(samples)) : structuredClone(samples).map((one) => session.check(one)),
    );
    this.#count(findings, samples, "samples");
    for (const finding of findings.flat()) {
      this.#require(isName(finding.code), `\`${finding.code}\` is no code: lower-case letters, digits and hyphens`);
      this.#require(["info", "warning", "error"].includes(finding.severity), `\`${finding.severity}\` is no severity`);
    }
    const names = own.tables.flatMap((table) => [table.name, qualified(table), ...table.columns.map(({ name }) => name)]);
    return findings.map((found) => found.map((finding) => this.#told(finding, names)));
  }

  generate(plugin, request, context = {}) {
    const whole = {
      topic: { name: "", reason: "", tables: [], budget: 0 },
      want: 0,
      round: 0,
      languages: [["en", 1]],
      difficulties: [["easy", 1]],
      accepted: [],
      rejected: [],
      extra: [],
      ...request,
    };
    const dialect = standardDialect("standard", "sqlite");
    const bound = this.#context({ catalog: catalog(), cards: [], dialect, seed: 1 }, context);
    const batch = this.#call("generator", plugin, bound, (session) => session.generate(structuredClone(whole)));
    for (const one of batch.samples) {
      this.#require(one.question && one.sql, `${JSON.stringify(one)} lacks a question or a statement`);
    }
    return batch;
  }

  plan(plugin, request, context = {}) {
    const whole = { total: 0, minimum: 0, extra: [], ...request };
    const cards = [{ table: "singer", text: "singer_id, name, age", neighbours: [] }];
    const bound = this.#context({ catalog: catalog(), cards, language: "en", seed: 1 }, context);
    const plan = this.#call("planner", plugin, bound, (session) => session.plan(structuredClone(whole)));
    const total = plan.topics.reduce((sum, { budget }) => sum + budget, 0);
    this.#require(total === whole.total, `budgets sum to ${total}, the request's total is ${whole.total}`);
    const known = [...bound.catalog.tables.map(qualified), ...bound.cards.map(({ table }) => table)];
    for (const table of plan.topics.flatMap(({ tables }) => tables)) {
      this.#require(known.includes(table), `there is no table \`${table}\``);
    }
    return plan;
  }

  score(plugin, rows, { catalog: own = null, options = {} } = {}) {
    const empty = { id: "", database: "", question: "", prediction: "", predictedSql: "", gold: "" };
    const whole = rows.map((row) => ({ ...empty, ...row }));
    provide(this.services);
    const infos = plugin.definition.describe();
    const context = { catalog: own, options: JSON.stringify(options), extra: [] };
    const scores = this.#call("metric", plugin, context, (session) => session.score(structuredClone(whole)));
    this.#count(scores, rows, "rows");
    for (const { values } of scores) this.#count(values, infos, "metrics");
    const figures = this.#call("metric", plugin, context, (session) =>
      session.aggregate ? session.aggregate(structuredClone(scores)) : meanOf(scores, infos),
    );
    this.#count(figures, infos, "metrics");
    return { scores, figures };
  }

  dialect(plugin, own = catalog()) {
    this.#kind("dialect", plugin);
    provide(this.services);
    const { definition } = plugin;
    this.#require(isDeepStrictEqual(definition.info(), definition.info()), "the description is not the same at every call");
    return definition.open(own);
  }

  #context(defaults, { options = {}, ...given }) {
    return { ...defaults, extra: [], ...given, options: JSON.stringify(options) };
  }

  #kind(kind, plugin) {
    this.#require(this.manifest.kind === kind, `plugin.toml says that it is a ${this.manifest.kind}`);
    this.#require(plugin.kind === kind, `it is exported as a ${plugin.kind}`);
  }

  /** Makes a call on two fresh instances, for the host gives any call to any instance. */
  #call(kind, plugin, context, work) {
    this.#kind(kind, plugin);
    provide(this.services);
    try {
      const [first, second] = [0, 1].map(() => work(plugin.definition.open(structuredClone(context))));
      this.#require(
        isDeepStrictEqual(first, second),
        "two instances answer differently: an answer depends on the context and the call alone",
      );
      return first;
    } catch (failure) {
      if (failure instanceof PluginError) this.#require(isName(failure.code), `\`${failure.code}\` is no code`);
      throw failure;
    } finally {
      provide({});
    }
  }

  #told(finding, names) {
    if (!this.coded) return finding;
    const sentences = { ...KNOWN_CODES, ...this.manifest.codes };
    const known = Object.hasOwn(sentences, finding.code);
    return {
      ...finding,
      layer: ["syntax", "schema", "execution"].includes(finding.layer) ? finding.layer : this.manifest.name,
      code: known ? finding.code : "withheld",
      message: known ? sentences[finding.code] : `${this.manifest.name} says no more: it can read rows`,
      suggestion: names.includes(finding.suggestion) ? finding.suggestion : null,
    };
  }

  #count(answers, given, what) {
    this.#require(answers.length === given.length, `${answers.length} answers for ${given.length} ${what}`);
  }

  #require(holds, otherwise) {
    if (!holds) throw new BrokenRule(`plugin \`${this.manifest.name}\`: ${otherwise}`);
  }
}
