import { z } from "zod";
import { WATCHED_METRICS } from "../../../models/anomaly/watch.ts";
import { NANO_PER_USD } from "../../../models/domain/money.ts";
import { sqlFile } from "../../../warehouse/sql-file.ts";
import type { ControlDeps } from "../control-deps.ts";
import { jsonColumn, pageQuery } from "../page.ts";
import { type Route, route } from "../route.ts";

const cause = z.object({ name: z.string(), explained: z.number(), ratio: z.number().nullable() });

const anomalyColumns = z.object({
  from_ms: z.number(),
  to_ms: z.number(),
  grain: z.enum(["hour", "day"]),
  metric: z.enum(WATCHED_METRICS),
  part: z.string(),
  is_open: z.boolean(),
  actual: z.number(),
  expected: z.number(),
  score: z.number(),
  causes: jsonColumn.pipe(z.array(cause)),
  message: z.string(),
  found_at: z.number(),
});

const shownAnomaly = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  grain: z.string(),
  metric: z.string(),
  /** Such as `provider=gpt-4o`; empty: everything. */
  part: z.string(),
  isOpen: z.boolean(),
  /** Of the hour or day that gave the alert: dollars, counts, shares, milliseconds or ratings, by metric. */
  actual: z.number(),
  expected: z.number(),
  /** 0.5 to 1: how unusual. */
  score: z.number(),
  /** The best explanation first: its share of the difference, and actual / expected of it. */
  causes: z.array(cause),
  message: z.string(),
  foundAt: z.number(),
});

export function anomalyRoutes({ warehouse }: ControlDeps): Route[] {
  return [
    route({
      method: "get",
      path: "/api/anomalies",
      summary: "What was not as expected, and what explains it, the latest first",
      request: z.object({
        query: pageQuery.extend({
          metric: z.enum([...WATCHED_METRICS, ""]).default(""),
          open: z.enum(["true", "false", ""]).default(""),
        }),
      }),
      answer: z.object({ anomalies: z.array(shownAnomaly) }),
      handle: async ({ query }) => {
        const rows = await warehouse.query({
          sql: sqlFile(new URL("../../queries/anomalies/page.sql", import.meta.url)),
          params: query,
          row: anomalyColumns,
        });
        return { anomalies: rows.map(showAnomaly) };
      },
    }),
  ];
}

function showAnomaly(row: z.output<typeof anomalyColumns>): z.infer<typeof shownAnomaly> {
  const { from_ms, to_ms, is_open, found_at, actual, expected, ...same } = row;
  const isMoney = row.metric === "spend" || row.metric === "request-cost";
  const scaled = (value: number): number => (isMoney ? value / NANO_PER_USD : value);
  return {
    ...same,
    fromMs: from_ms,
    toMs: to_ms,
    isOpen: is_open,
    actual: scaled(actual),
    expected: scaled(expected),
    foundAt: found_at,
  };
}
