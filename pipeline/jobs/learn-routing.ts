import { z } from "zod";
import type { Catalog } from "../../models/domain/catalog.ts";
import type { Directive, DirectiveEvent } from "../../models/domain/directive.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import type { DirectiveOf } from "../../models/policy/controls.ts";
import { foldControls } from "../../models/policy/controls.ts";
import { stricterMode } from "../../models/rules/evaluate.ts";
import {
  contextOf,
  decideRouting,
  leadersOf,
  learnedInForce,
} from "../../models/rules/learning/decide-routing.ts";
import { burdenFactors } from "../../models/rules/learning/objective.ts";
import {
  planRouting,
  type RoutingProposal,
  type WeightsInstruction,
} from "../../models/rules/learning/plan-routing.ts";
import type { RoutingCell } from "../../models/rules/learning/routing-cell.ts";
import { seededRandom } from "../../models/simulation/random.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { changesOf, stopOf } from "../automation-state.ts";
import type { Job, JobDeps, JobReport } from "../job.ts";
import { recordDirectives } from "../record-event.ts";
import { carryOut, caseOf } from "./carry-out-decisions.ts";
import { simulateDecisions } from "./decide-simulate.ts";
import type { DecisionCase } from "./decision-row.ts";

const DAY_MS = 86_400_000;
const MS_PER_SECOND = 1_000;
const BY = { type: "rule", name: "learned-routing" } as const;

/**
 * The learned routing: what became of the last days' requests says how much of which feature is worth trying elsewhere, and what
 * goes there for good. Its directives pass the same guard rails, history and verification as those of the rules. It remembers what
 * it has said and not issued, so that it says it once.
 */
export function learnRoutingJob(): Job {
  const said = new Map<string, WeightsInstruction>();
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
    remember(said, cases);
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
    readCells(warehouse, current, nowMs),
    readExplored(warehouse, day.startMs, nowMs),
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

const count = z.number().int().nonnegative();
const cellRow = z.object({
  tier: z.string(),
  feature: z.string(),
  peak: z.union([z.boolean(), z.number()]).transform(Boolean),
  provider: z.string(),
  propensity: z.number(),
  first_at: count,
  requests: count,
  cost: count,
  input_tokens: count,
  output_tokens: count,
  burden: z.number(),
  burden_squares: z.number(),
  ratings: count,
  stars: z.number(),
  star_squares: z.number(),
  rated_burden: z.number(),
  rated_products: z.number(),
});

/** With the days that they are of: fewer than are looked at while the history is short. */
async function readCells(
  warehouse: Warehouse,
  { timezone, routing, automation: { learning } }: Catalog,
  nowMs: number,
): Promise<{ readonly cells: readonly RoutingCell[]; readonly days: number }> {
  const fromMs = nowMs - learning.windowDays * DAY_MS;
  const { perMs, perNano, perFailure } = burdenFactors(learning.objective);
  const rows = await warehouse.query({
    sql: queryText("routing-cells"),
    params: {
      from: fromMs,
      until: nowMs,
      timezone,
      peak_hours: [...routing.peakHours],
      per_ms: perMs,
      per_nano: perNano,
      per_failure: perFailure,
    },
    row: cellRow,
  });
  const firstMs = Math.min(nowMs, ...rows.map(({ first_at: at }) => at));
  return { cells: rows.map(cellOf), days: Math.max(1, (nowMs - firstMs) / DAY_MS) };
}

function cellOf(row: z.output<typeof cellRow>): RoutingCell {
  return {
    tier: row.tier,
    feature: row.feature,
    peak: row.peak,
    provider: row.provider,
    propensity: row.propensity,
    requests: row.requests,
    cost: row.cost,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    burden: row.burden,
    burdenSquares: row.burden_squares,
    ratings: row.ratings,
    stars: row.stars,
    starSquares: row.star_squares,
    ratedBurden: row.rated_burden,
    ratedProducts: row.rated_products,
  };
}

async function readExplored(warehouse: Warehouse, fromMs: number, untilMs: number): Promise<number> {
  const [row] = await warehouse.query({
    sql: queryText("explored-today"),
    params: { from: fromMs, until: untilMs },
    row: z.object({ cost: count }),
  });
  return row?.cost ?? 0;
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
    ({ id }): DirectiveEvent => ({ type: "revoked", id, by: BY, reason, ts: nowMs }),
  );
  if (events.length > 0) await recordDirectives(deps, events);
}

/** What was not issued, as long as it is the same, needs no second decision. */
function remember(said: Map<string, WeightsInstruction>, cases: readonly DecisionCase[]): void {
  for (const { decision, directive } of cases) {
    if (!("instruction" in decision.outcome)) continue;
    const { instruction } = decision.outcome;
    if (instruction?.kind !== "weights") continue;
    if (directive === null) said.set(contextOf(instruction), instruction);
    else said.delete(contextOf(instruction));
  }
}

function report(summary: string, cases: readonly DecisionCase[]): JobReport {
  const outcomes = Object.fromEntries(
    cases.map(({ decision }) => [decision.rule.name, decision.outcome.kind]),
  );
  const directives = cases.flatMap(({ directive }) => (directive === null ? [] : [directive.id]));
  return { summary, notable: cases.length > 0, details: { outcomes, directives } };
}

function queryText(name: string): string {
  return sqlFile(new URL(`../queries/learning/${name}.sql`, import.meta.url));
}
