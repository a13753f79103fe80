// Why pairs were rejected: by validator and rule, each leading to its pairs.

import { useEffect } from "preact/hooks";
import { runPath } from "../api";
import type { PairFacets } from "../api_types";
import { Meter } from "../parts/meter";
import { Failure, Loading, Nothing } from "../parts/notices";
import { Head, Table } from "../parts/table";
import { useRequest, useThrottled } from "../request";
import { runLink } from "../route";
import { useWords } from "../words/words";
import type { Listen } from "./run";

const WORTH = new Set(["round", "stage-finished", "pair-reviewed"]);

export function RejectedView({ run, listen }: { run: string; listen: Listen }) {
  const { say, number } = useWords();
  const { data, error, refresh } = useRequest<PairFacets>(runPath(run, "/pairs/facets"));
  const again = useThrottled(refresh, 1500);
  useEffect(() => listen(({ event }) => WORTH.has(event.event) && again()), [listen, again]);
  if (!data) return error ? <Failure error={error} retry={refresh} /> : <Loading />;
  if (data.rules.length === 0) return <Nothing>{say("rejected.none")}</Nothing>;
  const most = Math.max(...data.rules.map((rule) => rule.count));
  return (
    <section>
      <h2>{say("rejected.rules")}</h2>
      <Table label={say("rejected.rules")}>
        <Head columns={[say("rejected.validator"), say("rejected.rule"), say("rejected.count")]} />
        <tbody>
          {data.rules.map(({ layer, code, count }) => (
            <tr key={`${layer} ${code}`}>
              <td>{layer}</td>
              <th scope="row">
                <a href={runLink(run, "pairs", { state: "rejected", layer, code })}>{code}</a>
              </th>
              <td class="wide">
                <Meter value={count} of={most} label={`${layer}: ${code}`} />
                {number(count)}
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  );
}
