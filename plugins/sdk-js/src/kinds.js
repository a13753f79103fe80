// The kinds of plugins, and the services that each may use.

export const SERVICES = {
  dialect: [],
  planner: ["llm"],
  generator: ["llm", "sql", "query"],
  validator: ["llm", "sql", "query"],
  metric: ["llm", "sql", "query"],
};

const plugin = (kind) => (definition) => ({ kind, definition });

export const validator = plugin("validator");

export const generator = plugin("generator");

export const planner = plugin("planner");

export const metric = plugin("metric");

export const dialect = plugin("dialect");

/** Figures over all rows where a plugin does not compute them: the mean of the rows that have a value. */
export function meanOf(scores, metrics) {
  return metrics.map((_, metric) => {
    const known = scores.map((score) => score.values[metric]).filter((value) => value !== null && value !== undefined);
    return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
  });
}
