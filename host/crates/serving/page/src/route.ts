// Where the reader is: the part of the address behind `#`.

import { useEffect, useState } from "preact/hooks";

export interface Route {
  view: "runs" | "run" | "workers" | "ask";
  run: string;
  tab: string;
  parameters: URLSearchParams;
}

export const RUN_TABS = ["overview", "coverage", "pairs", "rejected", "training", "evaluation"] as const;

/** A part of an address that is cut short or mistyped is taken as it stands. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function parse(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view = "", run = "", tab = ""] = path.split("/").map(decoded);
  const parameters = new URLSearchParams(search);
  if (view === "ask" || view === "workers") return { view, run: "", tab: "", parameters };
  if (view === "runs" && run) {
    const known = (RUN_TABS as readonly string[]).includes(tab);
    return { view: "run", run, tab: known ? tab : "overview", parameters };
  }
  return { view: "runs", run: "", tab: "", parameters };
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const changed = () => setRoute(parse(location.hash));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}

export function runLink(run: string, tab: string, parameters?: Record<string, string>): string {
  const search = parameters ? `?${new URLSearchParams(parameters)}` : "";
  return `#/runs/${encodeURIComponent(run)}/${tab}${search}`;
}

/** Keeps what was chosen in the address, so that a reload shows the same. */
export function keepParameters(parameters: Record<string, string>): void {
  const [path = ""] = location.hash.split("?");
  const given = Object.entries(parameters).filter(([, value]) => value);
  const search = new URLSearchParams(given).toString();
  history.replaceState(null, "", search ? `${path}?${search}` : path);
}
