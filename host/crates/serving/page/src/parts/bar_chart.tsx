// Bars for a result of labels and figures. Results without a plain shape have no chart.

import uPlot from "uplot";
import { colour } from "../theme";
import { useWords } from "../words/words";
import { HEIGHT, axis, usePlot } from "./plot";

const MAX_BARS = 40;

export interface Chart {
  label: string;
  value: string;
  names: string[];
  figures: number[];
  /** Dates and figures in order are drawn as a line. */
  isLine: boolean;
}

/** The first column that tells rows apart against the first that counts. */
export function chartOf(columns: { name: string; type: string }[], rows: unknown[][]): Chart | null {
  if (rows.length < 2 || columns.length < 2 || columns.length > 4) return null;
  const value = columns.findLastIndex(({ type }) => ["integer", "float", "decimal"].includes(type));
  const label = columns.findIndex(({ type }, at) => at !== value && !["bytes", "json", "array"].includes(type));
  if (value < 0 || label < 0) return null;
  const isLine = ["date", "datetime", "time"].includes(columns[label]!.type);
  if (!isLine && rows.length > MAX_BARS) return null;
  const names = rows.map((row) => String(row[label] ?? "NULL"));
  const figures = rows.map((row) => Number(row[value] ?? 0));
  if (new Set(names).size !== names.length || !figures.every(Number.isFinite)) return null;
  return { label: columns[label]!.name, value: columns[value]!.name, names, figures, isLine };
}

export function BarChart({ chart }: { chart: Chart }) {
  const { say } = useWords();
  const place = usePlot((width) => [options(chart, width), [chart.figures.map((_, at) => at), chart.figures]], [chart]);
  const title = say("ask.chartLabel", { value: chart.value, label: chart.label });
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={place} role="img" aria-label={title} />
    </figure>
  );
}

function options(chart: Chart, width: number): uPlot.Options {
  const most = chart.names.length;
  const named = (place: number) => {
    const name = Number.isInteger(place) ? (chart.names[place] ?? "") : "";
    return name.length > 14 ? `${name.slice(0, 13)}…` : name;
  };
  const room = Math.max(1, Math.ceil((most * 100) / Math.max(width - 80, 100)));
  const places = chart.names.map((_, at) => at).filter((at) => at % room === 0);
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: [-0.6, most - 0.4] }, y: { range: (_, low, high) => span(low, high, chart.isLine) } },
    axes: [
      { ...axis(), grid: { show: false }, splits: () => places, values: (_, ticks) => ticks.map(named) },
      { ...axis(), size: 70 },
    ],
    series: [
      {},
      {
        label: chart.value,
        stroke: colour("hue0"),
        width: chart.isLine ? 2 : 0,
        ...(chart.isLine
          ? {}
          : { fill: colour("hue0"), paths: uPlot.paths.bars!({ size: [0.7, 60] }), points: { show: false } }),
      },
    ],
  };
}

/** Bars stand on zero. */
function span(low: number, high: number, isLine: boolean): uPlot.Range.MinMax {
  const from = isLine ? low : Math.min(0, low);
  const to = isLine ? high : Math.max(0, high);
  const room = (to - from || 1) * 0.08;
  return [from < 0 || isLine ? from - room : 0, to > 0 || isLine ? to + room : 0];
}
