// What is shown in place of data.

import type { ComponentChildren } from "preact";
import type { ApiError } from "../api";
import type { RunState, StageState } from "../api_types";
import { useWords, type Word } from "../words/words";

export function Loading() {
  const { say } = useWords();
  return (
    <p class="quiet" role="status">
      {say("loading")}
    </p>
  );
}

export function Failure({ error, retry }: { error: ApiError; retry?: () => void }) {
  const { say } = useWords();
  return (
    <div class="card failure" role="alert">
      <p>{say("failed", { message: error.message })}</p>
      {retry && (
        <button type="button" onClick={retry}>
          {say("retry")}
        </button>
      )}
    </div>
  );
}

export function Nothing({ children }: { children: ComponentChildren }) {
  return <p class="card quiet">{children}</p>;
}

/** The state of a run or stage: a word, and a colour beside it. */
export function State({ state, kind }: { state: RunState | StageState; kind: "state" | "stageState" }) {
  const { say } = useWords();
  return <span class={`state ${state}`}>{say(`${kind}.${state}` as Word)}</span>;
}
