import type { Directive, DirectiveInstruction } from "../domain/directive.ts";
import type { AutomationMode, Rule } from "../domain/rule.ts";
import { type ActionFacts, planAction } from "./actions.ts";
import { type ConditionResult, parseCondition } from "./condition.ts";
import type { Estimate } from "./estimate.ts";
import type { MetricEstimates, MetricValues, RuleMetric } from "./metrics.ts";
import { sameInstruction } from "./same-instruction.ts";

/** What is remembered of a rule between two evaluations. */
export interface RuleState {
  /** When it last fired; null = never. */
  readonly lastFiredAtMs: number | null;
  /** Since when its condition holds without a break; null = it does not hold. */
  readonly holdsSinceMs: number | null;
}

export interface RuleRound {
  readonly rules: readonly Rule[];
  readonly mode: AutomationMode;
  readonly metrics: MetricValues;
  /** How sure they are, as far as that is known. */
  readonly estimates?: MetricEstimates;
  readonly facts: ActionFacts;
  readonly states: ReadonlyMap<string, RuleState>;
  /** In force now, whoever issued them. */
  readonly active: readonly Directive[];
  /** When the automation issued directives before, as far as the last hour is concerned. */
  readonly changesAtMs: readonly number[];
  readonly maxChangesPerHour: number;
  readonly nowMs: number;
}

export type RuleOutcome =
  /** Acts: with the instruction to issue, or null where there is only somebody to tell. */
  | ActingOutcome<"fired">
  /** Would act, but the automation only observes. */
  | ActingOutcome<"observed">
  /** Would act as soon as an admin approves. */
  | ActingOutcome<"awaiting-approval">
  | { readonly kind: "not-met" }
  | { readonly kind: "holding"; readonly untilMs: number }
  | { readonly kind: "cooling-down"; readonly untilMs: number }
  | { readonly kind: "unknown-metric"; readonly metric: RuleMetric }
  | { readonly kind: "condition-error"; readonly message: string }
  /** The same directive is in force already. */
  | { readonly kind: "suppressed"; readonly directiveId: string | null }
  | {
      readonly kind: "blocked";
      readonly guardRail: GuardRail;
      readonly why: string;
      readonly checks: readonly GuardRailCheck[];
    };

/** A rule that acts, would act, or asks to. */
export interface ActingOutcome<Kind extends string = "fired" | "observed" | "awaiting-approval"> {
  readonly kind: Kind;
  readonly instruction: DirectiveInstruction | null;
  readonly checks: readonly GuardRailCheck[];
}

/** `something-to-do`: the action leads to a directive as things are. Those from `users-affected` on: the replay's prediction. */
export type GuardRail =
  | "something-to-do"
  | "max-changes-per-hour"
  | "allowed-kind"
  | "within-bounds"
  | "not-rolled-back-lately"
  | "users-affected"
  | "premium-denied"
  | "satisfaction"
  | "cost"
  | "expected-gain"
  /** Of the learned routing. */
  | "exploration-budget"
  | "off-policy-gain";

export interface GuardRailCheck {
  readonly name: GuardRail;
  readonly passed: boolean;
  readonly detail: string;
}

export interface RuleDecision {
  readonly rule: Rule;
  readonly outcome: RuleOutcome;
  /** The metrics that the condition read; null = unknown. */
  readonly inputs: Readonly<Record<string, number | null>>;
  /** How sure those are that are taken from samples. */
  readonly estimates?: Readonly<Record<string, Estimate>>;
  /** In words; absent: the condition with the metrics says it. */
  readonly reason?: string;
}

export interface RuleRoundResult {
  /** One for each enabled rule, in the order of their priority; none in mode `off`. */
  readonly decisions: readonly RuleDecision[];
  /** To be given to the next round. */
  readonly states: ReadonlyMap<string, RuleState>;
}

export const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const SECOND_MS = 1000;
const RANK = { high: 0, medium: 1, low: 2 } as const;
const FRESH: RuleState = { lastFiredAtMs: null, holdsSinceMs: null };

/**
 * One round of the automation: every enabled rule against the metrics of one moment, the most urgent first,
 * so that it gets the changes that the guard rail still allows. Pure: the same round gives the same decisions.
 */
export function evaluateRules(round: RuleRound): RuleRoundResult {
  const known = new Set(round.rules.map(({ name }) => name));
  const states = new Map([...round.states].filter(([name]) => known.has(name)));
  const decisions: RuleDecision[] = [];
  const issued: DirectiveInstruction[] = [];
  for (const rule of inOrder(round)) {
    const before = states.get(rule.name) ?? FRESH;
    const { result, inputs, estimates } = evaluateCondition(rule, round);
    const holdsSinceMs = result.known === true && result.holds ? (before.holdsSinceMs ?? round.nowMs) : null;
    const outcome = outcomeOf({ rule, round, result, issued, state: { ...before, holdsSinceMs } });
    const acted = isActing(outcome);
    states.set(rule.name, { holdsSinceMs, lastFiredAtMs: acted ? round.nowMs : before.lastFiredAtMs });
    if (outcome.kind === "fired" && outcome.instruction !== null) issued.push(outcome.instruction);
    decisions.push({ rule, outcome, inputs, estimates });
  }
  return { decisions, states };
}

/** Whether a rule did, or would have done, something: from then on it cools down. */
export function isActing(
  outcome: RuleOutcome,
): outcome is Extract<RuleOutcome, { kind: "fired" | "observed" | "awaiting-approval" }> {
  return outcome.kind === "fired" || outcome.kind === "observed" || outcome.kind === "awaiting-approval";
}

function inOrder({ rules, mode }: RuleRound): Rule[] {
  if (mode === "off") return [];
  return rules
    .filter((one) => one.enabled && one.mode !== "off")
    .sort((a, b) => RANK[a.priority] - RANK[b.priority]);
}

/** A rule is evaluated every few seconds, and never changes: a changed catalog has new ones. */
const parsedConditions = new WeakMap<Rule, ReturnType<typeof parseCondition>>();

function conditionOf(rule: Rule): ReturnType<typeof parseCondition> {
  const known = parsedConditions.get(rule);
  if (known !== undefined) return known;
  const parsed = parseCondition(rule.when);
  parsedConditions.set(rule, parsed);
  return parsed;
}

function evaluateCondition(rule: Rule, { metrics, estimates = {} }: RuleRound) {
  const parsed = conditionOf(rule);
  if (!parsed.ok)
    return { result: { known: "error", message: parsed.problem } as const, inputs: {}, estimates: {} };
  const { condition } = parsed;
  const inputs: RuleDecision["inputs"] = Object.fromEntries(
    condition.metrics.map((metric) => [metric, metrics[metric]]),
  );
  const sampled = condition.metrics.flatMap((metric) => {
    const estimate = estimates[metric];
    return estimate === null || estimate === undefined ? [] : [[metric, estimate] as const];
  });
  return { result: condition.evaluate(metrics), inputs, estimates: Object.fromEntries(sampled) };
}

interface RuleCase {
  readonly rule: Rule;
  readonly round: RuleRound;
  readonly result: ConditionResult;
  readonly state: RuleState;
  /** What rules before this one issue in this round. */
  readonly issued: readonly DirectiveInstruction[];
}

function outcomeOf({ rule, round, result, state, issued }: RuleCase): RuleOutcome {
  if (result.known === "error") return { kind: "condition-error", message: result.message };
  if (!result.known) return { kind: "unknown-metric", metric: result.metric };
  if (!result.holds) return { kind: "not-met" };
  const holdUntilMs = (state.holdsSinceMs ?? round.nowMs) + rule.holdSeconds * SECOND_MS;
  if (round.nowMs < holdUntilMs) return { kind: "holding", untilMs: holdUntilMs };
  const coolUntilMs = (state.lastFiredAtMs ?? Number.NEGATIVE_INFINITY) + rule.cooldownMinutes * MINUTE_MS;
  if (round.nowMs < coolUntilMs) return { kind: "cooling-down", untilMs: coolUntilMs };
  return act({ rule, round, issued });
}

function act({ rule, round, issued }: Pick<RuleCase, "rule" | "round" | "issued">): RuleOutcome {
  const kind = ACTING_KINDS[stricterMode(round.mode, rule.mode)];
  const plan = planAction(rule.then, round.facts);
  if (plan.kind === "notify") {
    return { kind: kind === "observed" ? "observed" : "fired", instruction: null, checks: [] };
  }
  if (plan.kind === "impossible") return blocked([check("something-to-do", false, plan.why)]);
  const { instruction } = plan;
  const same = round.active.find((directive) => sameInstruction(directive, instruction));
  if (same !== undefined) return { kind: "suppressed", directiveId: same.id };
  if (issued.some((other) => sameInstruction(other, instruction))) {
    return { kind: "suppressed", directiveId: null };
  }
  const changes = round.changesAtMs.filter((ms) => ms > round.nowMs - HOUR_MS).length + issued.length;
  const detail = `${changes} changes in the last hour, at most ${round.maxChangesPerHour} are allowed`;
  const checks = [
    check("something-to-do", true, `${instruction.kind} directive`),
    check("max-changes-per-hour", changes < round.maxChangesPerHour, detail),
  ];
  return checks.every(({ passed }) => passed) ? { kind, instruction, checks } : blocked(checks);
}

/** From loose to strict. */
const MODES: readonly AutomationMode[] = ["act", "approve", "observe", "off"];

export function stricterMode(mode: AutomationMode, own: AutomationMode | undefined): AutomationMode {
  return own !== undefined && MODES.indexOf(own) > MODES.indexOf(mode) ? own : mode;
}

const ACTING_KINDS = {
  act: "fired",
  observe: "observed",
  approve: "awaiting-approval",
  off: "observed",
} as const;

export function check(name: GuardRail, passed: boolean, detail: string): GuardRailCheck {
  return { name, passed, detail };
}

export function blocked(checks: readonly GuardRailCheck[]): RuleOutcome {
  const failed = checks.find(({ passed }) => !passed);
  return {
    kind: "blocked",
    guardRail: failed?.name ?? "something-to-do",
    why: failed?.detail ?? "",
    checks,
  };
}
