import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import { NANO_PER_USD } from "../../../models/domain/money.ts";
import { calendarWindow } from "../../../models/domain/window.ts";
import { sqlFile } from "../../../warehouse/sql-file.ts";
import type { ControlDeps } from "../control-deps.ts";
import { type Route, route } from "../route.ts";

const MAX_DAYS = 400;
const MAX_DAYS_AHEAD = 90;

const query = z.object({
  /** As in `GET /api/forecasts`. */
  series: z.string().min(1).max(200).default("daily_spend"),
  /** 1 = forecast on the day itself. */
  daysAhead: z.coerce.number().int().min(1).max(MAX_DAYS_AHEAD).default(1),
  /** So many days back. */
  days: z.coerce.number().int().min(1).max(MAX_DAYS).default(90),
});

const gradeRow = z.object({
  days_ahead: z.number(),
  days: z.number(),
  wape: z.number().nullable(),
  bias: z.number().nullable(),
  inside80: z.number(),
  inside95: z.number(),
});
const pastRow = z.object({
  date: z.string(),
  unit: z.string(),
  made_at: z.number(),
  forecast: z.number(),
  lo80: z.number(),
  hi80: z.number(),
  lo95: z.number(),
  hi95: z.number(),
  actual: z.number(),
});

const answer = z.object({
  series: z.string(),
  /** Empty while no forecast's day has come. */
  grades: z.array(
    z.object({
      daysAhead: z.number(),
      days: z.number(),
      /** Sum of errors / sum of actuals. */
      wape: z.number().nullable(),
      /** Above 0: more was forecast than came. */
      bias: z.number().nullable(),
      inside80: z.number(),
      inside95: z.number(),
    }),
  ),
  points: z.array(
    z.object({
      date: z.string(),
      madeAt: z.number(),
      forecast: z.number(),
      lo80: z.number(),
      hi80: z.number(),
      lo95: z.number(),
      hi95: z.number(),
      actual: z.number(),
    }),
  ),
});

export function forecastGradeRoutes({ warehouse, catalog, now }: ControlDeps): Route[] {
  return [
    route({
      method: "get",
      path: "/api/forecasts/grades",
      summary: "How good past forecasts of a series were, now that their days have come; money in dollars",
      request: z.object({ query }),
      answer,
      handle: async ({ query: { series, daysAhead, days } }) => {
        const today = calendarWindow("day", now(), catalog().timezone).name;
        const from = Temporal.PlainDate.from(today).subtract({ days }).toString();
        const [grades, past] = await Promise.all([
          warehouse.query({ sql: queryText("forecast-grades"), params: { series, from }, row: gradeRow }),
          warehouse.query({
            sql: queryText("forecast-past"),
            params: { series, from, days_ahead: daysAhead },
            row: pastRow,
          }),
        ]);
        return {
          series,
          grades: grades.map(({ days_ahead, ...grade }) => ({ daysAhead: days_ahead, ...grade })),
          points: past.map(showPast),
        };
      },
    }),
  ];
}

function showPast({ date, unit, made_at, ...values }: z.infer<typeof pastRow>) {
  const scaled = (value: number): number => (unit === "nano-usd" ? value / NANO_PER_USD : value);
  return {
    date,
    madeAt: made_at,
    forecast: scaled(values.forecast),
    lo80: scaled(values.lo80),
    hi80: scaled(values.hi80),
    lo95: scaled(values.lo95),
    hi95: scaled(values.hi95),
    actual: scaled(values.actual),
  };
}

function queryText(name: string): string {
  return sqlFile(new URL(`../../queries/${name}.sql`, import.meta.url));
}
