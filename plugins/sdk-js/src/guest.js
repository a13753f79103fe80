// What stands between the exported interface of a component and a plugin. Runs in components alone.

import { PluginError, SqlSyntaxError } from "./errors.js";
import { meanOf } from "./kinds.js";
import { provide } from "./services.js";

/** The exported interface of a plugin, over these services of the host. */
export function exported(plugin, kind, services) {
  if (plugin?.kind !== kind) {
    throw new TypeError(`plugin.toml says that this is a ${kind}, but its module exports ${plugin?.kind ?? "no plugin"} by default`);
  }
  provide(services);
  const call = reporting(services.log);
  const { definition } = plugin;
  const opened = { open: (context) => new Session(call(() => definition.open(context))) };
  class Session {
    constructor(session) {
      this.session = session;
    }
  }
  for (const [name, method] of Object.entries(METHODS[kind])) {
    Session.prototype[name] = function (...values) {
      return call(() => method(this.session, definition, ...values));
    };
  }
  for (const name of FUNCTIONS[kind]) {
    opened[name] = (...values) => call(() => definition[name](...values));
  }
  return { ...opened, Session };
}

const FUNCTIONS = {
  validator: [],
  generator: [],
  planner: [],
  metric: ["describe"],
  dialect: ["info", "catalogQueries", "renderDdl", "quote"],
};

const passed = (name) => (session, _, ...values) => session[name](...values);

const METHODS = {
  validator: {
    check: (session, _, samples) =>
      session.checkAll ? session.checkAll(samples) : samples.map((sample) => session.check(sample)),
  },
  generator: { generate: passed("generate") },
  planner: { plan: passed("plan") },
  metric: {
    score: passed("score"),
    aggregate: (session, definition, scores) =>
      session.aggregate ? session.aggregate(scores) : meanOf(scores, definition.describe()),
  },
  dialect: Object.fromEntries(
    ["statement", "checkSyntax", "diagnose", "analyse", "withLimit", "normalise", "template"].map((name) => [
      name,
      passed(name),
    ]),
  ),
};

/** Makes calls. Errors of the contract are their answers; what any other error says reaches the host before it ends the instance. */
function reporting(log) {
  let prints = false;
  return (work) => {
    if (!prints) {
      globalThis.console = printing(log);
      prints = true;
    }
    try {
      return work();
    } catch (failure) {
      if (failure instanceof PluginError) throw { code: failure.code, message: failure.message, hint: failure.hint };
      if (failure instanceof SqlSyntaxError) throw { message: failure.message, position: failure.position };
      log.write("panic", failure instanceof Error ? `${failure.name}: ${failure.message} ${failure.stack ?? ""}`.trim() : String(failure));
      throw failure;
    }
  };
}

/** A console that writes to the run's log. */
function printing(log) {
  const at = (level) => (...values) => log.write(level, values.map(shown).join(" "));
  return { log: at("info"), info: at("info"), warn: at("warn"), error: at("error"), debug: at("debug"), trace: at("debug") };
}

function shown(value) {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
