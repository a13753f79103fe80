// What the server answers under /v1/runs, as the book describes it.

export type RunState = "new" | "running" | "done" | "failed" | "silent";
export type StageState = "waiting" | "running" | "done" | "short" | "failed" | "begun";

export interface Access {
  caller: string;
  rights: string[];
  /** Name of the database that questions go to. */
  database: string | null;
  /** Name of the run that is served. */
  run: string | null;
  /** Whether runs may have workers. */
  workers: boolean;
}

export interface WorkerStatus {
  name: string;
  program: string;
  slots: number;
  busy: number;
  done: number;
  given_back: number;
  refused: number;
}

export interface JobStatus {
  job: string;
  run: string;
  waiting: number;
  leased: number;
  handed_out_again: number;
}

export interface DeadLetter {
  run: string;
  task: string;
  deliveries: number;
  reason: string;
}

export interface FleetStatus {
  workers: WorkerStatus[];
  jobs: JobStatus[];
  dead_letters: DeadLetter[];
}

export interface RunEntry {
  name: string;
  database: string;
  state: RunState;
  job: string | null;
  started: number | null;
  updated: number | null;
  accepted: number;
  rejected: number;
  wanted: number;
}

export interface Summary {
  input: string;
  output: string;
  rejected?: Record<string, number>;
  notes?: string[];
  files: string[];
}

export interface StageProgress {
  stage: string;
  state: StageState;
  done: number | null;
  total: number | null;
  /** Units per second. */
  rate: number | null;
  /** Seconds to the end. */
  remaining: number | null;
  seconds: number | null;
  summary: Summary | null;
  message: string | null;
}

export interface Amounts {
  requests: number;
  input_tokens: number;
  output_tokens: number;
  /** Unknown where a provider has no prices. */
  cost: number | null;
}

export interface Usage {
  total: Amounts;
  stages: (Amounts & { stage: string })[];
  topics: (Amounts & { stage: string; topic: string; provider: string })[];
}

export interface Prediction {
  done: number;
  total: number;
  failed: number;
  rows_per_second: number;
  tokens_per_second: number;
}

export interface RunNote {
  time: number;
  stage: string | null;
  message: string;
}

export interface RunOverview extends RunEntry {
  dialect: string;
  seed: number;
  version: string;
  message: string | null;
  stages: StageProgress[];
  prediction: Prediction | null;
  usage: Usage | null;
  notes: RunNote[];
  /** Where its events end, in bytes; /v1/events goes on from there. */
  events_end: number;
  has: { pairs: boolean; coverage: boolean; training: boolean; evaluation: boolean };
}

export interface Ledger {
  covered: number;
  total: number;
  uses: Record<string, number>;
}

export interface TopicCoverage {
  name: string;
  reason: string;
  tables: string[];
  budget: number;
  accepted: number;
  rejected: number;
}

export interface CoverageReport {
  topics: TopicCoverage[];
  /** What accepted pairs use; there once the run has validated. */
  measured: {
    samples: number;
    tables: Ledger;
    columns: Ledger;
    foreign_keys: Ledger;
    features: Record<string, number>;
    hardness: Record<string, number>;
    languages: Record<string, number>;
  } | null;
}

export interface Position {
  line: number;
  column: number;
}

export interface Finding {
  layer: string;
  severity: "info" | "warning" | "error";
  code: string;
  message: string;
  span?: { start: Position; end: Position };
  suggestion?: string;
}

export type ReviewState = "none" | "approved" | "edited" | "banned";

export interface ReviewStep {
  id: string;
  time: number;
  by: string;
  action: "approve" | "edit" | "ban" | "undo";
  undone: boolean;
}

export interface Pair {
  id: string;
  topic: string;
  question: string;
  sql: string;
  language: string;
  difficulty: string;
  tags: string[];
  accepted: boolean;
  rejected_by: string | null;
  findings: Finding[];
  /** Whether the next export takes it. */
  exported: boolean;
  review: ReviewState;
  /** The last step of its review; sent along so that nobody's step is lost. */
  last_step: string | null;
  original: { question: string; sql: string } | null;
  history?: ReviewStep[];
}

export interface PairPage {
  total: number;
  offset: number;
  pairs: Pair[];
}

export interface PairFacets {
  total: number;
  accepted: number;
  rejected: number;
  topics: string[];
  languages: string[];
  difficulties: string[];
  rules: { layer: string; code: string; count: number }[];
  reviews: Record<ReviewState, number>;
}

export type Curve = [number, number][];

export interface TrainingReport {
  state: RunState;
  step: number;
  total_steps: number;
  epoch: number | null;
  remaining: number | null;
  tokens_per_second: number | null;
  device: string | null;
  samples: number | null;
  trainable: number | null;
  message: string | null;
  curves: {
    loss: Curve;
    evaluation_loss: Curve;
    learning_rate: Curve;
    gradient_norm: Curve;
    tokens_per_second: Curve;
  };
  settings: { name: string; settings: [string, string][] }[];
}

export interface Interval {
  low: number;
  high: number;
}

export interface Figure {
  value: number | null;
  interval: Interval | null;
  rows: number;
}

export interface MetricChange {
  name: string;
  unit: string;
  direction: string;
  before: Figure | null;
  after: Figure | null;
  change: number | null;
  change_interval: Interval | null;
  test: { name: string; p_value: number } | null;
}

export type Change = "gained" | "lost" | "wrong" | "right" | "unscored";

export interface EvaluationReport {
  title: string;
  examples: number;
  metrics: MetricChange[];
  changes: Record<Change, number>;
  breakdowns: { dimension: string; groups: { name: string; rows: number; before: number | null; after: number | null }[] }[];
  error_classes: { name: string; before: number; after: number }[];
  notes: string[];
}

export interface ResultPreview {
  columns?: string[];
  rows?: (string | null)[][];
  more?: boolean;
  error?: string;
}

export interface Segment {
  kind: "same" | "extra" | "missing";
  text: string;
}

export interface EvaluatedAnswer {
  run: "before" | "after";
  is_right: boolean | null;
  outcome: string | null;
  error_class: string | null;
  detail: string | null;
  sql: Segment[];
  result: ResultPreview | null;
}

export interface EvaluatedQuestion {
  change: Change;
  id: string;
  database: string;
  text: string;
  gold: string;
  gold_result: ResultPreview | null;
  answers: EvaluatedAnswer[];
}

export interface QuestionPage {
  total: number;
  offset: number;
  questions: EvaluatedQuestion[];
}

export interface AskAnswer {
  question: string;
  database: string;
  sql: string | null;
  columns?: { name: string; type: string }[];
  rows?: unknown[][];
  truncated?: boolean;
  confidence: number | null;
  agreement: { written: number; ran: number; agreed: number };
  model: string;
  generation: string;
  findings: { code: string; message: string }[];
  similar: { question: string; sql: string; similarity: number }[];
  unanswered: { reason: string; message: string } | null;
  seconds: number;
}

/** An event of a run, as /v1/events sends it. */
export interface LiveEvent {
  run: string;
  /** Where it ends in the run's events, in bytes. */
  end: number;
  event: { version: number; time: number; event: string } & Record<string, unknown>;
}
