// A table that scrolls sideways on narrow screens, by keyboard too.

import type { ComponentChildren } from "preact";

export function Table({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="scroll" role="region" aria-label={label} tabIndex={0}>
      <table>{children}</table>
    </div>
  );
}
