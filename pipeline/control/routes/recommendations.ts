import { z } from "zod";
import { NANO_PER_USD } from "../../../models/domain/money.ts";
import { sqlFile } from "../../../warehouse/sql-file.ts";
import type { ControlDeps } from "../control-deps.ts";
import { jsonColumn } from "../page.ts";
import { plainRoute, type Route } from "../route.ts";

const evidence = z.record(z.string(), z.union([z.number(), z.string(), z.null()]));

const columns = z.object({
  made_at: z.number(),
  kind: z.string(),
  subject: z.string(),
  advice: z.string(),
  confidence: z.number(),
  saved_in_30_days: z.number().nullable(),
  evidence: jsonColumn.pipe(evidence),
});

const shown = z.object({
  madeAt: z.number(),
  kind: z.string(),
  subject: z.string(),
  advice: z.string(),
  /** 0 to 1: how likely it is that what the advice rests on comes true. */
  confidence: z.number(),
  /** Dollars; null: it is not about saving. */
  savedIn30Days: z.number().nullable(),
  /** The numbers that led to it; money in dollars. */
  evidence,
});

/** What of the evidence is money. */
const MONEY = ["budget", "safeBudget", "cost", "revenue", "costPerUser"];

export function recommendationRoutes({ warehouse }: ControlDeps): Route[] {
  return [
    plainRoute({
      method: "get",
      path: "/api/recommendations",
      summary: "Advice of the latest run: budgets, providers, tiers; the largest saving first",
      answer: z.object({ recommendations: z.array(shown) }),
      handle: async () => {
        const rows = await warehouse.query({
          sql: sqlFile(new URL("../../queries/recommendations/latest.sql", import.meta.url)),
          row: columns,
        });
        return { recommendations: rows.map(show) };
      },
    }),
  ];
}

function show({ made_at, saved_in_30_days, ...row }: z.output<typeof columns>): z.infer<typeof shown> {
  const numbers = Object.entries(row.evidence).map(([name, value]) => [
    name,
    MONEY.includes(name) && typeof value === "number" ? value / NANO_PER_USD : value,
  ]);
  return {
    ...row,
    madeAt: made_at,
    savedIn30Days: saved_in_30_days === null ? null : saved_in_30_days / NANO_PER_USD,
    evidence: evidence.parse(Object.fromEntries(numbers)),
  };
}
