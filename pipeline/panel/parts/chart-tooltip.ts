import type uPlot from "uplot";
import type { ChartProps } from "./chart.tsx";

const DISTANCE_PX = 12;
const TOP_PX = 8;
const MAX_MARKS = 3;

/** Beside the pointer: the time, every series' value, and what happened then. */
export function tooltipPlugin(
  latest: { readonly current: ChartProps },
  formatTime: (seconds: number) => string,
): uPlot.Plugin {
  const box = document.createElement("div");
  box.className = "tooltip";
  return {
    hooks: {
      init: (plot) => plot.over.append(box),
      setCursor(plot) {
        const { idx, left = -1 } = plot.cursor;
        const isOver = typeof idx === "number" && left >= 0;
        box.toggleAttribute("data-shown", isOver);
        if (!isOver) return;
        box.replaceChildren(...contents(latest.current, idx, formatTime));
        const fitsRight = left + DISTANCE_PX + box.offsetWidth <= plot.over.clientWidth;
        const x = fitsRight ? left + DISTANCE_PX : Math.max(0, left - DISTANCE_PX - box.offsetWidth);
        box.style.transform = `translate(${x}px, ${TOP_PX}px)`;
      },
    },
  };
}

function contents(
  { times, series, bands = [], marks = [], show }: ChartProps,
  index: number,
  formatTime: (seconds: number) => string,
): HTMLElement[] {
  const at = times[index];
  if (at === undefined) return [];
  const valueAt = (position: number): number | null => series[position]?.values[index] ?? null;
  const rows = series.flatMap(({ label, kind }, position) => {
    const value = valueAt(position);
    return kind === "edge" || value === null ? [] : [row(label, show(value))];
  });
  const ranges = bands.flatMap(({ label, lower, upper }) => {
    const [low, high] = [valueAt(lower), valueAt(upper)];
    return low === null || high === null ? [] : [row(label, `${show(low)} – ${show(high)}`)];
  });
  const step = (times[1] ?? at) - (times[0] ?? at);
  const told = marks
    .filter((mark) => mark.at >= at && mark.at < at + step)
    .slice(0, MAX_MARKS)
    .map(({ label }) => element("div", "tooltip-mark", label));
  return [element("strong", "", formatTime(at)), ...rows, ...ranges, ...told];
}

function row(label: string, value: string): HTMLElement {
  const line = element("div", "tooltip-row", "");
  line.append(element("span", "hint", label), element("span", "", value));
  return line;
}

function element(tag: string, className: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
