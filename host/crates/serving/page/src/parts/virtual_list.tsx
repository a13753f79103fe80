// A long list of which only what is in sight is in the document. Rows come in pages.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const BEYOND = 6;

export function VirtualList(props: {
  label: string;
  total: number;
  rowHeight: number;
  /** The row the keyboard is at. */
  active: number;
  activate: (row: number) => void;
  open: (row: number) => void;
  /** Other keys, at the row. */
  press: (key: string, row: number) => boolean;
  inSight: (from: number, to: number) => void;
  row: (row: number) => ComponentChildren;
  describedBy: string;
}) {
  const { total, rowHeight, active, activate, inSight } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const from = Math.max(0, Math.floor(view.top / rowHeight) - BEYOND);
  const to = Math.min(total, Math.ceil((view.top + view.height) / rowHeight) + BEYOND);
  useLayoutEffect(() => {
    const element = frame.current!;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    measure();
    const sized = new ResizeObserver(measure);
    sized.observe(element);
    return () => sized.disconnect();
  }, []);
  useEffect(() => inSight(from, to), [from, to, inSight]);
  const move = (row: number) => {
    const wanted = Math.max(0, Math.min(total - 1, row));
    activate(wanted);
    const element = frame.current!;
    const top = wanted * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = top + rowHeight - element.clientHeight;
  };
  const page = Math.max(1, Math.floor(view.height / rowHeight) - 1);
  const keys: Record<string, () => void> = {
    ArrowDown: () => move(active + 1),
    ArrowUp: () => move(active - 1),
    PageDown: () => move(active + page),
    PageUp: () => move(active - page),
    Home: () => move(0),
    End: () => move(total - 1),
    Enter: () => props.open(active),
    " ": () => props.open(active),
  };
  const rows = [];
  for (let row = from; row < to; row++) {
    rows.push(
      <div
        key={row}
        id={`row-${row}`}
        role="option"
        aria-selected={row === active}
        aria-posinset={row + 1}
        aria-setsize={total}
        class="row"
        style={{ top: `${row * rowHeight}px`, height: `${rowHeight}px` }}
        onClick={() => {
          activate(row);
          props.open(row);
        }}
      >
        {props.row(row)}
      </div>,
    );
  }
  return (
    <div
      ref={frame}
      class="virtual"
      role="listbox"
      tabIndex={0}
      aria-label={props.label}
      aria-describedby={props.describedBy}
      aria-activedescendant={total > 0 && active >= from && active < to ? `row-${active}` : undefined}
      onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const known = keys[event.key];
        if (known) known();
        else if (!props.press(event.key, active)) return;
        event.preventDefault();
      }}
    >
      <div class="virtual-space" role="presentation" style={{ height: `${total * rowHeight}px` }}>
        {rows}
      </div>
    </div>
  );
}
