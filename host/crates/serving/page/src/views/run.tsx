// One run: its parts as tabs, kept up to date by its events.

import { useEffect, useRef, useState } from "preact/hooks";
import { runPath } from "../api";
import type { Access, LiveEvent, RunOverview } from "../api_types";
import { watchEvents } from "../live_events";
import { LiveSign } from "../parts/live_sign";
import { Failure, Loading, State } from "../parts/notices";
import { useRequest, useThrottled } from "../request";
import { RUN_TABS, runLink, type Route } from "../route";
import { useWords } from "../words/words";
import { CoverageView } from "./coverage";
import { EvaluationView } from "./evaluation";
import { OverviewView } from "./overview";
import { PairsView } from "./pairs";
import { RejectedView } from "./rejected";
import { TrainingView } from "./training";

/** What happens in the run, for the views that show it: they hear every event. */
export type Listen = (heard: (event: LiveEvent) => void) => () => void;

export function RunView({ run, route, access }: { run: string; route: Route; access: Access }) {
  const { say } = useWords();
  const { data, error, refresh } = useRequest<RunOverview>(runPath(run));
  const [connected, setConnected] = useState(true);
  const listeners = useRef(new Set<(event: LiveEvent) => void>());
  const listen = useRef<Listen>((heard) => {
    listeners.current.add(heard);
    return () => listeners.current.delete(heard);
  });
  const again = useThrottled(refresh, 700);
  const begin = data?.events_end;
  const known = begin !== undefined;
  useEffect(() => {
    if (!known) return;
    const told = (event: LiveEvent) => {
      again();
      for (const heard of listeners.current) heard(event);
    };
    const watch = watchEvents(run, begin ?? null, told, setConnected);
    return () => watch.stop();
    // From where the first answer ended; later answers are caused by the events themselves.
  }, [run, known]);
  if (!data) return error ? <Failure error={error} retry={refresh} /> : <Loading />;
  return (
    <>
      <div class="heading">
        <h1>{run}</h1>
        <State state={data.state} kind="state" />
        <LiveSign connected={connected} />
      </div>
      <nav class="tabs" aria-label={say("run.tabs")}>
        {RUN_TABS.map((tab) => (
          <a key={tab} href={runLink(run, tab)} aria-current={tab === route.tab ? "page" : undefined}>
            {say(tab)}
          </a>
        ))}
      </nav>
      {error && <Failure error={error} retry={refresh} />}
      <Part overview={data} route={route} access={access} listen={listen.current} />
    </>
  );
}

function Part(props: { overview: RunOverview; route: Route; access: Access; listen: Listen }) {
  const { overview, route, access, listen } = props;
  switch (route.tab) {
    case "coverage":
      return <CoverageView run={overview.name} listen={listen} />;
    case "pairs":
      return <PairsView run={overview.name} route={route} access={access} listen={listen} />;
    case "rejected":
      return <RejectedView run={overview.name} listen={listen} />;
    case "training":
      return <TrainingView run={overview.name} listen={listen} />;
    case "evaluation":
      return <EvaluationView run={overview.name} listen={listen} />;
    default:
      return <OverviewView overview={overview} />;
  }
}
