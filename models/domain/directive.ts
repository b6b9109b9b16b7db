import { z } from "zod";
import { type ConditionEvent, conditionEvent } from "./gateway-condition.ts";
import { catalogName, decisionId, directiveId } from "./ids.ts";
import { timestampMs } from "./timestamp.ts";

const providers = z.array(catalogName).max(50);

/** What a directive can tell the gateways. Money in dollars: these are written by people and rules. */
export const directiveInstruction = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("pause-non-premium"), params: z.strictObject({}) }),
  z.object({ kind: z.literal("fallback-mode"), params: z.strictObject({}) }),
  z.object({
    kind: z.literal("emergency-budget"),
    params: z.strictObject({ dailyUsd: z.number().min(0).max(5_000_000) }),
  }),
  z.object({
    kind: z.literal("rate-limit"),
    params: z.strictObject({
      requestsPerMinute: z.number().int().min(1).max(10_000_000),
      scope: z.enum(["global", "user"]),
    }),
  }),
  z.object({
    kind: z.literal("route"),
    params: z.strictObject({
      /** Tried first, in this order, as far as the tier allows them. */
      prefer: providers.default([]),
      /** Tried last. */
      avoid: providers.default([]),
      /** Only for this tier or feature; all when absent. */
      tier: catalogName.optional(),
      feature: catalogName.optional(),
    }),
  }),
  z.object({
    kind: z.literal("cache"),
    params: z.strictObject({
      feature: catalogName.optional(),
      /** Factor on the catalog's minutes; 0 turns the cache off. */
      multiplyMinutes: z.number().min(0).max(100),
    }),
  }),
  z.object({
    kind: z.literal("provider"),
    params: z.strictObject({ provider: catalogName, action: z.enum(["drain", "enable"]) }),
  }),
  z.object({
    kind: z.literal("tier-limit"),
    params: z.strictObject({
      tier: catalogName,
      dailyRequests: z.number().int().min(-1).optional(),
      weeklyBudget: z.number().min(0).max(5_000_000).optional(),
      monthlyBudget: z.number().min(0).max(5_000_000).optional(),
    }),
  }),
  z.object({
    kind: z.literal("weights"),
    params: z.strictObject({
      feature: catalogName.optional(),
      tier: catalogName.optional(),
      weights: z.record(catalogName, z.number().min(0).max(1)),
      /** What the weights leave of 1 goes to the usual order; absent: they count in proportion, whatever their sum. */
      remainder: z.literal("order").optional(),
      /** What requests may cost a day, all together, that go to a provider of less than half the chance; beyond it they do not. */
      explorationDailyUsd: z.number().min(0).max(5_000_000).optional(),
    }),
  }),
  /** Says nothing to the gateways: the automation decides nothing until it ends. */
  z.object({ kind: z.literal("pause-automation"), params: z.strictObject({}) }),
]);
export type DirectiveInstruction = z.infer<typeof directiveInstruction>;
export type DirectiveKind = DirectiveInstruction["kind"];

export const DIRECTIVE_KINDS = directiveInstruction.options.map((option) => option.shape.kind.value);

export const MAX_DIRECTIVE_SECONDS = 31 * 24 * 3600;

export const issuer = z.object({
  type: z.enum(["admin", "rule", "safeguard"]),
  /** Who: the admin's or the rule's name, or the safeguard's stage. */
  name: z.string().min(1).max(100),
});

/** An instruction to the gateways with who, why and until when. It always ends by itself. */
export const directive = z.intersection(
  z.object({
    id: directiveId,
    issuedBy: issuer,
    reason: z.string().min(1).max(500),
    /** The decision that led to it; null when a person did. */
    evidence: decisionId.nullable(),
    issuedAt: timestampMs,
    expiresAt: z.number().int().positive(),
    /** Holds for that share of the users first (`models/policy/user-bucket.ts`); absent: for all. */
    share: z.number().gt(0).lt(1).optional(),
  }),
  directiveInstruction,
);
export type Directive = z.infer<typeof directive>;

/** What the `directives` topic carries. */
export const directiveEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("issued"), directive }),
  z.object({
    type: z.literal("revoked"),
    id: directiveId,
    by: issuer,
    reason: z.string().max(500),
    ts: timestampMs,
  }),
  conditionEvent,
]);
export type DirectiveEvent = z.infer<typeof directiveEvent>;

export interface DirectiveRecord {
  readonly directive: Directive;
  /** When it was revoked, and by whom; null while it was not. */
  readonly revoked: { readonly ts: number; readonly by: string; readonly reason: string } | null;
}

/**
 * Every directive ever seen, folded from events in any order: a revocation that arrives before its directive
 * is kept and applied when the directive comes.
 */
export interface DirectiveHistory {
  apply(event: DirectiveEvent): void;
  /** Neither revoked nor expired at `nowMs`; oldest first. */
  active(nowMs: number): Directive[];
  all(): DirectiveRecord[];
  get(id: string): DirectiveRecord | undefined;
  /** What gateways did by themselves, oldest first: the last {@link MAX_CONDITIONS_KEPT} changes. */
  conditions(): readonly ConditionEvent[];
  /** Forgets what ended before a moment; revocations without a directive go, too. */
  forgetEndedBefore(ms: number): void;
}

/** A condition changes a few times a day: some months. */
export const MAX_CONDITIONS_KEPT = 5_000;

export function directiveHistory(): DirectiveHistory {
  const directives = new Map<string, Directive>();
  const revocations = new Map<string, NonNullable<DirectiveRecord["revoked"]>>();
  const conditions = new Map<string, ConditionEvent>();
  const record = (found: Directive): DirectiveRecord => ({
    directive: found,
    revoked: revocations.get(found.id) ?? null,
  });
  return {
    apply(event) {
      if (event.type === "issued") directives.set(event.directive.id, event.directive);
      else if (event.type === "revoked") keepFirst(revocations, event);
      else keepCondition(conditions, event);
    },
    active: (nowMs) =>
      [...directives.values()]
        .filter((found) => !revocations.has(found.id) && found.expiresAt > nowMs)
        .sort((a, b) => a.issuedAt - b.issuedAt || (a.id < b.id ? -1 : 1)),
    all: () => [...directives.values()].map(record),
    get: (id) => {
      const found = directives.get(id);
      return found === undefined ? undefined : record(found);
    },
    conditions: () => [...conditions.values()],
    forgetEndedBefore(ms) {
      for (const [id, { ts }] of conditions) if (ts < ms) conditions.delete(id);
      for (const [id, found] of directives) if (found.expiresAt < ms) directives.delete(id);
      for (const [id, revoked] of revocations)
        if (revoked.ts < ms && !directives.has(id)) revocations.delete(id);
    },
  };
}

/** What is revoked is revoked: who does it again changes nothing. */
function keepFirst(
  revocations: Map<string, NonNullable<DirectiveRecord["revoked"]>>,
  { id, ts, by, reason }: Extract<DirectiveEvent, { type: "revoked" }>,
): void {
  const before = revocations.get(id);
  if (before === undefined || ts < before.ts) revocations.set(id, { ts, by: by.name, reason });
}

/** Once each, since the log may hand an event over twice; of what is only said again, the last word is enough. */
function keepCondition(conditions: Map<string, ConditionEvent>, event: ConditionEvent): void {
  const { id, from, to, gateway, condition, subject } = event;
  const key = from === to ? `${gateway} ${condition} ${subject}` : id;
  conditions.delete(key);
  conditions.set(key, event);
  const [oldest] = conditions.keys();
  if (conditions.size > MAX_CONDITIONS_KEPT && oldest !== undefined) conditions.delete(oldest);
}
