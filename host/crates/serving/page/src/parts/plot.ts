// A plot of uPlot in an element: as wide as its place, in the colours of the theme.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { colour, onThemeChange } from "../theme";

/** Height of every plot, in pixels. */
export const HEIGHT = 220;

/** What `describe` says of a plot of this width; drawn again when `of` changes. */
export function usePlot(describe: (width: number) => [uPlot.Options, uPlot.AlignedData], of: unknown[]) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current!;
    let plot: uPlot | null = null;
    const draw = () => {
      plot?.destroy();
      plot = new uPlot(...describe(element.clientWidth), element);
    };
    draw();
    const sized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT }));
    sized.observe(element);
    const stop = onThemeChange(draw);
    return () => {
      sized.disconnect();
      stop();
      plot?.destroy();
    };
  }, of);
  return place;
}

/** Axes are quieter than lines. */
export function axis(): uPlot.Axis {
  return { stroke: colour("quiet"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line") } };
}
