// Stages, rates, time left and cost.

import type { RunOverview, StageProgress, Usage } from "../api_types";
import { Meter } from "../parts/meter";
import { Nothing, State } from "../parts/notices";
import { Head, Table } from "../parts/table";
import { useWords, type Word } from "../words/words";

export function OverviewView({ overview }: { overview: RunOverview }) {
  const { say, number } = useWords();
  const facts: [string, string][] = [
    [say("run.database"), overview.database],
    [say("run.dialect"), overview.dialect],
    [say("run.pairs"), number(overview.accepted)],
    [say("run.rejected"), number(overview.rejected)],
    [say("run.seed"), String(overview.seed)],
  ];
  return (
    <>
      {overview.message && (
        <p class="card failure" role="alert">
          {overview.message}
        </p>
      )}
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value || "–"}</dd>
          </div>
        ))}
      </dl>
      <section>
        <h2>{say("stages")}</h2>
        <Stages stages={overview.stages} />
      </section>
      {overview.prediction && <PredictionSection prediction={overview.prediction} />}
      <section>
        <h2>{say("cost")}</h2>
        {overview.usage ? <Cost usage={overview.usage} /> : <Nothing>{say("cost.none")}</Nothing>}
      </section>
      <section>
        <h2>{say("notes")}</h2>
        <Notes overview={overview} />
      </section>
    </>
  );
}

function Stages({ stages }: { stages: StageProgress[] }) {
  const { say } = useWords();
  return (
    <ol class="stages">
      {stages.map((stage) => (
        <li key={stage.stage} class="card">
          <StageCard stage={stage} name={say(`stage.${stage.stage}` as Word)} />
        </li>
      ))}
    </ol>
  );
}

function StageCard({ stage, name }: { stage: StageProgress; name: string }) {
  const { say, number, duration } = useWords();
  const { done, total, summary } = stage;
  const rejected = Object.values(summary?.rejected ?? {}).reduce((sum, count) => sum + count, 0);
  return (
    <>
      <div class="stage-head">
        <h3>{name}</h3>
        <State state={stage.state} kind="stageState" />
        {stage.seconds !== null && <span class="quiet">{duration(stage.seconds)}</span>}
      </div>
      {stage.state === "running" && done !== null && total !== null && (
        <>
          <Meter value={done} of={total} label={name} />
          <p>
            {say("stage.progress", { done: number(done), total: number(total) })}
            {stage.rate !== null && ` · ${say("stage.perSecond", { rate: number(stage.rate, 1) })}`}
            {stage.remaining !== null && ` · ${say("stage.left", { time: duration(stage.remaining) })}`}
          </p>
        </>
      )}
      {stage.message && <p class="problem">{stage.message}</p>}
      {summary && (
        <p>
          <span class="quiet">{summary.input}</span> → {summary.output}
          {rejected > 0 && <span class="quiet"> · {`${say("run.rejected")} ${number(rejected)}`}</span>}
        </p>
      )}
      {(summary?.notes ?? []).map((note) => (
        <p key={note} class="quiet small">
          {note}
        </p>
      ))}
    </>
  );
}

function PredictionSection({ prediction }: { prediction: NonNullable<RunOverview["prediction"]> }) {
  const { say, number } = useWords();
  const places = {
    done: number(prediction.done),
    total: number(prediction.total),
    failed: number(prediction.failed),
    rows: number(prediction.rows_per_second, 1),
    tokens: number(prediction.tokens_per_second),
  };
  return (
    <section>
      <h2>{say("predicting")}</h2>
      <div class="card">
        <Meter value={prediction.done} of={prediction.total} label={say("predicting")} />
        <p>{say("predicting.line", places)}</p>
      </div>
    </section>
  );
}

function Cost({ usage }: { usage: Usage }) {
  const { say, number } = useWords();
  const money = (cost: number | null) => (cost === null ? say("cost.unknown") : number(cost, 4));
  const rows = [...usage.stages.map((line) => ({ ...line, name: say(`stage.${line.stage}` as Word) })), { ...usage.total, name: say("cost.total") }];
  return (
    <Table label={say("cost")}>
      <Head
        columns={[
          say("stage.name"),
          ...(["cost.requests", "cost.in", "cost.out", "cost.money"] as const).map((word) => ({ figure: say(word) })),
        ]}
      />
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <th scope="row">{row.name}</th>
            <td class="figure">{number(row.requests)}</td>
            <td class="figure">{number(row.input_tokens)}</td>
            <td class="figure">{number(row.output_tokens)}</td>
            <td class="figure">{money(row.cost)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Notes({ overview }: { overview: RunOverview }) {
  const { say, date } = useWords();
  if (overview.notes.length === 0) return <Nothing>{say("notes.none")}</Nothing>;
  return (
    <ul class="card notes">
      {[...overview.notes].reverse().map((note, at) => (
        <li key={at}>
          <time class="quiet">{date(note.time)}</time>
          {note.stage && <span class="tag">{say(`stage.${note.stage}` as Word)}</span>}
          <span>{note.message}</span>
        </li>
      ))}
    </ul>
  );
}
