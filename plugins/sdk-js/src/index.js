// What an author imports.

export { PluginError, SqlSyntaxError, QueryError, LlmError } from "./errors.js";
export { standardDialect } from "./description.js";
export { error, warning, info, sample } from "./nouns.js";
export { parseOptions } from "./options.js";
export { validator, generator, planner, metric, dialect } from "./kinds.js";
export { sql, query, llm, log } from "./services.js";
