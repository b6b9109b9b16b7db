import type { DirectiveRecord } from "../domain/directive.ts";
import type { Rule } from "../domain/rule.ts";

const MINUTE_MS = 60_000;
/** Of a rule that the catalog no longer has. */
const DEFAULT_VERIFY_MS = 15 * MINUTE_MS;
/** Directives whose purpose is to refuse requests. */
const REFUSING = new Set(["pause-non-premium", "rate-limit", "emergency-budget", "tier-limit"]);

export interface VerificationPlan {
  /** What is compared: as long before the directive as after it, as far as that has come. */
  readonly before: { readonly fromMs: number; readonly untilMs: number };
  readonly after: { readonly fromMs: number; readonly untilMs: number };
  /** Of the users on whom it is tried. */
  readonly share: number;
  readonly refuses: boolean;
  readonly isOver: boolean;
  readonly endsSoon: boolean;
}

/** Which spans of time tell what came of a directive, and how far its verification has come. */
export function planVerification(
  { directive, revoked }: DirectiveRecord,
  rule: Rule | undefined,
  nowMs: number,
): VerificationPlan {
  const { issuedAt, expiresAt, kind, share = 1 } = directive;
  const lengthMs = rule === undefined ? DEFAULT_VERIFY_MS : rule.verifyMinutes * MINUTE_MS;
  const endsAtMs = Math.min(expiresAt, revoked?.ts ?? Number.POSITIVE_INFINITY);
  const overAtMs = Math.min(issuedAt + lengthMs, endsAtMs);
  return {
    before: { fromMs: issuedAt - lengthMs, untilMs: issuedAt },
    after: { fromMs: issuedAt, untilMs: Math.min(nowMs, overAtMs) },
    share,
    refuses: REFUSING.has(kind),
    isOver: nowMs >= overAtMs,
    endsSoon: endsAtMs > nowMs && endsAtMs - nowMs <= lengthMs,
  };
}
