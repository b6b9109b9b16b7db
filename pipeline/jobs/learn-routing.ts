import type { Directive, DirectiveEvent } from "../../models/domain/directive.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import type { DirectiveOf } from "../../models/policy/controls.ts";
import { foldControls } from "../../models/policy/controls.ts";
import { changesOf, stopOf } from "../../models/rules/automation-state.ts";
import { LEARNED_ROUTING } from "../../models/rules/decision-state.ts";
import { isActing, type RuleDecision, stricterMode } from "../../models/rules/evaluate.ts";
import {
  contextOf,
  decideRouting,
  leadersOf,
  learnedInForce,
  type SaidInstruction,
} from "../../models/rules/learning/decide-routing.ts";
import { planRouting, type RoutingProposal } from "../../models/rules/learning/plan-routing.ts";
import { seededRandom } from "../../models/simulation/random.ts";
import type { Job, JobDeps, JobReport } from "../job.ts";
import { recordDirectives } from "../record-event.ts";
import { carryOut, caseOf } from "./carry-out-decisions.ts";
import { simulateDecisions } from "./decide-simulate.ts";
import type { DecisionCase } from "./decision-row.ts";
import { readExploredCost, readRoutingCells } from "./learn-routing-read.ts";

const MS_PER_SECOND = 1_000;

/**
 * The learned routing: what became of the last days' requests says how much of which feature is worth trying elsewhere, and what
 * goes there for good. Its directives pass the same guard rails, history and verification as those of the rules. It remembers what
 * it has said and not issued, so that it says it once.
 */
export function learnRoutingJob(): Job {
  const said = new Map<string, SaidInstruction>();
  return async (deps, dueAtMs) => {
    const { automation } = deps.catalog();
    const mode = stricterMode(automation.mode, automation.learning.mode);
    if (mode === "off") return report("nothing is learned", []);
    await deps.directory.catchUp("directives");
    if (stopOf(deps.directory.directives, dueAtMs) !== null) return report("the automation is stopped", []);
    const active = deps.directory.directives.active(dueAtMs);
    const proposals = await propose(deps, active, dueAtMs);
    const changesAtMs = changesOf(deps.directory.directives, dueAtMs);
    const facts = { catalog: deps.catalog(), active, changesAtMs, said, nowMs: dueAtMs };
    const { decisions, withdrawn } = decideRouting(proposals, facts);
    const simulated = await simulateDecisions(deps, decisions, dueAtMs);
    const cases = simulated.map((one) => caseOf(one, deps, dueAtMs));
    await carryOut(deps, cases, dueAtMs);
    await takeBack(deps, [...withdrawn, ...replaced(active, cases)], dueAtMs);
    remember(said, { decisions, cases, nowMs: dueAtMs });
    return report(`${proposals.length} features are tried or led`, cases);
  };
}

async function propose(
  { warehouse, catalog }: JobDeps,
  active: readonly Directive[],
  nowMs: number,
): Promise<RoutingProposal[]> {
  const current = catalog();
  const { timezone, automation } = current;
  const day = calendarWindow("day", nowMs, timezone);
  const [{ cells, days }, exploredToday] = await Promise.all([
    readRoutingCells(warehouse, current, nowMs),
    readExploredCost(warehouse, day.startMs, nowMs),
  ]);
  return planRouting({
    controls: foldControls(current, []),
    settings: automation.learning,
    cells,
    days,
    drained: foldControls(current, active).drained,
    nowMs,
    exploredToday,
    restOfDay: (day.endMs - nowMs) / (day.endMs - day.startMs),
    leading: leadersOf(active),
    random: seededRandom(Math.floor(nowMs / MS_PER_SECOND)),
  });
}

/** Those in force before, for whose context there is a new one now. */
function replaced(active: readonly Directive[], cases: readonly DecisionCase[]): DirectiveOf<"weights">[] {
  const inForce = learnedInForce(active);
  return cases.flatMap(({ directive }) => {
    if (directive?.kind !== "weights") return [];
    return inForce.get(contextOf(directive)) ?? [];
  });
}

async function takeBack(
  deps: JobDeps,
  directives: readonly DirectiveOf<"weights">[],
  nowMs: number,
): Promise<void> {
  const reason = "the routing has learned more: others are tried now, or none";
  const events = directives.map(
    ({ id }): DirectiveEvent => ({ type: "revoked", id, by: LEARNED_ROUTING, reason, ts: nowMs }),
  );
  if (events.length > 0) await recordDirectives(deps, events);
}

/** What was not issued, because nobody may or it would leave its guard rails. */
function remember(said: Map<string, SaidInstruction>, { decisions, cases, nowMs }: Round): void {
  for (const [at, { outcome }] of decisions.entries()) {
    if (!isActing(outcome) || outcome.instruction?.kind !== "weights") continue;
    const { instruction } = outcome;
    if (cases[at]?.directive === null) said.set(contextOf(instruction), { instruction, atMs: nowMs });
    else said.delete(contextOf(instruction));
  }
}

interface Round {
  readonly decisions: readonly RuleDecision[];
  /** One for each of them. */
  readonly cases: readonly DecisionCase[];
  readonly nowMs: number;
}

function report(summary: string, cases: readonly DecisionCase[]): JobReport {
  const outcomes = Object.fromEntries(
    cases.map(({ decision }) => [decision.rule.name, decision.outcome.kind]),
  );
  const directives = cases.flatMap(({ directive }) => (directive === null ? [] : [directive.id]));
  return { summary, notable: cases.length > 0, details: { outcomes, directives } };
}
