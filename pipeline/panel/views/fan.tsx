import type { Forecast } from "../data/shapes/automation.ts";
import { count, percent, UNKNOWN, usd } from "../format.ts";
import { Chart, type ChartSeries } from "../parts/chart.tsx";
import { When } from "../parts/when.tsx";
import { secondsOfDay } from "./days.ts";
import { type PastDay, useForecastHistory } from "./forecast-history.ts";

type Point = Forecast["points"][number];

const BANDS = [
  { label: "95 % interval", upper: 0, lower: 1, opacity: 0.13 },
  { label: "80 % interval", upper: 2, lower: 3, opacity: 0.22 },
];
const SCENARIO_COLOURS = ["--series-4", "--series-3", "--series-5"];

/** What was, and what is to come with its intervals: the fan. */
export function Fan({ forecast, scenarios }: { forecast: Forecast; scenarios: readonly Forecast[] }) {
  const first = forecast.points[0]?.date ?? "";
  const history = useForecastHistory(forecast.series).filter(({ day }) => day < first);
  const { points, madeAt, model, backtest, totals } = forecast;
  const show = forecast.unit === "usd" ? usd : count;
  const month = totals.nextMonth === null ? UNKNOWN : show(totals.nextMonth);
  return (
    <>
      <Chart
        key={forecast.series}
        summary={`History and forecast of ${forecast.series}; the next 30 days: ${month}`}
        times={[...history.map(({ day }) => day), ...points.map(({ date }) => date)].map(secondsOfDay)}
        grain="day"
        timeZone="UTC"
        series={seriesOf(history, forecast, scenarios)}
        bands={BANDS}
        show={show}
      />
      <p class="hint">
        Made <When at={madeAt} /> by a {model} of models. In {backtest.origins} tests on the past it was off
        by {percent(backtest.wape)}, {show(backtest.meanAbsoluteError)} a day in the mean.
        {history.length === 0 && " The past of this series is not held by day."}
      </p>
    </>
  );
}

function seriesOf(
  history: readonly PastDay[],
  { points }: Forecast,
  scenarios: readonly Forecast[],
): ChartSeries[] {
  const before = history.map(() => null);
  const after = (of: readonly Point[], read: (point: Point) => number) => [...before, ...of.map(read)];
  const edge = (label: string, read: (point: Point) => number): ChartSeries => ({
    label,
    values: after(points, read),
    colour: "--series-1",
    kind: "edge",
  });
  return [
    edge("95 % above", ({ hi95 }) => hi95),
    edge("95 % below", ({ lo95 }) => lo95),
    edge("80 % above", ({ hi80 }) => hi80),
    edge("80 % below", ({ lo80 }) => lo80),
    {
      label: "Actual",
      values: [...history.map(({ value }) => value), ...points.map(() => null)],
      colour: "--series-2",
      kind: "line",
    },
    { label: "Forecast", values: after(points, ({ point }) => point), colour: "--series-1", kind: "dashed" },
    ...scenarios.map(
      (one, index): ChartSeries => ({
        label: one.scenario,
        values: after(one.points, ({ point }) => point),
        colour: SCENARIO_COLOURS[index % SCENARIO_COLOURS.length] ?? "--series-3",
        kind: "dashed",
      }),
    ),
  ];
}
