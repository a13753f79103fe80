// What accepted pairs use: by topic, table, column, foreign key and feature.

import { useEffect } from "preact/hooks";
import { runPath } from "../api";
import type { CoverageReport, Ledger, TopicCoverage } from "../api_types";
import { Meter } from "../parts/meter";
import { Failure, Loading, Nothing } from "../parts/notices";
import { Head, Table } from "../parts/table";
import { useRequest, useThrottled } from "../request";
import { runLink } from "../route";
import { useWords } from "../words/words";
import type { Listen } from "./run";

const WORTH = new Set(["round", "stage-finished", "pair-reviewed"]);

export function CoverageView({ run, listen }: { run: string; listen: Listen }) {
  const { say } = useWords();
  const { data, error, refresh } = useRequest<CoverageReport>(runPath(run, "/coverage"));
  const again = useThrottled(refresh, 1500);
  useEffect(() => listen(({ event }) => WORTH.has(event.event) && again()), [listen, again]);
  if (error?.status === 404) return <Nothing>{say("coverage.none")}</Nothing>;
  if (!data) return error ? <Failure error={error} retry={refresh} /> : <Loading />;
  const { measured } = data;
  return (
    <>
      <section>
        <h2>{say("coverage.topics")}</h2>
        <Topics run={run} topics={data.topics} />
      </section>
      {!measured && <Nothing>{say("coverage.unmeasured")}</Nothing>}
      {measured && (
        <>
          <section>
            <h2>{say("coverage.tables")}</h2>
            <Headline ledger={measured.tables} name={say("coverage.table")} />
            <Headline ledger={measured.columns} name={say("coverage.column")} />
            <Tables tables={measured.tables} columns={measured.columns} />
          </section>
          <div class="columns">
            <Counts title={say("coverage.features")} name={say("coverage.feature")} counts={measured.features} sorted />
            <Counts title={say("coverage.hardness")} name={say("coverage.hardness")} counts={measured.hardness} />
            <Counts title={say("coverage.languages")} name={say("coverage.languages")} counts={measured.languages} />
            <Counts title={say("coverage.keys")} name={say("coverage.key")} counts={measured.foreign_keys.uses} sorted />
          </div>
        </>
      )}
    </>
  );
}

function Topics({ run, topics }: { run: string; topics: TopicCoverage[] }) {
  const { say, number } = useWords();
  return (
    <Table label={say("coverage.topics")}>
      <Head columns={[say("coverage.topic"), say("coverage.accepted"), { figure: say("run.rejected") }]} />
      <tbody>
        {topics.map((topic) => (
          <tr key={topic.name}>
            <th scope="row">
              <a href={runLink(run, "pairs", { topic: topic.name })}>{topic.name}</a>
              <p class="quiet small">{topic.tables.join(", ")}</p>
            </th>
            <td class="wide">
              <Meter value={topic.accepted} of={topic.budget} label={topic.name} />
              {say("stage.progress", { done: number(topic.accepted), total: number(topic.budget) })}
            </td>
            <td class="figure">{number(topic.rejected)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Headline({ ledger, name }: { ledger: Ledger; name: string }) {
  const { say, number } = useWords();
  const text = say("coverage.headline", { covered: number(ledger.covered), total: number(ledger.total) });
  return (
    <div class="headline">
      <span>
        {name}: {text}
      </span>
      <Meter value={ledger.covered} of={ledger.total} label={`${name}: ${text}`} />
    </div>
  );
}

function Tables({ tables, columns }: { tables: Ledger; columns: Ledger }) {
  const { say, number } = useWords();
  const most = Math.max(1, ...Object.values(columns.uses));
  return (
    <>
      {Object.entries(tables.uses).map(([table, uses]) => {
        const own = Object.entries(columns.uses).filter(
          ([column]) => column.startsWith(`${table}.`) && !column.slice(table.length + 1).includes("."),
        );
        return (
          <details key={table} class="card">
            <summary>
              <strong>{table}</strong> <Uses uses={uses} />
            </summary>
            <ul class="bars">
              {own.map(([column, count]) => (
                <li key={column}>
                  <span>{column.slice(table.length + 1)}</span>
                  <Meter value={count} of={most} label={column} />
                  <span class="figure">{count === 0 ? say("coverage.unused") : number(count)}</span>
                </li>
              ))}
            </ul>
          </details>
        );
      })}
    </>
  );
}

function Uses({ uses }: { uses: number }) {
  const { say, number } = useWords();
  return uses === 0 ? (
    <span class="state failed">{say("coverage.unused")}</span>
  ) : (
    <span class="quiet">{say("pairs.count", { total: number(uses) })}</span>
  );
}

function Counts(props: { title: string; name: string; counts: Record<string, number>; sorted?: boolean }) {
  const { number } = useWords();
  const rows = Object.entries(props.counts);
  if (rows.length === 0) return null;
  if (props.sorted) rows.sort((a, b) => b[1] - a[1]);
  const most = Math.max(1, ...rows.map(([, count]) => count));
  return (
    <section class="card">
      <h2>{props.title}</h2>
      <ul class="bars">
        {rows.map(([name, count]) => (
          <li key={name}>
            <span>{name}</span>
            <Meter value={count} of={most} label={`${props.name}: ${name}`} />
            <span class="figure">{number(count)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
