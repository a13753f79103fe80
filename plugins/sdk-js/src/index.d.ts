import type {
  Analysis,
  Card,
  Catalog,
  CatalogQuery,
  DialectInfo,
  Difficulty,
  Extra,
  Finding,
  Position,
  Sample,
  ServerInfo,
  Span,
  StatementInfo,
  Table,
  Topic,
} from "./contract.js";

export type * from "./contract.js";


/** What a validator is bound to; `options` is the profile's options for it as JSON. */
export interface ValidatorContext {
  catalog: Catalog;
  options: string;
  extra: Extra;
}

/** A validator bound to one catalog and one set of options: `check` for one sample, or `checkAll` for a batch, in order. */
export type ValidatorSession = { check(sample: Sample): Finding[] } | { checkAll(samples: Sample[]): Finding[][] };

/** What a generator is bound to. */
export interface GeneratorContext {
  catalog: Catalog;
  cards: Card[];
  dialect: DialectInfo;
  options: string;
  seed: number;
  extra: Extra;
}

/** What is wanted of a topic. `round` counts the calls for it from 0. */
export interface GenerateRequest {
  topic: Topic;
  want: number;
  round: number;
  languages: [string, number][];
  difficulties: [Difficulty, number][];
  accepted: Sample[];
  rejected: { sample: Sample; findings: Finding[] }[];
  extra: Extra;
}

/** Samples for a topic; `exhausted` says that there is nothing more to say about it. */
export interface Batch {
  samples: Sample[];
  exhausted: boolean;
  notes: string[];
}

/** A generator bound to one catalog: its answer depends on the context and the request alone. */
export interface GeneratorSession {
  generate(request: GenerateRequest): Batch;
}

/** What a planner is bound to. */
export interface PlannerContext {
  catalog: Catalog;
  cards: Card[];
  language: string;
  options: string;
  seed: number;
  extra: Extra;
}

/** Sum of the budgets to give, and the least of a topic. */
export interface PlanRequest {
  total: number;
  minimum: number;
  extra: Extra;
}

/** Topics, and what was adjusted and why. */
export interface TopicPlan {
  topics: Topic[];
  notes: string[];
}

/** A planner bound to one catalog: topics whose budgets sum to the total. */
export interface PlannerSession {
  plan(request: PlanRequest): TopicPlan;
}

/** A metric; the unit is `percent`, `ratio`, `seconds` or the like. */
export interface MetricInfo {
  name: string;
  direction: "higher-is-better" | "lower-is-better";
  unit: string;
  extra: Extra;
}

/** What a metric is bound to. */
export interface MetricContext {
  catalog: Catalog | null;
  options: string;
  extra: Extra;
}

/** A prediction; an empty database is the run's own. */
export interface Row {
  id: string;
  database: string;
  question: string;
  prediction: string;
  predictedSql: string;
  gold: string;
}

/** One value per metric, null where the row cannot be scored; labels as name and value. */
export interface RowScore {
  values: (number | null)[];
  labels: [string, string][];
}

/** A metric bound to its options. Without `aggregate`, a figure is the mean of the rows that have a value. */
export interface MetricSession {
  score(rows: Row[]): RowScore[];
  aggregate?(scores: RowScore[]): (number | null)[];
}

/** A dialect bound to one catalog. What is no statement throws `SqlSyntaxError`. */
export interface DialectSession {
  statement(sql: string): StatementInfo;
  checkSyntax(sql: string): void;
  diagnose(sql: string): Finding[];
  analyse(sql: string): Analysis;
  withLimit(sql: string, rows: number): string;
  normalise(sql: string): string;
  template(sql: string): string;
}

/** A plugin: what the module of a project exports by default. */
export interface Plugin {
  kind: "dialect" | "planner" | "generator" | "validator" | "metric";
  definition: object;
}

/** A validator. An error that `open` throws is the answer to every check. */
export function validator(definition: { open(context: ValidatorContext): ValidatorSession }): Plugin;

/** A generator. */
export function generator(definition: { open(context: GeneratorContext): GeneratorSession }): Plugin;

/** A planner. */
export function planner(definition: { open(context: PlannerContext): PlannerSession }): Plugin;

/** A metric plugin; `describe` gives the metrics in the order of the values of a score. */
export function metric(definition: { describe(): MetricInfo[]; open(context: MetricContext): MetricSession }): Plugin;

/** A dialect. */
export function dialect(definition: {
  info(): DialectInfo;
  catalogQueries(server: ServerInfo): CatalogQuery[];
  renderDdl(table: Table): string;
  quote(identifier: string): string;
  open(catalog: Catalog): DialectSession;
}): Plugin;

/** Why a plugin could not do what it was asked. Throw it: the user reads it as it is. */
export class PluginError extends Error {
  constructor(code: string, message: string, hint?: string | null);
  code: string;
  hint: string | null;
}

/** Why a text is not a statement of the dialect. */
export class SqlSyntaxError extends Error {
  constructor(message: string, position: Position);
  position: Position;
}

/** What a finding may have beside its code and message. */
export interface FindingDetails {
  span?: Span;
  suggestion?: string;
}

/** A finding that rejects the sample. */
export function error(layer: string, code: string, message: string, details?: FindingDetails): Finding;

/** A finding that is suspicious and rejects nothing. */
export function warning(layer: string, code: string, message: string, details?: FindingDetails): Finding;

/** A finding worth knowing. */
export function info(layer: string, code: string, message: string, details?: FindingDetails): Finding;

/** A sample with these members, the others empty. */
export function sample(members: Partial<Sample>): Sample;

/** The SQL standard under a name, without features and functions: a beginning, of which an author states what differs. */
export function standardDialect(name: string, driver: string): DialectInfo;

/** The options, by defaults that say which there are and of what type. What does not fit is refused. */
export function parseOptions<Options extends object>(options: string, defaults: Options): Options;

/** The service `sql`: the run's dialect, bound to the run's catalog. */
export const sql: DialectSession & {
  info(): DialectInfo;
  renderDdl(table: Table): string;
  quote(identifier: string): string;
};

/** One value of a result; texts are in the spelling that the host uses for all databases. */
export type Value =
  | { tag: "null" }
  | { tag: "boolean"; val: boolean }
  | { tag: "integer" | "float"; val: number }
  | { tag: "bytes"; val: Uint8Array }
  | {
      tag: "decimal" | "text" | "date" | "time" | "datetime" | "interval" | "json" | "uuid" | "array" | "other";
      val: string;
    };

/** Rows of one statement; they stay in the host until they are read. */
export interface Rows {
  columns(): { name: string; typeClass: string }[];
  rowCount(): number;
  truncated(): boolean;
  values(start: number, count: number): Value[][];
  cells(start: number, count: number): (string | null)[][];
}

/** A statement gave no rows. */
export class QueryError extends Error {
  constructor(code: "refused" | "timeout" | "failed" | "unavailable", message: string);
  code: "refused" | "timeout" | "failed" | "unavailable";
}

/** How a comparison ended. */
export interface MatchOutcome {
  outcome: "match" | "mismatch" | "empty-match" | "gold-error" | "prediction-error" | "timeout" | "refused";
  detail: string | null;
}

/** The service `query`: one read-only statement at a time against the run's database. */
export const query: {
  /** Runs one statement, keeps at most `maxRows` rows until `use` returns, and gives what it returned. Throws `QueryError`. */
  run<Result>(sql: string, maxRows: number, use: (rows: Rows) => Result): Result;
  /** Runs and compares pairs under a definition: `nl2sql`, `test-suite`, `bird` or `spider`. */
  executionMatch(
    pairs: { database: string; gold: string; predicted: string }[],
    definition: string,
  ): MatchOutcome[];
};

/** What a model is asked. */
export interface ChatRequest {
  messages: { role: "system" | "user" | "assistant"; content: string }[];
  /** JSON schema the answer must follow, where the provider can hold it. */
  schema?: string | null;
  temperature?: number | null;
  maxTokens?: number | null;
  /** What the request is for, in the usage report. */
  purpose?: string;
  /** Tells apart requests that are otherwise the same and are meant to be answered anew. */
  attempt?: number;
}

/** What a model answered. */
export interface ChatAnswer {
  content: string;
  finishReason: string;
  inputTokens: number;
  outputTokens: number;
  extra: Extra;
}

/** Why there is no answer: `budget`, `offline-miss`, `unavailable`, `rejected` or `cancelled`. Unless it is caught, the call ends with it. */
export class LlmError extends PluginError {
  constructor(code: string, message: string);
}

/** The service `llm`: the profile's language model. The host caches, retries and keeps to the budget. */
export const llm: {
  /** Asks once. Throws `LlmError`. */
  chat(request: ChatRequest): ChatAnswer;
  /** Asks several things at once; answers come in the order of the requests. */
  chatAll(requests: ChatRequest[]): (ChatAnswer | LlmError)[];
};

/** The service `log`: messages for the run's log, without a grant. `console` writes there too. */
export const log: {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
};
