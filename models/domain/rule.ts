import { z } from "zod";
import { DIRECTIVE_KINDS, directiveInstruction } from "./directive.ts";
import { catalogName } from "./ids.ts";

/** A directive as a rule writes it, its parameters beside its kind: `{ action: rate-limit, requestsPerMinute: 60, scope: user }`. */
const directiveAction = z
  .looseObject({ action: z.enum(DIRECTIVE_KINDS) })
  .transform(({ action, ...params }) => ({ kind: action, params }))
  .pipe(directiveInstruction)
  .transform((instruction) => ({ action: "directive" as const, instruction }));

/** What a rule does when it fires: one of the roadmap's actions, or a directive as it is. */
export const ruleAction = z.union([
  z.discriminatedUnion("action", [
    z.strictObject({ action: z.literal("switch-to-cheaper-provider") }),
    z.strictObject({ action: z.literal("switch-to-higher-quality-provider") }),
    z.strictObject({
      action: z.literal("extend-cache-duration"),
      multiplyMinutes: z.number().min(1).max(100).default(2),
    }),
    z.strictObject({ action: z.literal("enable-fallback-provider") }),
    z.strictObject({ action: z.literal("switch-provider"), provider: catalogName }),
    z.strictObject({ action: z.literal("notify") }),
  ]),
  directiveAction,
]);
export type RuleAction = z.infer<typeof ruleAction>;

/** A rule of the automation as the catalog writes it. */
export const rule = z.strictObject({
  name: catalogName,
  enabled: z.boolean().default(true),
  /** A CEL expression over the metrics that `models/rules/README.md` lists. */
  when: z.string().min(1).max(500),
  then: ruleAction,
  priority: z.enum(["high", "medium", "low"]).default("medium"),
  /** After it has fired, it rests that long. */
  cooldownMinutes: z.number().min(0).max(10_080).default(15),
  /** The condition must hold that long before it fires. */
  holdSeconds: z.number().min(0).max(86_400).default(0),
  /** The directive ends by itself after that long. */
  expiresMinutes: z.number().min(0.05).max(10_080).default(60),
});
export type Rule = z.infer<typeof rule>;
