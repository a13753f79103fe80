/** The nouns of the plugin contract, version 0.2. Open sets are strings; closed sets are unions. */

/** Names and values; ignore names that you do not know. */
export type Extra = [string, string][];

/** Spider's levels of difficulty. */
export type Difficulty = "easy" | "medium" | "hard" | "extra";

/** How much a finding weighs; `error` rejects the sample. */
export type Severity = "info" | "warning" | "error";

/** A foreign key; composite when it has more than one column. */
export interface ForeignKey {
  name: string | null;
  columns: string[];
  refSchema: string | null;
  refTable: string;
  refColumns: string[];
}

/** A unique key. */
export interface Key {
  name: string | null;
  columns: string[];
}

/** A check constraint. */
export interface Check {
  name: string | null;
  expression: string;
}

/** A column of a table or view. */
export interface Column {
  name: string;
  typeName: string;
  /** `integer`, `decimal`, `float`, `text`, `boolean`, `date`, `time`, `datetime`, ... or `other`. */
  typeClass: string;
  nullable: boolean;
  default: string | null;
  comment: string | null;
  identity: boolean;
  generated: boolean;
  labels: string[];
  /** Values the profile's policy lets out; empty by default. */
  samples: string[];
  extra: Extra;
}

/** A table or view. */
export interface Table {
  schema: string | null;
  name: string;
  /** `table`, `view`, `materialized-view` or `virtual`. */
  kind: string;
  comment: string | null;
  columns: Column[];
  primaryKey: string[];
  uniqueKeys: Key[];
  foreignKeys: ForeignKey[];
  checks: Check[];
  rowEstimate: number | null;
  extra: Extra;
}

/** A database's metadata. */
export interface Catalog {
  name: string;
  dialect: string;
  serverVersion: string | null;
  defaultSchema: string | null;
  tables: Table[];
  extra: Extra;
}

/** A table in compact text for a language model. */
export interface Card {
  table: string;
  text: string;
  neighbours: string[];
}

/** A business topic over related tables. */
export interface Topic {
  name: string;
  reason: string;
  tables: string[];
  budget: number;
}

/** A question with the SQL that answers it. */
export interface Sample {
  id: string;
  topic: string;
  question: string;
  sql: string;
  language: string;
  difficulty: Difficulty;
  tags: string[];
}

/** A place in a SQL text; both count from 1, columns in characters. */
export interface Position {
  line: number;
  column: number;
}

/** A stretch of a SQL text, `end` exclusive. */
export interface Span {
  start: Position;
  end: Position;
}

/** One thing a validator or a dialect noticed. */
export interface Finding {
  layer: string;
  severity: Severity;
  code: string;
  message: string;
  span: Span | null;
  suggestion: string | null;
}

/** What kind of statement a text is. */
export interface StatementInfo {
  kind: string;
  readOnly: boolean;
  reason: string | null;
}

/** One query scope; its id is its index. */
export interface Scope {
  parent: number | null;
  kind: string;
}

/** One table reference. */
export interface TableUse {
  name: string;
  schema: string | null;
  alias: string | null;
  scope: number;
  source: "catalog" | "cte" | "derived" | "table-function" | "unknown";
  position: Position;
}

/** One column reference. */
export interface ColumnUse {
  name: string;
  table: number | null;
  scope: number;
  clause: string;
  resolution: "column" | "alias" | "pseudo" | "ambiguous" | "unknown";
  position: Position;
}

/** Everything a dialect finds in one statement. */
export interface Analysis {
  statement: StatementInfo;
  scopes: Scope[];
  tables: TableUse[];
  columns: ColumnUse[];
  functions: string[];
  ordered: boolean;
  features: string[];
  hardness: Difficulty;
  findings: Finding[];
}

/** A pair of quotes around identifiers. */
export interface IdentifierQuote {
  open: string;
  close: string;
  doubled: boolean;
}

/** How a text is cut into words, strings, names and comments. */
export interface LexicalRules {
  identifierQuotes: IdentifierQuote[];
  stringQuotes: string[];
  backslashEscapes: boolean;
  escapeStrings: boolean;
  rawStrings: boolean;
  tripleQuotedStrings: boolean;
  dollarStrings: boolean;
  delimitedStrings: boolean;
  unicodeEscapedNames: boolean;
  hashComments: boolean;
  slashComments: boolean;
  dashesNeedBlank: boolean;
  nestedComments: boolean;
  executableComments: boolean;
  carriageReturnEndsLine: boolean;
  wordsTakeAllBeyondAscii: boolean;
}

/** Identifiers. */
export interface NameRules {
  case: "folds-lower" | "folds-upper" | "ignored" | "kept";
  lettersBeyondAscii: boolean;
  reserved: string[];
  keywords: string[];
  pseudoColumns: string[];
  unknownQuotedNamesAreStrings: boolean;
}

/** What queries may have. A feature that is not listed is not there. */
export type Feature =
  | "cte"
  | "recursive-cte"
  | "window"
  | "intersect-and-except"
  | "full-join"
  | "ordinals"
  | "group-by-alias"
  | "nulls-order"
  | "key-determines-row"
  | "lateral"
  | "qualify"
  | "correlated-subqueries";

/** How things are written. In a template, `{}` stands for the operand. */
export interface Spelling {
  limit: "limit" | "top" | "fetch-first";
  concatenation: "pipes" | "plus" | "concat-function";
  nulls: "smallest" | "largest" | "first" | "last";
  trueLiteral: string;
  falseLiteral: string;
  nationalPrefix: string;
  dateLiteral: string;
  year: string;
  month: string;
  datePartsAreText: boolean;
  textLength: string;
  upper: string;
  integerAverage: string;
}

/** Functions, in lower case. */
export interface FunctionLists {
  scalar: string[];
  aggregate: string[];
  table: string[];
}

/** What makes a query more than a query, each word, function or relation with the reason. */
export interface GuardRules {
  queryWords: string[];
  refusedWords: [string, string][];
  refusedFunctions: [string, string][];
  refusedRelations: [string, string][];
}

/** A dialect's description of itself. */
export interface DialectInfo {
  name: string;
  aliases: string[];
  driver: string;
  promptNotes: string[];
  lexical: LexicalRules;
  names: NameRules;
  features: Feature[];
  spelling: Spelling;
  functions: FunctionLists;
  guard: GuardRules;
  extra: Extra;
}

/** The server to write catalog queries for. */
export interface ServerInfo {
  driver: string;
  version: string;
  database: string;
  schemas: string[];
  extra: Extra;
}

/** One bulk query for `tables`, `columns`, `keys`, `foreign-keys` or `checks`. */
export interface CatalogQuery {
  section: string;
  sql: string;
}
