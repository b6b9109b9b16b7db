import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { CHART_HEIGHT_PX, chartOptions } from "./chart-options.ts";
import { Legend } from "./legend.tsx";

export interface ChartSeries {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** A token of the style sheet, `--series-1`. */
  readonly colour: string;
  /** `edge`: of a band, not drawn itself. */
  readonly kind: "line" | "dashed" | "bars" | "edge";
}

/** The area between two series. */
export interface ChartBand {
  readonly label: string;
  readonly upper: number;
  readonly lower: number;
  readonly opacity: number;
}

/** Something that happened, so that cause and effect are seen together. */
export interface ChartMark {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly label: string;
}

export interface ChartProps {
  /** What is to be seen, in words. */
  readonly summary: string;
  /** Seconds since the epoch, ascending. */
  readonly times: readonly number[];
  readonly grain: "hour" | "day";
  /** The zone of hours and days on the axis. */
  readonly timeZone: string;
  readonly series: readonly ChartSeries[];
  readonly bands?: readonly ChartBand[];
  readonly marks?: readonly ChartMark[];
  readonly show: (value: number) => string;
  readonly heightPx?: number;
}

/** A time chart whose values start at zero; pointing at it tells every series' value. */
export function Chart(props: ChartProps) {
  const { summary, series, bands = [], marks = [], heightPx = CHART_HEIGHT_PX } = props;
  const box = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const plot = useRef<uPlot | null>(null);
  const isDark = useDarkScheme();
  const form = JSON.stringify([
    series.map(({ label, kind, colour }) => [label, kind, colour]),
    bands,
    isDark,
  ]);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const drawn = new uPlot(chartOptions(element, latest), dataOf(latest.current), element);
    plot.current = drawn;
    const resized = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: heightPx }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [form]);
  const values = JSON.stringify([props.times, series.map(({ values: some }) => some), marks]);
  useEffect(() => plot.current?.setData(dataOf(latest.current)), [values]);
  return (
    <figure class="chart">
      <Legend series={series} bands={bands} hasMarks={marks.length > 0} />
      <div class="chart-box" ref={box} role="img" aria-label={summary} />
    </figure>
  );
}

function dataOf({ times, series }: ChartProps): uPlot.AlignedData {
  return [[...times], ...series.map(({ values }) => [...values])];
}

/** Changes when the screen goes from light to dark, so that a canvas can be drawn anew. */
function useDarkScheme(): boolean {
  const [isDark, setIsDark] = useState(() => darkQuery().matches);
  useEffect(() => {
    const query = darkQuery();
    const update = (): void => setIsDark(query.matches);
    query.addEventListener("change", update);
    return () => query.removeEventListener("change", update);
  }, []);
  return isDark;
}

function darkQuery(): MediaQueryList {
  return matchMedia("(prefers-color-scheme: dark)");
}
