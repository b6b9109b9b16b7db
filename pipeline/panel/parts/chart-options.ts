import uPlot from "uplot";
import type { ChartProps, ChartSeries } from "./chart.tsx";
import { marksPlugin } from "./chart-marks.ts";
import { timeFormat } from "./chart-time.ts";
import { tooltipPlugin } from "./chart-tooltip.ts";

export const CHART_HEIGHT_PX = 240;
const VALUE_AXIS_PX = 58;
const TIME_AXIS_PX = 28;
const HEADROOM = 1.08;
const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;
/** Between two labels of the axis; the first is the grain itself. */
const STEPS = {
  hour: [HOUR_SECONDS, 3 * HOUR_SECONDS, 6 * HOUR_SECONDS, 12 * HOUR_SECONDS, DAY_SECONDS],
  day: [DAY_SECONDS, 2 * DAY_SECONDS, 7 * DAY_SECONDS, 14 * DAY_SECONDS, 28 * DAY_SECONDS],
} satisfies Record<string, [number, ...number[]]>;

/** How a chart is drawn; `latest` holds its current properties, for what is asked while it lives. */
export function chartOptions(element: HTMLElement, latest: { readonly current: ChartProps }): uPlot.Options {
  const { series, bands = [], grain, timeZone, heightPx = CHART_HEIGHT_PX } = latest.current;
  const token = (name: string): string => getComputedStyle(element).getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: token("--muted"),
    grid: { stroke: token("--line"), width: 1 },
    ticks: { show: false },
    font: `12px ${token("--font")}`,
  };
  // Bars are as wide on the left of their time as on the right.
  const margin = series.some(({ kind }) => kind === "bars") ? STEPS[grain][0] / 2 : 0;
  const formatTime = timeFormat(grain, timeZone);
  return {
    width: element.clientWidth,
    height: heightPx,
    padding: [8, 24, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), timeZone),
    scales: {
      x: { range: (_plot, min, max) => [min - margin, max + margin] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * HEADROOM : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: TIME_AXIS_PX,
        space: 64,
        incrs: STEPS[grain],
        values: (_plot, splits) => splits.map((seconds) => formatTime.short(seconds)),
      },
      {
        ...axis,
        size: VALUE_AXIS_PX,
        values: (_plot, splits) => plain(splits.map((value) => latest.current.show(value))),
      },
    ],
    series: [{}, ...series.map((one) => seriesOptions(one, token(one.colour)))],
    bands: bands.map(({ upper, lower, opacity }) => ({
      series: [upper + 1, lower + 1],
      fill: tint(token(series[upper]?.colour ?? "--series-1"), opacity),
    })),
    plugins: [marksPlugin(latest, token("--series-6")), tooltipPlugin(latest, formatTime.long)],
  };
}

function seriesOptions({ label, kind }: ChartSeries, colour: string): uPlot.Series {
  const bars = kind === "bars" ? uPlot.paths.bars?.({ size: [0.7, 40], radius: 0.2 }) : undefined;
  return {
    label,
    stroke: kind === "edge" ? "transparent" : colour,
    width: kind === "bars" || kind === "edge" ? 0 : 2,
    points: { show: false },
    ...(kind === "dashed" ? { dash: [6, 4] } : {}),
    ...(bars === undefined ? {} : { paths: bars, fill: colour }),
  };
}

/** `$5.00`, `$10.00` as `$5`, `$10`. */
function plain(labels: readonly string[]): string[] {
  const isWhole = labels.every((label) => label.endsWith(".00"));
  return labels.map((label) => (isWhole ? label.slice(0, -3) : label));
}

/** `#rrggbb` with an opacity. */
function tint(colour: string, opacity: number): string {
  return `${colour}${Math.round(opacity * 255)
    .toString(16)
    .padStart(2, "0")}`;
}
