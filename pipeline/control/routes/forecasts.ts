import { z } from "zod";
import { NANO_PER_USD } from "../../../models/domain/money.ts";
import { explainExpected, type Scenario } from "../../../models/forecast/scenario.ts";
import { sqlFile } from "../../../warehouse/sql-file.ts";
import { groupBy } from "../../group-by.ts";
import type { ControlDeps } from "../control-deps.ts";
import { plainRoute, type Route } from "../route.ts";
import { forecastGradeRoutes } from "./forecast-grades.ts";

const forecastColumns = z.object({
  series: z.string(),
  unit: z.string(),
  scenario: z.string(),
  run_id: z.string(),
  made_at: z.number(),
  target_date: z.string(),
  point: z.number(),
  lo80: z.number(),
  hi80: z.number(),
  lo95: z.number(),
  hi95: z.number(),
  model: z.string(),
  mae: z.number().nullable(),
  mase: z.number().nullable(),
  wape: z.number().nullable(),
  folds: z.number(),
});
type ForecastRow = z.infer<typeof forecastColumns>;

/** Money in dollars. */
const shownForecast = z.object({
  series: z.string(),
  unit: z.string(),
  scenario: z.string(),
  /** Of what is expected: why it lies outside of the scenarios at some horizon; empty where it does not. */
  note: z.string(),
  runId: z.string(),
  madeAt: z.number(),
  model: z.string(),
  /** Errors in the unit of the series; null = not known. */
  backtest: z.object({
    meanAbsoluteError: z.number().nullable(),
    mase: z.number().nullable(),
    wape: z.number().nullable(),
    origins: z.number(),
  }),
  /** Sums of the next 7, 30 and 90 days; null when fewer days are forecast. */
  totals: z.object({
    nextWeek: z.number().nullable(),
    nextMonth: z.number().nullable(),
    nextQuarter: z.number().nullable(),
  }),
  points: z.array(
    z.object({
      date: z.string(),
      point: z.number(),
      lo80: z.number(),
      hi80: z.number(),
      lo95: z.number(),
      hi95: z.number(),
    }),
  ),
});
type ShownForecast = z.infer<typeof shownForecast>;

export function forecastRoutes(deps: ControlDeps): Route[] {
  const { warehouse } = deps;
  return [
    ...forecastGradeRoutes(deps),
    plainRoute({
      method: "get",
      path: "/api/forecasts",
      summary: "The latest forecast of each series; empty while there is not enough history",
      answer: z.object({ forecasts: z.array(shownForecast) }),
      handle: async () => {
        const rows = await warehouse.query({
          sql: sqlFile(new URL("../../queries/latest-forecasts.sql", import.meta.url)),
          row: forecastColumns,
        });
        const runs = groupBy(rows, ({ series, scenario }) => `${series} ${scenario}`);
        const shown = [...runs.values()].flatMap(showForecast);
        return { forecasts: shown.map((one) => ({ ...one, note: noteOn(one, shown) })) };
      },
    }),
  ];
}

const HORIZONS = [
  ["nextWeek", "the next 7 days"],
  ["nextMonth", "the next 30 days"],
  ["nextQuarter", "the next 90 days"],
] as const;

type NotedForecast = Omit<ShownForecast, "note">;

function noteOn(forecast: NotedForecast, all: readonly NotedForecast[]): string {
  if (forecast.scenario !== "expected") return "";
  const totalsOf = (scenario: Scenario) =>
    all.find((one) => one.series === forecast.series && one.scenario === scenario)?.totals;
  const [lower, middle, upper] = [totalsOf("pessimistic"), totalsOf("conservative"), totalsOf("optimistic")];
  const totals = HORIZONS.flatMap(([name, horizon]) => {
    const expected = forecast.totals[name];
    const [pessimistic, conservative, optimistic] = [lower?.[name], middle?.[name], upper?.[name]];
    if (expected === null || pessimistic == null || conservative == null || optimistic == null) return [];
    return [{ horizon, expected, pessimistic, conservative, optimistic }];
  });
  return explainExpected(totals);
}

function showForecast(rows: readonly ForecastRow[]): NotedForecast[] {
  const [first] = rows;
  if (first === undefined) return [];
  const isMoney = first.unit === "nano-usd";
  const scaled = (value: number): number => (isMoney ? value / NANO_PER_USD : value);
  const total = (days: number): number | null =>
    rows.length < days ? null : rows.slice(0, days).reduce((sum, { point }) => sum + scaled(point), 0);
  return [
    {
      series: first.series,
      unit: isMoney ? "usd" : first.unit,
      scenario: first.scenario,
      runId: first.run_id,
      madeAt: first.made_at,
      model: first.model,
      backtest: {
        meanAbsoluteError: first.mae === null ? null : scaled(first.mae),
        mase: first.mase,
        wape: first.wape,
        origins: first.folds,
      },
      totals: { nextWeek: total(7), nextMonth: total(30), nextQuarter: total(90) },
      points: rows.map(({ target_date: date, point, lo80, hi80, lo95, hi95 }) => ({
        date,
        point: scaled(point),
        lo80: scaled(lo80),
        hi80: scaled(hi80),
        lo95: scaled(lo95),
        hi95: scaled(hi95),
      })),
    },
  ];
}
