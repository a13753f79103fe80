// Whether what is shown is kept up to date.

import { useWords } from "../words/words";

export function LiveSign({ connected }: { connected: boolean }) {
  const { say } = useWords();
  return (
    <p class={`live ${connected ? "on" : "off"}`} role="status">
      {say(connected ? "live" : "live.off")}
    </p>
  );
}
