// The runs there are.

import { useEffect, useState } from "preact/hooks";
import type { Access, RunEntry } from "../api_types";
import { watchEvents } from "../live_events";
import { LiveSign } from "../parts/live_sign";
import { Meter } from "../parts/meter";
import { Failure, Loading, Nothing, State } from "../parts/notices";
import { Head, Table } from "../parts/table";
import { useRequest, useThrottled } from "../request";
import { runLink } from "../route";
import { useWords } from "../words/words";

export function RunsView({ access }: { access: Access }) {
  const { say } = useWords();
  const { data, error, refresh } = useRequest<{ runs: RunEntry[] }>("/v1/runs");
  const [connected, setConnected] = useState(true);
  const again = useThrottled(refresh, 1000);
  useEffect(() => {
    const watch = watchEvents(null, null, again, (is) => {
      setConnected(is);
      if (is) again();
    });
    return () => watch.stop();
  }, [again]);
  return (
    <>
      <div class="heading">
        <h1>{say("runs")}</h1>
        {access.workers && <a href="#/workers">{say("workers")}</a>}
        <LiveSign connected={connected} />
      </div>
      {error && <Failure error={error} retry={refresh} />}
      {!data && !error && <Loading />}
      {data && data.runs.length === 0 && <Nothing>{say("runs.none")}</Nothing>}
      {data && data.runs.length > 0 && <RunsTable runs={data.runs} served={access.run} />}
    </>
  );
}

function RunsTable({ runs, served }: { runs: RunEntry[]; served: string | null }) {
  const { say, number, ago, date } = useWords();
  return (
    <Table label={say("runs")}>
      <Head
        columns={[
          say("run.name"),
          say("run.state"),
          say("run.database"),
          { figure: say("run.pairs") },
          { figure: say("run.rejected") },
          say("run.updated"),
        ]}
      />
      <tbody>
        {runs.map((run) => (
          <tr key={run.name}>
            <th scope="row">
              <a href={runLink(run.name, "overview")}>{run.name}</a>
              {run.name === served && <span class="tag">{say("runs.served")}</span>}
            </th>
            <td>
              <State state={run.state} kind="state" />
              {run.state === "running" && run.job && <span class="quiet"> {run.job}</span>}
            </td>
            <td>{run.database}</td>
            <td class="figure">
              {number(run.accepted)}
              {run.state === "running" && run.wanted > 0 && (
                <Meter value={run.accepted} of={run.wanted} label={say("run.pairs")} />
              )}
            </td>
            <td class="figure">{number(run.rejected)}</td>
            <td>{run.updated ? <time title={date(run.updated)}>{ago(run.updated)}</time> : "–"}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
