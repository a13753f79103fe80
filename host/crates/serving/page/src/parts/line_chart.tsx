// Lines over steps, with a table of the figures for those who cannot see them.

import type uPlot from "uplot";
import type { Curve } from "../api_types";
import { colour } from "../theme";
import { useWords } from "../words/words";
import { HEIGHT, axis, usePlot } from "./plot";

export interface Line {
  name: string;
  points: Curve;
  /** Number of the run, which decides its colour. */
  hue: number;
  dashed?: boolean;
}

export function LineChart({ title, lines, digits }: { title: string; lines: Line[]; digits: number }) {
  const { say, number } = useWords();
  const place = usePlot((width) => [options(width, lines, say("training.step")), joined(lines)], [lines, say]);
  const last = lines.map((line) => `${line.name} ${number(line.points.at(-1)?.[1] ?? 0, digits)}`).join(", ");
  return (
    <figure class="card chart">
      <figcaption>{title}</figcaption>
      <div ref={place} role="img" aria-label={say("training.chart", { title, last })} />
      <ul class="legend">
        {lines.map((line) => (
          <li key={line.name}>
            <span class={`swatch hue${line.hue % 5}${line.dashed ? " dashed" : ""}`} aria-hidden="true" />
            {line.name} <strong>{number(line.points.at(-1)?.[1] ?? 0, digits)}</strong>
          </li>
        ))}
      </ul>
    </figure>
  );
}

function options(width: number, lines: Line[], step: string): uPlot.Options {
  return {
    width,
    height: HEIGHT,
    scales: { x: { time: false } },
    legend: { show: false },
    cursor: { y: false },
    axes: [{ ...axis(), label: step, labelSize: 18, size: 34, space: 60 }, { ...axis(), size: 62, values: (_, ticks) => ticks.map(short) }],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.name,
        stroke: colour(`hue${line.hue % 5}`),
        width: 2,
        spanGaps: true,
        points: { show: line.points.length < 2 },
        ...(line.dashed ? { dash: [6, 4] } : {}),
      })),
    ],
  };
}

function short(tick: number): string {
  return tick !== 0 && Math.abs(tick) < 0.001 ? tick.toExponential(0) : String(Number(tick.toPrecision(6)));
}

/** All lines over the steps of any, as uPlot wants them. */
function joined(lines: Line[]): uPlot.AlignedData {
  const steps = [...new Set(lines.flatMap((line) => line.points.map(([step]) => step)))].sort((a, b) => a - b);
  const rows = lines.map((line) => {
    const values = new Map(line.points);
    return steps.map((step) => values.get(step) ?? null);
  });
  return [steps, ...rows];
}
