// What pairs are shown.

import { useEffect, useState } from "preact/hooks";
import type { PairFacets } from "../api_types";
import { useWords, type Word } from "../words/words";

export const FILTERS = ["search", "state", "review", "topic", "language", "difficulty", "layer", "code"] as const;
export type Filter = Record<(typeof FILTERS)[number], string>;

const REVIEWS = ["none", "approved", "edited", "banned"] as const;
const PAUSE = 250;

export function PairFilters(props: { filter: Filter; facets: PairFacets | null; choose: (filter: Filter) => void }) {
  const { filter, facets, choose } = props;
  const { say, number } = useWords();
  const set = (change: Partial<Filter>) => choose({ ...filter, ...change });
  const plain = (names: string[]): [string, string][] => names.map((name) => [name, name]);
  const rules: [string, string][] = (facets?.rules ?? []).map(({ layer, code, count }) => [
    `${layer} ${code}`,
    `${layer}: ${code} (${number(count)})`,
  ]);
  const states: [string, string][] = [
    ["accepted", say("pairs.accepted")],
    ["rejected", say("pairs.rejected")],
  ];
  const reviews: [string, string][] = REVIEWS.map((name) => [name, say(`review.${name}` as Word)]);
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <Search value={filter.search} choose={(search) => set({ search })} />
      <Choice name={say("pairs.state")} value={filter.state} options={states} choose={(state) => set({ state })} />
      <Choice name={say("pairs.review")} value={filter.review} options={reviews} choose={(review) => set({ review })} />
      <Choice
        name={say("pairs.topic")}
        value={filter.topic}
        options={plain(facets?.topics ?? [])}
        choose={(topic) => set({ topic })}
      />
      <Choice
        name={say("pairs.rule")}
        value={filter.code && `${filter.layer} ${filter.code}`}
        options={rules}
        choose={(rule) => {
          const [layer = "", code = ""] = rule.split(" ");
          set({ layer, code });
        }}
      />
      <Choice
        name={say("pairs.difficulty")}
        value={filter.difficulty}
        options={plain(facets?.difficulties ?? [])}
        choose={(difficulty) => set({ difficulty })}
      />
      {(facets?.languages.length ?? 0) > 1 && (
        <Choice
          name={say("pairs.language")}
          value={filter.language}
          options={plain(facets?.languages ?? [])}
          choose={(language) => set({ language })}
        />
      )}
    </form>
  );
}

function Search({ value, choose }: { value: string; choose: (search: string) => void }) {
  const { say } = useWords();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = window.setTimeout(() => choose(text), PAUSE);
    return () => window.clearTimeout(timer);
  }, [text]);
  return (
    <label class="search">
      <span>{say("pairs.search")}</span>
      <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
    </label>
  );
}

function Choice(props: { name: string; value: string; options: [string, string][]; choose: (value: string) => void }) {
  const { say } = useWords();
  const known = props.options.some(([value]) => value === props.value);
  return (
    <label>
      <span>{props.name}</span>
      <select value={props.value} onChange={(event) => props.choose(event.currentTarget.value)}>
        <option value="">{say("pairs.any")}</option>
        {!known && props.value && <option value={props.value}>{props.value}</option>}
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
