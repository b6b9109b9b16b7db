import type { Directive, DirectiveHistory } from "../../models/domain/directive.ts";
import { decisionId, directiveId } from "../../models/domain/ids.ts";
import {
  evaluateRules,
  type RuleDecision,
  type RuleRoundResult,
  type RuleState,
} from "../../models/rules/evaluate.ts";
import { explainDecision } from "../../models/rules/explain.ts";
import { providerFacts } from "../../models/rules/provider-facts.ts";
import type { Job, JobDeps, JobReport } from "../job.ts";
import { issuedEvent, recordDirectives } from "../record-event.ts";
import { readProvidersToday, readRuleMetrics } from "../rule-metrics.ts";
import { type DecisionCase, decisionRow, unissuedRow } from "./decision-row.ts";
import { recallRules } from "./rule-memory.ts";

/** The guard rail against an automation that runs away, all rules together. */
export const MAX_CHANGES_PER_HOUR = 6;
const MINUTE_MS = 60_000;

/**
 * The automation: evaluates the rules, issues directives, keeps the evidence. Remembers between its runs what each rule
 * did; after a restart that comes back from the decisions and the directives.
 */
export function decideJob(): Job {
  let states: ReadonlyMap<string, RuleState> | null = null;
  const written = new Map<string, RuleDecision["outcome"]["kind"]>();

  return async (deps, dueAtMs) => {
    const { mode, rules } = deps.catalog().automation;
    if (mode === "off" || rules.length === 0) {
      return { summary: "there are no rules to evaluate", notable: false, details: { mode } };
    }
    states ??= await recallRules(deps.warehouse, deps.directory.directives, dueAtMs);
    const round = await evaluateNow(deps, states, dueAtMs);
    const worth = round.decisions.filter((decision) => isWorthWriting(decision, written));
    const cases = worth.map((decision) => caseOf(decision, deps, dueAtMs));
    await carryOut(deps, cases, dueAtMs);
    for (const { rule, outcome } of worth) written.set(rule.name, outcome.kind);
    states = round.states;
    return reportOf(round, cases);
  };
}

async function evaluateNow(
  { warehouse, directory, catalog }: JobDeps,
  states: ReadonlyMap<string, RuleState>,
  nowMs: number,
): Promise<RuleRoundResult> {
  const current = catalog();
  const [metrics, today] = await Promise.all([
    readRuleMetrics(warehouse, current),
    readProvidersToday(warehouse, current),
    directory.catchUp("directives"),
  ]);
  return evaluateRules({
    rules: current.automation.rules,
    mode: current.automation.mode,
    metrics,
    facts: {
      providers: providerFacts(current, today, nowMs),
      fallbackProvider: current.routing.fallbackProvider,
    },
    states,
    active: directory.directives.active(nowMs),
    changesAtMs: changesOf(directory.directives),
    maxChangesPerHour: MAX_CHANGES_PER_HOUR,
    nowMs,
  });
}

function changesOf(directives: DirectiveHistory): number[] {
  return directives
    .all()
    .filter(({ directive }) => directive.issuedBy.type === "rule")
    .map(({ directive }) => directive.issuedAt);
}

/** What acts is always written; what stands in a rule's way once, when it begins; that nothing happens never. */
function isWorthWriting(
  { rule, outcome }: RuleDecision,
  written: ReadonlyMap<string, RuleDecision["outcome"]["kind"]>,
): boolean {
  switch (outcome.kind) {
    case "fired":
    case "observed":
      return true;
    case "not-met":
    case "holding":
    case "cooling-down":
      return false;
    default:
      return written.get(rule.name) !== outcome.kind;
  }
}

function caseOf(decision: RuleDecision, { newId }: JobDeps, nowMs: number): DecisionCase {
  const { rule, outcome } = decision;
  const id = decisionId.parse(newId());
  const reason = explainDecision(decision);
  if (outcome.kind !== "fired" || outcome.instruction === null) {
    return { id, decision, directive: null, reason };
  }
  const directive: Directive = {
    id: directiveId.parse(newId()),
    issuedBy: { type: "rule", name: rule.name },
    reason,
    evidence: id,
    issuedAt: nowMs,
    expiresAt: nowMs + Math.round(rule.expiresMinutes * MINUTE_MS),
    ...outcome.instruction,
  };
  return { id, decision, directive, reason };
}

/**
 * The evidence is kept before the act, so that no directive is in force whose decision cannot be read.
 * When the act then fails, the evidence is corrected and the round counts as not done: the rules try again.
 */
async function carryOut(deps: JobDeps, cases: readonly DecisionCase[], nowMs: number): Promise<void> {
  if (cases.length === 0) return;
  const catalog = deps.catalog();
  await deps.warehouse.insert(
    "decisions",
    cases.map((one) => decisionRow(one, catalog, nowMs)),
  );
  const acting = cases.filter(({ directive }) => directive !== null);
  const events = acting.flatMap(({ directive }) => (directive === null ? [] : [issuedEvent(directive)]));
  if (events.length > 0) {
    try {
      await recordDirectives(deps, events);
    } catch (error) {
      await deps.warehouse.insert(
        "decisions",
        acting.map((one) => unissuedRow(decisionRow(one, catalog, nowMs))),
      );
      throw error;
    }
  }
  for (const { decision, reason, directive } of cases.filter(
    ({ decision: { outcome } }) => outcome.kind === "fired",
  )) {
    deps.logger.warn({ rule: decision.rule.name, reason, directive }, "a rule of the automation fired");
  }
}

function reportOf({ decisions }: RuleRoundResult, cases: readonly DecisionCase[]): JobReport {
  const outcomes = Object.fromEntries(decisions.map(({ rule, outcome }) => [rule.name, outcome.kind]));
  const directives = cases.flatMap(({ directive }) => (directive === null ? [] : [directive.id]));
  const summary =
    directives.length > 0 ? `issued ${directives.length} directives` : "no directive was issued";
  return { summary, notable: cases.length > 0, details: { outcomes, directives } };
}
