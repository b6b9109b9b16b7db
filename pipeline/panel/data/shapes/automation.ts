import * as z from "zod/mini";
import { maybeNumber, record } from "./common.ts";
import { directive } from "./steer.ts";

export const decisions = z.object({
  decisions: z.array(
    z.object({
      id: z.string(),
      ts: z.number(),
      rule: z.string(),
      mode: z.string(),
      condition: z.string(),
      outcome: z.string(),
      reason: z.string(),
      directiveId: z.nullable(z.string()),
      inputs: z.unknown(),
      /** With 95 % certainty each metric's true value lies from its low to its high. */
      estimates: z.unknown(),
      instruction: z.unknown(),
      /** What the replay of the day before foresaw; null: not simulated. */
      simulatedEffect: z.nullable(record),
      /** What was measured afterwards. */
      verifiedEffect: z.nullable(record),
      guardRails: z.unknown(),
      verdict: z.nullable(z.string()),
      /** Who took it back; null: nobody. */
      revoked: z.nullable(z.object({ by: z.string(), ts: z.number(), reason: z.string() })),
    }),
  ),
});
export type Decision = z.output<typeof decisions>["decisions"][number];

export const automationState = z.object({
  mode: z.string(),
  stopped: z.nullable(directive),
  changesLastHour: z.number(),
  maxChangesPerHour: z.number(),
});
export type AutomationState = z.output<typeof automationState>;

export const decisionHistory = z.object({ entries: z.number(), brokenAt: maybeNumber });

const forecast = z.object({
  series: z.string(),
  /** Why the expected totals lie outside of the scenarios; empty: they do not. */
  note: z.string(),
  unit: z.string(),
  scenario: z.string(),
  madeAt: z.number(),
  model: z.string(),
  backtest: z.object({ meanAbsoluteError: maybeNumber, wape: maybeNumber, origins: z.number() }),
  totals: z.object({ nextWeek: maybeNumber, nextMonth: maybeNumber, nextQuarter: maybeNumber }),
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
export type Forecast = z.output<typeof forecast>;

export const forecasts = z.object({ forecasts: z.array(forecast) });
