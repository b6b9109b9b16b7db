import { z } from "zod";
import { usdFromNano } from "../../../models/domain/money.ts";
import { sqlFile } from "../../../warehouse/sql-file.ts";
import type { ControlDeps } from "../control-deps.ts";
import { plainRoute, type Route } from "../route.ts";

const minuteRow = z.object({
  at: z.number(),
  requests: z.number(),
  served: z.number(),
  failed: z.number(),
  denied: z.number(),
  users: z.number(),
  cost: z.number(),
  p50_ms: z.number().nullable(),
  p95_ms: z.number().nullable(),
  simulated: z.number(),
});
const hourRow = z.object({ at: z.number(), requests: z.number(), cost: z.number() });

const recent = z.object({
  /** The last sixty whole minutes. */
  minutes: z.array(
    minuteRow.omit({ p50_ms: true, p95_ms: true }).extend({
      p50Ms: z.number().nullable(),
      p95Ms: z.number().nullable(),
    }),
  ),
  /** The last 48 hours, those without requests left out. */
  hours: z.array(hourRow),
});

/** The near past at a fine grain, for the panel's lines. */
export function recentRoutes({ warehouse }: ControlDeps): Route[] {
  return [
    plainRoute({
      method: "get",
      path: "/api/metrics/recent",
      summary:
        "The last hour by minute, the last two days by hour; money in dollars, null = nothing to tell of",
      answer: recent,
      handle: async () => {
        const [minutes, hours] = await Promise.all([
          warehouse.query({ sql: queryFile("recent-minutes"), row: minuteRow }),
          warehouse.query({ sql: queryFile("recent-hours"), row: hourRow }),
        ]);
        return { minutes: minutes.map(showMinute), hours: hours.map(withDollars) };
      },
    }),
  ];
}

function queryFile(name: string): string {
  return sqlFile(new URL(`../../queries/${name}.sql`, import.meta.url));
}

function showMinute({ p50_ms: p50Ms, p95_ms: p95Ms, ...same }: z.output<typeof minuteRow>) {
  return { ...withDollars(same), p50Ms, p95Ms };
}

function withDollars<Row extends { cost: number }>(row: Row): Row {
  return { ...row, cost: usdFromNano(row.cost) };
}
