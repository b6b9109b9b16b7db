import { z } from "zod";
import type { DirectiveInstruction } from "../../models/domain/directive.ts";
import { foldControls } from "../../models/policy/controls.ts";
import { AUTOMATION_STOPPED } from "../../models/rules/automation-state.ts";
import { learnedBias } from "../../models/rules/bias.ts";
import { type PredictedEffect, predictedEffect } from "../../models/rules/effect.ts";
import { isActing, type RuleDecision } from "../../models/rules/evaluate.ts";
import { applyGuardRails, REST_AFTER_ROLLBACK_MS } from "../../models/rules/guard-rails.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { openForesight } from "../foresee-directive.ts";
import { groupBy } from "../group-by.ts";
import type { JobDeps } from "../job.ts";

export interface SimulatedDecision {
  readonly decision: RuleDecision;
  /** Null: there was nothing to simulate. */
  readonly predicted: PredictedEffect | null;
}

/** Every decision to issue a directive, with what the last day would have been like under it, and held to its guard rails. */
export async function simulateDecisions(
  deps: JobDeps,
  decisions: readonly RuleDecision[],
  nowMs: number,
): Promise<SimulatedDecision[]> {
  if (decisions.every((decision) => instructionOf(decision) === null)) {
    return decisions.map((decision) => ({ decision, predicted: null }));
  }
  const [foresee, rollbacks, biases] = await Promise.all([
    openForesight(deps, nowMs),
    readRollbacks(deps.warehouse, nowMs),
    readBiases(deps.warehouse),
  ]);
  const catalog = deps.catalog();
  const drained = new Set(foldControls(catalog, deps.directory.directives.active(nowMs)).drained);
  return decisions.map((before) => {
    const instruction = instructionOf(before);
    if (instruction === null) return { decision: before, predicted: null };
    const { name } = before.rule;
    const effect = foresee(instruction);
    const predicted = effect === null ? null : predictedEffect(effect, biases.get(name) ?? 0);
    const rolledBackAtMs = rollbacks.get(name) ?? null;
    const decision = applyGuardRails(before, { catalog, drained, predicted, rolledBackAtMs, nowMs });
    const issued = instructionOf(decision);
    if (issued?.kind === "provider" && issued.params.action === "drain") drained.add(issued.params.provider);
    return { decision, predicted };
  });
}

function instructionOf({ outcome }: RuleDecision): DirectiveInstruction | null {
  return isActing(outcome) ? outcome.instruction : null;
}

async function readRollbacks(warehouse: Warehouse, nowMs: number): Promise<Map<string, number>> {
  const rows = await warehouse.query({
    sql: sqlFile(new URL("../queries/rollbacks.sql", import.meta.url)),
    params: { since: Math.max(0, nowMs - REST_AFTER_ROLLBACK_MS), stopped: AUTOMATION_STOPPED },
    row: z.object({ rule: z.string(), rolled_back_at: z.number() }),
  });
  return new Map(rows.map(({ rule, rolled_back_at }) => [rule, rolled_back_at]));
}

async function readBiases(warehouse: Warehouse): Promise<Map<string, number>> {
  const rows = await warehouse.query({
    sql: sqlFile(new URL("../queries/prediction-errors.sql", import.meta.url)),
    row: z.object({ rule: z.string(), error: z.number() }),
  });
  const byRule = groupBy(rows, ({ rule }) => rule);
  return new Map([...byRule].map(([rule, errors]) => [rule, learnedBias(errors.map(({ error }) => error))]));
}
