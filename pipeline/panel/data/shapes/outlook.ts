import * as z from "zod/mini";
import { maybeNumber } from "./common.ts";

const recommendation = z.object({
  madeAt: z.number(),
  kind: z.string(),
  subject: z.string(),
  advice: z.string(),
  confidence: z.number(),
  /** null: it is not about saving. */
  savedIn30Days: maybeNumber,
  evidence: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
});
export type Recommendation = z.output<typeof recommendation>;

export const recommendations = z.object({ recommendations: z.array(recommendation) });

const grade = z.object({
  daysAhead: z.number(),
  days: z.number(),
  wape: maybeNumber,
  bias: maybeNumber,
  inside80: z.number(),
  inside95: z.number(),
});
export type Grade = z.output<typeof grade>;

const gradedDay = z.object({
  date: z.string(),
  forecast: z.number(),
  lo80: z.number(),
  hi80: z.number(),
  actual: z.number(),
});
export type GradedDay = z.output<typeof gradedDay>;

export const forecastGrades = z.object({ grades: z.array(grade), points: z.array(gradedDay) });

const cause = z.object({ name: z.string(), explained: z.number(), ratio: maybeNumber });
export type Cause = z.output<typeof cause>;

const anomaly = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  grain: z.string(),
  metric: z.string(),
  part: z.string(),
  isOpen: z.boolean(),
  actual: z.number(),
  expected: z.number(),
  score: z.number(),
  causes: z.array(cause),
});
export type Anomaly = z.output<typeof anomaly>;

export const anomalies = z.object({ anomalies: z.array(anomaly) });

const breakEvenRow = z.object({
  madeAt: z.number(),
  /** unknown: there is not enough history. */
  state: z.enum(["reached", "expected", "beyond", "unknown"]),
  /** Of what is reached: since when; null: none is foreseen. */
  day: z.nullable(z.string()),
  earliest: z.nullable(z.string()),
  latest: z.nullable(z.string()),
  reason: z.string(),
});

export const business = z.object({ tables: z.object({ breakEven: z.array(breakEvenRow) }) });
