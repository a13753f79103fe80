// Training: curves while it goes on, other runs in the same plots.

import { useEffect, useMemo, useState } from "preact/hooks";
import { get, runPath } from "../api";
import type { Curve, RunEntry, TrainingReport } from "../api_types";
import { LineChart, type Line } from "../parts/line_chart";
import { Meter } from "../parts/meter";
import { Failure, Loading, Nothing } from "../parts/notices";
import { useRequest, useThrottled } from "../request";
import { useWords } from "../words/words";
import type { Listen } from "./run";

const MAX_BESIDE = 4;

interface Named {
  run: string;
  report: TrainingReport;
}

export function TrainingView({ run, listen }: { run: string; listen: Listen }) {
  const { say } = useWords();
  const { data, error, refresh } = useRequest<TrainingReport>(runPath(run, "/training"));
  const again = useThrottled(refresh, 1000);
  useEffect(() => listen(({ event }) => event.event === "training" && again()), [listen, again]);
  const [beside, setBeside] = useState<Named[]>([]);
  const all = useMemo(() => (data ? [{ run, report: data }, ...beside] : []), [run, data, beside]);
  if (error?.status === 404) return <Nothing>{say("training.none")}</Nothing>;
  if (!data) return error ? <Failure error={error} retry={refresh} /> : <Loading />;
  return (
    <>
      <Progress report={data} />
      <Beside run={run} shown={beside} show={setBeside} />
      <Charts reports={all} />
      <section>
        <h2>{say("training.settings")}</h2>
        <div class="columns">
          {data.settings.map((group) => (
            <section key={group.name} class="card">
              <h3>{group.name}</h3>
              <dl class="settings">
                {group.settings.map(([name, value]) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </section>
    </>
  );
}

function Progress({ report }: { report: TrainingReport }) {
  const { say, number, duration } = useWords();
  const running = report.state === "running";
  const facts: [string, string | null][] = [
    [say("training.epoch"), report.epoch === null ? null : number(report.epoch, 2)],
    [say("training.speed"), report.tokens_per_second === null ? null : number(report.tokens_per_second)],
    [say("training.left"), running && report.remaining !== null ? duration(report.remaining) : null],
    [say("training.device"), report.device],
    [say("training.samples"), report.samples === null ? null : number(report.samples)],
    [say("training.trainable"), report.trainable === null ? null : number(report.trainable)],
  ];
  const progress = say("training.progress", { step: number(report.step), total: number(report.total_steps) });
  return (
    <div class="card">
      {report.message && <p class="problem">{report.message}</p>}
      <p>{progress}</p>
      <Meter value={report.step} of={report.total_steps} label={progress} />
      <dl class="facts">
        {facts.map(
          ([name, value]) =>
            value !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </div>
  );
}

/** Chooses other runs. */
function Beside(props: { run: string; shown: Named[]; show: (shown: Named[]) => void }) {
  const { say } = useWords();
  const { data } = useRequest<{ runs: RunEntry[] }>("/v1/runs");
  const others = (data?.runs ?? []).filter((other) => other.name !== props.run);
  if (others.length === 0) return null;
  const toggle = async (name: string, wanted: boolean) => {
    const rest = props.shown.filter((shown) => shown.run !== name);
    if (!wanted) return props.show(rest);
    // A run that has trained nothing has nothing to show.
    const report = await get<TrainingReport>(runPath(name, "/training")).catch(() => null);
    if (report) props.show([...rest, { run: name, report }]);
  };
  return (
    <fieldset class="beside">
      <legend>{say("training.beside")}</legend>
      {others.map((other) => {
        const is = props.shown.some((shown) => shown.run === other.name);
        return (
          <label key={other.name}>
            <input
              type="checkbox"
              checked={is}
              disabled={!is && props.shown.length >= MAX_BESIDE}
              onChange={(event) => void toggle(other.name, event.currentTarget.checked)}
            />
            {other.name}
          </label>
        );
      })}
    </fieldset>
  );
}

function Charts({ reports }: { reports: Named[] }) {
  const { say } = useWords();
  const charts = useMemo(() => {
    const line = (name: string, hue: number, points: Curve, dashed = false): Line => ({ name, hue, points, dashed });
    const each = (pick: (report: TrainingReport) => Curve) =>
      reports.map(({ run, report }, hue) => line(run, hue, pick(report)));
    const losses = reports.flatMap(({ run, report }, hue) => [
      line(`${run}: ${say("training.loss")}`, hue, report.curves.loss),
      line(`${run}: ${say("training.evaluationLoss")}`, hue, report.curves.evaluation_loss, true),
    ]);
    const all: [string, Line[], number][] = [
      [say("training.loss"), losses, 4],
      [say("training.rate"), each((report) => report.curves.learning_rate), 8],
      [say("training.speed"), each((report) => report.curves.tokens_per_second), 0],
      [say("training.norm"), each((report) => report.curves.gradient_norm), 4],
    ];
    return all.map(([title, lines, digits]) => ({ title, digits, lines: lines.filter((line) => line.points.length > 0) }));
  }, [reports, say]);
  return (
    <div class="charts">
      {charts.map(({ title, lines, digits }) => lines.length > 0 && <LineChart key={title} title={title} lines={lines} digits={digits} />)}
    </div>
  );
}
