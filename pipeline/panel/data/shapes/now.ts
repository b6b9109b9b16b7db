import * as z from "zod/mini";
import { maybeNumber } from "./common.ts";

export const realtime = z.object({
  asOf: z.number(),
  timezone: z.string(),
  currentHourlySpend: z.number(),
  dailySpend: z.number(),
  simulatedDailySpend: z.number(),
  projectedDailySpend: maybeNumber,
  projectedDailySpendLow80: maybeNumber,
  projectedDailySpendHigh80: maybeNumber,
  projectionBasis: z.string(),
  usersOnline: z.number(),
  requestsPerMinute: z.number(),
  requestsToday: z.number(),
  avgCostPerRequest: maybeNumber,
  normalHourlySpend: maybeNumber,
  dailyBudget: maybeNumber,
  targetDailySpend: maybeNumber,
  providersDown: z.array(z.string()),
});
export type Realtime = z.output<typeof realtime>;

const minute = z.object({
  at: z.number(),
  requests: z.number(),
  served: z.number(),
  failed: z.number(),
  denied: z.number(),
  users: z.number(),
  cost: z.number(),
  p50Ms: maybeNumber,
  p95Ms: maybeNumber,
  simulated: z.number(),
});
export type Minute = z.output<typeof minute>;

export const recent = z.object({
  minutes: z.array(minute),
  hours: z.array(z.object({ at: z.number(), requests: z.number(), cost: z.number() })),
});
export type Recent = z.output<typeof recent>;

const spendWindow = z.object({
  spent: z.number(),
  reserved: z.number(),
  limit: z.number(),
  endsAt: z.number(),
});
export type SpendWindow = z.output<typeof spendWindow>;

export const spend = z.object({
  stage: z.enum(["normal", "paused", "fallback", "stopped"]),
  day: spendWindow,
  week: spendWindow,
  dayAllows: z.number(),
  pauseAt: z.number(),
  fallbackAt: z.number(),
  stopAt: z.number(),
});
export type Spend = z.output<typeof spend>;
