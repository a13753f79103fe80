// A table that scrolls sideways on narrow screens, by keyboard too.

import type { ComponentChildren } from "preact";

export function Table({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="scroll" role="region" aria-label={label} tabIndex={0}>
      <table>{children}</table>
    </div>
  );
}

/** Heading of a column; figures stand at its right edge. */
export type Heading = string | { figure: string };

export function Head({ columns }: { columns: Heading[] }) {
  return (
    <thead>
      <tr>
        {columns.map((column, at) =>
          typeof column === "string" ? (
            <th key={at} scope="col">
              {column}
            </th>
          ) : (
            <th key={at} scope="col" class="figure">
              {column.figure}
            </th>
          ),
        )}
      </tr>
    </thead>
  );
}
