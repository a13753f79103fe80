// Events of runs over a WebSocket that comes back by itself.

import { readKey } from "./api";
import type { LiveEvent } from "./api_types";

const FIRST_PAUSE = 500;
const MAX_PAUSE = 15_000;

/** How the key travels: a browser cannot send headers with a WebSocket. */
function protocols(): string[] {
  const key = readKey();
  if (!key) return ["nl2sql.events.v1"];
  const bytes = new TextEncoder().encode(key);
  const encoded = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return ["nl2sql.events.v1", `nl2sql.key.${encoded}`];
}

export interface Watch {
  stop(): void;
}

/** Watches one run from a place in its events, or all runs from now on. `connected` hears whether events arrive. */
export function watchEvents(
  run: string | null,
  from: number | null,
  told: (event: LiveEvent) => void,
  connected: (is: boolean) => void,
): Watch {
  let socket: WebSocket | null = null;
  let timer = 0;
  let pause = FIRST_PAUSE;
  let place = from;
  let stopped = false;

  const open = () => {
    const parameters = new URLSearchParams();
    if (run !== null) parameters.set("run", run);
    if (run !== null && place !== null) parameters.set("from", String(place));
    const url = new URL(`/v1/events?${parameters}`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    socket = new WebSocket(url, protocols());
    socket.onopen = () => {
      pause = FIRST_PAUSE;
      connected(true);
    };
    socket.onmessage = (message) => {
      const event = JSON.parse(String(message.data)) as LiveEvent;
      place = event.end;
      told(event);
    };
    socket.onclose = () => {
      if (stopped) return;
      connected(false);
      timer = window.setTimeout(open, pause);
      pause = Math.min(pause * 2, MAX_PAUSE);
    };
  };
  open();
  return {
    stop() {
      stopped = true;
      window.clearTimeout(timer);
      socket?.close();
    },
  };
}
