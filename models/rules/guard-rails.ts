import type { Catalog } from "../domain/catalog.ts";
import type { DirectiveInstruction } from "../domain/directive.ts";
import type { Rule } from "../domain/rule.ts";
import { beyondBounds } from "./bounds.ts";
import type { PredictedEffect } from "./effect.ts";
import {
  type ActingOutcome,
  blocked,
  check,
  type GuardRailCheck,
  isActing,
  type RuleDecision,
} from "./evaluate.ts";
import { judgeExpectedGain } from "./expected-gain.ts";

/** A prediction that is trusted less binds nobody: there is too little to replay, or it does not replay as it was. */
const MIN_CONFIDENCE = 0.3;
/** A rule that was rolled back has been wrong: it rests that long. */
export const REST_AFTER_ROLLBACK_MS = 24 * 3_600_000;

export interface RailFacts {
  readonly catalog: Catalog;
  /** Providers that take no requests already. */
  readonly drained: ReadonlySet<string>;
  /** Null: it could not be simulated. */
  readonly predicted: PredictedEffect | null;
  /** When a directive of the rule was rolled back last; null = never. */
  readonly rolledBackAtMs: number | null;
  readonly nowMs: number;
}

/** A decision to act, once more against what it is expected to do: blocked when it would leave its guard rails. */
export function applyGuardRails(decision: RuleDecision, facts: RailFacts): RuleDecision {
  const { rule, outcome } = decision;
  if (!isActing(outcome) || outcome.instruction === null) return decision;
  const checks = [
    ...outcome.checks,
    ...staticChecks(outcome.instruction, rule, facts),
    rolledBackCheck(facts),
    ...effectChecks(rule, facts.predicted),
    ...gainChecks(decision, outcome, facts.predicted),
  ];
  const passed = checks.every((one) => one.passed);
  return { ...decision, outcome: passed ? { ...outcome, checks } : blocked(checks) };
}

function staticChecks(
  instruction: DirectiveInstruction,
  { guardRails }: Rule,
  { catalog, drained }: RailFacts,
): GuardRailCheck[] {
  const { kind } = instruction;
  const isAllowed = catalog.automation.allowedKinds.some((allowed) => allowed === kind);
  const beyond = beyondBounds(instruction, guardRails, { catalog, drained });
  return [
    check("allowed-kind", isAllowed, `rules may ${isAllowed ? "" : "not "}issue ${kind} directives`),
    check("within-bounds", beyond === null, beyond ?? "within the bounds of the rule"),
  ];
}

function rolledBackCheck({ rolledBackAtMs, nowMs }: RailFacts): GuardRailCheck {
  const rests = rolledBackAtMs !== null && nowMs < rolledBackAtMs + REST_AFTER_ROLLBACK_MS;
  const detail = rests
    ? "its last directive was rolled back within 24 hours"
    : "none of its directives was rolled back within 24 hours";
  return check("not-rolled-back-lately", !rests, detail);
}

/** Limits that yesterday's requests did not reach are a precaution, of which their replay says nothing. */
const LIMITS: ReadonlySet<string> = new Set(["emergency-budget", "rate-limit", "tier-limit"]);

/**
 * A rule does not act when the replay says that it will not help. A person who is asked first decides with that before their eyes.
 */
function gainChecks(
  { inputs }: RuleDecision,
  { kind, instruction }: ActingOutcome,
  predicted: PredictedEffect | null,
): GuardRailCheck[] {
  if (predicted === null) return [];
  const gain = judgeExpectedGain(inputs, predicted);
  const isPrecaution =
    instruction !== null && LIMITS.has(instruction.kind) && predicted.usersAffectedShare === 0;
  const excuse = [
    ...(kind === "awaiting-approval" ? ["an admin decides"] : []),
    ...(predicted.confidence < MIN_CONFIDENCE ? ["the prediction is not trusted"] : []),
    ...(isPrecaution ? ["the limit was not reached in the last day"] : []),
  ][0];
  if (gain.kind !== "no-gain" || excuse === undefined) {
    return [check("expected-gain", gain.kind !== "no-gain", gain.detail)];
  }
  return [check("expected-gain", true, `${gain.detail} (not binding: ${excuse})`)];
}

function effectChecks({ guardRails }: Rule, predicted: PredictedEffect | null): GuardRailCheck[] {
  if (predicted === null) return [];
  const binds = predicted.confidence >= MIN_CONFIDENCE;
  const limit = (name: GuardRailCheck["name"], value: number | null, most: number): GuardRailCheck => {
    const shown = value === null ? "unknown" : value.toPrecision(3);
    const trust = binds ? "" : " (not binding: the prediction is not trusted)";
    return check(
      name,
      !binds || value === null || value <= most,
      `${shown} expected, at most ${most}${trust}`,
    );
  };
  const { usersAffectedShare, premiumDeniedShare, satisfactionChange, costChangeShare } = predicted;
  const loss = satisfactionChange === null ? null : Math.max(0, -satisfactionChange);
  return [
    limit("users-affected", usersAffectedShare, guardRails.maxUsersAffectedShare),
    limit("premium-denied", premiumDeniedShare, guardRails.maxPremiumDeniedShare),
    limit("satisfaction", loss, guardRails.maxSatisfactionLoss),
    limit("cost", costChangeShare, guardRails.maxCostIncreaseShare),
  ];
}
