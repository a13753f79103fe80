// Who works for runs on other machines, what waits for them, and what nobody could do.

import { useEffect, useRef, useState } from "preact/hooks";
import type { DeadLetter, FleetStatus, JobStatus, WorkerStatus } from "../api_types";
import { Failure, Loading, Nothing } from "../parts/notices";
import { Head, Table } from "../parts/table";
import { useRequest } from "../request";
import { useWords } from "../words/words";

/** Milliseconds between two looks; workers report every few seconds. */
const LOOK = 2000;

export function WorkersView() {
  const { say } = useWords();
  const { data, error, refresh } = useRequest<FleetStatus>("/v1/workers");
  useEffect(() => {
    const timer = setInterval(refresh, LOOK);
    return () => clearInterval(timer);
  }, [refresh]);
  return (
    <>
      <h1>{say("workers")}</h1>
      {error && <Failure error={error} retry={refresh} />}
      {!data && !error && <Loading />}
      {data && <Workers workers={data.workers} />}
      {data && data.jobs.length > 0 && <Jobs jobs={data.jobs} />}
      {data && data.dead_letters.length > 0 && <DeadLetters letters={data.dead_letters} />}
    </>
  );
}

/** Tasks a second of each worker, from what it had done at the last look. */
function useRates(workers: WorkerStatus[]): Map<string, number> {
  const last = useRef<{ time: number; done: Map<string, number> } | null>(null);
  const [rates, setRates] = useState(new Map<string, number>());
  useEffect(() => {
    const now = { time: performance.now(), done: new Map(workers.map((worker) => [worker.name, worker.done])) };
    const before = last.current;
    last.current = now;
    if (!before) return;
    const seconds = (now.time - before.time) / 1000;
    const rate = (worker: WorkerStatus) => (worker.done - (before.done.get(worker.name) ?? worker.done)) / seconds;
    setRates(new Map(workers.map((worker) => [worker.name, rate(worker)])));
  }, [workers]);
  return rates;
}

function Workers({ workers }: { workers: WorkerStatus[] }) {
  const { say, number } = useWords();
  const rates = useRates(workers);
  if (workers.length === 0) return <Nothing>{say("workers.none")}</Nothing>;
  return (
    <Table label={say("workers")}>
      <Head
        columns={[
          say("worker.name"),
          say("worker.version"),
          { figure: say("worker.busy") },
          { figure: say("worker.done") },
          { figure: say("worker.rate") },
          { figure: say("worker.givenBack") },
          { figure: say("worker.refused") },
        ]}
      />
      <tbody>
        {workers.map((worker) => (
          <tr key={worker.name}>
            <th scope="row">{worker.name}</th>
            <td>{worker.program}</td>
            <td class="figure">{say("worker.slots", { busy: worker.busy, slots: worker.slots })}</td>
            <td class="figure">{number(worker.done)}</td>
            <td class="figure">{number(rates.get(worker.name) ?? 0, 1)}</td>
            <td class="figure">{number(worker.given_back)}</td>
            <td class="figure">{number(worker.refused)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Jobs({ jobs }: { jobs: JobStatus[] }) {
  const { say, number } = useWords();
  return (
    <section>
      <h2>{say("jobs")}</h2>
      <Table label={say("jobs")}>
        <Head
          columns={[
            say("run.name"),
            { figure: say("job.waiting") },
            { figure: say("job.leased") },
            { figure: say("job.again") },
          ]}
        />
        <tbody>
          {jobs.map((job) => (
            <tr key={job.job}>
              <th scope="row">{job.run}</th>
              <td class="figure">{number(job.waiting)}</td>
              <td class="figure">{number(job.leased)}</td>
              <td class="figure">{number(job.handed_out_again)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  );
}

function DeadLetters({ letters }: { letters: DeadLetter[] }) {
  const { say, number } = useWords();
  return (
    <section>
      <h2>{say("deadLetters")}</h2>
      <p class="quiet">{say("deadLetters.what")}</p>
      <Table label={say("deadLetters")}>
        <Head columns={[say("run.name"), say("letter.task"), { figure: say("letter.workers") }, say("letter.reason")]} />
        <tbody>
          {letters.map((letter, at) => (
            <tr key={at}>
              <th scope="row">{letter.run}</th>
              <td>{letter.task}</td>
              <td class="figure">{number(letter.deliveries)}</td>
              <td>{letter.reason}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  );
}
