// One pair: its SQL with what is wrong marked in it, its review, its history.

import { useEffect, useRef, useState } from "preact/hooks";
import { runPath } from "../api";
import type { Finding, Pair, ReviewStep } from "../api_types";
import { Loading, Nothing } from "../parts/notices";
import { SqlText } from "../parts/sql_text";
import { useRequest } from "../request";
import { useWords, type Word } from "../words/words";

export type ReviewRequest =
  | { action: "approve" | "ban" | "undo" }
  | { action: "edit"; question: string; sql: string };

interface Props {
  run: string;
  pair: Pair | null;
  id: string | null;
  mayReview: boolean;
  editing: boolean;
  setEditing: (editing: boolean) => void;
  review: (pair: Pair, request: ReviewRequest) => Promise<boolean>;
  close: () => void;
}

export function PairDetail(props: Props) {
  const { say } = useWords();
  const { run, id } = props;
  const whole = useRequest<Pair>(id === null ? null : runPath(run, `/pairs/${encodeURIComponent(id)}`));
  const step = props.pair?.last_step;
  const known = useRef(step);
  useEffect(() => {
    if (known.current !== step) whole.refresh();
    known.current = step;
  }, [step]);
  const heading = useRef<HTMLHeadingElement>(null);
  const ready = whole.data !== null;
  useEffect(() => {
    if (id !== null && ready && !props.editing) heading.current?.focus();
  }, [id, ready]);
  if (id === null) return <Nothing>{say("pairs.pick")}</Nothing>;
  const pair = props.pair ?? whole.data;
  if (!pair) return <Loading />;
  return (
    <article class="card detail" aria-labelledby="pair-heading">
      <button type="button" class="back" onClick={props.close}>
        {say("pairs.close")}
      </button>
      <h2 id="pair-heading" tabIndex={-1} ref={heading}>
        {pair.question}
      </h2>
      <p class="tags">
        <span class={`state ${pair.exported ? "done" : "failed"}`}>
          {say(pair.exported ? "review.exported" : "review.notExported")}
        </span>
        <span class="tag">{say(`review.${pair.review}` as Word)}</span>
        <span class="tag">{pair.topic}</span>
        <span class="tag">{pair.difficulty}</span>
        <span class="tag">{pair.language}</span>
        <span class="quiet small">{pair.id}</span>
      </p>
      {props.editing ? (
        <EditForm {...props} pair={pair} />
      ) : (
        <>
          <SqlText sql={pair.sql} findings={pair.findings} />
          {props.mayReview && <Actions {...props} pair={pair} />}
        </>
      )}
      <Findings findings={pair.findings} />
      {pair.original && (
        <section>
          <h3>{say("review.original")}</h3>
          <p>{pair.original.question}</p>
          <SqlText sql={pair.original.sql} />
        </section>
      )}
      <History steps={whole.data?.history ?? []} />
    </article>
  );
}

function Actions({ pair, review, setEditing }: Props & { pair: Pair }) {
  const { say } = useWords();
  return (
    <div class="actions">
      <button type="button" disabled={pair.review === "approved"} onClick={() => review(pair, { action: "approve" })}>
        {say("review.approve")}
      </button>
      <button type="button" onClick={() => setEditing(true)}>
        {say("review.edit")}
      </button>
      <button type="button" disabled={pair.review === "banned"} onClick={() => review(pair, { action: "ban" })}>
        {say("review.ban")}
      </button>
      <button type="button" disabled={pair.review === "none"} onClick={() => review(pair, { action: "undo" })}>
        {say("review.undo")}
      </button>
    </div>
  );
}

function EditForm({ pair, review, setEditing }: Props & { pair: Pair }) {
  const { say } = useWords();
  const [question, setQuestion] = useState(pair.question);
  const [sql, setSql] = useState(pair.sql);
  const [judging, setJudging] = useState(false);
  const first = useRef<HTMLTextAreaElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <form
      onSubmit={async (event) => {
        event.preventDefault();
        setJudging(true);
        const kept = await review(pair, { action: "edit", question, sql });
        setJudging(false);
        if (kept) setEditing(false);
      }}
    >
      <label>
        {say("review.question")}
        <textarea
          ref={first}
          rows={2}
          required
          value={question}
          onInput={(event) => setQuestion(event.currentTarget.value)}
        />
      </label>
      <label>
        {say("review.sql")}
        <textarea
          class="code"
          rows={6}
          required
          spellcheck={false}
          value={sql}
          onInput={(event) => setSql(event.currentTarget.value)}
        />
      </label>
      <div class="actions">
        <button class="main" disabled={judging}>
          {say("review.save")}
        </button>
        <button type="button" onClick={() => setEditing(false)}>
          {say("review.cancel")}
        </button>
        <span role="status">{judging ? say("review.judging") : ""}</span>
      </div>
    </form>
  );
}

function Findings({ findings }: { findings: Finding[] }) {
  const { say } = useWords();
  return (
    <section>
      <h3>{say("findings")}</h3>
      {findings.length === 0 && <p class="quiet">{say("findings.none")}</p>}
      <ul class="findings">
        {findings.map((finding, at) => (
          <li key={at} class={finding.severity}>
            <p>
              <strong>{say(`severity.${finding.severity}` as Word)}</strong> {finding.layer}: {finding.code}
              {finding.span && (
                <span class="quiet">
                  {" "}
                  ({finding.span.start.line}:{finding.span.start.column})
                </span>
              )}
            </p>
            <p>{finding.message}</p>
            {finding.suggestion && <p class="quiet">{say("findings.suggestion", { text: finding.suggestion })}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function History({ steps }: { steps: ReviewStep[] }) {
  const { say, date } = useWords();
  return (
    <section>
      <h3>{say("review.history")}</h3>
      {steps.length === 0 && <p class="quiet">{say("review.noHistory")}</p>}
      <ol class="history">
        {steps.map((step) => (
          <li key={step.id}>
            {say("review.by", { action: say(`step.${step.action}`), by: step.by, time: date(step.time) })}
            {step.undone && <span class="tag">{say("review.undone")}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}
