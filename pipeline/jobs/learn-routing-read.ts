import { z } from "zod";
import type { Catalog } from "../../models/domain/catalog.ts";
import { MIN_SAMPLE } from "../../models/rules/estimate.ts";
import { burdenFactors } from "../../models/rules/learning/objective.ts";
import type { RoutingCell } from "../../models/rules/learning/routing-cell.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

const DAY_MS = 86_400_000;

const count = z.number().int().nonnegative();
const cellRow = z.object({
  tier: z.string(),
  feature: z.string(),
  peak: z.union([z.boolean(), z.number()]).transform(Boolean),
  provider: z.string(),
  propensity: z.number(),
  first_at: count,
  requests: count,
  cost: count,
  input_tokens: count,
  output_tokens: count,
  burden: z.number(),
  burden_squares: z.number(),
  ratings: count,
  stars: z.number(),
  star_squares: z.number(),
  rated_burden: z.number(),
  rated_products: z.number(),
});

/** What became of the requests of the learning window, with the days that they are of: fewer than are looked at while the history is short. */
export async function readRoutingCells(
  warehouse: Warehouse,
  { timezone, routing, automation: { learning } }: Catalog,
  nowMs: number,
): Promise<{ readonly cells: readonly RoutingCell[]; readonly days: number }> {
  const fromMs = nowMs - learning.windowDays * DAY_MS;
  const { perMs, perNano, perFailure, perPoorAnswer } = burdenFactors(learning.objective);
  const rows = await warehouse.query({
    sql: queryText("routing-cells"),
    params: {
      from: fromMs,
      until: nowMs,
      timezone,
      peak_hours: [...routing.peakHours],
      per_ms: perMs,
      per_nano: perNano,
      per_failure: perFailure,
      per_poor: perPoorAnswer,
      min_raters: MIN_SAMPLE.raters,
    },
    row: cellRow,
  });
  const firstMs = Math.min(nowMs, ...rows.map(({ first_at: at }) => at));
  return { cells: rows.map(cellOf), days: Math.max(1, (nowMs - firstMs) / DAY_MS) };
}

function cellOf(row: z.output<typeof cellRow>): RoutingCell {
  return {
    tier: row.tier,
    feature: row.feature,
    peak: row.peak,
    provider: row.provider,
    propensity: row.propensity,
    requests: row.requests,
    cost: row.cost,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    burden: row.burden,
    burdenSquares: row.burden_squares,
    ratings: row.ratings,
    stars: row.stars,
    starSquares: row.star_squares,
    ratedBurden: row.rated_burden,
    ratedProducts: row.rated_products,
  };
}

/** Nano-dollars of requests that went elsewhere in order to learn. */
export async function readExploredCost(
  warehouse: Warehouse,
  fromMs: number,
  untilMs: number,
): Promise<number> {
  const [row] = await warehouse.query({
    sql: queryText("explored-today"),
    params: { from: fromMs, until: untilMs },
    row: z.object({ cost: count }),
  });
  return row?.cost ?? 0;
}

function queryText(name: string): string {
  return sqlFile(new URL(`../queries/learning/${name}.sql`, import.meta.url));
}
