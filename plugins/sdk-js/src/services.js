// The services, over whatever stands behind them: the host in a component, a test host in tests.

import { LlmError, QueryError, SqlSyntaxError } from "./errors.js";

let providers = {};

/** Puts these in place of all that were there, each by the name of its service. */
export function provide(services) {
  providers = services;
}

function service(name) {
  if (!providers[name]) {
    throw new Error(
      `there is no service \`${name}\`: list it under [imports] of plugin.toml, and let the test host have one`,
    );
  }
  return providers[name];
}

/** A call whose failure is an error of the contract. */
function raising(call, toError) {
  try {
    return call();
  } catch (failure) {
    throw failure instanceof Error ? failure : toError(failure);
  }
}

const syntaxError = ({ message, position }) => new SqlSyntaxError(message, position);

const queryError = ({ code, message }) => new QueryError(code, message);

const llmError = ({ code, message }) => new LlmError(code, message);

const asked = (name) => (argument, more) => raising(() => service("sql")[name](argument, more), syntaxError);

export const sql = {
  info: () => service("sql").info(),
  statement: (text) => service("sql").statement(text),
  checkSyntax: asked("checkSyntax"),
  diagnose: asked("diagnose"),
  analyse: asked("analyse"),
  withLimit: asked("withLimit"),
  normalise: asked("normalise"),
  template: asked("template"),
  renderDdl: (table) => service("sql").renderDdl(table),
  quote: (identifier) => service("sql").quote(identifier),
};

export const query = {
  run(text, maxRows, use) {
    const rows = raising(() => service("query").run(text, maxRows), queryError);
    try {
      return use(rows);
    } finally {
      rows[Symbol.dispose]();
    }
  },
  executionMatch: (pairs, definition) => service("query").executionMatch(pairs, definition),
};

/** A request with every member that the contract has. */
function whole(request) {
  return { schema: null, temperature: null, maxTokens: null, purpose: "", attempt: 0, extra: [], ...request };
}

export const llm = {
  chat: (request) => raising(() => service("llm").chat(whole(request)), llmError),
  chatAll(requests) {
    const answers = service("llm").chatAll(requests.map(whole));
    return answers.map(({ tag, val }) => (tag === "ok" ? val : llmError(val)));
  },
};

const written = (level) => (message) => service("log").write(level, message);

export const log = {
  error: written("error"),
  warn: written("warn"),
  info: written("info"),
  debug: written("debug"),
};
