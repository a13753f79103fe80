// Data of a view: asked for once, and again when something it shows has changed.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError, get } from "./api";

export interface Requested<T> {
  data: T | null;
  error: ApiError | null;
  /** Asks again; what is shown stays until the answer is there. */
  refresh: () => void;
}

export function useRequest<T>(path: string | null): Requested<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; error: ApiError | null }>({
    path,
    data: null,
    error: null,
  });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (path === null) return;
    const aborter = new AbortController();
    get<T>(path, aborter.signal).then(
      (data) => setState({ path, data, error: null }),
      (error: unknown) => {
        if (aborter.signal.aborted) return;
        const known = error instanceof ApiError ? error : new ApiError(0, "unreachable", String(error));
        setState((before) => ({ path, data: before.path === path ? before.data : null, error: known }));
      },
    );
    return () => aborter.abort();
  }, [path, turn]);
  const refresh = useCallback(() => setTurn((turn) => turn + 1), []);
  return { data: state.path === path ? state.data : null, error: state.error, refresh };
}

/** A call that is made at most once in `pause` milliseconds, and once after the last wish. */
export function useThrottled(call: () => void, pause: number): () => void {
  const latest = useRef(call);
  latest.current = call;
  const timer = useRef(0);
  const last = useRef(0);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return useCallback(() => {
    if (timer.current) return;
    const wait = Math.max(0, last.current + pause - Date.now());
    timer.current = window.setTimeout(() => {
      timer.current = 0;
      last.current = Date.now();
      latest.current();
    }, wait);
  }, [pause]);
}
