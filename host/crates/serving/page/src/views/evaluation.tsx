// Before and after: figures with intervals, then question by question.

import { useEffect, useState } from "preact/hooks";
import { get, query, runPath, ApiError } from "../api";
import type {
  Change,
  EvaluatedAnswer,
  EvaluatedQuestion,
  EvaluationReport,
  Figure,
  Interval,
  MetricChange,
  QuestionPage,
  ResultPreview,
} from "../api_types";
import { Failure, Loading, Nothing } from "../parts/notices";
import { SqlDifference, SqlText } from "../parts/sql_text";
import { Head, Table } from "../parts/table";
import { useRequest, useThrottled } from "../request";
import { useWords, type Word } from "../words/words";
import type { Listen } from "./run";

const CHANGES: Change[] = ["gained", "lost", "wrong", "right", "unscored"];
const PAGE = 25;

export function EvaluationView({ run, listen }: { run: string; listen: Listen }) {
  const { say, number } = useWords();
  const { data, error, refresh } = useRequest<EvaluationReport>(runPath(run, "/evaluation"));
  const again = useThrottled(refresh, 1500);
  useEffect(() => listen(({ event }) => event.event === "job-finished" && again()), [listen, again]);
  if (error?.status === 404) return <Nothing>{say("evaluation.none")}</Nothing>;
  if (!data) return error ? <Failure error={error} retry={refresh} /> : <Loading />;
  return (
    <>
      <p class="quiet">
        {data.title} · {say("evaluation.examples", { count: number(data.examples) })}
      </p>
      {data.notes.map((note) => (
        <p key={note} class="card quiet">
          {note}
        </p>
      ))}
      <Metrics metrics={data.metrics} />
      <Questions run={run} changes={data.changes} />
      <div class="columns">
        {data.breakdowns.map((breakdown) => (
          <section key={breakdown.dimension} class="card">
            <h2>{say("evaluation.by", { dimension: dimension(say, breakdown.dimension) })}</h2>
            <Groups name={dimension(say, breakdown.dimension)} groups={breakdown.groups} />
          </section>
        ))}
        {data.error_classes.length > 0 && (
          <section class="card">
            <h2>{say("evaluation.errors")}</h2>
            <Mistakes classes={data.error_classes} />
          </section>
        )}
      </div>
    </>
  );
}

function dimension(say: (word: Word) => string, name: string): string {
  const word = `dimension.${name}` as Word;
  return ["hardness", "feature", "tables", "language", "topic", "database"].includes(name) ? say(word) : name;
}

function Metrics({ metrics }: { metrics: MetricChange[] }) {
  const { say, number } = useWords();
  const interval = (interval: Interval | null) =>
    interval ? ` [${number(interval.low, 1)}, ${number(interval.high, 1)}]` : "";
  const chance = (p: number) => (p < 0.0001 ? `< ${number(0.0001, 4)}` : number(p, 4));
  const figure = (figure: Figure | null) =>
    figure === null || figure.value === null ? (
      "–"
    ) : (
      <>
        {number(figure.value, 2)}
        <span class="quiet">{interval(figure.interval)}</span>
      </>
    );
  return (
    <Table label={say("evaluation")}>
      <Head
        columns={[
          say("evaluation.metric"),
          { figure: say("evaluation.before") },
          { figure: say("evaluation.after") },
          { figure: say("evaluation.change") },
          { figure: say("evaluation.test") },
        ]}
      />
      <tbody>
        {metrics.map((metric) => (
          <tr key={metric.name}>
            <th scope="row">
              {metric.name} <span class="quiet small">{metric.unit}</span>
            </th>
            <td class="figure">{figure(metric.before)}</td>
            <td class="figure">{figure(metric.after)}</td>
            <td class={`figure ${better(metric)}`}>
              {metric.change === null ? "–" : `${metric.change > 0 ? "+" : ""}${number(metric.change, 2)}`}
              <span class="quiet">{interval(metric.change_interval)}</span>
            </td>
            <td class="figure">{metric.test ? chance(metric.test.p_value) : "–"}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function better({ change, direction }: MetricChange): string {
  if (!change) return "";
  return change > 0 === (direction !== "lower") ? "gain" : "loss";
}

function Groups(props: { name: string; groups: EvaluationReport["breakdowns"][number]["groups"] }) {
  const { say, number } = useWords();
  const share = (value: number | null) => (value === null ? "–" : number(value, 1));
  return (
    <Table label={props.name}>
      <Head
        columns={[
          props.name,
          { figure: say("evaluation.rows") },
          { figure: say("evaluation.before") },
          { figure: say("evaluation.after") },
        ]}
      />
      <tbody>
        {props.groups.map((group) => (
          <tr key={group.name}>
            <th scope="row">{group.name || "–"}</th>
            <td class="figure">{number(group.rows)}</td>
            <td class="figure">{share(group.before)}</td>
            <td class="figure">{share(group.after)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Mistakes({ classes }: { classes: EvaluationReport["error_classes"] }) {
  const { say, number } = useWords();
  return (
    <Table label={say("evaluation.errors")}>
      <Head columns={[say("evaluation.error"), { figure: say("evaluation.before") }, { figure: say("evaluation.after") }]} />
      <tbody>
        {classes.map((mistake) => (
          <tr key={mistake.name}>
            <th scope="row">{mistake.name}</th>
            <td class="figure">{number(mistake.before)}</td>
            <td class="figure">{number(mistake.after)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Questions({ run, changes }: { run: string; changes: Record<Change, number> }) {
  const { say, number } = useWords();
  const [change, setChange] = useState<Change | "">("");
  const [search, setSearch] = useState("");
  const { questions, total, error, more } = useQuestions(run, change, search);
  return (
    <section>
      <h2>{say("evaluation.questions")}</h2>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label class="search">
          <span>{say("pairs.search")}</span>
          <input type="search" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
        </label>
        <label>
          <span>{say("evaluation.change")}</span>
          <select value={change} onChange={(event) => setChange(event.currentTarget.value as Change | "")}>
            <option value="">{say("change.all")}</option>
            {CHANGES.filter((name) => changes[name] > 0).map((name) => (
              <option key={name} value={name}>
                {say(`change.${name}`)} ({number(changes[name])})
              </option>
            ))}
          </select>
        </label>
      </form>
      {error && <Failure error={error} />}
      {questions.map((question) => (
        <Question key={question.id} question={question} />
      ))}
      {questions.length < total && (
        <button type="button" onClick={more}>
          {say("evaluation.load")} ({number(total - questions.length)})
        </button>
      )}
    </section>
  );
}

/** Questions as far as they were asked for. */
function useQuestions(run: string, change: string, search: string) {
  const [state, setState] = useState<{ questions: EvaluatedQuestion[]; total: number }>({ questions: [], total: 0 });
  const [error, setError] = useState<ApiError | null>(null);
  const load = (offset: number, signal?: AbortSignal) =>
    get<QuestionPage>(runPath(run, `/evaluation/questions${query({ change, search, offset, limit: PAGE })}`), signal).then(
      (page) => {
        setError(null);
        setState((before) => ({
          total: page.total,
          questions: offset === 0 ? page.questions : [...before.questions, ...page.questions],
        }));
      },
      (error: unknown) => {
        if (!signal?.aborted && error instanceof ApiError) setError(error);
      },
    );
  useEffect(() => {
    const aborter = new AbortController();
    void load(0, aborter.signal);
    return () => aborter.abort();
  }, [run, change, search]);
  return { ...state, error, more: () => void load(state.questions.length) };
}

function Question({ question }: { question: EvaluatedQuestion }) {
  const { say } = useWords();
  return (
    <details class="card question">
      <summary>
        <span class={`state ${question.change}`}>{say(`change.${question.change}`)}</span> {question.text}
      </summary>
      <h3>{say("evaluation.gold")}</h3>
      <SqlText sql={question.gold} />
      <div class="side-by-side">
        {question.answers.map((answer) => (
          <Answer key={answer.run} answer={answer} />
        ))}
      </div>
      <div class="side-by-side">
        {question.gold_result && <Result name={say("evaluation.gold")} result={question.gold_result} />}
        {question.answers.map(
          (answer) =>
            answer.result && <Result key={answer.run} name={say(`evaluation.${answer.run}`)} result={answer.result} />,
        )}
      </div>
    </details>
  );
}

function Answer({ answer }: { answer: EvaluatedAnswer }) {
  const { say } = useWords();
  const verdict = answer.is_right === null ? "change.unscored" : answer.is_right ? "evaluation.right" : "evaluation.wrongAnswer";
  return (
    <section>
      <h3>
        {say(`evaluation.${answer.run}`)}{" "}
        <span class={`state ${answer.is_right ? "done" : "failed"}`}>{say(verdict)}</span>
      </h3>
      <SqlDifference segments={answer.sql} />
      <p class="quiet small">{[answer.outcome, answer.error_class, answer.detail].filter(Boolean).join(" · ")}</p>
    </section>
  );
}

function Result({ name, result }: { name: string; result: ResultPreview }) {
  const { say } = useWords();
  return (
    <section>
      <h3>{name}</h3>
      {result.error ? (
        <p class="problem">{result.error}</p>
      ) : (
        <Table label={name}>
          <thead>
            <tr>
              {(result.columns ?? []).map((column, at) => (
                <th key={at} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(result.rows ?? []).map((row, at) => (
              <tr key={at}>
                {row.map((cell, at) => (
                  <td key={at}>{cell ?? <span class="quiet">NULL</span>}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      {!result.error && (result.rows ?? []).length === 0 && <p class="quiet">{say("evaluation.empty")}</p>}
      {result.more && <p class="quiet small">{say("evaluation.more")}</p>}
    </section>
  );
}
