import { z } from "zod";
import type { Comparison, Explanation, PartSums } from "../../models/anomaly/explain.ts";
import { type Anomaly, GRAIN_MS, WATCHED_METRICS } from "../../models/anomaly/watch.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

/** An anomaly as it is written down. */
export interface ToldAnomaly extends Anomaly {
  readonly explanations: readonly Explanation[];
  readonly message: string;
  readonly foundAtMs: number;
}

const DAY_MS = GRAIN_MS.day;

export const explanation = z.object({
  name: z.string(),
  explained: z.number(),
  ratio: z.number().nullable(),
});
const storedRow = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  grain: z.enum(["hour", "day"]),
  metric: z.enum(WATCHED_METRICS),
  part: z.string(),
  isOpen: z.boolean(),
  actual: z.number(),
  expected: z.number(),
  score: z.number(),
  causes: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(z.array(explanation)),
  message: z.string(),
  foundAtMs: z.number(),
});

export async function readToldAnomalies(warehouse: Warehouse, fromMs: number): Promise<ToldAnomaly[]> {
  const rows = await warehouse.query({
    sql: queryText("known"),
    params: { from: fromMs },
    row: storedRow,
  });
  return rows.map(({ causes, ...same }) => ({ ...same, explanations: causes }));
}

export async function writeAnomalies(warehouse: Warehouse, told: readonly ToldAnomaly[]): Promise<void> {
  if (told.length === 0) return;
  await warehouse.insert(
    "anomalies",
    told.map(({ fromMs, toMs, foundAtMs, isOpen, explanations, ...same }) => ({
      ...same,
      from_ts: fromMs,
      to_ts: toMs,
      found_at: foundAtMs,
      is_open: isOpen,
      causes: JSON.stringify(explanations),
    })),
  );
}

const partRow = z.object({
  dimension: z.string(),
  part: z.string(),
  is_now: z.number(),
  whiles: z.number(),
  users: z.number(),
  requests: z.number(),
  spend: z.number(),
  served: z.number(),
  failed: z.number(),
  answers: z.number(),
  latency: z.number(),
  tokens: z.number(),
});
type PartRow = z.infer<typeof partRow>;

/** The hour or day that gave the alert, beside the mean of the same hours (all hours of a day) of the 28 days before. */
export async function readComparison(
  warehouse: Warehouse,
  { fromMs, grain }: Pick<Anomaly, "fromMs" | "grain">,
): Promise<Comparison> {
  const rows = await warehouse.query({
    sql: queryText("parts"),
    params: { from: fromMs, to: fromMs + GRAIN_MS[grain], step: DAY_MS },
    row: partRow,
  });
  const whiles = Math.max(1, ...rows.filter(({ is_now }) => is_now === 0).map((row) => row.whiles));
  return {
    now: rows.filter(({ is_now }) => is_now === 1).map((row) => sumsOf(row, 1)),
    usual: rows.filter(({ is_now }) => is_now === 0).map((row) => sumsOf(row, whiles)),
  };
}

function sumsOf({ dimension, part, ...sums }: PartRow, by: number): PartSums {
  return {
    dimension,
    part,
    users: sums.users / by,
    requests: sums.requests / by,
    spend: sums.spend / by,
    served: sums.served / by,
    failed: sums.failed / by,
    answers: sums.answers / by,
    latency: sums.latency / by,
    tokens: sums.tokens / by,
  };
}

function queryText(name: string): string {
  return sqlFile(new URL(`../queries/anomalies/${name}.sql`, import.meta.url));
}
