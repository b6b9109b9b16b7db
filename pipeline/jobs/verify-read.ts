import { z } from "zod";
import { type JudgedDecision, ON_TRIAL, type OnTrial } from "../../models/rules/decision-state.ts";
import type { PredictedEffect } from "../../models/rules/effect.ts";
import type { SpanOutcome } from "../../models/rules/measure-effect.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

/** A directive lasts a week at most, and is judged when it ends. */
const MAX_AGE_MS = 8 * 86_400_000;

const predictedColumn = z.object({
  requests: z.number(),
  costChange: z.number(),
  costChangeShare: z.number().nullable(),
  costBias: z.number(),
  latencyChangeMs: z.number().nullable(),
  satisfactionChange: z.number().nullable(),
  newlyDeniedShare: z.number(),
  premiumDeniedShare: z.number(),
  usersAffectedShare: z.number(),
  confidence: z.number(),
});

const keptRow = z.object({
  id: z.string(),
  ts: z.number(),
  rule: z.string(),
  priority: z.string(),
  mode: z.string(),
  condition: z.string(),
  inputs: z.string(),
  estimates: z.string(),
  outcome: z.string(),
  reason: z.string(),
  action: z.string(),
  instruction: z.string(),
  directive_id: z.string(),
  simulated_effect: z.string(),
  guard_rails: z.string(),
  catalog_version: z.string(),
});
export type KeptDecision = z.infer<typeof keptRow>;

const openVerdict = z.enum(["", "kept", "extended", "inconclusive"]);
const unverifiedRow = keptRow.extend({ verdict: openVerdict, verified_effect: z.string() });

export interface OpenDecision {
  readonly decision: KeptDecision;
  readonly state: OnTrial | JudgedDecision;
  /** JSON, as it was measured when it was judged; empty: it was not. */
  readonly verifiedEffect: string;
  /** Null: it was not simulated. */
  readonly predicted: PredictedEffect | null;
}

/** Decisions that are on trial, and judged ones whose directive is among the revoked. */
export async function readOpenDecisions(
  warehouse: Warehouse,
  revoked: readonly string[],
  nowMs: number,
): Promise<OpenDecision[]> {
  const rows = await warehouse.query({
    sql: queryText("unverified-decisions"),
    params: { since: Math.max(0, nowMs - MAX_AGE_MS), revoked },
    row: unverifiedRow,
  });
  return rows.map(({ verdict, verified_effect: verifiedEffect, ...decision }) => ({
    decision,
    state: verdict === "" ? ON_TRIAL : { kind: verdict },
    verifiedEffect,
    predicted:
      decision.simulated_effect === "" ? null : predictedColumn.parse(JSON.parse(decision.simulated_effect)),
  }));
}

/** A decision as it is kept; null = there is none with this id. */
export async function readDecisionRow(warehouse: Warehouse, id: string): Promise<KeptDecision | null> {
  const [row] = await warehouse.query({
    sql: queryText("decision"),
    params: { id },
    row: keptRow,
  });
  return row ?? null;
}

const count = z.number().int().nonnegative();
const spanRow = z.object({
  tried: z.boolean(),
  requests: count,
  denied: count,
  failed: count,
  tier_requests: count,
  tier_denied: count,
  answered: count,
  cached: count,
  cost: count,
  cost_squares: z.number(),
  timed: count,
  latency_ms: z.number(),
  latency_squares: z.number(),
  raters: count,
  star_sum: z.number(),
});

const NOTHING: SpanOutcome = {
  requests: 0,
  denied: 0,
  failed: 0,
  tierRequests: 0,
  tierDenied: 0,
  answered: 0,
  cached: 0,
  cost: 0,
  costSquares: 0,
  timed: 0,
  latencyMs: 0,
  latencySquares: 0,
  raters: 0,
  starSum: 0,
};

export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Of the users, those on whom it is tried. */
  readonly share: number;
  /** Whose refusals are counted by themselves; null = all tiers. */
  readonly tier: string | null;
}

/** What became of a span's requests: of the users on whom a directive is tried, and of the others. */
export async function readSpan(
  warehouse: Warehouse,
  { fromMs, untilMs, share, tier }: Span,
): Promise<{ readonly tried: SpanOutcome; readonly others: SpanOutcome }> {
  const rows = await warehouse.query({
    sql: queryText("span-outcome"),
    params: { from: Math.round(fromMs), until: Math.round(untilMs), share, tier: tier ?? "" },
    row: spanRow,
  });
  const outcomes = new Map(rows.map(({ tried, ...row }) => [tried, outcomeOf(row)]));
  return { tried: outcomes.get(true) ?? NOTHING, others: outcomes.get(false) ?? NOTHING };
}

function outcomeOf(row: Omit<z.infer<typeof spanRow>, "tried">): SpanOutcome {
  const { tier_requests, tier_denied, cost_squares, latency_ms, latency_squares, star_sum, ...same } = row;
  return {
    ...same,
    tierRequests: tier_requests,
    tierDenied: tier_denied,
    costSquares: cost_squares,
    latencyMs: latency_ms,
    latencySquares: latency_squares,
    starSum: star_sum,
  };
}

function queryText(name: string): string {
  return sqlFile(new URL(`../queries/${name}.sql`, import.meta.url));
}
