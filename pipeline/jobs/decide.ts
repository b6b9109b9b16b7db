import type { Finding } from "../../models/alerts/alert.ts";
import { type EvaluatedRule, findFailedRules, RULE_FAILED } from "../../models/alerts/rules.ts";
import { changesOf, stopOf } from "../../models/rules/automation-state.ts";
import {
  evaluateRules,
  type RuleDecision,
  type RuleRoundResult,
  type RuleState,
} from "../../models/rules/evaluate.ts";
import { providerFacts } from "../../models/rules/provider-facts.ts";
import { followFindings } from "../alerts/alert-store.ts";
import type { Job, JobDeps, JobReport } from "../job.ts";
import { readProvidersToday, readRuleMetrics } from "../rule-metrics.ts";
import { openSlowMetrics, type SlowMetricsReader } from "../slow-rule-metrics.ts";
import { carryOut, caseOf } from "./carry-out-decisions.ts";
import { simulateDecisions } from "./decide-simulate.ts";
import type { DecisionCase } from "./decision-row.ts";
import { recallRules } from "./rule-memory.ts";

/**
 * The automation: evaluates the rules, issues directives, keeps the evidence. Remembers between its runs what each rule
 * did; after a restart that comes back from the decisions and the directives.
 */
export function decideJob(): Job {
  let states: ReadonlyMap<string, RuleState> | null = null;
  const readSlow = openSlowMetrics();
  const written = new Map<string, RuleDecision["outcome"]["kind"]>();
  /** Whether an alert about a rule that failed may be open; after a restart that is not known. */
  let mayHaveAlerts = true;

  return async (deps, dueAtMs) => {
    const { mode, rules } = deps.catalog().automation;
    if (mode === "off" || rules.length === 0) {
      return { summary: "there are no rules to evaluate", notable: false, details: { mode } };
    }
    await deps.directory.catchUp("directives");
    const stop = stopOf(deps.directory.directives, dueAtMs);
    if (stop !== null) {
      return { summary: "the automation is stopped", notable: false, details: { stoppedBy: stop.id } };
    }
    states ??= await recallRules(deps.warehouse, deps.directory.directives, dueAtMs);
    const round = await evaluateNow(deps, { states, readSlow }, dueAtMs);
    const worth = round.decisions.filter((decision) => isWorthWriting(decision, written));
    const simulated = await simulateDecisions(deps, worth, dueAtMs);
    const cases = simulated.map((one) => caseOf(one, deps, dueAtMs));
    await carryOut(deps, cases, dueAtMs);
    for (const { decision } of cases) written.set(decision.rule.name, decision.outcome.kind);
    states = round.states;
    const failed = findFailedRules(round.decisions.map(evaluatedRule));
    if (mayHaveAlerts || failed.some(({ holds }) => holds === true)) {
      mayHaveAlerts = await alertOfFailedRules(deps, failed, dueAtMs);
    }
    return reportOf(round.decisions, cases);
  };
}

function evaluatedRule({ rule: { name }, outcome }: RuleDecision): EvaluatedRule {
  return { name, problem: outcome.kind === "condition-error" ? outcome.message : null };
}

/** Whether there are any afterwards. */
async function alertOfFailedRules(
  { warehouse }: JobDeps,
  failed: readonly Finding[],
  nowMs: number,
): Promise<boolean> {
  const { open, changed } = await followFindings(warehouse, failed, nowMs);
  const now = new Map([...open, ...changed].map((alert) => [alert.id, alert]));
  return [...now.values()].some(({ kind, status }) => kind === RULE_FAILED && status !== "resolved");
}

interface Remembered {
  readonly states: ReadonlyMap<string, RuleState>;
  readonly readSlow: SlowMetricsReader;
}

async function evaluateNow(
  { warehouse, directory, catalog }: JobDeps,
  { states, readSlow }: Remembered,
  nowMs: number,
): Promise<RuleRoundResult> {
  const current = catalog();
  const [{ values, estimates }, today] = await Promise.all([
    readRuleMetrics(warehouse, current, readSlow),
    readProvidersToday(warehouse, current),
  ]);
  return evaluateRules({
    rules: current.automation.rules,
    mode: current.automation.mode,
    metrics: values,
    estimates,
    facts: {
      providers: providerFacts(current, today, nowMs),
      fallbackProvider: current.routing.fallbackProvider,
      tiers: current.tiers,
    },
    states,
    active: directory.directives.active(nowMs),
    changesAtMs: changesOf(directory.directives, nowMs),
    maxChangesPerHour: current.automation.maxChangesPerHour,
    nowMs,
  });
}

/** What acts is always written; what stands in a rule's way once, when it begins; that nothing happens never. */
function isWorthWriting(
  { rule, outcome }: RuleDecision,
  written: ReadonlyMap<string, RuleDecision["outcome"]["kind"]>,
): boolean {
  switch (outcome.kind) {
    case "fired":
    case "observed":
    case "awaiting-approval":
      return true;
    case "not-met":
    case "holding":
    case "cooling-down":
      return false;
    default:
      return written.get(rule.name) !== outcome.kind;
  }
}

function reportOf(decisions: readonly RuleDecision[], cases: readonly DecisionCase[]): JobReport {
  const final = [...decisions, ...cases.map(({ decision }) => decision)];
  const outcomes = Object.fromEntries(final.map(({ rule, outcome }) => [rule.name, outcome.kind]));
  const directives = cases.flatMap(({ directive }) => (directive === null ? [] : [directive.id]));
  const summary =
    directives.length > 0 ? `issued ${directives.length} directives` : "no directive was issued";
  const problems = Object.fromEntries(
    decisions.map(evaluatedRule).flatMap(({ name, problem }) => (problem === null ? [] : [[name, problem]])),
  );
  return { summary, notable: cases.length > 0, details: { outcomes, directives, problems } };
}
