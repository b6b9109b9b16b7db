import { z } from "zod";
import { DIRECTIVE_KINDS, type DirectiveKind, directiveInstruction } from "./directive.ts";
import { catalogName } from "./ids.ts";

/** What a rule may tell the gateways; that the automation stops is for people to say. */
export type RuleKind = Exclude<DirectiveKind, "pause-automation">;
export const RULE_KINDS: RuleKind[] = DIRECTIVE_KINDS.filter((kind) => kind !== "pause-automation");

/** A directive as a rule writes it, its parameters beside its kind: `{ action: rate-limit, requestsPerMinute: 60, scope: user }`. */
const directiveAction = z
  .looseObject({ action: z.enum(DIRECTIVE_KINDS) })
  .refine(({ action }) => action !== "pause-automation", "is for people to say, not for rules")
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
    /** Of the catalog's requests a day of that tier, that many times as many; what its users may cost stays as it is. */
    z.strictObject({
      action: z.literal("raise-request-limit"),
      tier: catalogName,
      multiply: z.number().gt(1).max(10).default(1.5),
    }),
    z.strictObject({ action: z.literal("switch-provider"), provider: catalogName }),
    /** Its traffic goes to the tiers' other providers. */
    z.strictObject({ action: z.literal("drain-provider"), provider: catalogName }),
    z.strictObject({ action: z.literal("notify") }),
  ]),
  directiveAction,
]);
export type RuleAction = z.infer<typeof ruleAction>;

/**
 * How far a rule may go. The bounds of a directive always hold; what it may be expected to do, by the replay of the last day, binds
 * as far as the replay is trusted. Shares from 0 to 1.
 */
const guardRails = z.strictObject({
  /** Of a budget or limit of the catalog: by how much a directive may lower or raise it. Hard limits are never raised. */
  maxLimitChangeShare: z.number().min(0).max(1).default(0.5),
  /** How many times as long as the catalog says answers may be kept. */
  maxCacheMultiply: z.number().min(1).max(100).default(4),
  /** Of the users of the last day: whose requests would be decided otherwise. */
  maxUsersAffectedShare: z.number().min(0).max(1).default(1),
  /** Of the requests of tiers that pay: refused because of it. */
  maxPremiumDeniedShare: z.number().min(0).max(1).default(0.05),
  /** Of a rating from 1 to 5. */
  maxSatisfactionLoss: z.number().min(0).max(4).default(0.5),
  /** Of the cost of the last day; 1 = it may double. */
  maxCostIncreaseShare: z.number().min(0).max(100).default(1),
});
export type RuleGuardRails = z.infer<typeof guardRails>;

/** `observe`: decides and records, changes nothing. `approve`: an admin must approve each directive. `off`: the kill switch. */
export const automationMode = z.enum(["act", "observe", "approve", "off"]);
export type AutomationMode = z.infer<typeof automationMode>;

/** The kinds of directives that rules may issue. */
export const allowedKinds = z.array(z.enum(RULE_KINDS)).max(50).default(RULE_KINDS);

/** All rules together may change that much in an hour. */
export const maxChangesPerHour = z.number().int().min(0).max(1000).default(6);

/** A rule of the automation as the catalog writes it. */
export const rule = z.strictObject({
  name: catalogName,
  enabled: z.boolean().default(true),
  /** Stricter than the automation's own mode, such as `observe` for a new rule; the stricter one holds. */
  mode: automationMode.optional(),
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
  /** What came of it is compared with what was before over that long; until then it is rolled back when it does harm. */
  verifyMinutes: z.number().min(0.05).max(1_440).default(15),
  /** Tried on that share of the users first, with the others to compare with; then on all. 1 = on all at once. */
  rolloutShare: z.number().gt(0).max(1).default(1),
  guardRails: guardRails.prefault({}),
});
export type Rule = z.infer<typeof rule>;
