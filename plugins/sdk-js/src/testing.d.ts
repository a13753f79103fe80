import type {
  Batch,
  Catalog,
  ChatRequest,
  DialectSession,
  Finding,
  GenerateRequest,
  GeneratorContext,
  MatchOutcome,
  PlannerContext,
  PlanRequest,
  Plugin,
  Row,
  RowScore,
  Sample,
  TopicPlan,
  Value,
} from "./index.js";

/** The plugin did what the host does not accept. */
export class BrokenRule extends Error {}

/** The service `llm`: answers by a function of the request, until the budget of requests is spent. What was asked before is answered again and counts once. */
export class Llm {
  constructor(answer: (request: ChatRequest) => string, budget?: number);
  readonly requests: ChatRequest[];
}

/** A result, as the test gives it. */
export interface Result {
  columns: { name: string; typeClass: string }[];
  rows: Value[][];
}

/** The service `query`: results by a function of the statement; throw `QueryError` for one that fails. What does not begin like a query is refused. */
export class Query {
  constructor(
    result: (sql: string) => Result,
    match?: (pair: { database: string; gold: string; predicted: string }) => MatchOutcome,
  );
  readonly statements: string[];
}

/** The service `sql`: what the test gives of it; calls of the rest fail by name. */
export type Sql = Partial<
  DialectSession & {
    info(): import("./index.js").DialectInfo;
    renderDdl(table: import("./index.js").Table): string;
    quote(identifier: string): string;
  }
>;

/** A catalog of one table, the one of `nl2sql plugin check`. */
export function catalog(): Catalog;

/** Runs plugins without nl2sql, under the contract's rules: services that the manifest asks for, answers that depend on the call alone, and of a plugin that may run queries no word that could hold a row. */
export class Host {
  constructor(services?: {
    manifest?: string;
    sql?: Sql;
    query?: Query;
    llm?: Llm;
    /** The grant of that name. */
    discloseRows?: boolean;
  });
  /** What the plugin wrote to its log. */
  readonly messages: { level: string; message: string }[];
  check(plugin: Plugin, samples: Sample[], context?: { catalog?: Catalog; options?: object }): Finding[][];
  generate(
    plugin: Plugin,
    request: Partial<GenerateRequest>,
    context?: Partial<Omit<GeneratorContext, "options">> & { options?: object },
  ): Batch;
  plan(
    plugin: Plugin,
    request: Partial<PlanRequest>,
    context?: Partial<Omit<PlannerContext, "options">> & { options?: object },
  ): TopicPlan;
  score(
    plugin: Plugin,
    rows: Partial<Row>[],
    context?: { catalog?: Catalog; options?: object },
  ): { scores: RowScore[]; figures: (number | null)[] };
  dialect(plugin: Plugin, catalog?: Catalog): DialectSession;
}
