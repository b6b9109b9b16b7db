import type { Catalog } from "../domain/catalog.ts";
import type { Directive, DirectiveRecord } from "../domain/directive.ts";
import { nanoFromUsd } from "../domain/money.ts";
import type { Rule } from "../domain/rule.ts";

const MINUTE_MS = 60_000;
/** Of a rule that the catalog no longer has. */
const DEFAULT_VERIFY_MS = 15 * MINUTE_MS;
const REFUSING = new Set(["pause-non-premium", "rate-limit", "emergency-budget"]);

/** What a directive is for: to refuse requests, to serve what was refused, to answer again what was answered, or another answer. */
export type Purpose = "refuse" | "admit" | "cache" | "route";

export interface VerificationPlan {
  /** What is compared: as long before the directive as after it, as far as that has come. */
  readonly before: { readonly fromMs: number; readonly untilMs: number };
  readonly after: { readonly fromMs: number; readonly untilMs: number };
  /** Of the users on whom it is tried. */
  readonly share: number;
  /** Whose refusals tell what came of it; null = those of all tiers. */
  readonly tier: string | null;
  readonly purpose: Purpose;
  readonly isOver: boolean;
  readonly endsSoon: boolean;
}

/** Which spans of time tell what came of a directive, and how far its verification has come. */
export function planVerification(
  { directive, revoked }: DirectiveRecord,
  { rule, tiers }: { readonly rule: Rule | undefined; readonly tiers: Catalog["tiers"] },
  nowMs: number,
): VerificationPlan {
  const { issuedAt, expiresAt, share = 1 } = directive;
  const lengthMs = rule === undefined ? DEFAULT_VERIFY_MS : rule.verifyMinutes * MINUTE_MS;
  const endsAtMs = Math.min(expiresAt, revoked?.ts ?? Number.POSITIVE_INFINITY);
  const overAtMs = Math.min(issuedAt + lengthMs, endsAtMs);
  return {
    before: { fromMs: issuedAt - lengthMs, untilMs: issuedAt },
    after: { fromMs: issuedAt, untilMs: Math.min(nowMs, overAtMs) },
    share,
    tier: tierOf(directive),
    purpose: purposeOf(directive, tiers),
    isOver: nowMs >= overAtMs,
    endsSoon: endsAtMs > nowMs && endsAtMs - nowMs <= lengthMs,
  };
}

function tierOf({ params }: Directive): string | null {
  return "tier" in params ? (params.tier ?? null) : null;
}

function purposeOf(directive: Directive, tiers: Catalog["tiers"]): Purpose {
  if (directive.kind === "tier-limit") return loosens(directive.params, tiers) ? "admit" : "refuse";
  if (directive.kind === "cache") return "cache";
  return REFUSING.has(directive.kind) ? "refuse" : "route";
}

/** Whether no limit would be below the catalog's. */
function loosens(
  { tier: name, dailyRequests, weeklyBudget, monthlyBudget }: TierLimits,
  tiers: Catalog["tiers"],
): boolean {
  const tier = tiers.get(name);
  if (tier === undefined) return false;
  const requests = dailyRequests === -1 ? Number.POSITIVE_INFINITY : dailyRequests;
  return (
    (requests === undefined || requests >= tier.dailyRequests) &&
    (weeklyBudget === undefined || nanoFromUsd(weeklyBudget) >= tier.weeklyBudget) &&
    (monthlyBudget === undefined || nanoFromUsd(monthlyBudget) >= tier.monthlyBudget)
  );
}

type TierLimits = Extract<Directive, { kind: "tier-limit" }>["params"];
