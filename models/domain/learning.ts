import { z } from "zod";
import { MAX_USD, type NanoUsd, nanoFromUsd } from "./money.ts";
import { automationMode } from "./rule.ts";

/** What is to be gained, in stars of a rating from 1 to 5. */
const objective = z.strictObject({
  /** Weight of a star. */
  satisfaction: z.number().min(0).max(10).default(1),
  /** Stars that a second of waiting costs. */
  latencyPerSecond: z.number().min(0).max(10).default(0.1),
  /** Stars that a cent of cost is worth: 1 = half a star less is fair for half a cent saved. */
  costPerCent: z.number().min(0).max(100).default(1),
  /** Stars that an answer takes which nobody has rated, but which is cut off, empty, refused, filtered, no JSON, or asked for again. */
  poorAnswer: z.number().min(0).max(10).default(1),
});
export type Objective = z.infer<typeof objective>;

/** How the routing learns from what became of requests which of a tier's providers is best for a feature. */
export const learning = z.strictObject({
  /** The stricter of this and the automation's own mode holds. `observe`: says what it would try, and tries nothing. */
  mode: automationMode.default("observe"),
  /** What the requests of a day may cost, all together, that go elsewhere than usual in order to learn. Dollars. */
  explorationDailyBudget: z.number().min(0).max(MAX_USD).default(1),
  /** Of a feature's requests, at most so many go elsewhere in order to learn. */
  maxExploreShare: z.number().min(0.01).max(0.4).default(0.1),
  objective: objective.prefault({}),
  /** Providers of a lower grade (`quality`) get nothing beyond what they have. */
  minQuality: z.number().min(1).max(5).default(2),
  /** Neither do those whose answers are expected to be rated lower than this, ... */
  minRating: z.number().min(1).max(5).default(3.5),
  /** ... or by more than this below the usual ones. */
  maxRatingLoss: z.number().min(0).max(4).default(0.25),
  /** How many standard errors above 0 the gain must be. */
  certainty: z.number().min(1).max(6).default(2),
  /** Requests of so many days are learned from. */
  windowDays: z.number().int().min(1).max(90).default(14),
  /** Features with fewer requests a day are left alone. */
  minDailyRequests: z.number().min(1).max(1_000_000).default(20),
  /** A directive ends by itself after that long, unless it is made anew. */
  expiresMinutes: z.number().min(90).max(10_080).default(720),
});
export type Learning = z.infer<typeof learning>;

export interface LearningSettings extends Omit<Learning, "explorationDailyBudget"> {
  readonly explorationDailyBudget: NanoUsd;
}

/** Absent, as without an automation: nothing learns. */
export function learningSettings(given: Learning | undefined): LearningSettings {
  const { explorationDailyBudget, ...settings } = given ?? learning.parse({ mode: "off" });
  return { ...settings, explorationDailyBudget: nanoFromUsd(explorationDailyBudget) };
}
