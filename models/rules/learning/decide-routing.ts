import type { Catalog } from "../../domain/catalog.ts";
import type { Directive } from "../../domain/directive.ts";
import { catalogName } from "../../domain/ids.ts";
import { usdFromNano } from "../../domain/money.ts";
import type { DirectiveOf } from "../../policy/controls.ts";
import { blocked, check, HOUR_MS, type RuleDecision, stricterMode } from "../evaluate.ts";
import { contextKey } from "./known-contexts.ts";
import { isLearned, learnedRule, learnedRuleName } from "./learned-rule.ts";
import type { RoutingProposal, WeightsInstruction } from "./plan-routing.ts";
import type { RoutingContext } from "./routing-cell.ts";

export interface RoutingFacts {
  readonly catalog: Catalog;
  /** In force now, whoever issued them. */
  readonly active: readonly Directive[];
  /** When the automation issued directives in the last hour. */
  readonly changesAtMs: readonly number[];
  /** What was decided last for a context and not issued. */
  readonly said: ReadonlyMap<string, SaidInstruction>;
  readonly nowMs: number;
}

/** While it is the same, it is not said again for as long as a directive would have held. */
export interface SaidInstruction {
  readonly instruction: WeightsInstruction;
  readonly atMs: number;
}

export interface RoutingDecisions {
  readonly decisions: readonly RuleDecision[];
  /** Directives whose exploration is over; those that are replaced are not among them. */
  readonly withdrawn: readonly DirectiveOf<"weights">[];
}

const MINUTE_MS = 60_000;
/** The routing learns by the leave of the rules: it takes half of the changes that an hour allows. */
const CHANGES_SHARE = 0.5;
/** A directive that ends that soon is made anew; the next look is in an hour. */
const RENEW_BEFORE_MS = 1.5 * HOUR_MS;
/** Weights that differ by less are the same. */
const SAME_WEIGHT = 0.02;
/** Exploring must become less as soon as its money does. */
const SAME_EXPLORATION = 0.25;

/** What is to be issued of what is proposed: what is new, what has changed, and what is about to end. */
export function decideRouting(proposals: readonly RoutingProposal[], facts: RoutingFacts): RoutingDecisions {
  const inForce = learnedInForce(facts.active);
  const room = roomForChanges(facts);
  const decisions = proposals
    .filter(({ feature }) => catalogName.safeParse(feature).success)
    .filter((proposal) => !isKnown(proposal, inForce, facts))
    .slice(0, room)
    .map((proposal) => decide(proposal, facts));
  const wanted = new Set(proposals.map(contextKey));
  const withdrawn = [...inForce].filter(([key]) => !wanted.has(key)).map(([, directive]) => directive);
  return { decisions, withdrawn };
}

/** What does not fit into this hour comes in the next one. What is only said changes nothing. */
function roomForChanges({ catalog: { automation }, changesAtMs, nowMs }: RoutingFacts): number {
  if (stricterMode(automation.mode, automation.learning.mode) !== "act") return Number.POSITIVE_INFINITY;
  const changes = changesAtMs.filter((ms) => ms > nowMs - HOUR_MS).length;
  return Math.max(0, Math.floor(automation.maxChangesPerHour * CHANGES_SHARE) - changes);
}

/** The learned directives in force by context: of several the newest, which is the one that is obeyed. */
export function learnedInForce(active: readonly Directive[]): ReadonlyMap<string, DirectiveOf<"weights">> {
  const found = new Map<string, DirectiveOf<"weights">>();
  for (const directive of active) {
    if (directive.kind !== "weights" || !isLearned(directive.issuedBy.name)) continue;
    const key = contextOf(directive);
    const before = found.get(key);
    if (before === undefined || before.issuedAt <= directive.issuedAt) found.set(key, directive);
  }
  return found;
}

/** Who leads by learned directives, by context. */
export function leadersOf(active: readonly Directive[]): ReadonlyMap<string, string> {
  const leaders = [...learnedInForce(active)].flatMap(([key, { params }]) => {
    const leader = Object.entries(params.weights).find(([, weight]) => weight > 0.5);
    return leader === undefined ? [] : [[key, leader[0]] as const];
  });
  return new Map(leaders);
}

export function contextOf({
  params: { tier = "", feature = "" },
}: Pick<WeightsInstruction, "params">): string {
  return contextKey({ tier, feature } satisfies RoutingContext);
}

function isKnown(
  { instruction, ...context }: RoutingProposal,
  inForce: ReadonlyMap<string, DirectiveOf<"weights">>,
  { said, nowMs, catalog }: RoutingFacts,
): boolean {
  const key = contextKey(context);
  const directive = inForce.get(key);
  if (directive !== undefined) {
    return directive.expiresAt - nowMs > RENEW_BEFORE_MS && isAlike(directive, instruction);
  }
  const before = said.get(key);
  if (before === undefined) return false;
  const forMs = catalog.automation.learning.expiresMinutes * MINUTE_MS;
  return nowMs - before.atMs < forMs && isAlike(before.instruction, instruction);
}

function isAlike(before: Pick<WeightsInstruction, "params">, after: WeightsInstruction): boolean {
  if (before.params.explorationDailyUsd !== after.params.explorationDailyUsd) return false;
  const [then, now] = [before.params.weights, after.params.weights];
  const names = new Set([...Object.keys(then), ...Object.keys(now)]);
  const differs = [...names].some((name) => Math.abs((then[name] ?? 0) - (now[name] ?? 0)) > SAME_WEIGHT);
  const cut = explored(now) < explored(then) * (1 - SAME_EXPLORATION);
  return !differs && !cut;
}

function explored(weights: WeightsInstruction["params"]["weights"]): number {
  return Object.values(weights)
    .filter((weight) => weight < 0.5)
    .reduce((sum, weight) => sum + weight, 0);
}

const KINDS = { act: "fired", approve: "awaiting-approval", observe: "observed", off: "observed" } as const;

function decide(proposal: RoutingProposal, facts: RoutingFacts): RuleDecision {
  const { automation } = facts.catalog;
  const { learning } = automation;
  const exploreUsd = usdFromNano(Math.ceil(proposal.exploration.dailyCost));
  const budgetUsd = usdFromNano(learning.explorationDailyBudget);
  const gains = proposal.stage === "explore" || (proposal.comparison?.estimate ?? 1) > 0;
  const explored = `exploring may cost $${exploreUsd.toFixed(4)} a day, at most $${budgetUsd}`;
  const checks = [
    check("exploration-budget", exploreUsd <= budgetUsd, explored),
    check("off-policy-gain", gains, gainInWords(proposal)),
  ];
  const kind = KINDS[stricterMode(automation.mode, learning.mode)];
  const passed = checks.every((one) => one.passed);
  return {
    rule: learnedRule(learnedRuleName(proposal), learning),
    outcome: passed ? { kind, instruction: proposal.instruction, checks } : blocked(checks),
    inputs: inputsOf(proposal, exploreUsd),
    reason: reasonOf(proposal, exploreUsd),
  };
}

function inputsOf(
  { dailyRequests, exploration, comparison }: RoutingProposal,
  exploreUsd: number,
): Record<string, number | null> {
  return {
    requests_a_day: Math.round(dailyRequests),
    explored_share: Number(exploration.share.toFixed(4)),
    exploration_usd_a_day: exploreUsd,
    gain: comparison?.estimate ?? null,
    error: comparison?.error ?? null,
    effective_requests: comparison === null ? null : Math.round(comparison.effectiveRequests),
    effective_ratings: comparison === null ? null : Math.round(comparison.effectiveRatings),
  };
}

function reasonOf(
  { stage, leader, tier, feature, instruction, ...proposal }: RoutingProposal,
  exploreUsd: number,
): string {
  const where = `${feature} of tier ${tier}`;
  const cost = `may cost $${exploreUsd.toFixed(2)} a day`;
  if (stage === "explore") {
    const tried = Object.entries(instruction.params.weights).map(
      ([name, weight]) => `${name} ${percent(weight)}`,
    );
    return `tries ${tried.join(", ")} for ${where}, ${leader} being likely the best; ${cost}`;
  }
  return `sends ${where} to ${leader}: ${gainInWords({ stage, ...proposal })}; trying others goes on for ${percent(proposal.exploration.share)} and ${cost}`;
}

function gainInWords({
  stage,
  comparison,
  byTier,
}: Pick<RoutingProposal, "stage" | "comparison" | "byTier">): string {
  if (stage === "explore") return "not needed: nearly all requests go where they always go";
  if (comparison === null) return "it leads already, and too few requests go elsewhere to say the contrary";
  const { estimate, error, effectiveRequests, effectiveRatings } = comparison;
  const of = byTier ? " (all features of the tier)" : "";
  const evidence = `as sure as ${Math.round(effectiveRequests)} requests and ${Math.round(effectiveRatings)} ratings`;
  return `gains ${estimate.toFixed(3)} ± ${error.toFixed(3)} stars a request${of}, ${evidence}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
