// Pairs: a long list with filters, and the pair that is chosen beside it.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError, get, post, query, runPath } from "../api";
import type { Access, Pair, PairFacets, PairPage } from "../api_types";
import { Failure, Loading, Nothing } from "../parts/notices";
import { VirtualList } from "../parts/virtual_list";
import { useRequest, useThrottled } from "../request";
import { keepParameters, type Route } from "../route";
import { useWords, type Word } from "../words/words";
import { PairDetail, type ReviewRequest } from "./pair_detail";
import { PairFilters, FILTERS, type Filter } from "./pair_filters";
import type { Listen } from "./run";

const PAGE = 100;
const ROW = 62;
const WORTH = new Set(["round", "stage-finished", "pair-reviewed"]);
const KEYS: Record<string, "approve" | "ban" | "undo"> = { a: "approve", b: "ban", u: "undo" };

export function PairsView(props: { run: string; route: Route; access: Access; listen: Listen }) {
  const { run, listen } = props;
  const { say, number } = useWords();
  const [filter, setFilter] = useState<Filter>(() => filterOf(props.route.parameters));
  const facets = useRequest<PairFacets>(runPath(run, "/pairs/facets"));
  const list = usePairs(run, filter);
  const [active, setActive] = useState(0);
  const [open, setOpen] = useState<string | null>(null);
  const [editing, setEditing] = useState(false);
  const [said, setSaid] = useState("");
  const [problem, setProblem] = useState<ApiError | null>(null);
  const mayReview = props.access.rights.includes("review");

  // A link to other pairs of the same run.
  const linked = props.route.parameters.toString();
  useEffect(() => setFilter(filterOf(new URLSearchParams(linked))), [linked]);
  const choose = (next: Filter) => {
    setFilter(next);
    setActive(0);
    keepParameters({ ...next });
  };
  const again = useThrottled(() => {
    facets.refresh();
    list.refresh();
  }, 1000);
  useEffect(() => listen(({ event }) => WORTH.has(event.event) && again()), [listen, again]);

  const review = async (pair: Pair, request: ReviewRequest) => {
    setProblem(null);
    try {
      const path = runPath(run, `/pairs/${encodeURIComponent(pair.id)}/review`);
      const after = await post<Pair>(path, { ...request, last_step: pair.last_step });
      list.replace(after);
      facets.refresh();
      setSaid(say("review.done", { id: pair.id, state: say(`review.${after.review}`) }));
      return true;
    } catch (error) {
      setProblem(error instanceof ApiError ? error : new ApiError(0, "unreachable", String(error)));
      return false;
    }
  };
  const press = (key: string, row: number) => {
    const pair = list.at(row);
    if (!pair || !mayReview) return false;
    const action = KEYS[key.toLowerCase()];
    if (action) void review(pair, { action });
    else if (key.toLowerCase() === "e") {
      setOpen(pair.id);
      setEditing(true);
    } else return false;
    return true;
  };
  const shown = open === null ? null : list.find(open);
  return (
    <>
      <PairFilters filter={filter} facets={facets.data} choose={choose} />
      {problem && <Failure error={problem} />}
      <p class="unseen" role="status">
        {said}
      </p>
      {list.error && <Failure error={list.error} retry={list.refresh} />}
      {list.total === null && !list.error && <Loading />}
      {list.total === 0 && <Nothing>{say("pairs.none")}</Nothing>}
      {list.total !== null && list.total > 0 && (
        <div class={`pairs ${open === null ? "" : "opened"}`}>
          <div class="pairs-list">
            <p class="quiet" role="status">
              {say("pairs.count", { total: number(list.total) })}
            </p>
            <VirtualList
              label={say("pairs.list")}
              describedBy="pairs-keys"
              total={list.total}
              rowHeight={ROW}
              active={Math.min(active, list.total - 1)}
              activate={setActive}
              open={(row) => {
                setOpen(list.at(row)?.id ?? null);
                setEditing(false);
              }}
              press={press}
              inSight={list.want}
              row={(row) => <PairRow pair={list.at(row)} />}
            />
            <p id="pairs-keys" class="quiet small">
              {say("pairs.keys")}
            </p>
          </div>
          <PairDetail
            run={run}
            pair={shown}
            id={open}
            mayReview={mayReview}
            editing={editing}
            setEditing={setEditing}
            review={review}
            close={() => setOpen(null)}
          />
        </div>
      )}
    </>
  );
}

function filterOf(parameters: URLSearchParams): Filter {
  return Object.fromEntries(FILTERS.map((name) => [name, parameters.get(name) ?? ""])) as Filter;
}

function PairRow({ pair }: { pair: Pair | undefined }) {
  const { say } = useWords();
  if (!pair) return <span class="quiet">…</span>;
  const verdict = pair.accepted ? "accepted" : "rejected";
  return (
    <>
      <span class="row-question">{pair.question}</span>
      <span class="row-facts">
        <span class={`state ${pair.exported ? "done" : "failed"}`}>{say(`pairs.${verdict}`)}</span>
        {pair.review !== "none" && <span class="tag">{say(`review.${pair.review}` as Word)}</span>}
        <span class="quiet row-sql">{pair.sql}</span>
      </span>
    </>
  );
}

/** Pages of pairs, asked for as they come into sight. */
function usePairs(run: string, filter: Filter) {
  const [pages, setPages] = useState<ReadonlyMap<number, Pair[]>>(new Map());
  const [total, setTotal] = useState<number | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const asked = useRef(new Set<number>());
  const sight = useRef<[number, number]>([0, 1]);
  const base = `${runPath(run, "/pairs")}`;
  const search = query(filter);
  const generation = useRef(0);

  const load = useCallback(
    (page: number) => {
      asked.current.add(page);
      const mine = generation.current;
      const path = `${base}${query({ ...filter, offset: page * PAGE, limit: PAGE })}`;
      get<PairPage>(path).then(
        (answer) => {
          if (mine !== generation.current) return;
          setTotal(answer.total);
          setError(null);
          setPages((before) => new Map(before).set(page, answer.pairs));
        },
        (error: unknown) => {
          asked.current.delete(page);
          if (mine === generation.current && error instanceof ApiError) setError(error);
        },
      );
    },
    [base, search],
  );
  const want = useCallback(
    (from: number, to: number) => {
      sight.current = [from, to];
      const last = Math.floor(Math.max(from, to - 1) / PAGE);
      for (let page = Math.floor(from / PAGE); page <= last; page++) if (!asked.current.has(page)) load(page);
    },
    [load],
  );
  const refresh = useCallback(() => {
    generation.current++;
    asked.current = new Set();
    want(...sight.current);
    // Pages out of sight may be outdated; they are asked for when they come back.
    setPages((before) => new Map([...before].filter(([page]) => asked.current.has(page))));
  }, [want]);
  useEffect(() => {
    generation.current++;
    asked.current = new Set();
    sight.current = [0, 1];
    setPages(new Map());
    setTotal(null);
    want(0, 1);
  }, [want]);
  const at = (row: number) => pages.get(Math.floor(row / PAGE))?.[row % PAGE];
  const find = (id: string) => {
    for (const page of pages.values()) {
      const pair = page.find((pair) => pair.id === id);
      if (pair) return pair;
    }
    return null;
  };
  const replace = (after: Pair) =>
    setPages(
      (before) =>
        new Map([...before].map(([at, page]) => [at, page.map((pair) => (pair.id === after.id ? after : pair))])),
    );
  return { total, error, at, find, want, refresh, replace };
}
