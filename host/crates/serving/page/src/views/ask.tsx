// A question to the database: its SQL, its rows, a chart where they have one, and what the reader thinks of it.

import { useMemo, useRef, useState } from "preact/hooks";
import { ApiError, post, postForEvents } from "../api";
import type { Access, AskAnswer } from "../api_types";
import { BarChart, chartOf } from "../parts/bar_chart";
import { KeyForm } from "../parts/key_form";
import { Failure, Nothing } from "../parts/notices";
import { SqlText } from "../parts/sql_text";
import { Table } from "../parts/table";
import { useWords } from "../words/words";

export function AskView({ access }: { access: Access }) {
  const { say } = useWords();
  const [question, setQuestion] = useState("");
  const { answer, progress, error, busy, ask, stop } = useAnswer();
  if (access.database === null) return <Nothing>{say("ask.none")}</Nothing>;
  if (!access.rights.includes("ask")) return <KeyForm given={() => location.reload()} lacks="ask" />;
  return (
    <>
      <h1>{say("ask")}</h1>
      <p class="quiet">{say("ask.database", { database: access.database })}</p>
      <form
        class="ask"
        onSubmit={(event) => {
          event.preventDefault();
          void ask(question);
        }}
      >
        <label for="question">{say("ask.question")}</label>
        <div class="ask-line">
          <input
            id="question"
            required
            maxLength={4000}
            autocomplete="off"
            placeholder={say("ask.placeholder")}
            value={question}
            onInput={(event) => setQuestion(event.currentTarget.value)}
          />
          {busy ? (
            <button type="button" onClick={stop}>
              {say("ask.stop")}
            </button>
          ) : (
            <button class="main">{say("ask.send")}</button>
          )}
        </div>
      </form>
      <p role="status" class="quiet">
        {progress}
      </p>
      {error && <Failure error={error} />}
      {answer && <Answer key={answer.question + answer.seconds} answer={answer} />}
    </>
  );
}

/** One question under way at a time, told of as it goes. */
function useAnswer() {
  const { say, number } = useWords();
  const [answer, setAnswer] = useState<AskAnswer | null>(null);
  const [progress, setProgress] = useState("");
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const aborter = useRef<AbortController | null>(null);
  const ask = async (question: string) => {
    aborter.current = new AbortController();
    setBusy(true);
    setError(null);
    setAnswer(null);
    let checked = 0;
    let ran = 0;
    const told = (name: string, data: unknown) => {
      if (name === "writing") {
        setProgress(say("ask.writing", { statements: number((data as { statements: number }).statements) }));
      } else if (name === "checked") {
        checked += 1;
        ran += (data as { ran: boolean }).ran ? 1 : 0;
        setProgress(say("ask.checked", { count: checked, ran }));
      } else if (name === "answer") {
        setAnswer(data as AskAnswer);
      } else if (name === "error" || name === "message") {
        const { error } = data as { error: { message: string; code: string } };
        setError(new ApiError(0, error.code, error.message));
      }
    };
    try {
      await postForEvents("/v1/ask", { question, stream: true }, told, aborter.current.signal);
    } catch (error) {
      if (!aborter.current.signal.aborted)
        setError(error instanceof ApiError ? error : new ApiError(0, "unreachable", String(error)));
    }
    setProgress("");
    setBusy(false);
  };
  return { answer, progress, error, busy, ask, stop: () => aborter.current?.abort() };
}

function Answer({ answer }: { answer: AskAnswer }) {
  const { say, percent, number } = useWords();
  const sure =
    answer.confidence === null
      ? null
      : say("ask.sure", { percent: percent(answer.confidence), written: number(answer.agreement.written) });
  return (
    <article class="card answer" aria-label={answer.question}>
      <h2>{answer.question}</h2>
      {answer.unanswered && (
        <p class="problem" role="alert">
          <strong>{say("ask.unanswered")}:</strong> {answer.unanswered.message}
        </p>
      )}
      {answer.sql !== null && <SqlText sql={answer.sql} />}
      <p class="tags">
        {sure && <span class="tag">{sure}</span>}
        <span class="quiet small">{say("ask.model", { model: answer.model, seconds: number(answer.seconds, 1) })}</span>
      </p>
      {answer.rows && answer.columns && <Rows answer={answer} columns={answer.columns} rows={answer.rows} />}
      {answer.sql !== null && <FeedbackForm question={answer.question} sql={answer.sql} />}
      {answer.findings.length > 0 && (
        <details>
          <summary>{say("ask.findings")}</summary>
          <ul>
            {answer.findings.map((finding, at) => (
              <li key={at}>
                {finding.code}: {finding.message}
              </li>
            ))}
          </ul>
        </details>
      )}
      {answer.similar.length > 0 && (
        <details>
          <summary>{say("ask.similar")}</summary>
          {answer.similar.map((pair, at) => (
            <div key={at}>
              <p>
                {pair.question} <span class="quiet">{percent(pair.similarity)}</span>
              </p>
              <SqlText sql={pair.sql} />
            </div>
          ))}
        </details>
      )}
    </article>
  );
}

function Rows(props: { answer: AskAnswer; columns: NonNullable<AskAnswer["columns"]>; rows: unknown[][] }) {
  const { columns, rows, answer } = props;
  const { say, number } = useWords();
  const chart = useMemo(() => chartOf(columns, rows), [columns, rows]);
  const isFigure = (type: string) => ["integer", "float", "decimal"].includes(type);
  return (
    <>
      {chart && <BarChart chart={chart} />}
      <Table label={say("ask.table")}>
        <thead>
          <tr>
            {columns.map((column, at) => (
              <th key={at} scope="col" class={isFigure(column.type) ? "figure" : undefined}>
                {column.name} <span class="quiet small">{column.type}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, at) => (
                <td key={at} class={isFigure(columns[at]?.type ?? "") ? "figure" : undefined}>
                  {cell === null ? <span class="quiet">NULL</span> : shown(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </Table>
      <p class="quiet small">{say(answer.truncated ? "ask.truncated" : "ask.rows", { count: number(rows.length) })}</p>
    </>
  );
}

function shown(cell: unknown): string {
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

function FeedbackForm({ question, sql }: { question: string; sql: string }) {
  const { say } = useWords();
  const [correcting, setCorrecting] = useState(false);
  const [text, setText] = useState(sql);
  const [kept, setKept] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const send = async (verdict: string, sql: string) => {
    setError(null);
    try {
      await post("/v1/feedback", { question, sql, verdict });
      setKept(true);
      setCorrecting(false);
    } catch (error) {
      if (error instanceof ApiError) setError(error);
    }
  };
  return (
    <section aria-label={say("ask.feedback")} class="feedback">
      {kept ? (
        <p role="status">{say("ask.kept")}</p>
      ) : (
        <div class="actions">
          <span>{say("ask.feedback")}</span>
          <button type="button" onClick={() => void send("right", sql)}>
            {say("ask.right")}
          </button>
          <button type="button" onClick={() => void send("wrong", sql)}>
            {say("ask.wrong")}
          </button>
          <button type="button" aria-expanded={correcting} onClick={() => setCorrecting(!correcting)}>
            {say("ask.correct")}
          </button>
        </div>
      )}
      {correcting && !kept && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void send("corrected", text);
          }}
        >
          <label>
            {say("review.sql")}
            <textarea
              class="code"
              rows={4}
              required
              spellcheck={false}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
          <button class="main">{say("ask.keep")}</button>
        </form>
      )}
      {error && <Failure error={error} />}
    </section>
  );
}
